// The page: start or continue → camera → review → sending. Here it is decided what comes next; each step is a module of its own.

import { whyNot } from "./camera.js";
import { ChosenFile } from "./chosen.js";
import { offer, onDelete } from "./continuing.js";
import { Keep } from "./keep.js";
import { deleteAtTheServer, findAtTheServer, findInThisBrowser, sendArrived, unfinishedFile } from "./recovery.js";
import { Review } from "./reviewing.js";
import { fill, say, showSaved, showSent, trouble } from "./saying.js";
import { isTimeLeft, Shooting } from "./shooting.js";
import { isAt, setMedium, show } from "./stages.js";
import { Take } from "./take.js";

const root = document.getElementById("recorder");
const at = (id) => document.getElementById(id);
const { address } = root.dataset;
const path = location.pathname;
const LEAST_SECONDS = 0.5;
const MOST_SEGMENTS = 20;
const DOORS = ["open-camera", "open-microphone", "continue-recording", "again", "go-on-recording"];

const shooting = new Shooting(async (isAudio) => (take ??= hear(await Take.begin({ keep, path, address, audio: isAudio }))));
const review = new Review();
let keep = null;
let take = null;
let found = null;
let touched = false;
let share = 0; // of the take that is at the server, in percent

/* Recording */

async function shoot(isAudio) {
  for (const door of DOORS) at(door).disabled = true;
  const reason = await shooting.open({ isAudio });
  for (const door of DOORS) at(door).disabled = false;
  if (reason) return refused(reason);
  review.close();
  at("to-review").hidden = !take?.seconds;
  at("no-copy").hidden = keep !== null;
  showSaved("");
}

function refused(reason) {
  if (take?.seconds) offerTake();
  else show("start");
  trouble(reason);
}

/** A recording that ended without being told to (the camera went away, the phone was locked) can be gone on with. */
async function recorded({ seconds, wanted }) {
  await take.endSegment(seconds, wanted);
  if (take.seconds < LEAST_SECONDS) {
    forgetTake();
    show("start");
    return trouble("nothing");
  }
  if (wanted) return openReview();
  offerTake();
}

function hear(begun) {
  share = 0;
  const ours = (act) => (event) => begun === take && act(event);
  begun.addEventListener("saved", ours(() => showSaved(begun.saved ?? "")));
  begun.addEventListener("progress", ours(({ detail }) => arrived(Math.round(detail * 100))));
  begun.upload.addEventListener("away", ours(() => (at("waiting").hidden = false)));
  begun.upload.addEventListener("back", ours(() => (at("waiting").hidden = true)));
  return begun;
}

/** Most of it arrives before anything is sent: that is told as kept (showSaved), never as sent. */
function arrived(percent) {
  share = percent;
  if (isAt("sending")) showSent(share);
}

function forgetTake() {
  take?.discard();
  take = null;
  showSaved("");
}

/* Review, of a recording or of a file */

function openReview() {
  shooting.close();
  take.finish?.();
  review.open(take, canRecord(take));
}

async function choose(file) {
  if (!file) return;
  if (file.type && !file.type.startsWith("video/")) return trouble("not_video");
  if (file.size > Number(root.dataset.maxBytes)) return trouble("too_large");
  forgetTake();
  take = hear(await ChosenFile.of(file, { keep, path, address }));
  openReview();
}

function again() {
  const { isAudio } = take;
  review.close();
  forgetTake();
  shoot(isAudio);
}

/* Sending */

function send() {
  review.pause();
  const { trim } = review;
  return sending(() => take.send(trim), () => show("review", "review-title"));
}

async function sending(act, back) {
  at("waiting").hidden = true;
  at("stop-sending").hidden = !take;
  showSent(take ? share : 0);
  show("sending", "sending-title");
  try {
    const answer = await act();
    say("Sent");
    location.assign(answer.location);
  } catch (error) {
    back();
    if (error.code !== "stopped") trouble("unknown", error.message);
  }
}

/* Going on with what is still here */

function canRecord({ seconds, segmentCount }) {
  return !whyNot() && segmentCount < MOST_SEGMENTS && isTimeLeft(seconds);
}

function offerTake() {
  offer({ kind: "cut", seconds: take.seconds, isAudio: take.isAudio }, canRecord(take));
}

function offerFound(one) {
  found = one;
  offer(found, found.kind === "kept" && canRecord(found));
}

/** The take that the offer is about; a kept one is read from this browser when it is wanted. */
async function takeUp(act) {
  try {
    take ??= hear(await Take.resume({ keep, row: found.row, release: found.release, address }));
  } catch {
    return trouble("unknown");
  }
  act();
}

async function deleteFound() {
  if (found?.upload) deleteAtTheServer(found);
  else await takeUp(forgetTake);
  startAfresh();
  say("Deleted");
}

function startAfresh() {
  found = null;
  setMedium(false);
  show("start", "open-camera");
}

/* Buttons */

for (const [id, act] of Object.entries({
  "open-camera": () => shoot(false),
  "open-microphone": () => shoot(true),
  "to-review": openReview,
  "send": send,
  "again": again,
  "go-on-recording": () => shoot(take.isAudio),
  "other-file": () => ((at("file").value = ""), at("file").click()),
  "stop-sending": () => take?.upload.stop(),
  "continue-recording": () => takeUp(() => shoot(take.isAudio)),
  "watch": () => takeUp(openReview),
  "look-again": look,
  "send-arrived": () => sending(() => sendArrived(found), () => offerFound(found)),
  "afresh": startAfresh,
})) {
  at(id).addEventListener("click", act);
}
onDelete(deleteFound);
at("file").addEventListener("change", ({ target }) => choose(target.files[0]));
shooting.addEventListener("recorded", (event) => recorded(event.detail));
shooting.addEventListener("refused", (event) => refused(event.detail));
root.addEventListener("click", () => (touched = true), { capture: true });
for (const name of ["online", "offline"]) window.addEventListener(name, () => take?.saved && showSaved(take.saved));
window.addEventListener("pageshow", (event) => event.persisted && isAt("sending") && location.reload());
window.addEventListener("beforeunload", (event) => {
  if (take?.isAtRisk) event.preventDefault();
});

/* The beginning */

async function look() {
  const here = await findInThisBrowser(keep, path).catch(() => null);
  if (here) return offerFound(here);
  setMedium(false);
  show("start");
  touched = false;
  for (const id of ["open-camera", "open-microphone"]) at(id).hidden = Boolean(whyNot());
  if (whyNot()) trouble(whyNot());
  const file = await unfinishedFile(keep, path).catch(() => null);
  at("file-waits").hidden = !file;
  if (file) fill(at("file-waits").querySelector("[data-words]"), file);
  const there = await findAtTheServer(address);
  if (there && isAt("start") && !touched) offerFound(there);
}

keep = await Keep.open();
await keep?.sweep().catch(() => {});
await look();
