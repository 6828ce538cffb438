// MediaRecorder with a limit, a pause, and a clock that counts only what is recorded. Gives what it records away piece by piece.

const PIECE_MILLISECONDS = 1000;
const PICTURE_BITS = 2_500_000;
const SOUND_BITS = 128_000;

// WebM first: it can be read as far as it came, at any moment. Chromium's MP4 is written from key frame to key frame only, many seconds
// apart, so that a killed tab would lose them; Safari, which has WebM late or not at all, writes its MP4 in fragments.
const WITH_PICTURE = [
  "video/webm;codecs=vp8,opus",
  "video/webm",
  "video/mp4;codecs=avc1.42E01F,mp4a.40.2",
  "video/mp4",
];
const SOUND_ONLY = ["audio/webm;codecs=opus", "audio/webm", "audio/mp4;codecs=mp4a.40.2", "audio/mp4"];

function recordingType(audio) {
  const known = MediaRecorder.isTypeSupported?.bind(MediaRecorder) ?? (() => false);
  return (audio ? SOUND_ONLY : WITH_PICTURE).find((type) => known(type)) ?? "";
}

/** Fires "piece" { blob, seconds }, "tick" (seconds left), "pause", and "done" { seconds, wanted }: whether it was meant to end. */
export class Recorder extends EventTarget {
  #recorder;
  #counted = 0;
  #since = null;
  #limit;
  #timer;
  #wanted = false;

  /** `seconds` and `bytes` are what may still be recorded. */
  constructor(stream, { seconds, bytes = Infinity, audio = false }) {
    super();
    this.#limit = seconds;
    const mimeType = recordingType(audio);
    const videoBitsPerSecond = Math.min(PICTURE_BITS, Math.max(250_000, (bytes * 7) / seconds - SOUND_BITS));
    const quality = { audioBitsPerSecond: SOUND_BITS, ...(!audio && { videoBitsPerSecond }) };
    this.#recorder = new MediaRecorder(stream, { ...quality, ...(mimeType && { mimeType }) });
    this.#recorder.ondataavailable = ({ data }) => this.#piece(data);
    this.#recorder.onstart = () => this.#run();
    this.#recorder.onresume = () => this.#run();
    this.#recorder.onpause = () => this.#halt();
    this.#recorder.onerror = () => this.#end();
    this.#recorder.onstop = () => this.#finish();
    for (const track of stream.getTracks()) {
      track.addEventListener("mute", () => this.pause());
      track.addEventListener("ended", () => this.#end());
    }
  }

  get seconds() {
    return this.#counted + (this.#since === null ? 0 : (performance.now() - this.#since) / 1000);
  }

  get paused() {
    return this.#recorder.state === "paused";
  }

  get type() {
    return (this.#recorder.mimeType || "video/webm").split(";")[0];
  }

  start() {
    this.#recorder.start(PIECE_MILLISECONDS);
    this.#timer = setInterval(() => {
      this.dispatchEvent(new CustomEvent("tick", { detail: Math.max(0, this.#limit - this.seconds) }));
      if (this.seconds >= this.#limit) this.stop();
    }, 200);
  }

  pause() {
    if (this.#recorder.state !== "recording") return;
    this.#halt();
    this.#recorder.pause();
    this.flush();
    this.dispatchEvent(new Event("pause"));
  }

  resume() {
    if (this.paused) this.#recorder.resume();
  }

  /** Give away what is recorded up to now. */
  flush() {
    if (this.#recorder.state !== "inactive") this.#recorder.requestData();
  }

  stop() {
    this.#wanted = true;
    this.#end();
  }

  #end() {
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

  #piece(blob) {
    if (blob.size) this.dispatchEvent(new CustomEvent("piece", { detail: { blob, seconds: this.seconds } }));
  }

  #finish() {
    this.#halt();
    clearInterval(this.#timer);
    this.dispatchEvent(new CustomEvent("done", { detail: { seconds: this.#counted, wanted: this.#wanted } }));
  }
}
