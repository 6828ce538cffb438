"""Writing down whom the company may ask, and forgetting them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socialproof.contacts.models import Contact
from socialproof.contacts.queries import contact_by_email


def keep_contact(
    session: Session, *, company_id: int, email: str | None, name: str = "", language: str = "", now: datetime
) -> Contact:
    """The company's contact with this address, added when new. A newly given name or language replaces the old one.

    `email` is a checked address (the edge checks it), kept in lower case; None makes a contact without one.
    """
    email = email.strip().lower() if email else None
    new = Contact(company_id=company_id, email=email, name=name, language=language, created_at=now)
    if email is None:
        session.add(new)
        session.flush()
        return new
    known = contact_by_email(session, company_id, email) or _add_unless_known(session, new)
    known.name = name or known.name
    known.language = language or known.language
    return known


def _add_unless_known(session: Session, new: Contact) -> Contact:
    """Somebody else may add the same address at the same moment: then theirs is the contact."""
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:
        known = contact_by_email(session, new.company_id, str(new.email))
        if known is None:
            raise
        return known
    return new


def delete_contact(session: Session, *, contact: Contact, now: datetime) -> None:
    """Take the person out of the row; its links say goodbye from now on, its answers keep counting without a name."""
    contact.email = None
    contact.name = contact.role = contact.organisation = ""
    contact.deleted_at = contact.deleted_at or now
    session.flush()
