"""Hears one recording: `python hear.py <model folder> <wav> <language> <threads>`, a line of JSON per segment.

A process of its own, so that a model's memory goes back when it is done, and so that a crash or a hang of its native
code cannot take the worker along. It imports nothing of ours, and it cannot reach the network: native code is refused
every socket by the kernel, and Python code that asks for an address ends the process.
"""

import ctypes
import json
import os
import platform
import struct
import sys
import wave
from typing import Any

REACHED_OUT = 97
"""Exit code: something asked for the network."""

_OUTWARD = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.sendto"}
_QUANTIZED = ("int8", "int8_float32", "float32")
_KNOWN_AS = {"nb": "no"}

# Linux: see prctl(2), seccomp(2). By machine: its audit architecture and its number of the call socket(2).
_SOCKET_CALL = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13


def refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook, which nothing can take away again."""
    if event in _OUTWARD:
        os.write(2, f"the network was asked for: {event} {arguments[-1:]!r}\n".encode())
        os._exit(REACHED_OUT)


def refuse_sockets() -> bool:
    """Let the kernel refuse every new socket of this process, also to native code; False where it cannot."""
    if not sys.platform.startswith("linux") or platform.machine() not in _SOCKET_CALL:
        return False
    architecture, socket_call = _SOCKET_CALL[platform.machine()]
    rules = (
        (_LOAD, 0, 0, 4),
        (_JUMP_IF_EQUAL, 0, 3, architecture),
        (_LOAD, 0, 0, 0),
        (_JUMP_IF_EQUAL, 0, 1, socket_call),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *rule) for rule in rules))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(rules), ctypes.addressof(code)))
    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return False
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_void_p] * 4
    if prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(_SET_SECCOMP, _FILTER, ctypes.addressof(program), 0, 0) == 0)


def main() -> None:
    """Load the model, hear, and write each segment as soon as it is known."""
    folder, audio, language, threads = sys.argv[1:5]
    sys.addaudithook(refuse_network)
    refuse_sockets()
    os.nice(10)
    model = _load(folder, int(threads))
    spoken = _KNOWN_AS.get(language, language)
    segments, _ = model.transcribe(
        _samples(audio),
        language=spoken if spoken in model.supported_languages else None,
        vad_filter=True,
        condition_on_previous_text=False,
    )
    for segment in segments:
        print(json.dumps([segment.start, segment.end, segment.text]), flush=True)


def _load(folder: str, threads: int) -> Any:
    from ctranslate2 import get_supported_compute_types, set_random_seed
    from faster_whisper import WhisperModel

    # Where a model is unsure it draws lots; the same recording is to give the same draft.
    set_random_seed(1)

    known = get_supported_compute_types("cpu")
    chosen = next((kind for kind in _QUANTIZED if kind in known), "default")
    return WhisperModel(folder, device="cpu", compute_type=chosen, cpu_threads=threads, local_files_only=True)


def _samples(path: str) -> Any:
    """The samples as numbers from -1 to 1, without another decoder."""
    import numpy

    with wave.open(path, "rb") as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (16_000, 1, 2):
            raise ValueError("not 16 kHz, mono, 16 bit")
        frames = file.readframes(file.getnframes())
    return numpy.frombuffer(frames, numpy.dtype("<i2")).astype(numpy.float32) / 32768


if __name__ == "__main__":
    main()
