"""Contacts of one company, found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from socialproof.contacts.models import Contact, ContactSegment, CustomerEvent, LedgerEntry
from socialproof.contacts.segments import in_segment
from socialproof.domain.searching import phone_digits, tolerant, words_of

PAGE = 50
STATES = ("askable", "unsubscribed", "bounced", "no_address")
"""A contact may be in none or in several: "unsubscribed" and "bounced", say."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which contacts somebody looks for on a day; the default is all of them."""

    today: date
    search: str = ""
    segment: ContactSegment | None = None
    state: str = ""


def contact_by_email(session: Session, company_id: int, email: str) -> Contact | None:
    """The contact with this address, also one that was deleted; `email` in lower case."""
    return session.scalar(select(Contact).where(Contact.company_id == company_id, Contact.email == email))


def contact_of(session: Session, company_id: int, public_id: str) -> Contact | None:
    """The company's contact; None for a foreign, a missing and a deleted one."""
    return session.scalar(
        select(Contact).where(
            Contact.company_id == company_id, Contact.public_id == public_id, Contact.deleted_at.is_(None)
        )
    )


def contact_page(session: Session, company_id: int, wanted: Wanted, *, before: str = "") -> list[Contact]:
    """PAGE contacts, the newest first, from behind the one with public id `before`; one more when there are more."""
    found = select(Contact).where(*conditions(company_id, wanted))
    if before:
        anchor = select(Contact.id).where(Contact.company_id == company_id, Contact.public_id == before)
        found = found.where(Contact.id < anchor.scalar_subquery())
    ordered = found.options(joinedload(Contact.owner)).order_by(Contact.id.desc()).limit(PAGE + 1)
    return list(session.scalars(ordered))


def contact_counts(session: Session, company_id: int, wanted: Wanted) -> dict[str, int]:
    """How many contacts there are by state, "" being all of them, whatever state is wanted."""
    counted = [func.count().filter(condition) for condition in _STATES.values()]
    row = session.execute(
        select(func.count(), *counted).where(*conditions(company_id, replace(wanted, state="")))
    ).one()
    return dict(zip(("", *_STATES), row, strict=True))


def conditions(company_id: int, wanted: Wanted) -> list[ColumnElement[bool]]:
    """For any select over Contact: the living contacts of the company that are wanted."""
    found = [
        Contact.company_id == company_id,
        Contact.deleted_at.is_(None),
        *in_segment(wanted.segment, today=wanted.today),
    ]
    if wanted.state in _STATES:
        found.append(_STATES[wanted.state])
    return [*found, *_mentions(wanted.search)]


def ledger_of(session: Session, contact_id: int, *, limit: int = 100) -> Sequence[LedgerEntry]:
    """What the asking ledger said about a contact, the newest first."""
    return session.scalars(
        select(LedgerEntry)
        .where(LedgerEntry.contact_id == contact_id)
        .order_by(LedgerEntry.decided_at.desc(), LedgerEntry.id.desc())
        .limit(limit)
    ).all()


def events_of(session: Session, contact_id: int, *, limit: int = 100) -> Sequence[CustomerEvent]:
    """What happened with a contact, the newest first."""
    return session.scalars(
        select(CustomerEvent)
        .where(CustomerEvent.contact_id == contact_id)
        .order_by(CustomerEvent.happened_at.desc(), CustomerEvent.id.desc())
        .limit(limit)
    ).all()


def segments_of(session: Session, company_id: int) -> Sequence[ContactSegment]:
    """The company's segments by name."""
    return session.scalars(
        select(ContactSegment)
        .where(ContactSegment.company_id == company_id)
        .order_by(func.lower(ContactSegment.name), ContactSegment.id)
    ).all()


def segment_of(session: Session, company_id: int, public_id: str) -> ContactSegment | None:
    """The company's segment; None for a foreign and a missing one."""
    return session.scalar(
        select(ContactSegment).where(ContactSegment.company_id == company_id, ContactSegment.public_id == public_id)
    )


def count_of(session: Session, found: Sequence[ColumnElement[bool]]) -> int:
    """How many living contacts fulfil these conditions."""
    return session.scalar(select(func.count(Contact.id)).where(Contact.deleted_at.is_(None), *found)) or 0


def names_of(session: Session, found: Sequence[ColumnElement[bool]], *, limit: int) -> Sequence[Contact]:
    """The newest of them."""
    chosen = select(Contact).where(Contact.deleted_at.is_(None), *found)
    return session.scalars(chosen.order_by(Contact.id.desc()).limit(limit)).all()


def attribute_names(session: Session, company_id: int, *, newest: int = 1000) -> list[str]:
    """Names of free attributes that the newest contacts have, for suggestions."""
    rows = session.scalars(
        select(Contact.attributes)
        .where(Contact.company_id == company_id, Contact.deleted_at.is_(None))
        .order_by(Contact.id.desc())
        .limit(newest)
    )
    return sorted({name for attributes in rows for name in attributes}, key=str.lower)


def _mentions(search: str) -> list[ColumnElement[bool]]:
    """Every word somewhere in name, e-mail address or organisation; or a telephone number, however it is written."""
    text = Contact.name + " " + func.coalesce(Contact.email, "") + " " + Contact.organisation
    said = [text.regexp_match(tolerant(word)) for word in words_of(search)]
    digits = phone_digits(search)
    return [or_(Contact.phone.contains(digits), and_(*said))] if digits else said


_is_willing = Contact.unsubscribed_at.is_(None)
_has_mail = Contact.email.is_not(None) & Contact.email_bounced_at.is_(None) & Contact.complained_at.is_(None)
_has_text = Contact.phone.is_not(None) & Contact.phone_stopped_at.is_(None)

REACHABLE: dict[str, ColumnElement[bool]] = {"mail": _is_willing & _has_mail, "sms": _is_willing & _has_text}
"""Of a living contact, by channel: nothing says never. The rule itself is `domain.ledger.never_reason`."""

_STATES: dict[str, ColumnElement[bool]] = {
    "askable": _is_willing & (_has_mail | _has_text),
    "unsubscribed": Contact.unsubscribed_at.is_not(None),
    "bounced": Contact.email_bounced_at.is_not(None) | Contact.complained_at.is_not(None),
    "no_address": Contact.email.is_(None) & Contact.phone.is_(None),
}
