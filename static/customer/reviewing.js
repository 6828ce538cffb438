// The review step: a take or a chosen file, played and cut.

import { Playback } from "./playback.js";
import { say, showSaved } from "./saying.js";
import { setMedium, show } from "./stages.js";
import { Trim } from "./trim.js";

const at = (id) => document.getElementById(id);

export class Review {
  #playback = null;
  #trim = null;

  /** `isLonger`: whether there is time left to go on recording. */
  open(take, isLonger) {
    this.close();
    setMedium(take.isAudio);
    at("no-preview").hidden = true;
    at("file-name").textContent = take.file?.name ?? "";
    this.#playback = new Playback(at("review"), take.segments);
    this.#playback.addEventListener("error", () => (at("no-preview").hidden = false));
    this.#trim = new Trim(at("trim"), this.#playback);
    at("again").hidden = Boolean(take.file);
    at("other-file").hidden = !take.file;
    at("go-on-recording").hidden = Boolean(take.file) || !isLonger;
    showSaved(take.saved ?? "");
    show("review", "review-title");
    say("Review");
  }

  /** What is left of it: { start, end } in seconds, or null for all of it. */
  get trim() {
    return this.#trim?.value ?? null;
  }

  pause() {
    this.#playback?.pause();
  }

  close() {
    this.#trim?.close();
    this.#playback?.close();
    this.#trim = this.#playback = null;
  }
}
