// The captions page's comforts: the words over the playing video, times taken from the player, the keyboard. What a
// button does to the cues is decided by the server alone: its answer is put into this page, and the video plays on.

const form = document.querySelector("[data-captions]");
const video = form?.querySelector("[data-video]");
const overlay = form?.querySelector("[data-overlay]");
const status = form?.querySelector("[data-status]");
const PLACE = `socialproof.captions:${location.pathname}`;
const SOON = 700;
const isEditor = Boolean(form?.querySelector("[data-bar]"));

let isDirty = form?.hasAttribute("data-dirty") ?? false;
let turn = 0;
let waiting = 0;
let stopAt = null;

const rows = () => [...form.querySelectorAll("[data-cue]")];
const rowOf = (element) => element?.closest?.("[data-cue]") ?? null;
const clock = (row, side) => row.querySelector(`[data-${side}]`);
const seconds = (row, side) => read(clock(row, side)?.value ?? "");

// ---- times, as the server reads and writes them ---------------------------------------------------

function read(written) {
  const found = /^(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,5})(?:[.,;](\d{1,9}))?$/.exec(written.trim());
  if (!found) return NaN;
  const [, hours = 0, minutes = 0, whole, fraction = 0] = found;
  return hours * 3600 + minutes * 60 + Number(whole) + Number(`0.${fraction}`);
}

function say(moment) {
  const all = Math.max(0, Math.round(moment * 1000));
  const fraction = String(all % 1000).padStart(3, "0").replace(/0{1,2}$/, "");
  const [minutes, rest] = [Math.floor(all / 60000), String(Math.floor(all / 1000) % 60).padStart(2, "0")];
  if (minutes < 60) return `${minutes}:${rest}.${fraction}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}.${fraction}`;
}

// ---- the player -----------------------------------------------------------------------------------

function texts(row) {
  const words = row.querySelector("[data-words]");
  return words.value.trim();
}

function show() {
  const now = video.currentTime;
  form.querySelector("[data-now]").textContent = say(Math.floor(now * 10) / 10);
  if (stopAt !== null && now >= stopAt) { stopAt = null; video.pause(); }
  if (!isEditor) return;
  const playing = rows().filter((row) => seconds(row, "start") <= now && now < seconds(row, "end"));
  for (const row of form.querySelectorAll(".is-now")) if (!playing.includes(row)) row.classList.remove("is-now");
  for (const row of playing) {
    if (row.classList.contains("is-now")) continue;
    row.classList.add("is-now");
    if (!video.paused && !isTyping()) row.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  }
  overlay.textContent = playing.map(texts).filter(Boolean).join("\n");
  overlay.hidden = !overlay.textContent;
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const isTyping = () => document.activeElement?.matches("[data-words], [data-start], [data-end], #transcript");

function play(row) {
  const [start, end] = [seconds(row, "start"), seconds(row, "end")];
  if (Number.isNaN(start)) return;
  video.currentTime = start;
  stopAt = end > start ? end : null;
  video.play().catch(() => {});
}

function toggle() {
  stopAt = null;
  if (video.paused) video.play().catch(() => {});
  else video.pause();
}

// The page shows the words as they are typed; a full screen can only show those that were saved.
function watchPlayer() {
  const track = video.textTracks[0];
  const choose = () => { if (track && isEditor) track.mode = document.fullscreenElement ? "showing" : "hidden"; };
  choose();
  video.addEventListener("loadedmetadata", choose);
  document.addEventListener("fullscreenchange", choose);
  form.querySelector("[data-clock]").hidden = false;
  const follow = () => {
    show();
    if (!video.paused) requestAnimationFrame(follow);
  };
  video.addEventListener("play", follow);
  for (const name of ["timeupdate", "seeked", "pause"]) video.addEventListener(name, show);
  const kept = Number(sessionStorageOr(() => sessionStorage.getItem(PLACE)));
  if (kept) video.currentTime = kept;
  sessionStorageOr(() => sessionStorage.removeItem(PLACE));
}

function sessionStorageOr(act) {
  try { return act(); } catch { return null; } // a browser without storage begins at the start
}

// ---- changes --------------------------------------------------------------------------------------

function changed() {
  isDirty = true;
  if (status) status.textContent = form.dataset.changed;
  clearTimeout(waiting);
  waiting = setTimeout(check, SOON);
  show();
}

function move(row, side, moment) {
  if (Number.isNaN(moment)) return;
  clock(row, side).value = say(moment);
  changed();
}

async function ask(act, caret) {
  const data = new FormData(form);
  data.set("act", act);
  data.set("caret", caret ?? "");
  if (act !== "upload") data.delete("file");
  const mine = ++turn;
  const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.querySelector("[data-captions]")) throw new Error(String(answer.status));
  return mine === turn ? page : null;
}

// What is wrong is said by the server, also while one types: only its sentences are taken, never what is in a field.
async function check() {
  try {
    const page = await ask("check");
    const fresh = page ? [...page.querySelectorAll("[data-cue]")] : [];
    if (!page || fresh.length !== rows().length) return;
    rows().forEach((row, index) => {
      const words = fresh[index].querySelector("[data-problems]");
      if (row.querySelector("[data-problems]").textContent.trim() === words.textContent.trim()) return;
      row.querySelector("[data-problems]").replaceWith(document.importNode(words, true));
      for (const side of ["start", "end"]) {
        for (const name of ["aria-invalid", "aria-describedby"]) {
          const said = clock(fresh[index], side).getAttribute(name);
          if (said === null) clock(row, side).removeAttribute(name);
          else clock(row, side).setAttribute(name, said);
        }
      }
    });
    const summary = form.querySelector("[data-summary]");
    const now = page.querySelector("[data-summary]");
    if (summary && now && summary.textContent.trim() !== now.textContent.trim()) summary.replaceChildren(...document.importNode(now, true).childNodes);
  } catch { /* said when something is to be done */ }
}

async function perform(act, caret) {
  clearTimeout(waiting);
  form.inert = true;
  try {
    const page = await ask(act, caret);
    if (page) take(page);
  } catch {
    status.textContent = form.dataset.lost;
    status.scrollIntoView({ block: "nearest" });
  } finally {
    form.inert = false;
  }
  focusAfter();
}

function take(page) {
  const opened = new Set([...form.querySelectorAll("details[data-tool][open]")].map((tool) => tool.dataset.tool));
  for (const place of form.querySelectorAll("[data-swap]")) {
    const fresh = page.querySelector(`[data-swap="${place.dataset.swap}"]`);
    if (fresh) place.replaceChildren(...document.importNode(fresh, true).childNodes);
  }
  for (const tool of form.querySelectorAll("details[data-tool]")) if (opened.has(tool.dataset.tool) && rows().length) tool.open = true;
  form.querySelector("[data-review]").hidden = rows().length === 0;
  uncover();
  isDirty = true;
  status.textContent = form.dataset.changed;
  show();
}

let wanted = null;
function focusAfter() {
  const told = form.querySelector("[data-refused]");
  const next = (wanted && document.getElementById(wanted)) || form.querySelector("[data-focus]");
  wanted = null;
  if (told) told.focus();
  else next?.focus();
}

// ---- buttons --------------------------------------------------------------------------------------

const KEEPING = ["save", "review", "no_speech", "no_speech_sure", "reopen"];

function onClick(event) {
  const button = event.target.closest("button");
  const row = rowOf(button);
  if (!button) return;
  if (button.matches("[data-play]")) return play(row);
  if (button.dataset.set) return move(row, button.dataset.set, Math.round(video.currentTime * 10) / 10);
  const [act] = button.value.split(":");
  if (button.name !== "act" || KEEPING.includes(act)) return;
  event.preventDefault();
  const [, side, way] = /^(start|end)-(earlier|later)$/.exec(act) ?? [];
  if (side) return move(row, side, seconds(row, side) + (way === "later" ? 0.1 : -0.1));
  perform(button.value, act === "split" ? place(row) : undefined);
}

// In characters as the server counts them, when the cursor stands between words of this cue.
function place(row) {
  const words = row.querySelector("[data-words]");
  const before = words.value.slice(0, words.selectionStart);
  if (!words.dataset.touched || !before.trim() || !words.value.slice(words.selectionStart).trim()) return undefined;
  return [...before].length;
}

function onSubmit(event) {
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  isDirty = false;
  sessionStorageOr(() => sessionStorage.setItem(PLACE, String(video.currentTime)));
}

// ---- keyboard -------------------------------------------------------------------------------------

function go(row, step) {
  const all = rows();
  all[all.indexOf(row) + step]?.querySelector("[data-words]").focus();
}

function keyed(event, row) {
  const { key, code, shiftKey } = event;
  const [control, alt] = [event.ctrlKey || event.metaKey, event.altKey];
  if (control && !alt) {
    if (code === "Space") return shiftKey ? row && (() => play(row)) : toggle;
    if (key === "s") return () => form.querySelector("[data-save]").click();
    if (!row) return null;
    if (key === "Enter") return () => row.querySelector('[value^="split:"]').click();
    if (key === ",") return () => row.querySelector('[data-set="start"]').click();
    if (key === ".") return () => row.querySelector('[data-set="end"]').click();
  }
  if (alt && !control && row) {
    if (key === "ArrowUp") return () => go(row, -1);
    if (key === "ArrowDown") return () => go(row, 1);
    const step = { ArrowLeft: -0.1, ArrowRight: 0.1 }[key];
    const side = shiftKey ? "end" : "start";
    if (step) return () => move(row, side, seconds(row, side) + step);
  }
  return null;
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const act = keyed(event, rowOf(event.target) ?? form.querySelector(".is-now"));
  if (!act) return;
  event.preventDefault();
  act();
}

// ---- beginning ------------------------------------------------------------------------------------

function uncover() {
  for (const hidden of form.querySelectorAll("[data-play], [data-set], [data-keys]")) hidden.hidden = false;
}

function start() {
  watchPlayer();
  if (!isEditor) return;
  uncover();
  form.addEventListener("click", onClick);
  form.addEventListener("submit", onSubmit);
  form.addEventListener("input", (event) => { if (event.target.type !== "file") changed(); });
  form.addEventListener("focusin", (event) => { if (event.target.matches("[data-words]")) event.target.dataset.touched = "yes"; });
  document.addEventListener("keydown", onKey);
  window.addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });
  window.addEventListener("pageshow", () => { delete form.dataset.sent; });
  focusAfter();
  form.dataset.ready = "yes";
}

if (form && video) start();
