"""What people write into the cells of a file: days in three orders, languages by name, places for time zones, yes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

from socialproof.domain.contact import day_of, possible_day, time_zone_of
from socialproof.domain.errors import RuleBroken

DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
ASK = "ask"
"""The days of a column can be read both ways."""

_TURNED = re.compile(r"\s*(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})(?:[T ,]+\d{1,2}[:.]\d\d.*)?\s*", re.DOTALL)

_LANGUAGES = {
    "en": "english, eng, engelska, engelsk, englanti, englannin",
    "sv": "swedish, swe, svenska, svensk, ruotsi, ruotsin, se",
    "da": "danish, dan, dansk, danska, tanska, tanskan, dk",
    "nb": "norwegian, nor, nob, norwegian bokmål, norwegian bokmal, norsk, bokmål, norsk bokmål, norska, norja, norjan",
    "fi": "finnish, fin, suomi, suomen, finska, finsk",
}
_LANGUAGE_NAMES = {name: code for code, names in _LANGUAGES.items() for name in names.split(", ")}

_YES = "|yes|y|true|t|1|x|ja|j|sant|kyllä|k|on|tosi|unsubscribed|afmeldt|avmeldt|avregistrerad|"
_NO = "|no|n|false|f|0|-|nej|nei|falskt|ei|e|off|epätosi|subscribed|"

_WINDOWS_ZONES = {
    "w. europe standard time": "Europe/Berlin",
    "romance standard time": "Europe/Paris",
    "central europe standard time": "Europe/Budapest",
    "central european standard time": "Europe/Warsaw",
    "fle standard time": "Europe/Helsinki",
    "gtb standard time": "Europe/Bucharest",
    "gmt standard time": "Europe/London",
    "greenwich standard time": "Atlantic/Reykjavik",
    "eastern standard time": "America/New_York",
    "central standard time": "America/Chicago",
    "pacific standard time": "America/Los_Angeles",
    "utc": "UTC",
    "gmt": "UTC",
}


def day_in(cell: str, order: str) -> date:
    """The day; `order` says whether 3/4/2024 is DAY_FIRST or MONTH_FIRST, a year in front needs none.

    With points between the numbers the day is always first, unless the order says otherwise. RuleBroken: not_a_day.
    """
    turned = _TURNED.fullmatch(cell)
    if turned is None or not order:
        found = day_of(cell)
        if found is None:
            raise RuleBroken("not_a_day", field="customer_since")
        return found
    first, second, year = int(turned[1]), int(turned[3]), int(turned[4])
    day, month = (first, second) if order == DAY_FIRST else (second, first)
    return possible_day(year, month, day)


def day_order(cells: Iterable[str]) -> str:
    """In which order the days of a column stand: DAY_FIRST, MONTH_FIRST, ASK, or "" where the year is in front.

    Points between the numbers are how day, month and year are written; otherwise a number above 12 tells.
    """
    votes: set[str] = set()
    for turned in filter(None, map(_TURNED.fullmatch, cells)):
        first, second = int(turned[1]), int(turned[3])
        if first > 12 or turned[2] == ".":
            votes.add(DAY_FIRST if second <= 12 else MONTH_FIRST)
        else:
            votes.add(MONTH_FIRST if second > 12 else ASK)
    sure = votes - {ASK}
    if len(sure) == 1:
        return sure.pop()
    return ASK if votes else ""


def language_named(cell: str) -> str:
    """The code for a language's name in one of our languages; the cell itself where it is no such name."""
    return _LANGUAGE_NAMES.get(cell.strip().casefold(), cell)


def zone_named(cell: str) -> str:
    """The IANA name for what programs write: it itself, a Windows name, a city. RuleBroken: unknown_time_zone."""
    text = cell.strip().replace("_slash_", "/")
    plain = re.sub(r"^\([^)]*\)\s*", "", text).casefold()
    city = plain.replace(" ", "_")
    return _WINDOWS_ZONES.get(plain) or _cities().get(city) or time_zone_of(text)


@lru_cache
def _cities() -> dict[str, str]:
    """Zones by their last part, where only one zone has it."""
    found: dict[str, str] = {}
    for zone in sorted(available_timezones()):
        city = zone.rpartition("/")[2].casefold()
        found[city] = "" if city in found or zone.count("/") != 1 else zone
    return {city: zone for city, zone in found.items() if zone and not zone.startswith(("Etc/", "US/", "Canada/"))}


def is_yes(cell: str) -> bool:
    """Yes or no in our languages. RuleBroken: not_yes_or_no."""
    word = cell.strip().casefold()
    if f"|{word}|" in _YES:
        return True
    if f"|{word}|" in _NO:
        return False
    raise RuleBroken("not_yes_or_no", field="unsubscribed")
