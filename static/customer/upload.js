// One part protocol for every storage: begin → addresses → PUT each part, retried alone → complete.
// The server tells which parts it holds, so whatever broke, only what is missing is sent again.

import { Sha256, sha256 } from "./sha256.js";

const PARALLEL = 3;
const BATCH = 12;
const PATIENCE = 8;
const LONGEST_WAIT = 15_000;
const STALLED = 60_000;
const WORTH_RETRYING = new Set([0, 408, 425, 429, 500, 502, 503, 504]);

export class UploadRefused extends Error {
  constructor(answer, status) {
    super(answer?.message || "");
    this.code = answer?.code || "unknown";
    this.status = status;
  }
}

export class Upload extends EventTarget {
  #address;
  #blob;
  #seconds;
  #begun = null;
  #held = new Set();
  #sent = new Map();
  #requests = new Set();
  #stopped = false;

  constructor({ address, blob, seconds = null }) {
    super();
    this.#address = address;
    this.#blob = blob;
    this.#seconds = seconds;
  }

  /** Sends everything that is missing and resolves to the server's answer; may be called again after a failure. */
  async send() {
    this.#stopped = false;
    await this.#open();
    const whole = new Sha256();
    const count = Math.ceil(this.#blob.size / this.#begun.part_bytes);
    for (let first = 1; first <= count; first += BATCH) {
      const parts = [];
      for (let number = first; number < Math.min(first + BATCH, count + 1); number += 1) {
        parts.push(await this.#part(number, whole));
      }
      await this.#sendParts(parts.filter((part) => !this.#held.has(part.number)));
    }
    const body = { size: this.#blob.size, sha256: whole.hex(), seconds: this.#seconds };
    return this.#json("POST", this.#begun.complete, body);
  }

  stop() {
    this.#stopped = true;
    for (const request of this.#requests) request.abort();
  }

  async #open() {
    this.#sent.clear();
    this.#held.clear();
    if (this.#begun) {
      const known = await this.#json("GET", this.#begun.self).catch((error) => {
        if (error.code === "upload_unknown") return null;
        throw error;
      });
      for (const part of known?.parts ?? []) this.#hold(part);
      if (known) return;
    }
    this.#begun = await this.#json("POST", this.#address, { size: this.#blob.size });
  }

  async #part(number, whole) {
    const size = this.#begun.part_bytes;
    const blob = this.#blob.slice((number - 1) * size, number * size);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    whole.update(bytes);
    return { number, size: bytes.length, sha256: await sha256(bytes), blob };
  }

  async #sendParts(parts) {
    if (!parts.length) return;
    const wanted = parts.map(({ number, size, sha256 }) => ({ number, size, sha256 }));
    const given = await this.#json("POST", this.#begun.addresses, { parts: wanted });
    const places = new Map(given.parts.map((place) => [place.number, place]));
    const waiting = [...parts];
    const lane = async () => {
      for (let part = waiting.shift(); part; part = waiting.shift()) {
        await this.#patiently(() => this.#put(part, places.get(part.number)));
        this.#hold(part);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, lane));
  }

  #put(part, place) {
    return this.#request("PUT", place.url, place.headers, part.blob, (bytes) => {
      this.#sent.set(part.number, Math.min(bytes, part.size));
      this.#tell();
    });
  }

  #json(method, url, body) {
    const headers = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) };
    return this.#patiently(() => this.#request(method, url, headers, body && JSON.stringify(body)));
  }

  // XMLHttpRequest and not fetch: only it reports how much of a body has left.
  #request(method, url, headers, body, progressed) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const ended = (status) => {
        this.#requests.delete(request);
        const answer = request.response;
        if (status >= 200 && status < 300) resolve(answer);
        else reject(new UploadRefused(answer, status));
      };
      request.open(method, url);
      request.responseType = "json";
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      let alive = performance.now();
      request.upload.onprogress = (event) => {
        alive = performance.now();
        progressed?.(event.loaded);
      };
      const watch = setInterval(() => performance.now() - alive > STALLED && request.abort(), 5000);
      request.onloadend = () => {
        clearInterval(watch);
        ended(request.status);
      };
      this.#requests.add(request);
      request.send(body ?? null);
    });
  }

  /** Tries again what may work next time: without end while the network is away, a few times when the server is unwell. */
  async #patiently(act) {
    for (let attempt = 1, answered = 0; ; attempt += 1) {
      if (this.#stopped) throw new UploadRefused({ code: "stopped" }, 0);
      try {
        const answer = await act();
        if (attempt > 1) this.dispatchEvent(new Event("reconnected"));
        return answer;
      } catch (error) {
        if (this.#stopped || !(error instanceof UploadRefused)) throw error;
        answered += error.status === 0 ? 0 : 1;
        const again = WORTH_RETRYING.has(error.status) || error.code === "part_damaged";
        if (!again || answered >= PATIENCE) throw error;
        if (attempt > 1 || error.status === 0) this.dispatchEvent(new Event("waiting"));
        await this.#pause(Math.min(LONGEST_WAIT, 500 * 2 ** attempt) * (0.75 + Math.random() / 2));
      }
    }
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(go, milliseconds);
      function go() {
        clearTimeout(timer);
        removeEventListener("online", go);
        resolve();
      }
      addEventListener("online", go);
    });
  }

  #hold(part) {
    this.#held.add(part.number);
    this.#sent.set(part.number, part.size);
    this.#tell();
  }

  #tell() {
    let bytes = 0;
    for (const sent of this.#sent.values()) bytes += sent;
    this.dispatchEvent(new CustomEvent("progress", { detail: Math.min(1, bytes / this.#blob.size) }));
  }
}
