"""Something happened with a contact: a deal was won, goods were delivered, support solved the case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socialproof.companies.models import User
from socialproof.contacts.models import Contact, CustomerEvent
from socialproof.contacts.service import is_still_known
from socialproof.database import record
from socialproof.domain.customer_event import check_happened_at, event_name
from socialproof.domain.errors import RuleBroken
from socialproof.domain.events import CustomerEventNoted


def note_event(
    session: Session,
    *,
    contact: Contact,
    name: str,
    happened_at: datetime,
    source: str,
    key: str | None = None,
    user: User | None = None,
    now: datetime,
) -> CustomerEvent | None:
    """Note what happened, and let campaigns hear of it; None when an event with this key is known already.

    `source` is hand or api. RuleBroken("contact_deleted"), or what domain/customer_event.py says of name and time.
    """
    if not is_still_known(session, contact):
        raise RuleBroken("contact_deleted")
    if key and event_by_key(session, contact.company_id, key) is not None:
        return None
    event = CustomerEvent(
        company_id=contact.company_id,
        contact_id=contact.id,
        name=event_name(name),
        key=key or None,
        source=source,
        happened_at=check_happened_at(happened_at, now=now),
        created_at=now,
        created_by_id=user.id if user else None,
    )
    if not _added(session, event):
        return None
    record(session, CustomerEventNoted(event.company_id, event.id))
    return event


def event_by_key(session: Session, company_id: int, key: str) -> CustomerEvent | None:
    """The company's event with the sender's own number."""
    return session.scalar(select(CustomerEvent).where(CustomerEvent.company_id == company_id, CustomerEvent.key == key))


def contact_with_phone(session: Session, company_id: int, phone: str) -> Contact | None:
    """The company's contact with this number (E.164); of several that share it, the first that was known."""
    of_number = (Contact.company_id == company_id, Contact.phone == phone, Contact.deleted_at.is_(None))
    return session.scalar(select(Contact).where(*of_number).order_by(Contact.id).limit(1))


def _added(session: Session, event: CustomerEvent) -> bool:
    """Whether the event is new: the same one may be told twice at the same moment."""
    try:
        with session.begin_nested():
            session.add(event)
    except IntegrityError:
        if event.key is None or event_by_key(session, event.company_id, event.key) is None:
            raise
        return False
    return True
