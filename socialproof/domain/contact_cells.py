"""What people write into the cells of a file: days in three orders, languages by name, places for time zones, yes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

from socialproof.domain.contact import day_of, possible_day, time_zone_of
from socialproof.domain.errors import RuleBroken

DAY_FIRST, MONTH_FIRST, MONTH_FIRST_BUT_POINTS = "dmy", "mdy", "mdy."
ORDERS = (DAY_FIRST, MONTH_FIRST, MONTH_FIRST_BUT_POINTS)
"""The third is 3/31/2024 beside 31.3.2024."""
ASK = "ask"
"""The days of a column can be read both ways."""
_NEARLY_ALL = 0.95

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

    With points between the numbers the day is always first, unless MONTH_FIRST says otherwise. RuleBroken: not_a_day.
    """
    turned = _TURNED.fullmatch(cell)
    if turned is None or not order:
        found = day_of(cell)
        if found is None:
            raise RuleBroken("not_a_day", field="customer_since")
        return found
    first, second, year = int(turned[1]), int(turned[3]), int(turned[4])
    is_day_first = order == DAY_FIRST or (order == MONTH_FIRST_BUT_POINTS and turned[2] == ".")
    day, month = (first, second) if is_day_first else (second, first)
    return possible_day(year, month, day)


def day_order(cells: Iterable[str]) -> str:
    """In which order the days of a column stand: one of ORDERS, ASK, or "" where the year is in front.

    Points between the numbers are how day, month and year are written; otherwise a number above 12 tells. Some days
    that cannot be read like nearly all of the others are rows to be reported, and no reason to ask.
    """
    return _order(_tally(cells))


def order_meant(cells: Iterable[str], chosen: str) -> str:
    """What a person means who says DAY_FIRST or MONTH_FIRST of a column: the days with points are not asked about."""
    return MONTH_FIRST_BUT_POINTS if chosen == MONTH_FIRST and _has_points(_tally(cells)) else chosen


def asked_day(cells: Sequence[str]) -> str:
    """The day to show beside the question what comes first; "" when there is nothing to ask."""
    order, turned = day_order(cells), list(filter(None, map(_TURNED.fullmatch, cells)))
    slashed = [each for each in turned if each[2] != "." and _fits(each, order)]
    open_to_both = [each for each in slashed if _reading(each) == ASK]
    shown = open_to_both or slashed or (turned if order == ASK else [])
    return shown[0][0] if shown else ""


def _order(found: Counter[tuple[bool, str]]) -> str:
    days, months = (found[True, way] + found[False, way] for way in (DAY_FIRST, MONTH_FIRST))
    both = found[False, ASK]
    nearly_all = (days + months + both) * _NEARLY_ALL
    by_day = days > 0 and days >= nearly_all if months else days > 0
    if both and not found[False, DAY_FIRST]:
        # Only points say that the day is first. What the other signs mean is known where hardly any is used.
        by_day = by_day and days >= nearly_all and not found[False, MONTH_FIRST]
    if by_day:
        return DAY_FIRST
    if months and (months >= nearly_all or not days):
        return MONTH_FIRST_BUT_POINTS if _has_points(found) else MONTH_FIRST
    return ASK if days + months + both else ""


def _tally(cells: Iterable[str]) -> Counter[tuple[bool, str]]:
    """How many days have points, or another sign, and can be read in which order."""
    return Counter((turned[2] == ".", _reading(turned)) for turned in filter(None, map(_TURNED.fullmatch, cells)))


def _has_points(found: Counter[tuple[bool, str]]) -> bool:
    days, months = found[True, DAY_FIRST], found[True, MONTH_FIRST]
    return days > 0 and days >= (days + months) * _NEARLY_ALL


def _reading(turned: re.Match[str]) -> str:
    """In which order this day can be read: DAY_FIRST, MONTH_FIRST, ASK for both, "" for none."""
    first, second = int(turned[1]), int(turned[3])
    if first > 12:
        return DAY_FIRST if second <= 12 else ""
    if second > 12:
        return MONTH_FIRST
    return DAY_FIRST if turned[2] == "." else ASK


def _fits(turned: re.Match[str], order: str) -> bool:
    reading = _reading(turned)
    return order == ASK or reading in (ASK, order) or (reading == MONTH_FIRST and order == MONTH_FIRST_BUT_POINTS)


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
