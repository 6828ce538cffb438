"""Makes small real videos with the same ffmpeg that the product uses."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from socialproof.backends.transcoder.ffmpeg import find_ffmpeg

WEBM = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k", "-c:a", "libopus")
MP4 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")


def ffmpeg(*arguments: object) -> str:
    """Run ffmpeg for a test; returns what it said."""
    done = subprocess.run(
        [find_ffmpeg(), "-hide_banner", "-nostdin", "-y", *map(str, arguments)], capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
    return done.stderr.decode("utf-8", "replace")


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., Path]:
    """`clip("a.webm", seconds=3)` is the path of a fresh video with a picture and a tone."""

    def make(
        name: str, seconds: float = 3, size: str = "320x180", rate: int = 25, extra: tuple[object, ...] = ()
    ) -> Path:
        path = tmp_path / "clips" / Path(name).name
        path.parent.mkdir(exist_ok=True)
        picture = f"testsrc2=s={size}:r={rate}:d={seconds}"
        codecs = WEBM if path.suffix == ".webm" else MP4
        ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=d={seconds}", *codecs, *extra, path)
        return path

    return make


@pytest.fixture
def sound(tmp_path: Path) -> Callable[..., Path]:
    """`sound("a.webm", seconds=3)` is the path of a fresh recording without a picture."""

    def make(name: str, seconds: float = 2, extra: tuple[object, ...] = ()) -> Path:
        path = tmp_path / "sounds" / Path(name).name
        path.parent.mkdir(exist_ok=True)
        codec = ("-c:a", "libopus" if path.suffix == ".webm" else "aac")
        ffmpeg("-f", "lavfi", "-i", f"sine=d={seconds}", *codec, *extra, path)
        return path

    return make


@pytest.fixture
def iphone_film(clip: Callable[..., Path], tmp_path: Path) -> Path:
    """What an iPhone keeps of a film taken upright: HEVC in QuickTime, lying on its side, with a note to turn it."""
    hevc = ("-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", "log-level=error")
    lying, film = clip("lying.mov", seconds=2, size="640x360", extra=hevc), tmp_path / "IMG_0042.MOV"
    ffmpeg("-display_rotation", "-90", "-i", lying, "-c", "copy", "-tag:v", "hvc1", "-f", "mov", film)
    return film
