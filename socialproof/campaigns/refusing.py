"""Who presses the way out of an old letter after having been erased means the address, whoever has it by now.

The letter's link brings a keyed hash of that address along; nothing of it is kept here until its reader says never.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.queue import enqueue
from socialproof.campaigns.outcomes import note_unsubscribed
from socialproof.companies.models import Company
from socialproof.contacts.models import Contact
from socialproof.contacts.suppression import address_hash, remember_hash

REFUSE_ADDRESS = "campaigns.refuse_address"
BATCH = 2000
"""Addresses that are hashed in one transaction: some milliseconds during which SQLite lets nobody else write."""


def refuse(session: Session, *, company_id: int, hashed: str, by: str, now: datetime) -> None:
    """No more questions to the address with this hash: not when it comes in again, and not where it is in already."""
    remember_hash(session, company_id=company_id, hashed=hashed, now=now)
    payload = {"company_id": company_id, "hashed": hashed, "by": by}
    enqueue(session, REFUSE_ADDRESS, payload, now=now, key=f"{REFUSE_ADDRESS}:{company_id}:{hashed}")


def refuse_address(context: JobContext, *, company_id: int, hashed: str, by: str) -> None:
    """Find the living contact with this address, which no index can tell, and ask it nothing any more."""
    after: int | None = 0
    while after is not None:
        with context.transaction() as session:
            after = _look_through(session, company_id, hashed, by, after, context.now())


def _look_through(session: Session, company_id: int, hashed: str, by: str, after: int, now: datetime) -> int | None:
    """One batch; the last contact that was looked at, None when it was found or none is left."""
    company = session.get(Company, company_id)
    if company is None:
        return None
    rows = session.execute(
        select(Contact.id, Contact.email)
        .where(Contact.company_id == company_id, Contact.id > after, Contact.email.is_not(None))
        .order_by(Contact.id)
        .limit(BATCH)
    ).all()
    for contact_id, email in rows:
        if email and address_hash(company, email) == hashed:
            note_unsubscribed(session, contact=session.get_one(Contact, contact_id), by=by, now=now)
            return None
    return rows[-1].id if rows else None
