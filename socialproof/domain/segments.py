"""Segments: which rules about contacts there are, and what a rule may compare with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from socialproof.domain.contact import ATTRIBUTE, FIELDS, attribute_name, day_of, is_attribute, line
from socialproof.domain.errors import RuleBroken

MOST_RULES = 20
LONGEST_NAME = 120
MOST_DAYS = 36_500

SET_OPS = ("is_set", "is_not_set")
TEXT_OPS = ("is", "is_not", "contains", *SET_OPS)
CHOICE_OPS = ("is", "is_not", *SET_OPS)
DAY_OPS = ("on_or_after", "on_or_before", "days_ago_more", "days_ago_less", *SET_OPS)
OPS = tuple(dict.fromkeys(TEXT_OPS + DAY_OPS))

_CHOICES = ("language", "time_zone", "owner")


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must be true of a contact. `value` is checked text: a day is ISO, a number of days is digits."""

    field: str
    op: str
    value: str = ""

    def as_json(self) -> dict[str, Any]:
        """The form in which a segment keeps it."""
        return {"field": self.field, "op": self.op, "value": self.value}


def ops_of(field: str) -> tuple[str, ...]:
    """What a field can be asked; () for what is no field."""
    if field == "customer_since":
        return DAY_OPS
    if field in _CHOICES:
        return CHOICE_OPS
    return TEXT_OPS if field in FIELDS or is_attribute(field) else ()


def checked_rules(rows: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules that were typed or stored, cleaned.

    RuleBroken with the `row` from 0: unknown_field, unknown_op, value_needed, not_a_day, not_a_number (of days),
    and as `domain.contact.line` and `attribute_name`; too_many_rules without a row.
    """
    given = list(rows)
    if len(given) > MOST_RULES:
        raise RuleBroken("too_many_rules", most=MOST_RULES)
    return tuple(_in_row(number, row) for number, row in enumerate(given))


def _in_row(number: int, row: Mapping[str, Any]) -> Rule:
    try:
        return _checked(str(row.get("field", "")), str(row.get("op", "")), str(row.get("value", "")))
    except RuleBroken as broken:
        raise RuleBroken(broken.code, **{**broken.details, "row": number}) from None


def _checked(field: str, op: str, value: str) -> Rule:
    if is_attribute(field):
        field = ATTRIBUTE + attribute_name(field.removeprefix(ATTRIBUTE))
    if not ops_of(field):
        raise RuleBroken("unknown_field")
    if op not in ops_of(field):
        raise RuleBroken("unknown_op")
    if op in SET_OPS:
        return Rule(field, op)
    text = line(field, value)
    if not text:
        raise RuleBroken("value_needed")
    if op in ("on_or_after", "on_or_before"):
        return Rule(field, op, str(day_of(text)))
    if op in ("days_ago_more", "days_ago_less"):
        return Rule(field, op, str(_days(text)))
    return Rule(field, op, text)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= MOST_DAYS):
        raise RuleBroken("not_a_number", most=MOST_DAYS)
    return int(text)
