// Where a video shall begin and end: two handles on one timeline. Nothing is cut here; two times are kept and sent along.

import { drawn, loudness } from "./waveform.js";

const LEAST = 1;
const STEP = 0.1;
const LARGE_STEP = 1;
const BARS = 120;
const FORWARD = new Set(["ArrowRight", "ArrowUp"]);
const BACKWARD = new Set(["ArrowLeft", "ArrowDown"]);

const tenths = (seconds) => Math.round(seconds * 10) / 10;

/** 63.2 is "1:03.2". */
export function clock(seconds) {
  const all = Math.round(seconds * 10);
  return `${Math.floor(all / 600)}:${String(Math.floor((all % 600) / 10)).padStart(2, "0")}.${all % 10}`;
}

export class Trim {
  #root;
  #playback;
  #whole = 0;
  #start = 0;
  #end = 0;
  #playsCut = false;
  #ears = new AbortController();

  constructor(root, playback) {
    this.#root = root;
    this.#playback = playback;
    // It takes its room at once and is seen later: what lies below must not move away under a thumb.
    root.inert = true;
    root.open = !playback.isSingle;
    root.hidden = false;
    if (playback.isReady) this.#begin();
    else playback.addEventListener("ready", () => this.#begin(), { signal: this.#ears.signal });
    playback.addEventListener("error", () => root.inert && this.close(), { signal: this.#ears.signal });
  }

  /** { start, end } in seconds of the whole recording; null while all of it is used. */
  get value() {
    if (!this.#whole || (this.#start === 0 && this.#end === this.#whole)) return null;
    return { start: this.#start, end: this.#end === this.#whole ? this.#playback.duration : this.#end };
  }

  reset() {
    this.#set(0, this.#whole);
  }

  close() {
    this.#ears.abort();
    this.#root.hidden = true;
    this.#part("sound").setAttribute("d", "");
  }

  #part(name) {
    return this.#root.querySelector(`[data-${name}]`);
  }

  #handle(which) {
    return this.#root.querySelector(`[data-handle="${which}"]`);
  }

  #begin() {
    this.#whole = Math.floor(this.#playback.duration * 10) / 10;
    if (this.#whole < LEAST + STEP) return;
    const hear = (target, name, act) => target.addEventListener(name, act, { signal: this.#ears.signal });
    for (const which of ["start", "end"]) {
      const handle = this.#handle(which);
      handle.max = this.#whole.toFixed(1);
      hear(handle, "input", () => this.#moveTo(which, handle.valueAsNumber));
      hear(handle, "keydown", (event) => this.#leap(which, event));
    }
    for (const button of this.#root.querySelectorAll("[data-nudge]")) {
      hear(button, "click", () => this.#moveBy(button.dataset.nudge, Number(button.dataset.by)));
    }
    hear(this.#part("play"), "click", () => this.#playOrPause());
    hear(this.#part("reset"), "click", () => this.reset());
    hear(this.#part("timeline"), "pointerdown", (event) => this.#point(event));
    hear(this.#playback, "time", () => this.#follow());
    hear(this.#playback, "ended", () => this.#follow());
    this.#set(0, this.#whole);
    this.#follow();
    this.#root.inert = false;
    this.#draw();
  }

  async #draw() {
    const path = drawn(await loudness(this.#playback.blobs, BARS));
    if (!this.#ears.signal.aborted) this.#part("sound").setAttribute("d", path);
  }

  #moveTo(which, seconds) {
    const wanted = tenths(seconds);
    if (which === "start") this.#set(Math.max(0, Math.min(wanted, tenths(this.#end - LEAST))), this.#end);
    else this.#set(this.#start, Math.min(this.#whole, Math.max(wanted, this.#start + LEAST)));
    this.#playsCut = false;
    this.#playback.pause();
    this.#playback.seek(which === "start" ? this.#start : this.#end);
  }

  #moveBy(which, seconds) {
    this.#moveTo(which, (which === "start" ? this.#start : this.#end) + seconds);
  }

  #leap(which, event) {
    const way = FORWARD.has(event.key) ? 1 : BACKWARD.has(event.key) ? -1 : 0;
    if (!way || !event.shiftKey) return;
    event.preventDefault();
    this.#moveBy(which, way * LARGE_STEP);
  }

  #point(event) {
    const box = this.#part("timeline").getBoundingClientRect();
    this.#playsCut = false;
    this.#playback.seek(((event.clientX - box.left) / box.width) * this.#whole);
  }

  #playOrPause() {
    if (!this.#playback.paused) return this.#playback.pause();
    const now = this.#playback.currentTime;
    if (now < this.#start || now > this.#end - STEP || !this.#playsCut) this.#playback.seek(this.#start);
    this.#playsCut = true;
    this.#playback.play();
  }

  #follow() {
    const now = this.#playback.currentTime;
    if (this.#playsCut && !this.#playback.paused && now >= this.#end - 0.02) this.#playback.pause();
    this.#part("head").setAttribute("d", `M${this.#across(now)} 0V100`);
    const word = this.#playback.paused ? "play" : "pause";
    for (const part of this.#root.querySelectorAll("[data-word]")) part.hidden = part.dataset.word !== word;
  }

  #across(seconds) {
    return ((1000 * seconds) / this.#whole).toFixed(1);
  }

  #set(start, end) {
    this.#start = start;
    this.#end = end;
    for (const [which, seconds] of [["start", start], ["end", end]]) {
      const handle = this.#handle(which);
      handle.value = seconds.toFixed(1);
      handle.setAttribute("aria-valuetext", clock(seconds));
      this.#root.querySelector(`[data-value="${which}"]`).textContent = clock(seconds);
    }
    this.#root.querySelector('[data-veil="start"]').setAttribute("width", this.#across(start));
    const behind = this.#root.querySelector('[data-veil="end"]');
    behind.setAttribute("x", this.#across(end));
    behind.setAttribute("width", this.#across(this.#whole - end));
    this.#part("kept").textContent = this.value ? `${clock(start)} – ${clock(end)}` : "";
    this.#part("reset").setAttribute("aria-disabled", String(!this.value));
  }
}
