"""Reading what ffmpeg writes to stderr (the wheel's binary brings no ffprobe)."""

import re
from dataclasses import dataclass
from math import ceil, isfinite

from socialproof.backends.confinement import last_line

LARGE = (1280, 720)
SMALL = (640, 360)
MAX_RATE = 30.0

# Metadata that a sender controls is indented by four spaces or more: these lines cannot be forged by a title.
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_OUTPUT = re.compile(r"^Output #0", re.MULTILINE)
_SHOWN = re.compile(r"^  Stream #0:0[^\n]*?: Video: [^\n]*?\b(\d+)x(\d+)(?: \[SAR (\d+):(\d+))?[^\n]*", re.MULTILINE)
_RATE = re.compile(r", (\d+(?:\.\d+)?)(k?) fps\b")
_AUDIO = re.compile(r"^  Stream #0:\d+[^\n]*?: Audio: ", re.MULTILINE)
_TRUNCATED = re.compile(r"partial file|File ended prematurely|moov atom not found")
_TOO_MANY_PIXELS = re.compile(r"exceeds specified max pixel count")
_NO_MEMORY = re.compile(r"Cannot allocate memory|Error allocating|malloc of size")
_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded")
_NO_STREAM = re.compile(r"Stream map '?[^\n]*' matches no streams|Output file does not contain any stream")
_NOTHING = re.compile(r"nothing was encoded")
_MEASURED = re.compile(r'^\t"input_(i|tp)" : "(-?[\d.]+|-?inf)"', re.MULTILINE)
_SHOWN_AT = re.compile(r"^\[Parsed_showinfo_[^\n]*? n: *\d+ [^\n]*?pts_time:(\d+(?:\.\d+)?)", re.MULTILINE)


@dataclass(frozen=True)
class Look:
    """What one decoded frame and the header tell: pixels as shown (square, upright) and seconds if the header knows.

    A file with sound only has no pixels: width and height are 0.
    """

    width: int
    height: int
    seconds: float | None
    has_audio: bool
    is_square: bool = True
    """The pixels of the file itself are square."""
    rate: float = MAX_RATE
    """Frames per second to encode, at most 30."""

    @property
    def has_picture(self) -> bool:
        return self.width > 0

    def fitted(self, limits: tuple[int, int] = LARGE) -> tuple[int, int]:
        """Even width and height inside the limits, turned for portrait; never enlarged."""
        if self.width < self.height:
            limits = limits[::-1]
        factor = min(1.0, limits[0] / self.width, limits[1] / self.height)
        return _even(self.width * factor), _even(self.height * factor)


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness in LUFS and true peak in dBTP."""

    integrated: float
    peak: float


@dataclass(frozen=True)
class Report:
    """The words of one run."""

    text: str

    def look(self) -> Look | None:
        """Sizes from the output side, where rotation is already applied; None when no frame came out."""
        output = _OUTPUT.search(self.text)
        shown = output and _SHOWN.search(self.text, output.start())
        if not output or not shown or self._is_empty():
            return None
        width, height = int(shown[1]), int(shown[2])
        aspect = int(shown[3]) / int(shown[4]) if shown[3] and int(shown[4]) else 1.0
        width = round(width * min(max(aspect, 0.25), 4.0))
        has_audio = _AUDIO.search(self.text, 0, output.start()) is not None
        seconds = self._seconds(output.start())
        return Look(max(width, 2), max(height, 2), seconds, has_audio, aspect == 1.0, _rate(shown[0]))

    def heard(self) -> Look | None:
        """The look at a file with sound only; None when no sound came out either."""
        output = _OUTPUT.search(self.text)
        if not output or not _AUDIO.search(self.text, output.start()) or self._is_empty():
            return None
        return Look(0, 0, self._seconds(output.start()), True)

    def loudness(self) -> Loudness | None:
        """What `loudnorm` measured; None for silence, or too little sound to tell."""
        found = {name: float(value) for name, value in _MEASURED.findall(self.text)}
        if set(found) != {"i", "tp"} or not all(isfinite(value) for value in found.values()):
            return None
        return Loudness(found["i"], found["tp"])

    def frame_times(self) -> list[float]:
        """Seconds of every frame that passed `showinfo`."""
        return [float(seconds) for seconds in _SHOWN_AT.findall(self.text)]

    def refusal(self) -> str:
        """The code of the refusal that these words explain best."""
        if _TOO_MANY_PIXELS.search(self.text):
            return "too_large"
        return "incomplete" if self.saw_truncation() else "unreadable"

    def has_no_picture(self) -> bool:
        """There was no stream with moving pictures."""
        return _NO_STREAM.search(self.text) is not None

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
        return last_line(self.text)

    def _is_empty(self) -> bool:
        """It opened an output, but nothing that could be decoded came to it."""
        return _NOTHING.search(self.text) is not None

    def _seconds(self, end: int) -> float | None:
        found = _DURATION.search(self.text, 0, end)
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else None


def _rate(line: str) -> float:
    """At most 30 and a whole part of the source's own, so that every second or third frame is left out evenly."""
    found = _RATE.search(line)
    rate = float(found[1]) * (1000 if found[2] else 1) if found else 0.0
    # A browser's file claims a thousand: it has no rate, only times.
    return round(rate / ceil(rate / MAX_RATE), 3) if 0 < rate <= 240 else MAX_RATE


def _even(value: float) -> int:
    return max(2, int(value) // 2 * 2)
