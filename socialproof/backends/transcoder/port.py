"""Turning what a customer sent into a video that every browser plays, or saying why that cannot be done."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

REFUSALS = ("unreadable", "incomplete", "too_long", "no_video", "too_large", "too_complex")
"""The codes of VideoRefused. The edge has a sentence for each of them."""

SNIFF_BYTES = 4096


class VideoRefused(Exception):
    """The file itself is the reason: trying again will not help. `code` is one of REFUSALS, `detail` is for the log."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class TranscoderFailed(Exception):
    """The machine is the reason (no ffmpeg, no room, killed): trying again may help."""


@dataclass(frozen=True)
class Transcoded:
    """Paths of the finished files inside the caller's folder; pixels as shown, upright; seconds as played."""

    video: Path
    poster: Path
    width: int
    height: int
    duration_seconds: float
    has_audio: bool


class Transcoder(Protocol):
    def transcode(
        self, source: Path, folder: Path, *, max_seconds: float, recorded_seconds: float | None = None
    ) -> Transcoded:
        """Make H.264/AAC MP4 of at most 720p and a WebP poster in `folder`, an empty private folder of the caller.

        `recorded_seconds` is what the recorder measured: a clearly shorter file is refused as incomplete.
        Raises VideoRefused when the file is at fault and TranscoderFailed when the machine is.
        """
        ...


def container_of(head: bytes) -> str | None:
    """The demuxer for a file that begins with these bytes: "matroska" (EBML), "mov" (ftyp) or None for all others."""
    if head.startswith(b"\x1a\x45\xdf\xa3") and any(name in head[:SNIFF_BYTES] for name in (b"webm", b"matroska")):
        return "matroska"
    if head[4:8] == b"ftyp" and 8 <= int.from_bytes(head[:4], "big") <= 1024:
        return "mov"
    return None
