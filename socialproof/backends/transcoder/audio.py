"""The sound of a finished video, as speech recognition wants it."""

from pathlib import Path

from socialproof.backends.transcoder.port import TranscoderFailed
from socialproof.backends.transcoder.running import Runner, reading

MEMORY_BYTES = 2 * 1024**3
SECONDS = 120.0


def extract_audio(video: Path, folder: Path, *, program: str = "") -> Path:
    """Write audio.wav (16 kHz, mono, 16 bit) of an MP4 of ours into `folder`, the caller's private one.

    `program` is the operator's ffmpeg, see `find_ffmpeg`. Raises VideoRefused or TranscoderFailed.
    """
    audio = folder / "audio.wav"
    wanted = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-fflags", "+bitexact"]
    written = ["-c:a", "pcm_s16le", "-ac", "1", "-ar", "16000", "-f", "wav", "-y", str(audio)]
    ran = Runner(program, folder, MEMORY_BYTES).run([*reading("mov", video), *wanted, *written], SECONDS)
    if ran.code != 0 or not audio.is_file():
        raise TranscoderFailed(f"no sound came out: {ran.report.last_line()}")
    return audio
