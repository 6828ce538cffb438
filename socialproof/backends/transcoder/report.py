"""Reading what ffmpeg writes to stderr (the wheel's binary brings no ffprobe)."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_HEAD_BYTES = 256 * 1024
_LANDSCAPE = (1280, 720)

# Metadata that a sender controls is indented by four spaces or more: these lines cannot be forged by a title.
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_OUTPUT = re.compile(r"^Output #0", re.MULTILINE)
_SHOWN = re.compile(r"^  Stream #0:0[^\n]*?: Video: [^\n]*?\b(\d+)x(\d+)(?: \[SAR (\d+):(\d+))?", re.MULTILINE)
_AUDIO = re.compile(r"^  Stream #0:\d+[^\n]*?: Audio: ", re.MULTILINE)
_VIDEO = re.compile(r"^  Stream #0:\d+[^\n]*?: Video: ", re.MULTILINE)
_TRUNCATED = re.compile(r"partial file|File ended prematurely|moov atom not found")
_TOO_MANY_PIXELS = re.compile(r"exceeds specified max pixel count")
_NO_MEMORY = re.compile(r"Cannot allocate memory|Error allocating|malloc of size")
_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded")
_NO_STREAM = re.compile(r"Stream map '?[^\n]*' matches no streams|Output file does not contain any stream")


@dataclass(frozen=True)
class Look:
    """What one decoded frame and the header tell: pixels as shown (square, upright) and seconds if the header knows."""

    width: int
    height: int
    seconds: float | None
    has_audio: bool

    def fitted(self) -> tuple[int, int]:
        """Even width and height inside 1280 × 720 (or 720 × 1280), never enlarged."""
        limits = _LANDSCAPE if self.width >= self.height else _LANDSCAPE[::-1]
        factor = min(1.0, limits[0] / self.width, limits[1] / self.height)
        return _even(self.width * factor), _even(self.height * factor)


@dataclass(frozen=True)
class Report:
    """The words of one run."""

    text: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """The first and the last 256 KB of a log."""
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            file.seek(max(len(head), size - _HEAD_BYTES))
            return cls((head + file.read(_HEAD_BYTES)).decode("utf-8", "replace"))

    def look(self) -> Look | None:
        """Sizes from the output side, where rotation is already applied; None when no frame came out."""
        output = _OUTPUT.search(self.text)
        shown = output and _SHOWN.search(self.text, output.start())
        if not output or not shown:
            return None
        width, height = int(shown[1]), int(shown[2])
        if shown[3] and int(shown[4]):
            width = round(width * min(max(int(shown[3]) / int(shown[4]), 0.25), 4.0))
        has_audio = _AUDIO.search(self.text, 0, output.start()) is not None
        return Look(max(width, 2), max(height, 2), self._seconds(output.start()), has_audio)

    def refusal(self) -> str:
        """The code of the refusal that these words explain best."""
        if _TOO_MANY_PIXELS.search(self.text):
            return "too_large"
        if _NO_STREAM.search(self.text) and not _VIDEO.search(self.text) and _AUDIO.search(self.text):
            return "no_video"
        return "incomplete" if self.saw_truncation() else "unreadable"

    def saw_truncation(self) -> bool:
        """The demuxer reached the end of the file in the middle of something."""
        return _TRUNCATED.search(self.text) is not None

    def ran_out_of_memory(self) -> bool:
        """The memory limit stopped it."""
        return _NO_MEMORY.search(self.text) is not None

    def ran_out_of_room(self) -> bool:
        """The disk is full."""
        return _NO_ROOM.search(self.text) is not None

    def last_line(self) -> str:
        """The last thing it said, for the log."""
        return (self.text.strip().splitlines() or [""])[-1][:300]

    def _seconds(self, end: int) -> float | None:
        found = _DURATION.search(self.text, 0, end)
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else None


def _even(value: float) -> int:
    return max(2, int(value) // 2 * 2)
