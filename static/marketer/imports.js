// An import that is running: asks how far it is, and puts the report in place once it is over. Without it the page
// loads itself again every few seconds.

const SOON = 1000;
const LATER = 4000;
const PATIENT_FOR = 60_000;

const begun = performance.now();
const box = () => document.querySelector("#import[data-progress-from]");
const numbers = new Intl.NumberFormat(document.documentElement.lang);

async function told(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (answer.ok) return answer.json();
  return answer.status < 500 ? { state: "ended" } : null; // signed out meanwhile: the page itself says so
}

function show({ done, rows }) {
  const bar = box().querySelector("[data-bar]");
  if (!rows) return;
  bar.max = rows;
  bar.value = done;
  const count = box().querySelector("[data-count]");
  count.textContent = box().dataset.words.replace("{done}", numbers.format(done)).replace("{rows}", numbers.format(rows));
}

async function finish() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#import");
  if (!answer.ok || !fresh) return location.reload();
  const heldFocus = box().contains(document.activeElement);
  box().replaceWith(document.adoptNode(fresh));
  const state = document.getElementById("state");
  document.querySelector("[data-import-said]").textContent = state.textContent;
  if (heldFocus) state.focus();
}

async function watch() {
  try {
    const news = document.hidden ? null : await told(box().dataset.progressFrom);
    if (news && ["waiting", "running"].includes(news.state)) show(news);
    else if (news) return await finish();
  } catch {
    // The network is away for a moment: the next round may be luckier.
  }
  setTimeout(watch, performance.now() - begun < PATIENT_FOR ? SOON : LATER);
}

if (box()) setTimeout(watch, SOON);
