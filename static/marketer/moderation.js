// The moderation room's comforts: keyboard, selection → best line, ticking rows. Every deed is a plain form or link
// of the page; this file only presses them. Without it everything still works.

const room = document.querySelector("[data-moderation]");
const list = room?.querySelector("[data-queue]");
const help = document.getElementById("shortcuts");
const STORED = "socialproof.shortcuts";

function isTyping(target) {
  return target.isContentEditable || target.matches("input:not([type=checkbox],[type=radio]), textarea, select");
}

function remembered() {
  try { return localStorage.getItem(STORED) !== "off"; } catch { return true; }
}

function remember(isOn) {
  try { localStorage.setItem(STORED, isOn ? "on" : "off"); } catch { /* a browser without storage forgets */ }
}

// ---- moving through the queue -------------------------------------------------------------------

const links = () => [...list.querySelectorAll("[data-open]")];
const current = () => list.querySelector("[data-open][aria-current]");

function go(step) {
  const all = links();
  const at = all.indexOf(current());
  const next = all[at < 0 ? 0 : at + step];
  if (next) next.click();
  else if (step > 0) list.querySelector("[data-more]")?.click();
}

function press(name) {
  const control = room.querySelector(`[data-act="${name}"]`);
  if (control && !control.disabled) control.click();
}

function approve() {
  const form = room.querySelector("[data-approve]");
  const said = room.querySelector("[data-said]");
  const why = form ? form.dataset.why : said?.dataset.decided;
  if (!why) return press("approve");
  // Said anew on every press: a live region is silent when its words stay the same.
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = why; });
}

function openReasons() {
  const reasons = room.querySelector("[data-reasons]");
  if (!reasons) return;
  reasons.open = true;
  const first = reasons.querySelector("input[type=radio]");
  first?.focus();
  reasons.scrollIntoView({ block: "nearest" });
}

function toggleRow() {
  const box = current()?.closest("[data-row]")?.querySelector("input[type=checkbox]");
  if (box) box.click();
}

const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  a: approve,
  r: openReasons,
  u: () => press("undo"),
  f: () => press("feature"),
  x: toggleRow,
  "/": () => room.querySelector("input[type=search]")?.focus(),
};

function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.repeat && !"jk".includes(event.key)) return;
  if (event.key === "Escape") return leave(event);
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?" ) { event.preventDefault(); help?.showModal(); return; }
  if (!remembered()) return;
  if (chooseReason(event)) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function chooseReason(event) {
  const reasons = event.target.closest?.("[data-reasons]");
  if (!reasons || !/^[1-9]$/.test(event.key)) return false;
  const radio = reasons.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
  if (!radio) return false;
  event.preventDefault();
  radio.checked = true;
  radio.focus();
  return true;
}

function leave(event) {
  const open = event.target.closest?.("details[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  } else if (isTyping(event.target)) event.target.blur();
}

// ---- one decision is sent once --------------------------------------------------------------------

function sendOnce(event) {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
}

// A page that comes back from the browser's cache may be sent again; the version on the form keeps it safe.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// ---- the best line: select words, press the button beside them ------------------------------------

function watchSelection(words) {
  const form = room.querySelector("[data-best-line]");
  const button = room.querySelector("[data-mark]");
  if (!form || !button) return;

  const selected = () => {
    const selection = document.getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return "";
    const range = selection.getRangeAt(0);
    return words.contains(range.commonAncestorContainer) ? selection.toString().trim() : "";
  };

  const place = () => {
    if (!selected()) { button.hidden = true; return; }
    const box = document.getSelection().getRangeAt(0).getBoundingClientRect();
    const around = words.parentElement.getBoundingClientRect();
    button.hidden = false;
    const left = Math.max(0, Math.min(box.left - around.left, around.width - button.offsetWidth));
    button.style.insetInlineStart = `${left}px`;
    button.style.insetBlockStart = `${box.bottom - around.top + 6}px`;
  };

  document.addEventListener("selectionchange", place);
  button.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the selection
  button.addEventListener("click", () => {
    const line = selected();
    if (!line) return;
    form.elements.line.value = line;
    form.requestSubmit();
  });
}

// ---- ticking rows ---------------------------------------------------------------------------------

function watchRows() {
  const bar = room.querySelector("[data-bulk]");
  const all = room.querySelector("[data-all]");
  if (!bar) return;
  const boxes = () => [...list.querySelectorAll("[data-row] input[type=checkbox]")];
  const show = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    bar.classList.toggle("is-active", ticked > 0);
    bar.querySelector("[data-count]").textContent = String(ticked);
    bar.querySelector("[data-none]").hidden = ticked > 0;
    bar.querySelector("[data-some]").hidden = ticked === 0;
    if (!ticked) bar.querySelector("details").open = false;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  all.parentElement.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    show();
  });
  list.addEventListener("change", show);
  show();
}

// ---- the proposal shows its difference while it is written ----------------------------------------------

function cut(text) {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}

// The longest common row of words, as the server finds it: [kind, words] in reading order.
function difference(before, now) {
  const [old, fresh] = [cut(before), cut(now)];
  const length = Array.from({ length: old.length + 1 }, () => new Uint16Array(fresh.length + 1));
  for (let a = old.length - 1; a >= 0; a--) {
    for (let b = fresh.length - 1; b >= 0; b--) {
      length[a][b] = old[a] === fresh[b] ? length[a + 1][b + 1] + 1 : Math.max(length[a + 1][b], length[a][b + 1]);
    }
  }
  const parts = [];
  const add = (kind, words) => {
    if (parts.at(-1)?.[0] === kind) parts.at(-1)[1] += words;
    else parts.push([kind, words]);
  };
  let [a, b] = [0, 0];
  while (a < old.length || b < fresh.length) {
    if (a < old.length && b < fresh.length && old[a] === fresh[b]) { add("", old[a]); a++; b++; }
    else if (a < old.length && (b === fresh.length || length[a + 1][b] >= length[a][b + 1])) add("del", old[a++]);
    else add("ins", fresh[b++]);
  }
  return parts;
}

function watchProposal() {
  const field = room.querySelector("[data-proposal]");
  const box = room.querySelector("[data-difference]");
  const shown = box?.querySelector("[data-original]");
  if (!field || !shown || shown.dataset.original.length > 6000) return;
  room.querySelector("[data-look]").hidden = true;
  field.addEventListener("input", () => {
    box.hidden = false;
    shown.replaceChildren(...difference(shown.dataset.original, field.value.trim()).map(([kind, words]) => {
      if (!kind) return document.createTextNode(words);
      const part = document.createElement(kind);
      part.textContent = words;
      return part;
    }));
  });
}

// ---- a menu that floats closes when the work goes on elsewhere --------------------------------------

function closeElsewhere(event) {
  for (const menu of room.querySelectorAll(".bulk-more[open]")) if (!menu.contains(event.target)) menu.open = false;
}

// ---- after a decision the reader's attention goes to the next one, or to the reason why not ----------

function focusWhatMatters() {
  const refused = room.querySelector("[data-refused]");
  const title = document.getElementById("testimonial");
  if (refused) refused.focus();
  else if (location.hash === "#testimonial") title?.focus({ preventScroll: matchMedia("(min-width: 62rem)").matches });
}

function start() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("submit", sendOnce);
  const words = room.querySelector("[data-words]");
  if (words) watchSelection(words);
  watchRows();
  watchProposal();
  document.addEventListener("click", closeElsewhere);
  for (const filter of room.querySelectorAll("[data-filters] select")) {
    filter.addEventListener("change", () => filter.form.requestSubmit());
  }
  const here = current();
  const row = here?.closest("[data-row]");
  if (row) row.parentElement.scrollTop = row.offsetTop - row.parentElement.clientHeight / 3;
  focusWhatMatters();
  const toggle = help?.querySelector("[data-toggle]");
  if (toggle) {
    toggle.checked = remembered();
    toggle.addEventListener("change", () => remember(toggle.checked));
  }
  for (const opener of document.querySelectorAll("[data-help]")) {
    opener.hidden = false;
    opener.addEventListener("click", () => help?.showModal());
  }
  room.dataset.ready = "yes";
}

if (room && list) start();
