// A campaign's pages: the bar of a planning that runs, what the daily limit means while it is typed, and the count of
// whom it asks.
// Without it the page says the same, and has a link to look again.

const SOON = 1500;
const language = document.documentElement.lang;

function watch(box) {
  box.querySelector("[data-planning-again]").hidden = true;
  setTimeout(() => look(box), SOON);
}

async function look(box) {
  const news = document.hidden ? null : await told(box.dataset.planning);
  if (news && !news.is_planning) return location.reload();
  if (news && news.total) show(box, news);
  if (news !== undefined) setTimeout(() => look(box), SOON);
}

// undefined: signed out or deleted, there is nothing to wait for. null: not now.
async function told(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (answer.ok) return await answer.json();
    return answer.status < 500 ? undefined : null;
  } catch {
    return null;
  }
}

function show(box, { count, total }) {
  const bar = box.querySelector("progress");
  bar.max = total;
  bar.value = count;
  box.querySelector("[data-planning-count]").textContent = filled(box.dataset.word, {
    count: count.toLocaleString(language),
    total: total.toLocaleString(language),
  });
}

// The count of very many contacts. When it cannot be had, the page's own link goes there.
async function count(box) {
  try {
    const answer = await fetch(box.dataset.forecast, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const done = fresh.querySelector("[data-forecast-done]");
    if (!done) throw new Error("no count");
    box.replaceChildren(document.adoptNode(done));
    box.className = "";
  } catch {
    box.querySelector("progress").remove();
  }
}

function follow(line) {
  const field = document.getElementById(line.dataset.expected);
  const word = line.querySelector("[data-expected-word]");
  field.addEventListener("input", () => {
    const cap = Number(field.value);
    const sound = Number.isInteger(cap) && cap > 0;
    const unhappy = (cap * Number(line.dataset.share)).toLocaleString(language, { maximumFractionDigits: 1 });
    word.textContent = sound ? filled(line.dataset.full, { cap: cap.toLocaleString(language), unhappy }) : "";
  });
}

// How long the daily limit makes it take, while limit and weekdays are changed. Of another segment, channel, share or
// spread the page knows nothing before it is saved.
const UNCOUNTED = ["segment", "channel", "sample_percent", "spread"];

function pace(line) {
  const form = document.getElementById(line.dataset.pace).form;
  const day = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { dateStyle: "medium", timeZone: "UTC" });
  let counted = true;
  form.addEventListener("input", ({ target }) => {
    counted &&= !UNCOUNTED.includes(target.name);
    const paced = counted && paceOf(line.dataset, form);
    const words = paced && { ...paced, day: day.format(paced.last), contacts: paced.contacts.toLocaleString(language) };
    line.querySelector("[data-pace-word]").textContent = words ? filled(line.dataset.word, words) : "";
    line.querySelector("[data-pace-late]").hidden = !(paced && paced.late);
  });
}

// The rule of domain/pace.py.
function paceOf({ contacts, first, next, spread }, form) {
  const cap = Number(form.elements.daily_cap.value);
  const weekdays = new Set([...form.querySelectorAll("[name=weekdays]:checked")].map((box) => Number(box.value) % 7));
  if (!Number.isInteger(cap) || cap < 1 || Number(contacts) <= cap || !weekdays.size) return null;
  const days = Math.ceil(Number(contacts) / cap);
  const last = new Date(first);
  for (let left = days; ; last.setUTCDate(last.getUTCDate() + 1)) {
    if (weekdays.has(last.getUTCDay()) && --left === 0) break;
  }
  const late = Boolean(next) && last >= new Date(next);
  return spread && !late ? null : { contacts: Number(contacts), cap, days, last, late };
}

const filled = (sentence, words) => sentence.replace(/\{(\w+)\}/g, (whole, name) => words[name] ?? whole);

const planning = document.querySelector("[data-planning]");
if (planning) watch(planning);
const forecast = document.querySelector("[data-forecast]");
if (forecast) count(forecast);
const expected = document.querySelector("[data-expected]");
if (expected) follow(expected);
const queue = document.querySelector("[data-pace]");
if (queue) pace(queue);
