// The page: start → camera (ready, countdown, recording, paused) → review → sending. Words come from the template alone.

import { CameraRefused, closeCamera, deviceOf, devices, openCamera, whyNot } from "./camera.js";
import { Meter } from "./meter.js";
import { Recorder } from "./recorder.js";
import { Upload } from "./upload.js";

const root = document.getElementById("recorder");
const at = (id) => document.getElementById(id);
const limit = Number(root.dataset.maxSeconds);
const prompts = Array.from(root.querySelectorAll('[data-step="start"] .recorder-prompts li'), (line) => line.textContent);

let stream = null;
let meter = null;
let recorder = null;
let take = null;
let upload = null;
let countdown = null;
let unsent = false;

/* What the page shows and says */

function say(name, value = "") {
  at("live").textContent = (root.dataset[`say${name}`] ?? "").replace("{n}", value);
}

function show(step, focus) {
  for (const section of root.querySelectorAll("[data-step]")) section.hidden = section.dataset.step !== step;
  for (const part of root.querySelectorAll("[data-only]")) part.hidden = part.dataset.only !== step && part.dataset.only !== "ready";
  at("trouble").hidden = true;
  if (focus) at(focus).focus({ preventScroll: step === "start" });
}

function trouble(reason, words = "") {
  const box = at("trouble");
  const shown = box.querySelector(`[data-reason="${words ? "server" : reason}"]`) ?? box.querySelector('[data-reason="unknown"]');
  for (const line of box.querySelectorAll("[data-reason]")) line.hidden = line !== shown;
  if (words) shown.textContent = words;
  box.querySelector("[data-title]").hidden = "untitled" in shown.dataset;
  box.hidden = false;
  box.focus();
}

/* phase: ready, counting, recording, paused */
function setPhase(phase) {
  const live = phase === "recording" || phase === "paused";
  at("record").hidden = phase !== "ready";
  at("devices").hidden = phase !== "ready";
  root.querySelector('[data-only="ready"]').hidden = phase !== "ready";
  at("cancel-count").hidden = phase !== "counting";
  at("count").hidden = phase !== "counting";
  for (const id of ["stop", "pause", "now-recording"]) at(id).hidden = !live;
  if (at("prompt")) at("prompt").hidden = phase === "ready";
  at("now-recording").toggleAttribute("data-paused", phase === "paused");
  at("state-word").textContent = at("state-word").dataset[phase] ?? "";
  at("pause").querySelector('[data-word="pause"]').hidden = phase === "paused";
  at("pause").querySelector('[data-word="resume"]').hidden = phase !== "paused";
}

/* Camera */

async function turnOn(chosen = {}) {
  turnOff();
  at("open-camera").disabled = true;
  try {
    stream = await openCamera(chosen);
  } catch (error) {
    show("start");
    trouble(error instanceof CameraRefused ? error.reason : "unknown");
    return;
  } finally {
    at("open-camera").disabled = false;
  }
  at("preview").srcObject = stream;
  meter = new Meter(stream, {
    onlevel: (level) => at("level").setAttribute("width", (level * 100).toFixed(1)),
    onsilence: (silent) => (at("silent").hidden = !silent),
  });
  await listDevices();
  setPhase("ready");
  show("camera", "record");
}

function turnOff() {
  meter?.close();
  closeCamera(stream);
  meter = stream = null;
  at("preview").srcObject = null;
}

async function listDevices() {
  for (const [id, kind, track, word] of [
    ["camera", "videoinput", "video", "sayCamera"],
    ["microphone", "audioinput", "audio", "sayMicrophone"],
  ]) {
    const found = await devices(kind);
    const used = deviceOf(stream, track);
    const named = found.map((one, n) => new Option(one.name || `${root.dataset[word]} ${n + 1}`, one.id, false, one.id === used));
    at(id).replaceChildren(...named);
  }
}

/* Recording */

function count(left) {
  setPhase("counting");
  if (left === 0) return record();
  at("count").textContent = left;
  say("Countdown", left);
  countdown = setTimeout(() => count(left - 1), 1000);
}

function stopCounting() {
  clearTimeout(countdown);
  setPhase("ready");
  at("record").focus();
}

// A camera that went away while the countdown ran is opened again, and the countdown with it.
async function record() {
  if (!stream?.active) {
    await turnOn();
    return stream?.active && count(3);
  }
  recorder = new Recorder(stream, limit);
  recorder.addEventListener("tick", (event) => showLeft(event.detail));
  recorder.addEventListener("pause", () => phaseTo("paused", "Paused"));
  recorder.addEventListener("done", (event) => recorded(event.detail));
  unsent = true;
  showLeft(limit);
  recorder.start();
  phaseTo("recording", "Recording");
  at("stop").focus();
}

function phaseTo(phase, word) {
  setPhase(phase);
  say(word);
}

function showLeft(seconds) {
  const left = Math.ceil(seconds);
  const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  if (at("left").textContent === text) return;
  at("left").textContent = text;
  at("ring").setAttribute("stroke-dashoffset", (100 - (100 * seconds) / limit).toFixed(1));
  if (left === 30 || left === 10) say("Left", left);
}

function recorded({ blob, seconds }) {
  const ended = stream && !stream.active;
  turnOff();
  recorder = null;
  if (!blob.size || seconds < 0.5) {
    unsent = false;
    show("start");
    trouble("nothing");
    return;
  }
  review({ blob, seconds });
  if (ended) trouble("ended");
}

/* Review, by recording or by file */

function review(taken) {
  take = taken;
  upload = null;
  unsent = true;
  const video = at("review");
  URL.revokeObjectURL(video.src);
  video.src = URL.createObjectURL(take.blob);
  at("no-preview").hidden = true;
  at("file-name").textContent = take.blob.name ?? "";
  at("again").hidden = take.seconds === null;
  at("other-file").hidden = take.seconds !== null;
  show("review", "review-title");
  say("Review");
}

// A fresh recording carries no length; looking for its end once makes the browser find it, so that it can be wound.
at("review").addEventListener("loadedmetadata", ({ target }) => {
  if (target.duration !== Infinity) return;
  target.addEventListener("durationchange", () => (target.currentTime = 0), { once: true });
  target.currentTime = 1e7;
});
at("review").addEventListener("error", ({ target }) => (at("no-preview").hidden = !target.src));

function choose(file) {
  if (!file) return;
  turnOff();
  if (file.type && !file.type.startsWith("video/")) return trouble("not_video");
  if (file.size > Number(root.dataset.maxBytes)) return trouble("too_large");
  review({ blob: file, seconds: null });
}

/* Sending */

function newUpload() {
  const begun = new Upload({ address: root.dataset.address, ...take });
  begun.addEventListener("progress", (event) => showSent(Math.round(event.detail * 100)));
  begun.addEventListener("waiting", () => (at("waiting").hidden = false));
  begun.addEventListener("reconnected", () => (at("waiting").hidden = true));
  return begun;
}

async function send() {
  upload ??= newUpload();
  at("review").pause();
  at("waiting").hidden = true;
  showSent(0);
  show("sending", "sending-title");
  try {
    const answer = await upload.send();
    unsent = false;
    say("Sent");
    location.assign(answer.location);
  } catch (error) {
    show("review", "review-title");
    if (error.code !== "stopped") trouble("unknown", error.message);
  }
}

function showSent(percent) {
  if (at("progress").value !== percent && percent % 25 === 0) say("Sending", percent);
  at("progress").value = percent;
  at("percent").textContent = root.dataset.saySending.replace("{n}", percent);
}

function again() {
  unsent = false;
  take = upload = null;
  at("review").removeAttribute("src");
  at("file").value = "";
  turnOn();
}

/* Buttons */

at("open-camera").addEventListener("click", () => turnOn());
at("file").addEventListener("change", ({ target }) => choose(target.files[0]));
at("record").addEventListener("click", () => (count(3), at("cancel-count").focus()));
at("cancel-count").addEventListener("click", stopCounting);
at("stop").addEventListener("click", () => recorder?.stop());
at("pause").addEventListener("click", () => {
  if (!recorder?.paused) return recorder?.pause();
  recorder.resume();
  phaseTo("recording", "Recording");
});
at("next-prompt")?.addEventListener("click", () => {
  const next = (prompts.indexOf(at("prompt-text").textContent) + 1) % prompts.length;
  at("prompt-text").textContent = prompts[next];
  at("live").textContent = prompts[next];
});
for (const id of ["camera", "microphone"]) {
  at(id).addEventListener("change", () => turnOn({ camera: at("camera").value, microphone: at("microphone").value }));
}
at("send").addEventListener("click", send);
at("again").addEventListener("click", again);
at("other-file").addEventListener("click", () => ((at("file").value = ""), at("file").click()));
at("stop-sending").addEventListener("click", () => upload?.stop());

document.addEventListener("visibilitychange", () => {
  if (document.hidden) recorder?.pause();
});
window.addEventListener("beforeunload", (event) => {
  if (unsent) event.preventDefault();
});
window.addEventListener("pagehide", turnOff);

show("start");
if (whyNot()) {
  at("open-camera").hidden = true;
  trouble(whyNot());
}
