// The builder of a segment: asks the server after each change, and takes over its rows and its count.
const form = document.querySelector("[data-segment]");
const WAIT = 400;
let waiting = 0;
let turn = Promise.resolve();
let isMoving = false;

// One question after the other, each with what stands in the form at its turn: no answer overtakes another.
function refresh(options) {
  clearTimeout(waiting);
  turn = turn.then(() => ask(options)).catch(() => {});
  return turn;
}

async function ask({ rows, button }) {
  const body = new URLSearchParams(new FormData(form));
  const sent = controls();
  body.append(button?.name ?? "count", button?.value ?? "1");
  const answer = await fetch(form.action, { method: "POST", body });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("[data-found]").replaceChildren(...page.querySelector("[data-found]").childNodes);
  if (rows) takeRows(page, sent, button);
}

function controls() {
  return new Map([...form.querySelectorAll(".rule-row .input")].map((control) => [control.id, control.value]));
}

// Whoever was somewhere stays there, and what was changed meanwhile stays changed; after a button the last row is next.
function takeRows(page, sent, button) {
  const at = document.activeElement?.id;
  const changed = [...controls()].filter(([id, value]) => sent.has(id) && sent.get(id) !== value);
  form.querySelector("[data-rules]").replaceChildren(...page.querySelector("[data-rules]").childNodes);
  for (const [id, value] of button ? [] : changed) {
    const control = document.getElementById(id);
    if (control && (control.type !== "select-one" || [...control.options].some((option) => option.value === value))) control.value = value;
  }
  const next = button ? [...form.querySelectorAll(".rule-row")].at(-1)?.querySelector("select") : at && document.getElementById(at);
  next?.focus();
}

async function move(button) {
  if (isMoving) return;
  isMoving = true;
  await refresh({ rows: true, button });
  isMoving = false;
}

if (form) {
  form.querySelector("[data-count]")?.setAttribute("hidden", "");
  form.addEventListener("input", (event) => {
    if (event.target.name !== "value") return;
    clearTimeout(waiting);
    waiting = setTimeout(refresh, WAIT, { rows: false });
  });
  form.addEventListener("change", (event) => {
    if (["field", "op", "value"].includes(event.target.name)) refresh({ rows: event.target.name !== "value" });
  });
  form.addEventListener("submit", (event) => {
    if (!["add", "remove"].includes(event.submitter?.name)) return;
    event.preventDefault();
    move(event.submitter);
  });
}
