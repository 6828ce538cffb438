"""The company's own words of a letter: which placeholders they may hold, how long they may be, how they are filled."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """Which of an invitation's letters it is: the first, and after it at most one of the others."""

    FIRST = "first"
    REMINDER = "reminder"
    """To those who have not answered."""
    REFERENCE = "reference"
    """To those who answered gladly: it asks for a testimonial, and for no second score."""


PLACEHOLDERS = ("name", "company", "organisation")
LIMITS = {
    "from_name": 60,
    "subject": 150,
    "intro": 2000,
    "signature": 500,
    "reminder_subject": 150,
    "reminder_intro": 2000,
    "reference_subject": 150,
    "reference_intro": 2000,
    "sms_text": 300,
}
"""Characters of each field of words."""

_BRACES = re.compile(r"\{\s*([^{}\s][^{}\n]{0,39}?)\s*\}")
_GAP = re.compile("( ?)\x02([a-z_]+)\x03")


def unknown_placeholders(text: str, known: Collection[str] = PLACEHOLDERS) -> list[str]:
    """Everything in braces that nobody will fill in, as it was typed, each once."""
    found = (match[1] for match in _BRACES.finditer(text) if match[1] not in known)
    return list(dict.fromkeys(found))


def with_gaps(text: str, **known: str) -> str:
    """The words with a gap for each placeholder; those that are `known` are filled in at once."""

    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name not in PLACEHOLDERS:
            return match[0]
        return known.get(name, gap(name))

    return _BRACES.sub(put, text)


def gap(name: str) -> str:
    """Where a value will stand. It is written with control characters, which no cleaned text holds."""
    return f"\x02{name}\x03"


@dataclass(frozen=True, slots=True)
class Filling:
    """A text with gaps, cut once so that each copy is one join.

    An empty value takes the space before it along: "Hello {name}," without a name is "Hello,".
    """

    pieces: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Filling:
        pieces, names, end = [], [], 0
        for match in _GAP.finditer(text):
            pieces.append(text[end : match.start()])
            names.append(match[1] + match[2])
            end = match.end()
        return cls((*pieces, text[end:]), tuple(names))

    @property
    def is_fixed(self) -> bool:
        """Every copy is the same."""
        return not self.names

    def filled(self, values: Mapping[str, str], escaped: Callable[[str], str] = str) -> str:
        """One copy. Values are not looked into: what looks like a placeholder in a name stays a name."""
        parts = [self.pieces[0]]
        for name, piece in zip(self.names, self.pieces[1:], strict=True):
            value = values[name.strip()]
            parts.append((" " if name[0] == " " and value else "") + escaped(value))
            parts.append(piece)
        return "".join(parts)
