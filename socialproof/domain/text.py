"""Text from people, cleaned once at the edge: what cannot be seen or disturbs its neighbours goes, the words stay."""

from __future__ import annotations

import re
import unicodedata

BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
INVISIBLE = frozenset("\u200b\u2060\ufeff\u00ad\u180e\u115f\u1160\u3164\uffa0\u2800")
UNSEEN_ALONE = ("Cf", "Mn", "Me", "Zs")
MOST_MARKS = 8
"""Marks on one letter. No script needs more; towers of them paint over neighbours, and normalising them takes
the square of their number."""


def clean_text(text: str) -> str:
    """Several lines: NFC, line ends as \\n, no control or direction characters, trimmed. Blank text becomes ''."""
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    kept = whole.translate(_KEPT)
    if not kept.isascii():
        kept = unicodedata.normalize("NFC", _TOWER.sub(r"\1", kept))
    cleaned = "\n".join(line.rstrip() for line in kept.split("\n")).strip()
    return cleaned if _is_visible(cleaned) else ""


def clean_line(text: str) -> str:
    """One line: as clean_text, and every run of white space becomes one space."""
    return " ".join(clean_text(text).split())


def has_line_break(text: str) -> bool:
    """Whether the text would break a header or a single-line field in two."""
    return any(character in "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029" for character in text)


class _Kept(dict[int, int | None]):
    """What becomes of each character: itself or nothing. Looked up once, so that a long text is read at C's speed."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if _is_unwanted(chr(code)) else code
        return self[code]


def _is_unwanted(character: str) -> bool:
    if character in "\n\t":
        return False
    if character in BIDI_CONTROLS or character in INVISIBLE:
        return True
    return unicodedata.category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp")


def _is_mark(character: str) -> bool:
    """Whether it stands on the letter before it, also when it is several such marks in one."""
    return unicodedata.combining(unicodedata.normalize("NFD", character)[0]) > 0


def _is_visible(text: str) -> bool:
    return any(not character.isspace() and unicodedata.category(character) not in UNSEEN_ALONE for character in text)


_KEPT = _Kept()
_MARKS = "".join(filter(_is_mark, map(chr, range(0x300, 0x1F000))))  # where Unicode has all of them
_TOWER = re.compile(f"([{_MARKS}]{{{MOST_MARKS}}})[{_MARKS}]+")
