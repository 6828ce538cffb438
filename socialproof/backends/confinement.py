"""Runs a program of somebody else inside hard limits, in a private folder, and always ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from socialproof.backends import confined

TELL_SECONDS = 2.0
"""How often a long run says that it goes on."""
_READ_BYTES = 256 * 1024


@dataclass(frozen=True)
class Limits:
    """Seconds on the clock, and bytes of memory and of any file it writes. CPU seconds are `threads` times that."""

    seconds: float
    memory_bytes: int
    file_bytes: int
    threads: int = 2


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, None when its time was over, and what it complained about."""

    code: int | None
    complaints: str
    """Of very much only the first and the last 256 KB."""

    @property
    def is_over_time(self) -> bool:
        return self.code in (None, -signal.SIGXCPU)


def run_confined(
    command: Sequence[str],
    *,
    folder: Path,
    limits: Limits,
    output: Path | None = None,
    env: Mapping[str, str] = {},
    tell: Callable[[], None] | None = None,
) -> Ended:
    """Run `command` to its end or to its limits; it sees no environment but `env` and a home in `folder`.

    What it prints goes to the file `output`, what it complains about to a file that is read and removed: nothing
    grows in our memory. `tell` is called every two seconds; what it raises ends the run.
    """
    numbers = (limits.seconds * limits.threads, limits.memory_bytes, limits.file_bytes)
    program = [sys.executable or "/usr/bin/python3", "-I", "-S", confined.__file__, *(str(int(n)) for n in numbers)]
    complaints = folder / "complaints.log"
    try:
        with complaints.open("wb") as errors, (output or Path(os.devnull)).open("wb") as prints:
            process = subprocess.Popen(
                [*program, *command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=prints,
                stderr=errors,
                env={"LC_ALL": "C", "HOME": str(folder), "TMPDIR": str(folder), **env},
                start_new_session=True,
            )
            code = _wait(process, limits.seconds, tell)
        return Ended(code, _read(complaints))
    finally:
        complaints.unlink(missing_ok=True)


def last_line(words: str) -> str:
    """The end of what a program said, for the log."""
    return (words.strip().splitlines() or [""])[-1][:300]


def _wait(process: subprocess.Popen[bytes], seconds: float, tell: Callable[[], None] | None) -> int | None:
    """The exit code, or None when the time is over. Whatever happens, nothing of it runs on."""
    until = time.monotonic() + seconds
    try:
        while (left := until - time.monotonic()) > 0:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(min(TELL_SECONDS, left) if tell else left)
            if tell:
                tell()
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _read(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_READ_BYTES)
        file.seek(max(len(head), size - _READ_BYTES))
        return (head + file.read(_READ_BYTES)).decode("utf-8", "replace")
