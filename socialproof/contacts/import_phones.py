"""Telephone numbers of a file that say no country: which one is meant is asked once, for the whole file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from socialproof.contacts.phones import REGIONS, e164, readable
from socialproof.domain.contact import unguard

REFUSE = "refuse"
"""Among the choices: no number without a country code is taken."""
COUNTRIES = tuple(dict.fromkeys(REGIONS.values()))
CHOICES = (*COUNTRIES, REFUSE)

_LOOKED_AT = 50
_WITH_COUNTRY = re.compile(r"[\s'\"(]*(?:[+＋]|00)")
_LEAST_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Country:
    """One possible answer, and how a number of the file would be read then; "" where it is none in this country."""

    code: str
    after: str


@dataclass(frozen=True, slots=True)
class PhoneQuestion:
    """`before` is a number as it stands in the file; the likely countries come first, `likely` may be "" for none."""

    before: str
    countries: list[Country]
    likely: str


def has_country(typed: str) -> bool:
    """Whether a number begins with + or 00, as numbers with a country code do."""
    return _WITH_COUNTRY.match(typed) is not None


def phone_question(cells: Sequence[str], home: str) -> PhoneQuestion | None:
    """What to ask about a column of telephone numbers; None when all say their country.

    `home`: the company's country. It is likely when no other country has more such numbers.
    """
    local = [cell for cell in map(unguard, cells) if not has_country(cell) and _digits(cell) >= _LEAST_DIGITS]
    if not local:
        return None
    read = {code: [e164(cell, code) for cell in local[:_LOOKED_AT]] for code in COUNTRIES}
    fitting = {code: sum(map(bool, numbers)) for code, numbers in read.items()}
    order = sorted(COUNTRIES, key=lambda code: (code != home, -fitting[code]))
    best = max(fitting.values())
    # The first number that the likeliest country has, for an example that tells something.
    shown = next((index for code in order for index, number in enumerate(read[code]) if number), 0)
    countries = [Country(code, readable(read[code][shown] or "")) for code in order]
    return PhoneQuestion(local[shown], countries, home if best and fitting.get(home) == best else "")


def _digits(cell: str) -> int:
    return sum(map(str.isdigit, cell))
