"""Speech recognition by a Whisper model in a folder of the operator, through faster-whisper, in a process of its own.

Nothing is ever downloaded: the model is given by its folder, the libraries are told to stay offline, and the process
cannot reach the network (see hear.py).
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from socialproof.backends.confinement import Ended, Limits, last_line, run_confined
from socialproof.backends.speech import hear
from socialproof.backends.speech.port import Heard, RecognizerBusy, RecognizerFailed, RecognizerTooSlow

MEMORY_BYTES = 12 * 1024**3
"""Address space, most of which is never used: the largest models need about 4 GB."""
OUTPUT_BYTES = 4 * 1024**2
LOAD_SECONDS = 60.0
SLOWNESS = 10.0
"""Seconds that hearing one second may take, besides loading the model."""
LONGEST_SECONDS = 3000.0
"""Of any recording: folders of work that has died are swept away after an hour."""

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime, which finds the voice, would tell its maker about this machine
}


class WhisperRecognizer:
    """One model, one recording at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        memory_bytes: int = MEMORY_BYTES,
        load_seconds: float = LOAD_SECONDS,
        program: Path = Path(hear.__file__),
    ) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._load_seconds = load_seconds
        self._program = program
        self._turn = threading.Lock()

    def recognize(self, audio: Path, *, language: str, seconds: float) -> list[Heard]:
        """The words of a WAV file of `seconds`; RecognizerBusy while another one is being heard."""
        if not self._turn.acquire(blocking=False):
            raise RecognizerBusy("another recording is being heard")
        try:
            return self._hear(audio, language, seconds)
        finally:
            self._turn.release()

    def _hear(self, audio: Path, language: str, seconds: float) -> list[Heard]:
        threads = min(4, os.cpu_count() or 1)
        command = [sys.executable, "-I", str(self._program), str(self._folder), str(audio), language, str(threads)]
        allowed = min(self._load_seconds + SLOWNESS * seconds, LONGEST_SECONDS)
        limits = Limits(allowed, self._memory_bytes, OUTPUT_BYTES, threads)
        printed = audio.parent / "heard.jsonl"
        env = {**_OFFLINE, "OMP_NUM_THREADS": str(threads)}
        ended = run_confined(command, folder=audio.parent, limits=limits, output=printed, env=env)
        lines = printed.read_text(encoding="utf-8", errors="replace").splitlines()
        printed.unlink()
        _judge(ended, allowed)
        return _within([_heard(line) for line in lines], seconds)


def _judge(ended: Ended, seconds: float) -> None:
    if ended.is_over_time:
        raise RecognizerTooSlow(f"speech recognition took longer than {seconds:.0f} s")
    if ended.code != 0:
        raise RecognizerFailed(f"speech recognition ended with {ended.code}: {last_line(ended.complaints)}")


def _heard(line: str) -> Heard:
    try:
        start, end, text = json.loads(line)
        return Heard(float(start), float(end), " ".join(str(text).split()))
    except (ValueError, TypeError, RecursionError) as error:
        raise RecognizerFailed(f"speech recognition wrote something that is no segment: {line[:80]!r}") from error


def _within(segments: list[Heard], seconds: float) -> list[Heard]:
    """What is said inside the recording: a model hears thirty seconds at a time, and may go on after the end."""
    return [
        Heard(max(0.0, each.start), min(each.end, seconds), each.text)
        for each in segments
        if each.text and each.start < min(each.end, seconds)
    ]
