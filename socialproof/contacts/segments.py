"""Segments as conditions on Contact, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, func, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from socialproof.companies.models import User
from socialproof.contacts.models import Contact, ContactSegment
from socialproof.domain.contact import ATTRIBUTE, is_attribute
from socialproof.domain.searching import containing, exactly
from socialproof.domain.segments import Rule, checked_rules

_EXACT = ("email", "phone", "language", "time_zone")
"""Fields that are kept in one form only."""


class AttributeText(FunctionElement[str]):
    """The text of one free attribute, NULL where a contact has none of that name; the name may hold anything."""

    type = String()
    inherit_cache = True


@compiles(AttributeText, "sqlite")
def _attribute_on_sqlite(element: AttributeText, compiler: Any, **kw: Any) -> str:
    # Not by a JSON path: there a name with a quotation mark in it is an error, and one with an å is not found.
    column, name = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(SELECT one.value FROM json_each({column}) AS one WHERE one.key = {name})"


@compiles(AttributeText, "postgresql")
def _attribute_on_postgresql(element: AttributeText, compiler: Any, **kw: Any) -> str:
    column, name = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} ->> CAST({name} AS TEXT))"


def segment_filter(rules: Iterable[Mapping[str, Any]], company_id: int, *, today: date) -> list[ColumnElement[bool]]:
    """Conditions for any select over Contact: of this company, and all rules are true. No rules: everybody.

    Deleted contacts are the caller's to leave out. `today` is the UTC day from which "days ago" counts.
    RuleBroken as `checked_rules`.
    """
    return [Contact.company_id == company_id, *(_condition(rule, today) for rule in checked_rules(rules))]


def in_segment(segment: ContactSegment | None, *, today: date) -> list[ColumnElement[bool]]:
    """The same of a stored segment; None means every contact, and adds no condition."""
    return segment_filter(segment.rules, segment.company_id, today=today) if segment else []


def attribute_text(name: str) -> ColumnElement[str]:
    """The value of the free attribute `name`, as a column."""
    return AttributeText(Contact.attributes, literal(name, String()))


def _condition(rule: Rule, today: date) -> ColumnElement[bool]:
    if rule.field == "owner":
        return _owner(rule)
    if rule.field == "customer_since":
        return _day(rule, today)
    column = attribute_text(rule.field.removeprefix(ATTRIBUTE)) if is_attribute(rule.field) else _column(rule.field)
    text = func.coalesce(column, "")
    if rule.op in ("is_set", "is_not_set"):
        return text != "" if rule.op == "is_set" else text == ""
    if rule.op == "contains":
        return text.regexp_match(containing(rule.value))
    same = text == _kept(rule) if rule.field in _EXACT else text.regexp_match(exactly(rule.value))
    return same if rule.op == "is" else ~same


def _column(field: str) -> ColumnElement[Any]:
    column: ColumnElement[Any] = getattr(Contact, field)
    return column


def _kept(rule: Rule) -> str:
    if rule.field == "phone":
        return re.sub(r"[^\d+]", "", rule.value)
    return rule.value.lower() if rule.field in ("email", "language") else rule.value


def _owner(rule: Rule) -> ColumnElement[bool]:
    """By the team member's e-mail address. Nobody's contacts are not theirs either."""
    if rule.op in ("is_set", "is_not_set"):
        return Contact.owner_id.is_not(None) if rule.op == "is_set" else Contact.owner_id.is_(None)
    theirs = Contact.owner_id.in_(select(User.id).where(User.email == rule.value.lower()))
    return theirs if rule.op == "is" else or_(Contact.owner_id.is_(None), ~theirs)


def _day(rule: Rule, today: date) -> ColumnElement[bool]:
    column = Contact.customer_since
    if rule.op in ("is_set", "is_not_set"):
        return column.is_not(None) if rule.op == "is_set" else column.is_(None)
    if rule.op in ("on_or_after", "on_or_before"):
        day = date.fromisoformat(rule.value)
        return column >= day if rule.op == "on_or_after" else column <= day
    day = today - timedelta(days=int(rule.value))
    return and_(column > day, column <= today) if rule.op == "days_ago_less" else column < day
