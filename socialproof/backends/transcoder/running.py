"""Runs ffmpeg as a subprocess that gets local files, known containers and codecs, and hard limits."""

import os
import re
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from socialproof.backends.confinement import Ended, Limits, run_confined
from socialproof.backends.transcoder.port import TranscoderFailed, VideoRefused
from socialproof.backends.transcoder.report import Report

MAX_PIXELS = 10_000_000  # 4096 × 2304, more than any phone films
FILE_BYTES = 1024**3
START_SECONDS = 30.0

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
        """Run to the end or to the time-out; raises VideoRefused too_complex, or TranscoderFailed.

        `tell` hears every two seconds how many seconds of the output are made; what it raises ends the run.
        """
        far = self.folder / "progress.log"
        told = ["-stats_period", "1", "-progress", str(far)] if tell else []
        quiet = ["-hide_banner", "-nostdin", "-loglevel", "info", "-nostats", "-filter_complex_threads", "2", *told]
        try:
            ended = run_confined(
                [find_ffmpeg(self.program), *quiet, *arguments],
                folder=self.folder,
                limits=Limits(seconds, self.memory_bytes, FILE_BYTES),
                tell=(lambda: tell(_made_seconds(far))) if tell else None,
            )
        finally:
            far.unlink(missing_ok=True)
        return _judged(ended)

    def require_working(self) -> None:
        """TranscoderFailed when ffmpeg cannot even say its version: half installed, or without a library it needs."""
        ran = self.run(["-version"], START_SECONDS)
        if ran.code != 0:
            raise TranscoderFailed(f"ffmpeg does not start: {ran.report.last_line()}")


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


def _made_seconds(far: Path) -> float:
    """The last time that ffmpeg wrote to its progress file."""
    with suppress(FileNotFoundError), far.open("rb") as file:
        file.seek(max(0, far.stat().st_size - 4096))
        found = _OUT_TIME.findall(file.read())
        return int(found[-1]) / 1e6 if found else 0.0
    return 0.0


def _judged(ended: Ended) -> Ran:
    report = Report(ended.complaints)
    if ended.code is None or ended.is_over_time or ended.code == -signal.SIGXFSZ or report.ran_out_of_memory():
        raise VideoRefused("too_complex", f"exit {ended.code}: {report.last_line()}")
    if report.ran_out_of_room():
        raise TranscoderFailed(report.last_line())
    if ended.code == -signal.SIGKILL:
        raise TranscoderFailed("ffmpeg was killed from outside")
    return Ran(ended.code, report)
