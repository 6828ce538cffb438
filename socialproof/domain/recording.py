"""What a customer's browser tells about a recording when it is sent: numbers from outside, checked once here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from socialproof.domain.errors import RuleBroken

MOST_SEGMENTS = 20
"""Interruptions of one recording; who has more of them sends them in fewer files."""
MOST_SECONDS = 24 * 3600.0
LEAST_LEFT_SECONDS = 1.0
SLACK_SECONDS, SLACK_SHARE = 1.0, 0.2
"""A player may find a recording that much longer than the recorder counted: so many seconds for every file of it, and
that share of the whole. playback.js in the browser believes its player no further.
"""


@dataclass(frozen=True)
class Recorded:
    """A recording as its browser describes it. All times are seconds of the whole recording, None where unknown."""

    seconds: float | None = None
    segments: tuple[int, ...] = ()
    """Sizes in bytes of the files that lie one behind the other; empty: it is one file."""
    trim_start: float | None = None
    trim_end: float | None = None
    is_partial: bool = False
    """What had arrived when the recording device was lost; its end may be missing."""


def read_recorded(told: Mapping[str, object], *, size: int) -> Recorded:
    """The description of a recording of `size` bytes; RuleBroken("not_understood") when it cannot be true."""
    seconds = _seconds(told.get("seconds"))
    segments = _segments(told.get("segments"), size)
    start, end = _trim(told.get("trim"), _longest(seconds, max(1, len(segments))))
    is_partial = told.get("partial", False)
    if not isinstance(is_partial, bool):
        raise RuleBroken("not_understood")
    return Recorded(seconds, segments, start, end, is_partial)


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    seconds = _number(value)
    if not 0 < seconds < MOST_SECONDS:
        raise RuleBroken("not_understood")
    return seconds


def _segments(value: object, size: int) -> tuple[int, ...]:
    if value is None or value == []:
        return ()
    if not isinstance(value, list) or len(value) > MOST_SEGMENTS:
        raise RuleBroken("not_understood")
    sizes = tuple(each for each in value if isinstance(each, int) and not isinstance(each, bool) and each > 0)
    if len(sizes) != len(value) or sum(sizes) != size:
        raise RuleBroken("not_understood")
    return sizes if len(sizes) > 1 else ()


def _longest(seconds: float | None, files: int) -> float:
    return MOST_SECONDS if seconds is None else seconds + files * SLACK_SECONDS + seconds * SLACK_SHARE


def _trim(value: object, longest: float) -> tuple[float | None, float | None]:
    """The cut as it was chosen; what it wants beyond the end of the files is not there to be shown."""
    if value is None:
        return None, None
    if not isinstance(value, Mapping):
        raise RuleBroken("not_understood")
    start, end = _number(value.get("start")), _number(value.get("end"))
    if start < 0 or end > longest:
        raise RuleBroken("not_understood")
    # Whole milliseconds: ffmpeg does not read what a float of a ten millionth of a second looks like.
    start, end = round(start, 3), round(end, 3)
    if end - start < LEAST_LEFT_SECONDS:
        raise RuleBroken("not_understood")
    return start, end


def _number(value: object) -> float:
    """A finite number; a whole one of hundreds of digits is none that could be seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MOST_SECONDS * 2:
        raise RuleBroken("not_understood")
    number = float(value)
    if not math.isfinite(number):
        raise RuleBroken("not_understood")
    return number
