"""Text from people, cleaned once at the edge: what cannot be seen or disturbs its neighbours goes, the words stay."""

from __future__ import annotations

import unicodedata

BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
INVISIBLE = frozenset("\u200b\u2060\ufeff\u00ad\u180e\u115f\u1160\u3164\uffa0\u2800")
JOINERS = frozenset("\u200c\u200d")


def clean_text(text: str) -> str:
    """Several lines: NFC, line ends as \\n, no control or direction characters, trimmed. Blank text becomes ''."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cleaned = "\n".join(_clean(line).rstrip() for line in lines).strip()
    return cleaned if _is_visible(cleaned) else ""


def clean_line(text: str) -> str:
    """One line: as clean_text, and every run of white space becomes one space."""
    return " ".join(clean_text(text).split())


def has_line_break(text: str) -> bool:
    """Whether the text would break a header or a single-line field in two."""
    return any(character in "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029" for character in text)


def _clean(line: str) -> str:
    kept = "".join(
        "\t" if character == "\t" else character
        for character in line.encode("utf-8", "replace").decode("utf-8")
        if character == "\t" or not _is_unwanted(character)
    )
    return unicodedata.normalize("NFC", kept)


def _is_unwanted(character: str) -> bool:
    if character in BIDI_CONTROLS or character in INVISIBLE:
        return True
    return unicodedata.category(character) in ("Cc", "Cs", "Cn", "Zl", "Zp")


def _is_visible(text: str) -> bool:
    return any(not character.isspace() and character not in JOINERS for character in text)
