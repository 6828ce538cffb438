"""Hearing by the real library with a model of a few kilobytes; and programs that misbehave in its place."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from socialproof.backends.speech import build_recognizer, hear
from socialproof.backends.speech.port import Heard, RecognizerBusy, RecognizerFailed, RecognizerTooSlow
from socialproof.backends.speech.whisper import WhisperRecognizer
from socialproof.settings import Misconfigured
from tests.servers import ROOT
from tests.speech import write_silence, write_voice


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def voice(folder: Path) -> Path:
    return write_voice(folder / "audio.wav", 6)


@pytest.fixture
def instead(tmp_path: Path) -> object:
    """`instead("…")` is a recognizer whose process runs these lines."""

    def make(lines: str, **limits: object) -> WhisperRecognizer:
        program = tmp_path / "program.py"
        program.write_text(lines)
        return WhisperRecognizer(tmp_path, program=program, **limits)  # type: ignore[arg-type]

    return make


def hears(recognizer: object, audio: Path, seconds: float = 6.0, language: str = "en") -> list[Heard]:
    return recognizer.recognize(audio, language=language, seconds=seconds)  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["en", "nb", "fi", "xx", ""])
def test_the_real_library_turns_a_voice_into_segments_inside_the_recording(
    whisper_model: Path, voice: Path, language: str
) -> None:
    """It ends with an exit code of its own when Python asks for the network: to succeed is never to have asked.

    Native code that speaks to its maker keeps a number of this machine in its home: the folder stays as it was.
    """
    segments = hears(build_recognizer(str(whisper_model)), voice, language=language)
    assert segments
    assert all(0 <= each.start < each.end <= 6 and each.text.strip() for each in segments)
    assert [each.name for each in voice.parent.iterdir()] == ["audio.wav"]


def test_in_silence_nothing_is_heard(whisper_model: Path, folder: Path) -> None:
    assert hears(build_recognizer(str(whisper_model)), write_silence(folder / "audio.wav", 5), 5) == []


def test_what_a_model_says_after_the_end_is_not_kept(instead, voice: Path) -> None:
    lines = '[[0.5, 2, " Hei  maailma "], [5, 9.5, "loppu"], [6.5, 8, "later"], [3, 2, "back"], [1, 2, " "]]'
    recognizer = instead(f"import json\nfor each in json.loads('''{lines}'''): print(json.dumps(each))")
    assert hears(recognizer, voice) == [Heard(0.5, 2, "Hei maailma"), Heard(5, 6, "loppu")]


def test_a_model_without_its_tokenizer_fails_and_fetches_nothing(
    whisper_model: Path, voice: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(whisper_model, bare)
    (bare / "tokenizer.json").unlink()
    with pytest.raises(RecognizerFailed) as failed:
        hears(WhisperRecognizer(bare), voice)
    assert "network was asked for" not in str(failed.value)
    assert "LocalEntryNotFoundError" in str(failed.value)


@pytest.mark.parametrize(
    "reach",
    [
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/')",
        "import socket; socket.create_connection(('127.0.0.1', {port}))",
        "import socket; socket.socket().connect_ex(('127.0.0.1', {port}))",
        "import socket; socket.getaddrinfo('localhost', {port})",
    ],
)
def test_whoever_reaches_for_the_network_ends_the_process(instead, voice: Path, reach: str) -> None:
    guard = f"import runpy, sys\nsys.addaudithook(runpy.run_path({hear.__file__!r})['refuse_network'])\n"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        recognizer = instead(guard + "try:\n " + reach.format(port=listening.getsockname()[1]) + "\nexcept OSError: 0")
        with pytest.raises(RecognizerFailed, match=f"ended with {hear.REACHED_OUT}: the network was asked for"):
            hears(recognizer, voice)
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no seccomp")
def test_native_code_gets_no_socket_from_the_kernel(instead, voice: Path) -> None:
    recognizer = instead(
        f"import ctypes, runpy, threading\nassert runpy.run_path({hear.__file__!r})['refuse_sockets']()\n"
        "said = []\nask = lambda: said.extend(ctypes.CDLL(None).socket(kind, 1, 0) for kind in (1, 2, 10))\n"
        "other = threading.Thread(target=ask); other.start(); other.join(); ask()\n"
        "import json; print(json.dumps([0, 1, str(said)]))"
    )
    assert [each.text for each in hears(recognizer, voice)] == [str([-1] * 6)]


def test_a_process_that_hangs_is_ended(instead, voice: Path) -> None:
    recognizer = instead("import time; time.sleep(600)", load_seconds=0.5)
    with pytest.raises(RecognizerTooSlow):
        hears(recognizer, voice, seconds=0.01)
    assert [each.name for each in voice.parent.iterdir()] == ["audio.wav"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("import os; os.abort()", "ended with -6"),
        ("raise RuntimeError('no such model')", "RuntimeError: no such model"),
        ("bytes(2 * 1024**3)", "MemoryError"),
        ("print('hello')", "no segment"),
        ("print('[1, 2]')", "no segment"),
        ("print('[' * 100000)", "no segment"),
        ("while True: print('x' * 65536)", "ended with"),
    ],
)
def test_a_process_that_fails_says_why_and_leaves_nothing(instead, voice: Path, lines: str, words: str) -> None:
    with pytest.raises(RecognizerFailed, match=words):
        hears(instead(lines, memory_bytes=1024**3), voice)
    assert [each.name for each in voice.parent.iterdir()] == ["audio.wav"]


def test_a_file_that_is_no_recording_of_ours_is_refused(whisper_model: Path, folder: Path) -> None:
    audio = folder / "audio.wav"
    audio.write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt nonsense")
    with pytest.raises(RecognizerFailed):
        hears(build_recognizer(str(whisper_model)), audio)


def test_a_model_is_loaded_once_at_a_time(instead, voice: Path, tmp_path: Path) -> None:
    here, go = tmp_path / "here", tmp_path / "go"
    waits = f"import os, time\nopen({str(here)!r}, 'w')\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)"
    recognizer = instead(waits)
    first = threading.Thread(target=hears, args=(recognizer, voice))
    first.start()
    wait_until(here.exists)
    with pytest.raises(RecognizerBusy):
        hears(recognizer, voice)
    go.touch()
    first.join()
    assert hears(recognizer, voice) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not tell a process of its parent")
def test_it_dies_with_the_worker(instead, voice: Path, tmp_path: Path) -> None:
    """A killed worker leaves no process that goes on computing."""
    pid = tmp_path / "pid"
    program = tmp_path / "sleeps.py"
    program.write_text(f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from socialproof.backends.speech.whisper import WhisperRecognizer\n"
            "model, program, audio = map(Path, sys.argv[1:])\n"
            "WhisperRecognizer(model, program=program).recognize(audio, language='en', seconds=6)",
            *map(str, (tmp_path, program, voice)),
        ],
        cwd=ROOT,
    )
    wait_until(lambda: pid.exists() and pid.read_text())
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    wait_until(lambda: not is_running(int(pid.read_text())))


def wait_until(true: Callable[[], object]) -> None:
    """Wait for what is bound to come, and fail after a minute without it."""
    for _ in range(6000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


# ---- the operator's setting ------------------------------------------------------------------------------


def test_without_a_model_nobody_hears() -> None:
    assert build_recognizer("") is None


@pytest.mark.parametrize("name", ["model.bin", "config.json", "tokenizer.json"])
def test_a_folder_that_is_no_model_is_told_in_one_sentence(whisper_model: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whisper_model, folder)
    (folder / name).unlink()
    with pytest.raises(Misconfigured, match=f"lacks {name} of a CTranslate2 Whisper model"):
        build_recognizer(str(folder))


def test_the_application_does_not_start_with_it(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="SOCIALPROOF_SPEECH_MODEL"):
        make_app(speech_model=str(tmp_path))


def test_a_missing_library_is_told_in_one_sentence(whisper_model: Path) -> None:
    with pytest.raises(Misconfigured, match=r"install socialproof\[speech\]"):
        build_recognizer(str(whisper_model), find=lambda name: None)
