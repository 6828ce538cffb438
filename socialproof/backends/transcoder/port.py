"""Turning what a customer sent into a video that every browser plays, or saying why that cannot be done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

REFUSALS = ("unreadable", "incomplete", "too_long", "too_large", "too_complex")
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
class Recording:
    """What was sent. All times are seconds of the whole recording, its segments one behind the other."""

    segments: tuple[Path, ...]
    """One file, or several where the recording was interrupted and continued."""
    max_seconds: float
    recorded_seconds: float | None = None
    """What the recorder measured: a clearly shorter recording is refused as incomplete."""
    trim_start: float | None = None
    trim_end: float | None = None
    is_partial: bool = False
    """Its end may be missing, and its sender knows."""


@dataclass(frozen=True)
class Transcoded:
    """Finished files in the caller's folder by their names; pixels as shown, upright; seconds as played.

    Files: video.mp4 (at most 720p), video-360.mp4, poster.webp (its best frame, of the same size), preview.webp (the
    same frame, at most 640 pixels wide). Details: "small" and "preview" (width and height of those files), and
    "loudness" (what was measured and the gain, in LUFS and dB) where there is sound.
    """

    files: dict[str, Path]
    width: int
    height: int
    duration_seconds: float
    has_audio: bool
    is_audio: bool = False
    details: dict[str, Any] = field(default_factory=dict)


class Transcoder(Protocol):
    def transcode(self, recording: Recording, folder: Path, *, progress: Callable[[float], None]) -> Transcoded:
        """Make the files in `folder`, a private folder of the caller; `progress` hears a share from 0 to 1.

        What `progress` raises ends the work. Raises VideoRefused when the recording is at fault and TranscoderFailed
        when the machine is.
        """
        ...


def container_of(head: bytes) -> str | None:
    """The demuxer for a file that begins with these bytes: "matroska" (EBML), "mov" (ftyp) or None for all others."""
    if head.startswith(b"\x1a\x45\xdf\xa3") and any(name in head[:SNIFF_BYTES] for name in (b"webm", b"matroska")):
        return "matroska"
    if head[4:8] == b"ftyp" and 8 <= int.from_bytes(head[:4], "big") <= 1024:
        return "mov"
    return None
