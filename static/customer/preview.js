// The customer's own video while it is prepared: asks how far it is, and puts the player there once there is one.

const SOON = 2000;
const LATER = 6000;
const PATIENT_FOR = 60_000;
const LONGEST = 30 * 60_000;

const said = document.getElementById("own-recording-said");
const begun = performance.now();

const box = () => document.getElementById("own-recording");
const waits = () => box()?.dataset.state === "waiting" && performance.now() - begun < LONGEST;

async function fresh() {
  const answer = await fetch(box().dataset.from, { headers: { Accept: "text/html" } });
  if (!answer.ok && answer.status !== 404) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.getElementById("own-recording");
}

// A film that stands upright is taller than the room that was kept: who types further down stays where they are.
function show(news) {
  const old = box();
  if (news.dataset.state !== old.dataset.state) {
    const above = old.getBoundingClientRect();
    old.replaceWith(document.adoptNode(news));
    if (above.bottom < 0 && !CSS.supports("overflow-anchor", "auto")) scrollBy(0, news.offsetHeight - above.height);
    said.textContent = news.dataset.says;
    return;
  }
  for (const part of ["[data-percent]", "progress"]) {
    const [before, after] = [old.querySelector(part), news.querySelector(part)];
    if (before.value !== undefined) before.value = after.value;
    else before.textContent = after.textContent;
  }
}

async function ask() {
  if (!waits()) return;
  if (!document.hidden) {
    const news = await fresh().catch(() => null);
    if (news) show(news);
  }
  setTimeout(ask, performance.now() - begun < PATIENT_FOR ? SOON : LATER);
}

setTimeout(ask, SOON);
