// A video file that the customer chose: sent once they have looked at it. The file is on their disk, so no copy is kept; but where its
// parts went is remembered, so that the same file chosen again after a broken visit sends only the rest.

import { rememberFile } from "./recovery.js";
import { Upload } from "./upload.js";

/** Answers what a Take answers. */
export class ChosenFile extends EventTarget {
  #memory;
  #sending = false;

  constructor(file, { memory, address }) {
    super();
    this.file = file;
    this.#memory = memory;
    this.upload = new Upload({ address, size: file.size, begun: memory.begun });
    this.upload.addEventListener("begun", ({ detail }) => memory.note(detail));
    this.upload.addEventListener("progress", ({ detail }) => this.dispatchEvent(new CustomEvent("progress", { detail })));
    this.upload.addFile(file);
  }

  static async of(file, { keep, path, address }) {
    return new ChosenFile(file, { memory: await rememberFile(keep, path, file), address });
  }

  get segments() {
    return [{ blob: this.file, seconds: null }];
  }

  get isAtRisk() {
    return this.#sending;
  }

  get isAudio() {
    return this.file.type.startsWith("audio/");
  }

  async send(trim) {
    this.#sending = true;
    try {
      const answer = await this.upload.complete({ seconds: null, trim });
      await this.#memory.forget();
      return answer;
    } finally {
      this.#sending = false;
    }
  }

  async discard() {
    await this.upload.discard();
    await this.#memory.forget();
  }
}
