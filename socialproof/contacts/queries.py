"""Contacts of one company, found."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.contacts.models import Contact


def contact_by_email(session: Session, company_id: int, email: str) -> Contact | None:
    """The contact with this address, also one that was deleted; `email` in lower case."""
    return session.scalar(select(Contact).where(Contact.company_id == company_id, Contact.email == email))


def contact_by_public_id(session: Session, company_id: int, public_id: str) -> Contact | None:
    """The living contact of that company, or None."""
    return session.scalar(
        select(Contact).where(
            Contact.company_id == company_id, Contact.public_id == public_id, Contact.deleted_at.is_(None)
        )
    )


def contact_count(session: Session, company_id: int) -> int:
    """How many living contacts the company has."""
    count = select(func.count(Contact.id)).where(Contact.company_id == company_id, Contact.deleted_at.is_(None))
    return session.scalar(count) or 0
