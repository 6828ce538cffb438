// Several recordings that lie one behind the other, played in one <video> as if they were one. Times are in seconds.
// Says "ready" once it knows how long they are, "time" as it goes, "ended", and "error" when the browser cannot show them:
// also when it plays the sound of a film and has no picture to it, as most do with what an iPhone keeps.

// A busy phone may need long to look into a file; a position that was not found within five seconds is not waited for.
const PATIENCE_TO_OPEN = 20000;
const PATIENCE = 5000;
const FAR_BEYOND = 1e7;
const EDGE = 0.02;

/** What the browser measured, unless that is far from what the recorder counted: some only guess. */
function likely(measured, counted) {
  if (measured === null) return counted;
  return counted && Math.abs(measured - counted) > Math.max(1, counted / 5) ? counted : measured;
}

/** Waits until `done()` holds; looks again at each of these events. False when it took too long or the file is broken. */
function until(video, names, done, patience = PATIENCE) {
  if (done()) return Promise.resolve(true);
  return new Promise((resolve) => {
    const ears = new AbortController();
    const end = (well) => {
      clearTimeout(timer);
      ears.abort();
      resolve(well);
    };
    const timer = setTimeout(() => end(done()), patience);
    for (const name of names) video.addEventListener(name, () => done() && end(true), { signal: ears.signal });
    video.addEventListener("error", () => end(false), { signal: ears.signal });
  });
}

/** Sets the position; Firefox may pay no heed to it before it has the first picture, and is told again then. */
async function goTo(video, seconds) {
  video.currentTime = seconds;
  if (video.seeking || Math.abs(video.currentTime - seconds) < EDGE) return;
  await until(video, ["loadeddata"], () => video.readyState >= 2);
  video.currentTime = seconds;
}

/** Opens a file; a fresh recording carries no length, and looking for its end once makes the browser find it. */
async function open(video, url) {
  video.src = url;
  if (!(await until(video, ["loadedmetadata"], () => video.readyState >= 1, PATIENCE_TO_OPEN))) return null;
  if (video.duration === Infinity) {
    await goTo(video, FAR_BEYOND);
    await until(video, ["durationchange"], () => video.duration !== Infinity);
    if (video.src === url) video.currentTime = 0;
    await until(video, ["seeked"], () => !video.seeking);
  }
  return Number.isFinite(video.duration) ? video.duration : null;
}

export class Playback extends EventTarget {
  #video;
  #segments;
  #at = 0;
  #wanted = null;
  #moving = null;
  #playing = false;
  #ready = false;
  #frame = 0;
  #ears = new AbortController();

  constructor(video, segments) {
    super();
    this.#video = video;
    this.#segments = segments.map(({ blob, seconds }) => ({ blob, url: URL.createObjectURL(blob), length: seconds || 0 }));
    video.controls = this.isSingle;
    const hear = (name, act) => video.addEventListener(name, act, { signal: this.#ears.signal });
    hear("ended", () => this.#moving || this.#next());
    hear("error", () => this.#failed());
    hear("timeupdate", () => this.#tell());
    hear("seeked", () => this.#tell());
    hear("play", () => this.#follow());
    hear("pause", () => this.#stopped());
    hear("click", () => this.isSingle || (this.paused ? this.play() : this.pause()));
    this.#moving = this.#measure();
  }

  /** One recording only: the browser's own controls know all of it. */
  get isSingle() {
    return this.#segments.length === 1;
  }

  get isReady() {
    return this.#ready;
  }

  get blobs() {
    return this.#segments.map((segment) => segment.blob);
  }

  get duration() {
    return this.#segments.reduce((sum, segment) => sum + segment.length, 0);
  }

  get currentTime() {
    if (this.#wanted !== null) return this.#wanted;
    return this.#startOf(this.#at) + Math.min(this.#video.currentTime, this.#segments[this.#at].length);
  }

  get paused() {
    return this.isSingle ? this.#video.paused : !this.#playing;
  }

  async play() {
    this.#playing = true;
    if (this.currentTime >= this.duration - EDGE) this.seek(0);
    await this.#moving;
    if (this.#playing) await this.#video.play().catch(() => (this.#playing = false));
  }

  pause() {
    this.#playing = false;
    this.#video.pause();
  }

  /** Goes to a time of the whole; of many wishes in a row the last one counts. */
  seek(seconds) {
    this.#wanted = Math.max(0, Math.min(seconds, this.duration));
    this.#tell();
    if (!this.#moving) this.#moving = this.#move();
  }

  close() {
    this.#ears.abort();
    this.#playing = false;
    cancelAnimationFrame(this.#frame);
    this.#video.pause();
    this.#video.removeAttribute("src");
    this.#video.load();
    for (const segment of this.#segments) URL.revokeObjectURL(segment.url);
  }

  async #measure() {
    const others = this.#segments.slice(1).map(async (segment) => {
      const aside = document.createElement("video");
      aside.preload = "auto";
      segment.length = likely(await open(aside, segment.url), segment.length);
      aside.removeAttribute("src");
      aside.load();
    });
    const [first] = this.#segments;
    first.length = likely(await open(this.#video, first.url), first.length);
    await Promise.all(others);
    if (this.#ears.signal.aborted || this.#video.error) return;
    if (!this.#video.videoWidth && !first.blob.type.startsWith("audio/")) return this.#failed();
    this.#ready = true;
    this.dispatchEvent(new Event("ready"));
    await this.#move();
  }

  async #move() {
    while (this.#wanted !== null && !this.#ears.signal.aborted) {
      const wanted = this.#wanted;
      const index = this.#indexAt(wanted);
      if (index !== this.#at) {
        this.#at = index;
        await open(this.#video, this.#segments[index].url);
      }
      await goTo(this.#video, Math.max(0, wanted - this.#startOf(index)));
      await until(this.#video, ["seeked"], () => !this.#video.seeking);
      if (this.#wanted === wanted) this.#wanted = null;
    }
    this.#moving = null;
    this.#tell();
  }

  #next() {
    if (this.#at + 1 < this.#segments.length) {
      const goesOn = this.#playing;
      this.seek(this.#startOf(this.#at + 1));
      if (goesOn) this.play();
      return;
    }
    this.#playing = false;
    this.dispatchEvent(new Event("ended"));
  }

  #startOf(index) {
    return this.#segments.slice(0, index).reduce((sum, segment) => sum + segment.length, 0);
  }

  #indexAt(seconds) {
    const behind = this.#segments.findIndex((_, index) => seconds < this.#startOf(index + 1));
    return behind === -1 ? this.#segments.length - 1 : behind;
  }

  // The browser tells the time four times a second; a cut wants to be heard exactly.
  #follow() {
    this.#playing = true;
    cancelAnimationFrame(this.#frame);
    const step = () => {
      this.#tell();
      if (!this.#video.paused && !this.#ears.signal.aborted) this.#frame = requestAnimationFrame(step);
    };
    step();
  }

  #stopped() {
    if (this.isSingle) this.#playing = false;
    this.#tell();
  }

  #tell() {
    if (this.#ready) this.dispatchEvent(new CustomEvent("time", { detail: this.currentTime }));
  }

  #failed() {
    if (!this.#video.getAttribute("src")) return;
    this.#playing = false;
    this.dispatchEvent(new Event("error"));
  }
}
