"""Text messages as rules: what a text costs in segments, how it is made to fit, and what a reply means.

Source of the alphabet and of the sizes: 3GPP TS 23.038 (GSM 7 bit default alphabet and its extension) and TS 23.040.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from socialproof.domain.text import clean_text

MOST_SEGMENTS = 2
"""What one of our texts may be sent in."""
CODE_LETTERS = 10
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Each takes the place of two."""
_GSM_SIZES, _UCS_SIZES = (160, 153), (70, 67)
"""Room of a segment that is alone, and of one of several."""

_PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "\u00a0": " ",
    }
)

KNOWN_TO_SERVICES = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "ARRET")
WRITTEN_HERE = ("STOPP", "STOPPA", "SLUTA", "AVSLUTT", "FRAMELD", "LOPETA", "PERU")
STOP_WORDS = frozenset(KNOWN_TO_SERVICES + WRITTEN_HERE)
START_WORDS = frozenset(["START", "UNSTOP"])


@dataclass(frozen=True, slots=True)
class Size:
    """How a text travels: `units` are septets in GSM-7 and UTF-16 code units in UCS-2."""

    is_gsm: bool
    units: int
    segments: int


def size_of(text: str) -> Size:
    """What a text costs. A letter of two units is never cut in two by the end of a segment."""
    is_gsm = all(letter in _BASIC or letter in _EXTENDED for letter in text)
    widths = list(_widths(text, is_gsm))
    alone, together = _GSM_SIZES if is_gsm else _UCS_SIZES
    units = sum(widths)
    if units <= alone:
        return Size(is_gsm, units, 1 if units else 0)
    segments, filled = 1, 0
    for width in widths:
        if filled + width > together:
            segments, filled = segments + 1, 0
        filled += width
    return Size(is_gsm, units, segments)


def plain(text: str) -> str:
    """The same words without the typographer's quotes and dashes, one of which would double what a text costs."""
    return clean_text(text).translate(_PLAIN)


def fitted(words: str, tail: str, *, most_segments: int = MOST_SEGMENTS) -> str:
    """`words`, shortened at a space where it must be, and the whole `tail` (link, how to stop) in so many segments.

    Where the tail alone needs more, it stands there alone: a text without its link says nothing.
    """
    whole = f"{words}{tail}"
    if size_of(whole).segments <= most_segments:
        return whole
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        if size_of(f"{words[:middle]}...{tail}").segments <= most_segments:
            low = middle
        else:
            high = middle - 1
    kept = _at_a_space(words, low)
    return f"{kept}...{tail}" if kept else tail.lstrip()


def meaning_of(reply: str) -> str:
    """`stop`, `start` or nothing: what somebody wants who sends this back. Case, spaces and signs do not matter."""
    word = re.sub(r"[\W_]+", "", reply[:100]).upper().translate(str.maketrans("ÉÈÊÄÖÅÆØ", "EEEAOAAO"))
    if word in STOP_WORDS:
        return "stop"
    return "start" if word in START_WORDS else ""


def new_short_code() -> str:
    """Ten letters and digits (59 bits) that stand for a personal link where every letter costs."""
    return "".join(secrets.choice(ALPHABET) for _letter in range(CODE_LETTERS))


def is_short_code(said: str) -> bool:
    """Whether a link could have this code at all."""
    return re.fullmatch(rf"[0-9A-Za-z]{{{CODE_LETTERS}}}", said) is not None


def _widths(text: str, is_gsm: bool) -> Iterator[int]:
    for letter in text:
        yield 1 + (letter in _EXTENDED if is_gsm else ord(letter) > 0xFFFF)


def _at_a_space(words: str, length: int) -> str:
    """The first `length` letters without a word that was cut, unless nothing else would be left."""
    kept = words[:length]
    if length < len(words) and not words[length].isspace():
        kept = kept.rpartition(" ")[0] or kept
    return kept.rstrip(" .,;:!?\n")
