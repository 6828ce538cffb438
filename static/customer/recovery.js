// What an earlier visit left: looked for in this browser first, then at the server.

import { linkOf } from "./keep.js";
import { lock } from "./lock.js";
import { Requests } from "./requests.js";

const LEAST_SECONDS = 0.5;
const FILES_KEPT = 5;
const ASK_MILLISECONDS = 4000;

// One try, and not for long: while the network is away, what is in this browser is offered all the same.
async function ask(url) {
  const requests = new Requests();
  const timer = setTimeout(() => requests.stop(), ASK_MILLISECONDS);
  try {
    return await requests.once("GET", url, { Accept: "application/json" });
  } catch (error) {
    return error.status === 404 ? { state: "gone" } : {};
  } finally {
    clearTimeout(timer);
  }
}

/** The bytes of the first parts that lie one behind the other. */
function arrivedBytes(parts = []) {
  const sizes = new Map(parts.map((part) => [part.number, part.size]));
  let bytes = 0;
  for (let number = 1; sizes.has(number); number += 1) bytes += sizes.get(number);
  return bytes;
}

// A recording that the server has whole needs no copy here; one of which it has more than we keep is the server's to offer.
async function isOurs(keep, row) {
  if (!row.upload) return true;
  const known = await ask(row.upload.self);
  const bytes = row.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  if (known.state === "complete" && known.bytes >= bytes) {
    await keep.wipe(row.id);
    return false;
  }
  return known.state !== "open" || arrivedBytes(known.parts) <= bytes;
}

async function kept(keep, path) {
  return (await keep?.recordings(await linkOf(path)).catch(() => [])) ?? [];
}

function told(row) {
  return { at: row.begun_at, isAudio: row.audio, segmentCount: row.segments.length };
}

/** What this browser keeps of the page: { kind: "kept" or "elsewhere" (another tab has it), seconds, at, isAudio, segmentCount, … }, or null. */
export async function findInThisBrowser(keep, path) {
  let elsewhere = null;
  for (const row of (await kept(keep, path)).filter((one) => !one.file)) {
    const release = await lock(row.id);
    const seconds = row.segments.reduce((sum, segment) => sum + segment.seconds, 0);
    if (!release) elsewhere ??= { kind: "elsewhere", row, ...told(row) };
    else if (seconds < LEAST_SECONDS) keep.wipe(row.id).finally(release);
    else if (await isOurs(keep, row)) return { kind: "kept", row, release, seconds, ...told(row) };
    else release();
  }
  return elsewhere;
}

/** What the server has of this link: { kind: "arrived" (a part) or "finished", upload, seconds, at, isAudio }, or null. A file, whose size
 *  was known, is not offered in part: most of them cannot be read without their end. */
export async function findAtTheServer(address) {
  const { uploads = [] } = await ask(address);
  for (const found of uploads) {
    const one = { upload: found, seconds: found.seconds, at: Date.parse(found.begun_at), isAudio: found.is_audio };
    if (found.state === "complete" && found.location) return { kind: "finished", ...one };
    if (found.state === "open" && found.bytes > 0 && !found.size) return { kind: "arrived", ...one };
  }
  return null;
}

/** { name } of a file that was chosen here and sent in part, or null. */
export async function unfinishedFile(keep, path) {
  const row = (await kept(keep, path)).find((one) => one.file && one.upload);
  const known = row ? await ask(row.upload.self) : {};
  if (known.state === "gone" || known.state === "complete") await keep.wipe(row.id).catch(() => {});
  return known.state === "open" && known.parts?.length ? row.file : null;
}

/** Make a video of what has arrived at the server; resolves to its answer. */
export async function sendArrived({ upload }) {
  const requests = new Requests();
  const { parts } = await requests.json("GET", upload.self);
  const body = { size: arrivedBytes(parts), sha256: null, seconds: null, partial: true };
  return requests.json("POST", upload.complete, body);
}

export function deleteAtTheServer({ upload }) {
  return new Requests().json("DELETE", upload.self).catch(() => {});
}

/** Where the parts of a file went that was chosen here before: found by what the file is, so that only the rest is sent. */
export async function rememberFile(keep, path, file) {
  const known = { name: file.name, size: file.size, modified: file.lastModified };
  const id = await linkOf([path, known.name, known.size, known.modified].join("\n"));
  const rows = await kept(keep, path);
  const row = rows.find((one) => one.id === id);
  const link = await linkOf(path);
  const note = (upload) => keep?.begin({ id, link, begun_at: Date.now(), segments: [], file: known, upload }).catch(() => {});
  for (const old of rows.filter((one) => one.file && one.id !== id).slice(FILES_KEPT - 1)) await keep.wipe(old.id);
  return { begun: row?.upload ?? null, note, forget: () => keep?.wipe(id).catch(() => {}) };
}
