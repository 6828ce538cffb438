"""Starts a program inside hard limits: `python confined.py <cpu seconds> <memory bytes> <file bytes> program …`.

A tiny process of its own, because running Python between fork and exec is not safe in a program with threads.
It imports nothing of ours. Where the system knows how, the program dies together with the worker that started it.
"""

import ctypes
import os
import resource
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1


def _die_with_parent() -> None:
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    try:
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:
        sys.exit(1)


def _limit(kind: int, value: int) -> None:
    _soft, hard = resource.getrlimit(kind)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (allowed, allowed))
    except (OSError, ValueError):
        return  # macOS has no address space limit; the others still hold


def main() -> None:
    """Set the limits, then become the program."""
    cpu_seconds, memory_bytes, file_bytes = (int(text) for text in sys.argv[1:4])
    _die_with_parent()
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 64)
    os.umask(0o077)
    os.execv(sys.argv[4], sys.argv[4:])


if __name__ == "__main__":
    main()
