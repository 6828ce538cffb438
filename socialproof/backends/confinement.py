"""Runs a program of somebody else inside hard limits, in a private folder, and always ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from socialproof.backends.transcoder import confined

_LAST_BYTES = 4096


@dataclass(frozen=True)
class Limits:
    """Seconds on the clock, and bytes of memory and of any file it writes. CPU seconds are `threads` times that."""

    seconds: float
    memory_bytes: int
    file_bytes: int
    threads: int = 2


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, None when its time was over, and the last it said."""

    code: int | None
    last_words: str

    @property
    def is_over_time(self) -> bool:
        return self.code in (None, -signal.SIGXCPU)


def run_confined(
    command: Sequence[str], *, folder: Path, limits: Limits, output: Path | None = None, env: Mapping[str, str] = {}
) -> Ended:
    """Run `command` to its end or to its limits; it sees no environment but `env` and a home in `folder`.

    What it prints goes to the file `output`, what it complains about to a file that is read and removed: nothing
    grows in our memory.
    """
    numbers = (limits.seconds * limits.threads, limits.memory_bytes, limits.file_bytes)
    program = [sys.executable or "/usr/bin/python3", "-I", "-S", confined.__file__, *(str(int(n)) for n in numbers)]
    words = folder / "program.log"
    with words.open("wb") as complaints, (output or Path(os.devnull)).open("wb") as prints:
        process = subprocess.Popen(
            [*program, *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=prints,
            stderr=complaints,
            env={"LC_ALL": "C", "HOME": str(folder), "TMPDIR": str(folder), **env},
            start_new_session=True,
        )
        code = _wait(process, limits.seconds)
    last_words = _tail(words)
    words.unlink()
    return Ended(code, last_words)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LAST_BYTES))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
