// One part protocol for every storage: begin → addresses → PUT each part, retried alone → complete.
// Pieces come in while they are recorded, or all at once from a file; parts are gathered from them and end where a piece ends, so that
// any first parts are a recording that can be read. The server tells which parts it holds: whatever broke, only what is missing is sent again.

import { Refused, Requests } from "./requests.js";
import { Sha256, bytesOf, sha256 } from "./sha256.js";

const PARALLEL = 3;
const BATCH = 12;
const BEGINNINGS = 3;
const SLICE = 1024 * 1024;
const REST_AFTER_FAILURE = 15_000;
const STALE = new Set(["upload_unknown", "upload_complete", "part_conflict"]);

/** What the server holds is not what we have: it is begun anew. */
class Stale extends Error {
  code = "part_conflict";
}

/** Fires "begun" (detail: the server's description), "progress" (detail: 0–1 of what is known so far), "saved", "away" and "back". */
export class Upload extends EventTarget {
  #address;
  #audio;
  #announced;
  #requests = new Requests();
  #begun;
  #beginning = null;
  #pieces = [];
  #size = 0;
  #ended = false;
  #streams = false;
  #isDiscarded = false;
  #more = () => {};
  #held = new Map();
  #sent = new Map();
  #running = null;
  #whole = null;
  #done = null;
  #failure = null;
  #failedAt = 0;

  /** `size` in bytes if it is known, as of a file; `begun`: an upload that was begun before, to go on with. */
  constructor({ address, audio = false, size = null, begun = null }) {
    super();
    this.#address = address;
    this.#audio = audio;
    this.#announced = size;
    this.#begun = begun;
    this.#requests.addEventListener("waiting", () => this.dispatchEvent(new Event("away")));
    this.#requests.addEventListener("reconnected", () => this.dispatchEvent(new Event("back")));
  }

  /** Whether the server holds every byte that we were given. */
  get isSaved() {
    return this.#size > 0 && this.#heldBytes() === this.#size;
  }

  get failure() {
    return this.#failure;
  }

  /** A blob that follows the ones before it. */
  add(piece) {
    this.#pieces.push(piece);
    this.#size += piece.size;
    this.#whole = null;
    this.#ended = false;
    this.#more();
    this.#goOn();
  }

  /** A whole file, in slices that are read when their turn comes. */
  addFile(file) {
    for (let at = 0; at < file.size; at += SLICE) this.add(file.slice(at, at + SLICE));
    this.end();
  }

  /** Nothing follows for now: what is left leaves as the last part. */
  end() {
    this.#ended = true;
    this.#more();
    if (!this.#whole) this.#goOn();
  }

  /** Send what there is and what comes, in the background; ends when all is sent after end(), or when the server refuses. */
  run() {
    this.#streams = true;
    if (!this.#isDiscarded) this.#requests.start();
    this.#running ??= this.#pump().finally(() => (this.#running = null));
    return this.#running;
  }

  /** All parts and then the end of it; resolves to the server's answer. May be called again after a failure. */
  async complete({ seconds, segments = [], trim = null, partial = false }) {
    this.end();
    this.#requests.start();
    for (let attempt = 1; ; attempt += 1) {
      if (this.#running || !this.#whole) await this.run();
      if (this.#failure && this.#failure.code !== "stopped") await this.run();
      if (this.#failure) throw this.#failure;
      if (this.#done) return this.#done;
      try {
        const body = { size: this.#size, sha256: this.#whole, seconds, segments, trim, partial };
        return await this.#requests.json("POST", this.#begun.complete, body);
      } catch (error) {
        if (!STALE.has(error.code) || attempt === BEGINNINGS) throw error;
        this.#whole = null;
      }
    }
  }

  stop() {
    this.#requests.stop();
  }

  /** The customer does not want it: nothing more is sent, and the server forgets what it has. */
  async discard() {
    this.#isDiscarded = this.#ended = true;
    this.stop();
    this.#more();
    await this.#running?.catch(() => {});
    await this.#beginning?.catch(() => {});
    if (this.#begun) await new Requests().json("DELETE", this.#begun.self).catch(() => {});
  }

  // A pump that has ended, or was refused a while ago, is set going again by what comes in.
  #goOn() {
    const isResting = this.#failure && performance.now() - this.#failedAt < REST_AFTER_FAILURE;
    if (this.#streams && !this.#running && !isResting && !this.#isDiscarded) this.run();
  }

  async #pump() {
    this.#failure = null;
    try {
      await this.#sendAll(BEGINNINGS);
    } catch (error) {
      this.#failure = error;
      this.#failedAt = performance.now();
    }
    this.dispatchEvent(new Event("saved"));
  }

  async #sendAll(beginnings) {
    try {
      await this.#open();
      if (!this.#done) await this.#sendParts();
    } catch (error) {
      if (!STALE.has(error.code) || beginnings === 1) throw error;
      await this.#forget(error.code);
      await this.#sendAll(beginnings - 1);
    }
  }

  async #open() {
    this.#held.clear();
    this.#sent.clear();
    if (this.#begun) {
      const known = await this.#requests.json("GET", this.#begun.self);
      for (const part of known.parts ?? []) this.#held.set(part.number, part);
      if (known.state === "open") return;
      if (!this.#ended || known.bytes !== this.#size) throw new Refused({ code: "upload_complete" }, 409);
      this.#done = known;
      return;
    }
    this.#beginning ??= this.#begin().finally(() => (this.#beginning = null));
    await this.#requests.untilStopped(this.#beginning);
  }

  // The server may have begun it although nobody waits for the answer any more. So it is asked to the end, by one at a time: who goes on
  // later goes on with that one, and who discards can delete it.
  async #begin() {
    const wish = { size: this.#announced, ...(this.#audio && { audio: true }) };
    this.#begun = await this.#requests.json("POST", this.#address, wish, { lasts: true });
    if (!this.#isDiscarded) this.dispatchEvent(new CustomEvent("begun", { detail: this.#begun }));
  }

  // Left alone: a finished video, which somebody sent on another device or from what had arrived; and one that is longer than ours.
  async #forget(code) {
    const { self } = this.#begun ?? {};
    const held = [...this.#held.values()].reduce((sum, part) => sum + part.size, 0);
    if (code === "part_conflict" && held <= this.#size) {
      await this.#requests.once("DELETE", self, { Accept: "application/json" }).catch(() => {});
      if (this.#isDiscarded) return; // which broke that off, and deletes it itself
    }
    this.#begun = null;
  }

  async #sendParts() {
    const whole = new Sha256();
    for (let number = 1, next = 0, size = Infinity; !(this.#ended && next === this.#pieces.length); ) {
      const parts = [];
      while (parts.length < BATCH) {
        const part = await this.#gather(number, next, whole, parts.length > 0);
        if (!part) break;
        if (size < this.#begun.part_bytes) throw new Stale("the last part is followed by another one");
        ({ next, size } = part);
        number += 1;
        if (!this.#isHeld(part)) parts.push(part);
      }
      await this.#sendSome(parts);
    }
    this.#whole = whole.hex();
  }

  /** The part that begins at piece `first`, once it is full or nothing follows; null when there is none, or none yet. */
  async #gather(number, first, whole, hasOthers) {
    let size = 0;
    let next = first;
    for (;;) {
      while (next < this.#pieces.length && size < this.#begun.part_bytes) size += this.#pieces[next++].size;
      if (size >= this.#begun.part_bytes || this.#ended) break;
      if (hasOthers) return null;
      await new Promise((resolve) => (this.#more = resolve));
    }
    if (!size) return null;
    const blob = new Blob(this.#pieces.slice(first, next));
    const bytes = new Uint8Array(await bytesOf(blob));
    whole.update(bytes);
    return { number, next, size, blob, sha256: await sha256(bytes) };
  }

  #isHeld({ number, size, sha256 }) {
    const held = this.#held.get(number);
    if (!held) return false;
    if (held.size !== size || (held.sha256 && held.sha256 !== sha256)) throw new Stale("other bytes");
    this.#hold({ number, size });
    return true;
  }

  async #sendSome(parts) {
    if (!parts.length) return;
    const places = await this.#placesOf(parts);
    const waiting = [...parts];
    const lane = async () => {
      for (let part = waiting.shift(); part; part = waiting.shift()) {
        await this.#requests.patiently(() => this.#put(part, places));
        this.#hold(part);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, lane));
  }

  async #placesOf(parts) {
    const wanted = parts.map(({ number, size, sha256 }) => ({ number, size, sha256 }));
    const given = await this.#requests.json("POST", this.#begun.addresses, { parts: wanted });
    return new Map(given.parts.map((place) => [place.number, place]));
  }

  // A signed address ends after a while, and the network may have been away for longer: then a fresh one is asked for.
  async #put(part, places) {
    const send = ({ url, headers }) =>
      this.#requests.once("PUT", url, headers, part.blob, (bytes) => {
        this.#sent.set(part.number, Math.min(bytes, part.size));
        this.#tell();
      });
    try {
      await send(places.get(part.number));
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 403) throw error;
      await send((await this.#placesOf([part])).get(part.number));
    }
  }

  #hold({ number, size }) {
    this.#held.set(number, { number, size });
    this.#sent.set(number, size);
    this.#tell();
    this.dispatchEvent(new Event("saved"));
  }

  #heldBytes() {
    let bytes = 0;
    for (const [number, { size }] of this.#held) if (this.#sent.get(number) === size) bytes += size;
    return bytes;
  }

  #tell() {
    let bytes = 0;
    for (const sent of this.#sent.values()) bytes += sent;
    this.dispatchEvent(new CustomEvent("progress", { detail: this.#size ? Math.min(1, bytes / this.#size) : 0 }));
  }
}
