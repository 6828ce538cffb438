"""Contacts of one company, found."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.contacts.models import Contact


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
