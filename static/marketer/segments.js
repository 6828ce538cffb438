// The builder of a segment: asks the server after each change, and takes over its rows and its count.
const form = document.querySelector("[data-segment]");
const WAIT = 400;
let waiting = 0;
let asked = 0;

async function refresh({ rows, button }) {
  const mine = ++asked;
  const body = new FormData(form);
  body.append(button?.name ?? "count", button?.value ?? "1");
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(body), headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("[data-found]").replaceChildren(...page.querySelector("[data-found]").childNodes);
  if (rows) takeRows(page, button);
}

// The control that was in use keeps the focus; a new row gets it.
function takeRows(page, button) {
  const at = document.activeElement?.id;
  form.querySelector("[data-rules]").replaceChildren(...page.querySelector("[data-rules]").childNodes);
  const newest = form.querySelector(".rule-row:last-of-type select, #add");
  const next = button ? lastRow() ?? newest : document.getElementById(at);
  next?.focus();
}

function lastRow() {
  return [...form.querySelectorAll(".rule-row")].at(-1)?.querySelector("select");
}

function later(event) {
  if (event.target.name !== "value") return;
  clearTimeout(waiting);
  waiting = setTimeout(() => refresh({ rows: false }), WAIT);
}

if (form) {
  form.querySelector("[data-count]")?.setAttribute("hidden", "");
  form.addEventListener("input", later);
  form.addEventListener("change", (event) => {
    if (["field", "op"].includes(event.target.name)) refresh({ rows: true });
    else if (event.target.name === "value") refresh({ rows: false });
  });
  form.addEventListener("submit", (event) => {
    if (!["add", "remove"].includes(event.submitter?.name)) return;
    event.preventDefault();
    refresh({ rows: true, button: event.submitter });
  });
}
