"""Looking for words as people type them: without regard to case, accents and the spelling of Nordic letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from socialproof.domain.text import clean_line

MOST_WORDS = 8
LONGEST_WORD = 60
LONG_RUN = 4
"""No name has so many of one letter in a row."""

_PHONE = re.compile(r"\+?[\d\s()./-]{4,}")
_LETTERS = [chr(code) for code in (*range(0xC0, 0x180), *range(0x218, 0x21C), *range(0x1E00, 0x1F00))]
_STROKED = {"æ": "a", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ł": "l", "þ": "t", "ŧ": "t", "ß": "s", "ı": "i"}
_PAIRS = {"aa": "åÅ", "ae": "æÆäÄ", "oe": "øØöÖœŒ", "ue": "üÜ", "ss": "ßẞ"}
"""One letter that is written as two where it is not on the keyboard."""


def words_of(search: str) -> list[str]:
    """The words of a search, cleaned; so many and so long as there may be."""
    return [word[:LONGEST_WORD] for word in clean_line(search).split()[:MOST_WORDS]]


def phone_digits(search: str) -> str:
    """The digits of a search for a telephone number, without the zeros in front that only one country dials; or ""."""
    text = clean_line(search)
    if not _PHONE.fullmatch(text):
        return ""
    return re.sub(r"\D", "", text.replace("(0)", "")).lstrip("0")[:15]


def tolerant(text: str) -> str:
    """A regular expression that both databases and Python read alike: `text` somewhere, whatever case and accents.

    "kjaer", "Kjær" and "KJAR" all find Kjær. Letters without a Latin base, such as Greek ones, differ in case only.
    """
    return "(?i)" + _pattern(text, is_tolerant=True)


def exactly(text: str) -> str:
    """The same for the whole of a field and with every accent: only case does not matter."""
    return f"(?i)^{_pattern(text, is_tolerant=False)}$"


def containing(text: str) -> str:
    """Somewhere in a field, with every accent."""
    return "(?i)" + _pattern(text, is_tolerant=False)


def _pattern(text: str, *, is_tolerant: bool) -> str:
    found, at = [], 0
    while at < len(text):
        pair = text[at : at + 2].lower()
        if is_tolerant and (run := _run(text, at)):
            found.append(f"[{_variants()[_base(text[at])]}]{{{-(-run // 2)},{run * 2}}}")
            at += run
            continue
        if is_tolerant and pair in _PAIRS:
            found.append(f"(?:{_letter(pair[0])}{_letter(pair[1])}|[{_PAIRS[pair]}])")
            at += 2
            continue
        found.append(_letter(text[at]) if is_tolerant else _cased(text[at]))
        at += 1
    return "".join(found)


def _run(text: str, at: int) -> int:
    """How many letters stand here, one but for accents, of a kind that two make one of; 0 for fewer than LONG_RUN.

    Said letter by letter, each of them could be one or two, and a program that tries every way would never end.
    """
    base = _base(text[at])
    if f"{base}{base}" not in _PAIRS:
        return 0
    length = next((count for count, one in enumerate(text[at:]) if _base(one) != base), len(text) - at)
    return length if length >= LONG_RUN else 0


def _letter(character: str) -> str:
    variants = _variants().get(_base(character), "")
    one = f"[{variants}]" if variants else _cased(character)
    pair = next((pair for pair, letters in _PAIRS.items() if character in letters), "")
    return f"(?:{one}|{pair})" if pair else one


def _cased(character: str) -> str:
    """Both cases written out: a database may fold ASCII only."""
    if character.isascii():
        return character if character.isalnum() or character in " _" else re.escape(character)
    both = {character} | {form for form in (character.lower(), character.upper()) if len(form) == 1}
    return f"[{''.join(sorted(both))}]"


def _base(character: str) -> str:
    """The plain letter under the accents, in lower case."""
    lower = character.lower()
    plain = _STROKED.get(lower) or unicodedata.normalize("NFD", lower)[0]
    return _STROKED.get(plain, plain)


@lru_cache
def _variants() -> dict[str, str]:
    """For each plain letter that has them: itself and its accented forms, as the inside of a bracket."""
    by_base: dict[str, set[str]] = {}
    for letter in _LETTERS:
        base = _base(letter)
        if letter.isalpha() and base.isascii() and base.isalpha():
            by_base.setdefault(base, {base, base.upper()}).add(letter)
    return {base: "".join(sorted(letters)) for base, letters in by_base.items()}
