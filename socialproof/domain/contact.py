"""What may stand in a contact's fields, and how a field travels through a spreadsheet and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from zoneinfo import available_timezones

from socialproof.domain.errors import RuleBroken
from socialproof.domain.text import clean_line, has_line_break

FIELDS = ("email", "phone", "name", "role", "organisation", "language", "time_zone", "customer_since", "owner")
"""In the order of forms and files. The owner is a member of the team, named by the e-mail address."""

ATTRIBUTE = "attributes."
"""Before the name of a free attribute, wherever a field is named by a word."""

LONGEST = {"email": 254, "phone": 40, "name": 120, "role": 120, "organisation": 200}
LONGEST_OTHER = 80
"""Characters of a language, time zone or day as somebody typed it."""
MOST_ATTRIBUTES = 40
LONGEST_ATTRIBUTE_NAME = 60
LONGEST_ATTRIBUTE = 300
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)

_DAY = re.compile(r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})/(\d{1,2})/(\d{1,2})|(\d{4})(\d\d)(\d\d))")
_DAY_FIRST = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_CLOCK = re.compile(r"[T ]\d{1,2}:\d\d.*")
_BEGINS = "[\"']*[=+\\-@\t\r\n＝＋－＠]"
_CALCULATES = f"{_BEGINS}[^,;]"
_FORMULA = re.compile(f"(?<![^;])(?={_BEGINS})|(?<=,)(?={_CALCULATES})")
_GUARDED = re.compile(f"(?<![^;])'(?={_BEGINS})|(?<=,)'(?={_CALCULATES})")


@dataclass(frozen=True, slots=True)
class ContactValues:
    """Everything that the team may write about a contact, checked and in the form in which it is kept."""

    email: str | None = None
    phone: str | None = None
    name: str = ""
    role: str = ""
    organisation: str = ""
    language: str = ""
    time_zone: str = ""
    customer_since: date | None = None
    owner_id: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


def is_attribute(name: str) -> bool:
    """Whether a field's word names a free attribute."""
    return name.startswith(ATTRIBUTE)


def longest(field_name: str) -> int:
    """Most characters that may be typed into a field."""
    return LONGEST_ATTRIBUTE if is_attribute(field_name) else LONGEST.get(field_name, LONGEST_OTHER)


def line(field_name: str, typed: str) -> str:
    """The text of a one-line field, cleaned. RuleBroken: line_break, too_long (with `most`)."""
    if has_line_break(typed.strip()):
        raise RuleBroken("line_break", field=field_name)
    return _no_longer(field_name, clean_line(typed), longest(field_name))


def attribute_name(typed: str) -> str:
    """The name of a free attribute, cleaned. RuleBroken: line_break, too_long (with `most`), no_name."""
    if has_line_break(typed.strip()):
        raise RuleBroken("line_break", field=ATTRIBUTE)
    name = _no_longer(ATTRIBUTE, clean_line(typed), LONGEST_ATTRIBUTE_NAME)
    if not name:
        raise RuleBroken("no_name", field=ATTRIBUTE)
    return name


def checked_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Free attributes with their names and values cleaned; without a value there is no attribute.

    RuleBroken as `line` and `attribute_name`, and too_many_attributes.
    """
    cleaned = {
        attribute_name(name): line(ATTRIBUTE + name, value) for name, value in attributes.items() if clean_line(value)
    }
    if len(cleaned) > MOST_ATTRIBUTES:
        raise RuleBroken("too_many_attributes", field=ATTRIBUTE, most=MOST_ATTRIBUTES)
    return cleaned


def day_of(typed: str) -> date | None:
    """A day as 2024-03-01, 2024/3/1, 20240301 or 1.3.2024, a time of day behind it is dropped; None for nothing.

    What has the day and the month in an order that cannot be told, such as 1/3/2024, is refused.
    RuleBroken: not_a_day.
    """
    text = _CLOCK.sub("", clean_line(typed))
    if not text:
        return None
    if ordered := _DAY.fullmatch(text):
        year, month, day = (int(part) for part in ordered.groups() if part)
    elif turned := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(part) for part in turned.groups())
    else:
        raise RuleBroken("not_a_day", field="customer_since")
    return possible_day(year, month, day)


def time_zone_of(typed: str) -> str:
    """The IANA name that was meant, whatever its case; "" for nothing. RuleBroken: unknown_time_zone."""
    text = clean_line(typed)
    known = _zones().get(text.lower().replace(" ", "_"), "")
    if text and not known:
        raise RuleBroken("unknown_time_zone", field="time_zone")
    return known


def guard(cell: str) -> str:
    """A cell as a spreadsheet shows it and never calculates it: what would begin a formula gets a ' before it.

    Also behind a semicolon and behind a comma: the language of the spreadsheet says which begins a new cell. And
    so does what looks guarded already, so that `unguard` gives back every text there is. A price such as 100,- stays.
    """
    return _FORMULA.sub("'", cell)


def unguard(cell: str) -> str:
    """What `guard` was given."""
    return _GUARDED.sub("", cell)


def _no_longer(field_name: str, text: str, most: int) -> str:
    if len(text) > most:
        raise RuleBroken("too_long", field=field_name, most=most)
    return text


def possible_day(year: int, month: int, day: int) -> date:
    """The day somebody became a customer, or RuleBroken("not_a_day") when the calendar or our time has none such."""
    try:
        found = date(year, month, day)
    except ValueError:
        raise RuleBroken("not_a_day", field="customer_since") from None
    if not EARLIEST <= found <= LATEST:
        raise RuleBroken("not_a_day", field="customer_since")
    return found


@lru_cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones() if "/" in name or name == "UTC"}
