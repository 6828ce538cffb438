// How loud the microphone is, 0 to 1, and whether we hear anything at all.

const QUIET = 0.012;
const SILENT_AFTER = 4000;

export class Meter {
  #context;
  #timer;

  constructor(stream, { onlevel, onsilence }) {
    if (!stream.getAudioTracks().length) {
      onsilence(true);
      return;
    }
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 1024;
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let heard = performance.now();
    let silent = false;
    this.#context.resume().catch(() => {});
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      onlevel(Math.min(1, Math.sqrt(power) * 1.6));
      if (power > QUIET || this.#context.state !== "running") heard = performance.now();
      const now = performance.now() - heard > SILENT_AFTER;
      if (now !== silent) onsilence((silent = now));
    }, 80);
  }

  close() {
    clearInterval(this.#timer);
    this.#context?.close().catch(() => {});
  }
}
