// The camera step: mirror, meter, devices, prompts, countdown, recording and pause. What is recorded goes to a take, piece by piece.

import { CameraRefused, closeCamera, listDevices, openCamera } from "./camera.js";
import { Meter } from "./meter.js";
import { Recorder } from "./recorder.js";
import { read, say, showLeft } from "./saying.js";
import { setMedium, setPhase, show } from "./stages.js";

const root = document.getElementById("recorder");
const at = (id) => document.getElementById(id);
const limit = Number(root.dataset.maxSeconds);
const maxBytes = Number(root.dataset.maxBytes);
const WORTH_CONTINUING = 3;
const COUNT_FROM = 3;
const SMALL_RADIUS = 17;
const prompts = Array.from(root.querySelectorAll('[data-step="start"] .recorder-prompts li'), (line) => line.textContent);

/** Whether so many seconds leave time for more. */
export function isTimeLeft(seconds) {
  return limit - seconds >= WORTH_CONTINUING;
}

/** Fires "recorded" { seconds, wanted } when a segment is over, and "refused" (why) when the camera cannot be had again. */
export class Shooting extends EventTarget {
  #takeFor;
  #stream = null;
  #meter = null;
  #recorder = null;
  #countdown = null;
  #isAudio = false;

  /** `takeFor(isAudio)` resolves to the take that the next segment belongs to. */
  constructor(takeFor) {
    super();
    this.#takeFor = takeFor;
    at("record").addEventListener("click", () => (this.#count(COUNT_FROM), at("cancel-count").focus()));
    at("cancel-count").addEventListener("click", () => this.#stopCounting());
    at("stop").addEventListener("click", () => this.#recorder?.stop());
    at("pause").addEventListener("click", () => this.#pauseOrResume());
    at("next-prompt")?.addEventListener("click", () => this.#nextPrompt());
    for (const id of ["camera", "microphone"]) at(id).addEventListener("change", () => this.#change());
    document.addEventListener("visibilitychange", () => document.hidden && this.#recorder?.pause());
    window.addEventListener("pagehide", () => {
      this.#recorder?.flush();
      this.close();
    });
  }

  /** Turn the camera on, or the microphone alone; resolves to why that cannot be, or "". */
  async open({ isAudio, ...chosen }) {
    this.close();
    this.#isAudio = isAudio;
    try {
      this.#stream = await openCamera({ ...chosen, isAudio });
    } catch (error) {
      return error instanceof CameraRefused ? error.reason : "unknown";
    }
    at("preview").srcObject = this.#stream;
    this.#meter = new Meter(this.#stream, {
      onlevel: (level) => this.#showLevel(level),
      onsilence: (silent) => (at("silent").hidden = !silent),
    });
    await listDevices(this.#stream, { camera: at("camera"), microphone: at("microphone") }, root.dataset);
    setMedium(isAudio);
    setPhase("ready");
    show("camera", "record");
    return "";
  }

  close() {
    clearTimeout(this.#countdown);
    this.#meter?.close();
    closeCamera(this.#stream);
    this.#meter = this.#stream = null;
    at("preview").srcObject = null;
  }

  async #change() {
    const reason = await this.open({ camera: at("camera").value, microphone: at("microphone").value, isAudio: this.#isAudio });
    if (reason) this.#refuse(reason);
  }

  #refuse(reason) {
    this.dispatchEvent(new CustomEvent("refused", { detail: reason }));
  }

  #showLevel(level) {
    at("level").setAttribute("width", (level * 100).toFixed(1));
    root.querySelector("[data-sound-level]").setAttribute("r", (SMALL_RADIUS * (1 + level)).toFixed(1));
  }

  #count(left) {
    setPhase("counting");
    if (left === 0) return this.#record();
    at("count").textContent = left;
    say("Countdown", left);
    this.#countdown = setTimeout(() => this.#count(left - 1), 1000);
  }

  #stopCounting() {
    clearTimeout(this.#countdown);
    setPhase("ready");
    at("record").focus();
  }

  // A camera that went away while the countdown ran is opened again, and the countdown with it.
  async #record() {
    if (!this.#stream?.active) {
      const reason = await this.open({ isAudio: this.#isAudio });
      return reason ? this.#refuse(reason) : this.#count(COUNT_FROM);
    }
    const take = await this.#takeFor(this.#isAudio);
    const left = limit - take.seconds;
    this.#recorder = new Recorder(this.#stream, { seconds: left, bytes: maxBytes - take.bytes, audio: this.#isAudio });
    this.#recorder.addEventListener("tick", ({ detail }) => showLeft(detail, limit));
    this.#recorder.addEventListener("pause", () => this.#enter("paused", "Paused"));
    this.#recorder.addEventListener("piece", ({ detail }) => take.add(detail.blob, detail.seconds));
    this.#recorder.addEventListener("done", ({ detail }) => this.#end(detail));
    take.beginSegment(this.#recorder.type);
    showLeft(left, limit);
    this.#recorder.start();
    document.dispatchEvent(new Event("recording-begins"));
    this.#enter("recording", "Recording");
    at("stop").focus();
  }

  #end(detail) {
    this.#recorder = null;
    this.close();
    this.dispatchEvent(new CustomEvent("recorded", { detail }));
  }

  #pauseOrResume() {
    if (!this.#recorder?.paused) return this.#recorder?.pause();
    this.#recorder.resume();
    this.#enter("recording", "Recording");
  }

  #enter(phase, word) {
    setPhase(phase);
    say(word);
  }

  #nextPrompt() {
    const next = prompts[(prompts.indexOf(at("prompt-text").textContent) + 1) % prompts.length];
    at("prompt-text").textContent = next;
    read(next);
  }
}
