"""Runs ffmpeg as a subprocess that gets local files, known containers and codecs, and hard limits."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from socialproof.backends.transcoder import confined
from socialproof.backends.transcoder.port import TranscoderFailed, VideoRefused
from socialproof.backends.transcoder.report import Report

MAX_PIXELS = 10_000_000  # 4096 × 2304, more than any phone films
FILE_BYTES = 1024**3
TELL_SECONDS = 2.0
"""How often a long run says how far it is."""

_CODECS = (
    "vp8,libvpx,vp9,libvpx-vp9,av1,libdav1d,h264,hevc,mpeg4,h263,prores,"
    "opus,libopus,vorbis,libvorbis,aac,alac,mp3,mp3float,flac,amrnb,amrwb,pcm_s16le,pcm_s16be,pcm_s24le,pcm_f32le"
)
_OUT_TIME = re.compile(rb"^out_time_us=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """How one run ended, and its words."""

    code: int
    report: Report


@dataclass(frozen=True)
class Runner:
    """Runs in one private folder. `program` is the operator's choice, see `find_ffmpeg`."""

    program: str
    folder: Path
    memory_bytes: int

    def run(self, arguments: list[str], seconds: float, tell: Callable[[float], None] | None = None) -> Ran:
        """Run to the end or to the time-out; the words go to a file, so nothing grows in our memory.

        `tell` hears every two seconds how many seconds of the output are made; what it raises ends the run.
        """
        limits = [str(int(seconds * 2)), str(self.memory_bytes), str(FILE_BYTES)]
        words, far = self.folder / "ffmpeg.log", self.folder / "progress.log"
        told = ["-stats_period", "1", "-progress", str(far)] if tell else []
        quiet = ["-hide_banner", "-nostdin", "-loglevel", "info", "-nostats", "-filter_complex_threads", "2", *told]
        try:
            with words.open("wb") as log:
                process = subprocess.Popen(
                    [_python(), "-I", "-S", confined.__file__, *limits, find_ffmpeg(self.program), *quiet, *arguments],
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    env={"LC_ALL": "C", "HOME": str(self.folder), "TMPDIR": str(self.folder)},
                    start_new_session=True,
                )
                code = _wait(process, seconds, (lambda: tell(_made_seconds(far))) if tell else None)
            report = Report.read(words)
        finally:
            for path in (words, far):
                path.unlink(missing_ok=True)
        return _judged(code, report)


def find_ffmpeg(chosen: str = "") -> str:
    """The absolute path of ffmpeg: as chosen by the operator, from PATH, or from imageio-ffmpeg."""
    found = shutil.which(chosen or "ffmpeg")
    if found is None and not chosen:
        # Imported only here: it is slow, and not needed where the system has its own.
        found = str(import_module("imageio_ffmpeg").get_ffmpeg_exe())
    if not found:
        raise TranscoderFailed(f"there is no ffmpeg at {chosen!r}")
    return os.path.abspath(found)


def reading(container: str, path: Path, *options: str) -> list[str]:
    """The arguments that let ffmpeg read one file: as this container, only listed codecs, never another address."""
    return [
        *("-protocol_whitelist", "file", "-f", container, "-codec_whitelist", _CODECS),
        *("-max_pixels", str(MAX_PIXELS), "-max_streams", "64", "-threads", "2", *options, "-i", str(path)),
    ]


def _python() -> str:
    return sys.executable or "/usr/bin/python3"


def _wait(process: subprocess.Popen[bytes], seconds: float, tell: Callable[[], None] | None) -> int | None:
    try:
        if tell is None:
            return process.wait(seconds)
        return _wait_and_tell(process, time.monotonic() + seconds, tell)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_and_tell(process: subprocess.Popen[bytes], until: float, tell: Callable[[], None]) -> int:
    while True:
        left = until - time.monotonic()
        try:
            return process.wait(max(0.0, min(TELL_SECONDS, left)))
        except subprocess.TimeoutExpired:
            if left <= 0:
                raise
            tell()


def _made_seconds(far: Path) -> float:
    """The last time that ffmpeg wrote to its progress file."""
    with suppress(FileNotFoundError), far.open("rb") as file:
        file.seek(max(0, far.stat().st_size - 4096))
        found = _OUT_TIME.findall(file.read())
        return int(found[-1]) / 1e6 if found else 0.0
    return 0.0


def _judged(code: int | None, report: Report) -> Ran:
    if code is None or code in (-signal.SIGXCPU, -signal.SIGXFSZ) or report.ran_out_of_memory():
        raise VideoRefused("too_complex", f"exit {code}: {report.last_line()}")
    if report.ran_out_of_room():
        raise TranscoderFailed(report.last_line())
    if code == -signal.SIGKILL:
        raise TranscoderFailed("ffmpeg was killed from outside")
    return Ran(code, report)
