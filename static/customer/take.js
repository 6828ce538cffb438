// One take: recorded in one or more segments, kept in this browser and sent, piece by piece, while it is recorded.

import { linkOf } from "./keep.js";
import { lock } from "./lock.js";
import { bytesOf } from "./sha256.js";
import { Upload } from "./upload.js";

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Fires "saved" whenever `saved` may have become another word, and "progress" (0–1) while it is sent. */
export class Take extends EventTarget {
  #keep;
  #row;
  #pieces;
  #release;
  #chain = Promise.resolve();
  #away = false;
  #ended = false;
  #isKept;
  #isBroken;
  #isLive = false;
  #waiting = 0;

  constructor({ keep, row, pieces, release, address }) {
    super();
    this.#keep = keep;
    this.#isKept = Boolean(keep);
    this.#isBroken = row.state === "recording" && pieces.length > 0;
    this.#row = row;
    this.#pieces = pieces;
    this.#release = release;
    this.upload = new Upload({ address, audio: row.audio, begun: row.upload });
    this.upload.addEventListener("begun", ({ detail }) => this.#kept(() => keep.change(row.id, { upload: detail })));
    this.upload.addEventListener("progress", ({ detail }) => this.dispatchEvent(new CustomEvent("progress", { detail })));
    this.upload.addEventListener("away", () => this.#tell((this.#away = true)));
    for (const name of ["saved", "back"]) this.upload.addEventListener(name, () => this.#tell((this.#away = false)));
    for (const blob of pieces.flat()) this.upload.add(blob);
  }

  /** A new take of the page at this path. */
  static async begin({ keep, path, address, audio }) {
    const row = { id: newId(), begun_at: Date.now(), type: "", audio, segments: [], upload: null, state: "recording" };
    row.link = await linkOf(path);
    const take = new Take({ keep, row, pieces: [], release: null, address });
    lock(row.id).then((release) => (take.#release = release));
    take.#kept(() => keep.begin(copy(row)));
    return take;
  }

  /** A take that was kept here. */
  static async resume({ keep, row, release, address }) {
    const take = new Take({ keep, row, pieces: await keep.pieces(row), release, address });
    take.upload.run();
    return take;
  }

  get seconds() {
    return this.#row.segments.reduce((sum, segment) => sum + segment.seconds, 0);
  }

  get bytes() {
    return this.#row.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get segmentCount() {
    return this.#row.segments.length;
  }

  get isAudio() {
    return this.#row.audio;
  }

  get begunAt() {
    return this.#row.begun_at;
  }

  /** For playing: one blob for each segment. */
  get segments() {
    return this.#pieces.map((pieces, n) => ({
      blob: new Blob(pieces, { type: this.#row.type }),
      seconds: this.#row.segments[n].seconds,
    }));
  }

  /** Whether closing this page now would lose something. */
  get isAtRisk() {
    return this.bytes > 0 && (this.#waiting > 0 || !this.#isKept) && !this.upload.isSaved;
  }

  /** Where it is by now: "both", "going" (to the server), "away" (kept here only), "server", "unkept" (going, not kept) or "nowhere". */
  get saved() {
    const away = this.#away || navigator.onLine === false || (this.upload.failure && this.upload.failure.code !== "stopped");
    if (this.upload.isSaved && !this.#isLive) return this.#isKept ? "both" : "server";
    if (this.#isKept) return away ? "away" : "going";
    return away ? "nowhere" : "unkept";
  }

  beginSegment(type) {
    this.#isLive = true;
    this.#ended = false;
    this.#row.type ||= type;
    this.#row.segments.push({ seconds: 0, bytes: 0 });
    this.#pieces.push([]);
    this.#kept(() => this.#keep.change(this.#row.id, { type: this.#row.type, state: "recording" }));
    if (this.bytes === 0) this.upload.run();
  }

  /** What was recorded since the last piece; `seconds` is how long its segment is by now. */
  add(blob, seconds) {
    const segment = this.#pieces.length - 1;
    const number = this.#pieces[segment].push(blob);
    const known = this.#row.segments[segment];
    known.seconds = seconds;
    known.bytes += blob.size;
    this.#waiting += 1;
    this.#kept(async () => this.#keep.add(this.#row.id, { segment, number, seconds, bytes: await bytesOf(blob) }));
    this.#chain = this.#chain.then(() => {
      this.#waiting -= 1;
      this.upload.add(blob);
      if (this.#ended && this.#waiting === 0) this.upload.end();
      this.#tell();
    });
  }

  /** The segment is over; an empty one never was. `wanted`: the person is done, so the rest may leave. */
  async endSegment(seconds, wanted) {
    const last = this.#row.segments.length - 1;
    if (!this.#row.segments[last].bytes) {
      this.#row.segments.pop();
      this.#pieces.pop();
    } else this.#row.segments[last].seconds = seconds;
    this.#isBroken = this.#isLive = false;
    this.#kept(() => this.#keep.change(this.#row.id, { segments: copy(this.#row.segments), state: "recorded" }));
    if (wanted) this.finish();
    await this.#chain;
    this.#tell();
  }

  /** The person is done for now, so what is left may leave. */
  finish() {
    this.#ended = true;
    this.#chain = this.#chain.then(() => this.upload.end());
  }

  /** Send all of it; resolves to the server's answer. What was kept here goes when the server has acknowledged it. */
  async send(trim) {
    await this.#chain;
    const segments = this.#row.segments.map(({ bytes }) => bytes);
    try {
      const answer = await this.upload.complete({ seconds: this.seconds, segments, trim, partial: this.#isBroken });
      await this.#end();
      return answer;
    } catch (error) {
      if (error.code === "stopped") this.upload.run();
      throw error;
    }
  }

  async discard() {
    const gone = this.upload.discard();
    await this.#end();
    await gone;
  }

  async #end() {
    await this.#chain;
    await this.#keep?.wipe(this.#row.id).catch(() => {});
    this.#release?.();
  }

  // One write after the other. The first that fails (no room, no permission) is the last: a copy with a gap is worth nothing, one that
  // ends early still is.
  #kept(act) {
    this.#chain = this.#chain.then(async () => {
      if (this.#isKept) await act().catch(() => (this.#isKept = false));
    });
  }

  #tell() {
    this.dispatchEvent(new Event("saved"));
  }
}

function copy(value) {
  return JSON.parse(JSON.stringify(value));
}
