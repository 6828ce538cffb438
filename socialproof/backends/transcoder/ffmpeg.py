"""Video through ffmpeg as a subprocess that gets one local file, one known container and hard limits.

Three runs: look at the source (one frame), make the MP4, take the poster from that MP4. An exit code of zero
proves nothing, so the length of what came out is compared with what went in.
"""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from socialproof.backends.transcoder import confined
from socialproof.backends.transcoder.port import (
    SNIFF_BYTES,
    Transcoded,
    TranscoderFailed,
    VideoRefused,
    container_of,
)
from socialproof.backends.transcoder.report import Look, Report

MAX_PIXELS = 10_000_000  # 4096 × 2304, more than any phone films
MEMORY_BYTES = 3 * 1024**3
FILE_BYTES = 1024**3
LOOK_SECONDS = 60.0
ENCODE_SECONDS = 240.0
"""Besides this, twelve seconds for every second allowed: 4K HEVC on a busy small machine needs about five."""
LONGER_SECONDS = 3.0
"""A recorder that stops at the limit writes a moment more than the limit."""

_CODECS = (
    "vp8,libvpx,vp9,libvpx-vp9,av1,libdav1d,h264,hevc,mpeg4,h263,prores,"
    "opus,libopus,vorbis,libvorbis,aac,alac,mp3,mp3float,flac,amrnb,amrwb,pcm_s16le,pcm_s16be,pcm_s24le,pcm_f32le"
)
_NOT_BLACK = "blackframe=amount=0:threshold=32,metadata=select:key=lavfi.blackframe.pblack:value=90:function=less"


@dataclass(frozen=True)
class _Ran:
    code: int
    report: Report


class FfmpegTranscoder:
    """`program` is the operator's choice; else ffmpeg on PATH; else the binary that came with imageio-ffmpeg."""

    def __init__(
        self, program: str = "", *, memory_bytes: int = MEMORY_BYTES, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._program = program
        self._memory_bytes = memory_bytes
        self._look_seconds = look_seconds

    def transcode(
        self, source: Path, folder: Path, *, max_seconds: float, recorded_seconds: float | None = None
    ) -> Transcoded:
        """Make video.mp4 and poster.webp in `folder`."""
        container = _container(source)
        look = self._look(container, source, folder)
        if look.seconds is not None and look.seconds > max_seconds + LONGER_SECONDS:
            raise VideoRefused("too_long", f"{look.seconds} s")
        video = folder / "video.mp4"
        ran = self._encode(container, source, video, look, max_seconds)
        made = self._look("mov", video, folder)
        _compare(made, look, ran.report, max_seconds, recorded_seconds)
        poster = self._poster(video, folder)
        return Transcoded(video, poster, made.width, made.height, made.seconds or 0.0, made.has_audio)

    def _look(self, container: str, path: Path, folder: Path) -> Look:
        """Decode one frame: sizes as shown (rotation applied), the length the header claims, and sound or none."""
        wanted = ["-map", "0:V:0", "-frames:v", "1", "-f", "null", "-"]
        ran = self._run([*_input(container, path), *wanted], folder, self._look_seconds)
        look = ran.report.look()
        if look is None:
            raise VideoRefused(ran.report.refusal(), ran.report.last_line())
        return look

    def _encode(self, container: str, source: Path, video: Path, look: Look, max_seconds: float) -> _Ran:
        width, height = look.fitted()
        shape = (
            f"scale={width}:{height}:force_original_aspect_ratio=decrease,"
            f"pad={width}:{height}:-1:-1,setsar=1,format=yuv420p"
        )
        arguments = [
            *(*_input(container, source), "-map", "0:V:0", "-map", "0:a:0?", "-sn", "-dn"),
            *("-t", str(max_seconds + 2 * LONGER_SECONDS), "-vf", shape, "-fpsmax", "30"),
            *("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-profile:v", "high", "-threads", "2"),
            *(
                "-c:a",
                "aac",
                "-b:a",
                "128k",
                "-ac",
                "2",
                "-ar",
                "48000",
                "-af",
                "aresample=async=1:first_pts=0",
            ),
            *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"),
            *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
            *("-max_muxing_queue_size", "1024", "-movflags", "+faststart", "-f", "mp4", "-y", str(video)),
        ]
        ran = self._run(arguments, video.parent, ENCODE_SECONDS + 12 * max_seconds)
        if ran.code != 0 or not video.is_file():
            raise VideoRefused(ran.report.refusal(), ran.report.last_line())
        return ran

    def _poster(self, video: Path, folder: Path) -> Path:
        """The first frame that is not black, else the very first."""
        poster = folder / "poster.webp"
        for chosen in (_NOT_BLACK, "null"):
            wanted = ["-map", "0:v:0", "-vf", chosen, "-frames:v", "1", "-map_metadata", "-1"]
            written = ["-c:v", "libwebp", "-quality", "82", "-f", "webp", "-y", str(poster)]
            self._run([*_input("mov", video), *wanted, *written], folder, self._look_seconds)
            if poster.is_file() and poster.stat().st_size:
                return poster
        raise TranscoderFailed("no poster could be written")

    def _run(self, arguments: list[str], folder: Path, seconds: float) -> _Ran:
        """Run ffmpeg to its end or to its time-out; its words go to a file, so nothing grows in our memory."""
        program = [_python(), "-I", "-S", confined.__file__]
        limits = [str(int(seconds * 2)), str(self._memory_bytes), str(FILE_BYTES)]
        words = folder / "ffmpeg.log"
        with words.open("wb") as log:
            process = subprocess.Popen(
                [*program, *limits, find_ffmpeg(self._program), *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={"LC_ALL": "C", "HOME": str(folder), "TMPDIR": str(folder)},
                start_new_session=True,
            )
            code = _wait(process, seconds)
        report = Report.read(words)
        words.unlink()
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


def _python() -> str:
    return sys.executable or "/usr/bin/python3"


def _container(source: Path) -> str:
    with source.open("rb") as file:
        container = container_of(file.read(SNIFF_BYTES))
    if container is None:
        raise VideoRefused("unreadable", "neither EBML nor ftyp")
    return container


def _input(container: str, path: Path) -> list[str]:
    return [
        *("-hide_banner", "-nostdin", "-loglevel", "info", "-nostats", "-filter_threads", "1"),
        *("-protocol_whitelist", "file", "-f", container, "-codec_whitelist", _CODECS),
        *("-max_pixels", str(MAX_PIXELS), "-max_streams", "64", "-threads", "2", "-i", str(path)),
    ]


def _wait(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _judged(code: int | None, report: Report) -> _Ran:
    if code is None or code in (-signal.SIGXCPU, -signal.SIGXFSZ) or report.ran_out_of_memory():
        raise VideoRefused("too_complex", f"exit {code}: {report.last_line()}")
    if report.ran_out_of_room():
        raise TranscoderFailed(report.last_line())
    if code == -signal.SIGKILL:
        raise TranscoderFailed("ffmpeg was killed from outside")
    return _Ran(code, report)


def _compare(made: Look, look: Look, report: Report, max_seconds: float, recorded_seconds: float | None) -> None:
    seconds = made.seconds or 0.0
    if seconds > max_seconds + LONGER_SECONDS:
        raise VideoRefused("too_long", f"{seconds} s")
    expected = max(look.seconds or 0.0, recorded_seconds or 0.0)
    if seconds < expected - max(1.5, expected * 0.05):
        raise VideoRefused("incomplete", f"{seconds} s of {expected} s")
    if report.saw_truncation():
        raise VideoRefused("incomplete", "the file ends early")
    if seconds <= 0:
        raise VideoRefused("unreadable", "no length")
