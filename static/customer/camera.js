// Camera and microphone: asking for them, naming them, changing them, and saying why they cannot be had.

const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "absent",
  OverconstrainedError: "absent",
  NotReadableError: "busy",
  AbortError: "busy",
};

export class CameraRefused extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** Why this browser cannot record at all, or "". */
export function whyNot() {
  if (!globalThis.isSecureContext) return "insecure";
  if (!navigator.mediaDevices?.getUserMedia || !globalThis.MediaRecorder) return "unsupported";
  return "";
}

/** `isAudio`: the microphone alone. */
export async function openCamera({ camera = "", microphone = "", isAudio = false } = {}) {
  const picture = { ...PICTURE, ...(camera ? { deviceId: { exact: camera } } : { facingMode: "user" }) };
  const audio = { ...SOUND, ...(microphone && { deviceId: { exact: microphone } }) };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: isAudio ? false : picture, audio });
  } catch (error) {
    const reason = REASONS[error.name] || "busy";
    throw new CameraRefused(reason === "denied" && window.top !== window.self ? "framed" : reason);
  }
}

export function closeCamera(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

async function devices(kind) {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((device) => device.kind === kind);
}

// The device that a stream uses now.
function deviceOf(stream, kind) {
  const track = stream.getTracks().find((one) => one.kind === kind);
  return track?.getSettings().deviceId ?? "";
}

/** Fill the two choices; names are known once permission was given, until then they are counted. */
export async function listDevices(stream, { camera, microphone }, words) {
  for (const [select, kind, track, word] of [
    [camera, "videoinput", "video", words.sayCamera],
    [microphone, "audioinput", "audio", words.sayMicrophone],
  ]) {
    const used = deviceOf(stream, track);
    const named = (await devices(kind)).map(
      ({ deviceId, label }, n) => new Option(label || `${word} ${n + 1}`, deviceId, false, deviceId === used),
    );
    select.replaceChildren(...named);
  }
}
