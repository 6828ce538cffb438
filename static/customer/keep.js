// The browser's own copy of a recording, piece by piece, until the server has acknowledged it. Nothing here names the customer:
// a recording is found by a digest of its page's path, never by the link itself.
//
// A recording is { id, link, begun_at, type, audio, segments: [{ seconds, bytes }], upload, state, file }.
// Its pieces lie beside it as array buffers, because Safari loses blobs that are stored.

import { sha256 } from "./sha256.js";

const NAME = "recordings";
const VERSION = 1;
const DAYS = 7;
const OPENS_WITHIN = 4000;
const WRITES_WITHIN = 8000;

/** What stands for a page's address in the store: the digest of its path. */
export function linkOf(path) {
  return sha256(new TextEncoder().encode(path));
}

function within(milliseconds, promise) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the store does not answer")), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

function openStore() {
  const opening = indexedDB.open(NAME, VERSION);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("recording", { keyPath: "id" }).createIndex("link", "link");
    opening.result.createObjectStore("piece");
  };
  return answerOf(opening);
}

// Browsers that ask the person before they promise to keep something are not asked.
function askToStay() {
  if (navigator.userAgentData) navigator.storage?.persist?.().catch(() => {});
}

export class Keep {
  #store;

  constructor(store) {
    this.#store = store;
    store.onversionchange = () => store.close();
  }

  /** The store, or null where this browser has none or refuses (private windows, blocked site data). */
  static async open() {
    try {
      const keep = new Keep(await within(OPENS_WITHIN, openStore()));
      await keep.recordings("");
      askToStay();
      return keep;
    } catch {
      return null;
    }
  }

  /** The store that an earlier visit made, or null: looking makes none. */
  static async openMade() {
    const made = await globalThis.indexedDB?.databases?.().catch(() => []);
    return made?.some(({ name }) => name === NAME) ? Keep.open() : null;
  }

  /** Recordings of this page, the newest first. */
  async recordings(link) {
    const found = await this.#read((stores) => answerOf(stores.recording.index("link").getAll(link)));
    return found.sort((one, other) => other.begun_at - one.begun_at);
  }

  begin(recording) {
    return this.#write(({ recording: rows }) => rows.put(recording));
  }

  /** Change what is known of a recording; one that was wiped stays wiped. */
  change(id, changes) {
    return this.#write(({ recording: rows }) => {
      rows.get(id).onsuccess = ({ target }) => target.result && rows.put({ ...target.result, ...changes });
    });
  }

  /** One piece, and how long its segment is with it, both or neither. */
  add(id, { segment, number, bytes, seconds }) {
    return this.#write(({ recording: rows, piece }) => {
      rows.get(id).onsuccess = ({ target }) => {
        const row = target.result;
        if (!row) return;
        const held = row.segments[segment]?.bytes ?? 0;
        row.segments[segment] = { seconds, bytes: held + bytes.byteLength };
        rows.put(row);
        piece.put(bytes, [id, segment, number]);
      };
    });
  }

  /** The pieces of each segment, in order, as blobs. */
  async pieces(recording) {
    const read = ({ piece }, segment) =>
      answerOf(piece.getAll(IDBKeyRange.bound([recording.id, segment, 0], [recording.id, segment, Infinity])));
    const found = await this.#read((stores) => Promise.all(recording.segments.map((_, n) => read(stores, n))));
    return found.map((pieces) => pieces.map((bytes) => new Blob([bytes], { type: recording.type })));
  }

  wipe(id) {
    return this.#write(({ recording: rows, piece }) => {
      rows.delete(id);
      piece.delete(IDBKeyRange.bound([id], [id, []]));
    });
  }

  /** Forget everything, of every link, that is older than a week. */
  async sweep(now = Date.now()) {
    const all = await this.#read(({ recording: rows }) => answerOf(rows.getAll()));
    const old = all.filter((recording) => recording.begun_at < now - DAYS * 24 * 3600 * 1000);
    for (const recording of old) await this.wipe(recording.id);
  }

  #stores(transaction) {
    return { recording: transaction.objectStore("recording"), piece: transaction.objectStore("piece") };
  }

  #read(act) {
    return act(this.#stores(this.#store.transaction(["recording", "piece"], "readonly")));
  }

  // Strict: the promise is kept when the bytes are on the disk, so that even a machine that loses its power has them.
  #write(act) {
    const written = new Promise((resolve, reject) => {
      const transaction = this.#store.transaction(["recording", "piece"], "readwrite", { durability: "strict" });
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
      act(this.#stores(transaction));
    });
    return within(WRITES_WITHIN, written);
  }
}
