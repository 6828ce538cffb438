// How loud a recording is along its time, to draw it. Nothing where a browser cannot tell; it is only decoration.

const MOST_BYTES = 64 * 1024 * 1024;
const RATE = 8000;

/** `count` values from 0 to 1, the loudest is 1; empty when there is nothing to draw. */
export async function loudness(blobs, count) {
  if (!globalThis.OfflineAudioContext || blobs.reduce((sum, blob) => sum + blob.size, 0) > MOST_BYTES) return [];
  try {
    const context = new OfflineAudioContext(1, 1, RATE);
    const sounds = [];
    for (const blob of blobs) {
      sounds.push((await context.decodeAudioData(await blob.arrayBuffer())).getChannelData(0));
    }
    return peaks(sounds, count);
  } catch {
    return [];
  }
}

function peaks(sounds, count) {
  const whole = sounds.reduce((sum, sound) => sum + sound.length, 0);
  const found = new Array(count).fill(0);
  let at = 0;
  for (const sound of sounds) {
    for (const sample of sound) {
      const place = Math.floor((at++ * count) / whole);
      found[place] = Math.max(found[place], Math.abs(sample));
    }
  }
  const loudest = Math.max(...found);
  return loudest > 0.001 ? found.map((peak) => peak / loudest) : [];
}

/** The values as the outline of bars in a box of 1000 × 100. */
export function drawn(values) {
  const width = 1000 / values.length;
  return values
    .map((value, index) => {
      const half = Math.max(3, value * 42);
      return `M${((index + 0.5) * width).toFixed(1)} ${(50 - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
    })
    .join("");
}
