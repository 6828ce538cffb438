// What the recorder says. Every word stands in the template; here they are chosen and filled in.

const root = document.getElementById("recorder");
const at = (id) => document.getElementById(id);

/** 63.2 is "1:03". */
export function clock(seconds) {
  const whole = Math.floor(seconds + 0.05);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "Tuesday 14:02", in the language of the page. */
export function day(milliseconds) {
  const shown = { weekday: "long", hour: "2-digit", minute: "2-digit" };
  const { lang } = document.documentElement;
  return new Intl.DateTimeFormat(!lang || lang === "en" ? "en-GB" : lang, shown).format(milliseconds);
}

/** Fill `{name}` in the words that an element carries. */
export function fill(element, values) {
  element.textContent = Object.entries(values).reduce(
    (words, [name, value]) => words.replace(`{${name}}`, () => value),
    element.dataset.words,
  );
}

/** For screen readers. */
export function say(name, value = "") {
  at("live").textContent = (root.dataset[`say${name}`] ?? "").replace("{n}", value);
}

export function read(words) {
  at("live").textContent = words;
}

/** What went wrong, by a reason that the template knows, or in the server's own words. */
export function trouble(reason, words = "") {
  const box = at("trouble");
  const shown = box.querySelector(`[data-reason="${words ? "server" : reason}"]`) ?? box.querySelector('[data-reason="unknown"]');
  for (const line of box.querySelectorAll("[data-reason]")) line.hidden = line !== shown;
  if (words) shown.textContent = words;
  box.querySelector("[data-title]").hidden = "untitled" in shown.dataset;
  box.hidden = false;
  box.focus();
}

/** Where the recording is by now; "" says nothing. */
export function showSaved(word) {
  for (const line of root.querySelectorAll("[data-saved-line]")) {
    line.hidden = !word;
    for (const one of line.querySelectorAll("[data-saved]")) one.hidden = one.dataset.saved !== word;
  }
}

export function showLeft(seconds, limit) {
  const left = Math.ceil(seconds);
  if (at("left").textContent === clock(left)) return;
  at("left").textContent = clock(left);
  at("ring").setAttribute("stroke-dashoffset", (100 - (100 * seconds) / limit).toFixed(1));
  if (left === 30 || left === 10) say("Left", left);
}

export function showSent(percent) {
  if (at("progress").value !== percent && percent % 25 === 0) say("Sending", percent);
  at("progress").value = percent;
  at("percent").textContent = root.dataset.saySending.replace("{n}", percent);
}
