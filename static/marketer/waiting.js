// A video that is being prepared: asks how far the worker is, and puts the finished page's parts in place once, so
// that nothing typed elsewhere on the page is lost. Without it the page says so and has a link to look again.

const SOON = 1500;
const LATER = 6000;
const PATIENT_FOR = 60_000;
const PARTS = ["#media", "[data-obstacles]", "[data-approve]"];
const UNFINISHED = ["uploading", "uploaded", "processing"];

const begun = performance.now();
const box = () => document.querySelector("#media[data-waiting]");

async function told(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (answer.ok) return answer.json();
  // Signed out, or erased meanwhile: there is nothing to wait for any more.
  if (answer.status < 500) throw new Ended();
  return null;
}

class Ended extends Error {}

function show({ state, percent }) {
  const here = box();
  here.querySelector("[data-progress]").value = percent;
  here.querySelector("[data-percent]").textContent = here.dataset.percentWord.replace("{n}", percent);
  const title = here.querySelector("[data-title]");
  if (state === "processing") title.textContent = title.dataset.title;
}

async function finish() {
  const old = box();
  const answer = await fetch(old.dataset.from, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const heldFocus = old.contains(document.activeElement);
  for (const part of PARTS) swap(document.querySelector(part), fresh.querySelector(part));
  swap(row(document), row(fresh));
  const now = document.getElementById("media");
  document.querySelector("[data-media-said]").textContent = now.dataset.says;
  const refused = document.querySelector("[data-said]");
  if (refused) refused.textContent = ""; // it told of what was so until now
  if (heldFocus) {
    now.tabIndex = -1;
    now.focus();
  }
}

const row = (page) => page.querySelector("[data-open][aria-current] .queue-foot");

function swap(before, after) {
  if (before && after) before.replaceWith(document.adoptNode(after));
}

async function watch() {
  if (!box()) return;
  try {
    const news = document.hidden ? null : await told(box().dataset.waiting);
    if (news && UNFINISHED.includes(news.state)) show(news);
    else if (news) await finish();
  } catch (error) {
    if (error instanceof Ended) return;
  }
  setTimeout(watch, performance.now() - begun < PATIENT_FOR ? SOON : LATER);
}

if (box()) setTimeout(watch, SOON);
