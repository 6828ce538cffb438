"""Segments are made, changed and deleted here; who is in one is found out by `segments`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socialproof.companies import audit
from socialproof.companies.models import Company, User
from socialproof.contacts.models import ContactSegment
from socialproof.domain.errors import RuleBroken
from socialproof.domain.segments import LONGEST_NAME, Rule
from socialproof.domain.text import clean_line


def create_segment(
    session: Session, *, company: Company, user: User, name: str, rules: Sequence[Rule], now: datetime
) -> ContactSegment:
    """A new segment of checked rules. RuleBroken as `change_segment`."""
    segment = ContactSegment(company_id=company.id, created_at=now)
    _write(session, segment, name, rules)
    audit.note(session, company=company, user=user, action="segment.created", subject=segment.name, now=now)
    return segment


def change_segment(
    session: Session, *, segment: ContactSegment, user: User, name: str, rules: Sequence[Rule], now: datetime
) -> None:
    """Other rules or another name; campaigns that use the segment ask whoever is in it when they look next.

    RuleBroken: value_needed (no name), too_long (with `most`), name_taken.
    """
    _write(session, segment, name, rules)
    company = session.get_one(Company, segment.company_id)
    audit.note(session, company=company, user=user, action="segment.changed", subject=segment.name, now=now)


def delete_segment(session: Session, *, segment: ContactSegment, user: User, now: datetime) -> None:
    """Gone, its contacts stay. RuleBroken("segment_used") when a campaign asks by it."""
    company, name = session.get_one(Company, segment.company_id), segment.name
    try:
        with session.begin_nested():
            session.delete(segment)
    except IntegrityError:
        raise RuleBroken("segment_used") from None
    audit.note(session, company=company, user=user, action="segment.deleted", subject=name, now=now)


def _write(session: Session, segment: ContactSegment, name: str, rules: Sequence[Rule]) -> None:
    kept = _checked_name(session, segment, name)
    try:
        with session.begin_nested():
            segment.name, segment.rules = kept, [rule.as_json() for rule in rules]
            session.add(segment)
    except IntegrityError:
        raise RuleBroken("name_taken") from None


def _checked_name(session: Session, segment: ContactSegment, typed: str) -> str:
    name = clean_line(typed)
    if not name:
        raise RuleBroken("value_needed")
    if len(name) > LONGEST_NAME:
        raise RuleBroken("too_long", most=LONGEST_NAME)
    with session.no_autoflush:
        same = select(ContactSegment).where(
            ContactSegment.company_id == segment.company_id, ContactSegment.name == name
        )
        known = session.scalar(same)
    if known is not None and known is not segment:
        raise RuleBroken("name_taken")
    return name
