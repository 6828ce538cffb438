// MediaRecorder with a limit, a pause, and a clock that counts only what is recorded.

const TYPES = [
  "video/mp4;codecs=avc1.42E01F,mp4a.40.2",
  "video/webm;codecs=vp8,opus",
  "video/webm",
  "video/mp4",
];

export function recordingType() {
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
}

export class Recorder extends EventTarget {
  #recorder;
  #pieces = [];
  #counted = 0;
  #since = null;
  #limit;
  #timer;

  constructor(stream, limitSeconds) {
    super();
    this.#limit = limitSeconds;
    const mimeType = recordingType();
    const quality = { videoBitsPerSecond: 2_500_000, audioBitsPerSecond: 128_000 };
    this.#recorder = new MediaRecorder(stream, { ...quality, ...(mimeType && { mimeType }) });
    this.#recorder.ondataavailable = (event) => event.data.size && this.#pieces.push(event.data);
    this.#recorder.onstart = () => this.#run();
    this.#recorder.onresume = () => this.#run();
    this.#recorder.onpause = () => this.#halt();
    this.#recorder.onerror = () => this.stop();
    this.#recorder.onstop = () => this.#finish();
    for (const track of stream.getTracks()) {
      track.addEventListener("mute", () => this.pause());
      track.addEventListener("ended", () => this.stop());
    }
  }

  get seconds() {
    return this.#counted + (this.#since === null ? 0 : (performance.now() - this.#since) / 1000);
  }

  get paused() {
    return this.#recorder.state === "paused";
  }

  start() {
    this.#recorder.start(1000);
    this.#timer = setInterval(() => {
      this.dispatchEvent(new CustomEvent("tick", { detail: Math.max(0, this.#limit - this.seconds) }));
      if (this.seconds >= this.#limit) this.stop();
    }, 200);
  }

  pause() {
    if (this.#recorder.state !== "recording") return;
    this.#halt();
    this.#recorder.pause();
    this.dispatchEvent(new Event("pause"));
  }

  resume() {
    if (this.paused) this.#recorder.resume();
  }

  stop() {
    if (this.#recorder.state === "inactive") return;
    this.#halt();
    this.#recorder.stop();
  }

  #run() {
    this.#since ??= performance.now();
  }

  #halt() {
    this.#counted = this.seconds;
    this.#since = null;
  }

  #finish() {
    this.#halt();
    clearInterval(this.#timer);
    const blob = new Blob(this.#pieces, { type: (this.#recorder.mimeType || "video/webm").split(";")[0] });
    this.dispatchEvent(new CustomEvent("done", { detail: { blob, seconds: this.#counted } }));
  }
}
