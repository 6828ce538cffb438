// "Record on your phone instead": while the box is open it asks what this link has on its way, and shows what the phone does.
// Tells the document by the event "handoff"; goes when "recording-begins" here.

import { clock } from "./saying.js";

const SOON = 2500;
const LATER = 5000;
const LONGEST_PAUSE = 20_000;
const EAGER_FOR = 3 * 60_000;
const LONGEST = 30 * 60_000;
const USUAL_BYTES_A_SECOND = 325_000;
const ENDED = new Set([404, 410]);
const FINISHED = new Set(["ready", "parked", "unreadable"]);

const root = document.getElementById("handoff");
const part = (name) => root.querySelector(`[data-${name}]`);
const trace = (upload) => `${upload.state} ${upload.bytes}`;

let before = null;
let begun = 0;
let timer = 0;
let pause = SOON;
let shown = "waiting";
let followed = null;
let finished = false;

/* Asking */

const asks = () =>
  root.open && !document.hidden && !finished && root.getClientRects().length > 0 && performance.now() - begun < LONGEST;

async function ask() {
  clearTimeout(timer);
  if (!asks()) return;
  try {
    const answer = await fetch(root.dataset.ask, { headers: { Accept: "application/json" } });
    if (ENDED.has(answer.status)) return void (finished = true);
    if (!answer.ok) throw new Error(String(answer.status));
    const told = await answer.json();
    hear(told, Date.parse(answer.headers.get("Date")) || Date.now());
    pause = performance.now() - begun < EAGER_FOR || shown !== "waiting" ? SOON : LATER;
  } catch {
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }
  clearTimeout(timer);
  timer = setTimeout(ask, pause);
}

// What lay there before is this device's own, unless it grows: then somebody is sending it now.
function hear({ uploads, sent }, at) {
  if (sent) return show("sent");
  before ??= new Map(uploads.map((upload) => [upload.upload, trace(upload)]));
  const news = uploads.find((upload) => before.get(upload.upload) !== trace(upload));
  if (!news) return shown === "waiting" || show("waiting");
  follow(news, at);
}

/* How long it has been recorded is known to the phone alone: here it is the time since it began, while more arrives. */
function follow(upload, at) {
  if (upload.state === "complete") return show("arrived", upload);
  if (upload.size) return show("sending", upload, `${Math.round((100 * upload.bytes) / upload.size)} %`);
  const same = followed?.upload === upload.upload;
  const grows = !same || followed.bytes !== upload.bytes;
  followed = { upload: upload.upload, bytes: upload.bytes, at: grows ? at : followed.at };
  const patience = 3000 + (3000 * upload.part_bytes) / USUAL_BYTES_A_SECOND;
  const isHeld = at - followed.at > patience;
  const seconds = ((isHeld ? followed.at : at) - Date.parse(upload.begun_at)) / 1000;
  show(isHeld ? "held" : "recording", upload, root.dataset.soFar.replace("{time}", clock(Math.max(0, seconds))));
}

/* Showing */

function show(state, upload = null, detail = "") {
  const isNew = state !== shown;
  shown = state;
  part('shown="waiting"').hidden = state !== "waiting";
  part('shown="news"').hidden = state === "waiting";
  for (const one of root.querySelectorAll("[data-when]")) one.hidden = one.dataset.when !== state;
  const words = root.dataset[`says${state[0].toUpperCase()}${state.slice(1)}`] ?? "";
  part("title").textContent = words;
  part("detail").textContent = state === "arrived" ? prepared(upload) : detail;
  part("sign").dataset.sign = state;
  if (state !== "arrived") play(null);
  if (isNew) part("live").textContent = words;
  if (state === "sent") finished = true;
  document.dispatchEvent(new CustomEvent("handoff", { detail: { state, upload } }));
}

function prepared(upload) {
  part("go-on").href = upload.location;
  play(upload.preview);
  finished = false;
  return FINISHED.has(upload.media_state) ? "" : root.dataset.preparing.replace("{percent}", upload.progress ?? 0);
}

function play(preview) {
  const stage = part("player");
  stage.hidden = !preview;
  if (!preview) return stage.replaceChildren();
  if (stage.firstChild?.getAttribute("src") === preview.video) return;
  const video = document.createElement("video");
  Object.assign(video, { className: "stage-video", controls: true, playsInline: true, preload: "none" });
  video.setAttribute("aria-label", part("title").textContent);
  video.poster = preview.poster;
  video.setAttribute("src", preview.video);
  stage.replaceChildren(video);
}

async function copy() {
  const link = document.getElementById("handoff-link");
  link.select();
  try {
    await navigator.clipboard.writeText(link.value);
  } catch {
    document.execCommand("copy");
  }
  part("copy").querySelector("span").textContent = part("copy").dataset.copied;
}

root.addEventListener("toggle", () => {
  begun = performance.now();
  pause = SOON;
  ask();
});
document.addEventListener("visibilitychange", ask);
document.addEventListener("recording-begins", () => {
  root.open = false;
  root.hidden = true;
});
part("copy").addEventListener("click", copy);
