"""What the team does for a contact who told them: no more questions, questions again, or to be forgotten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation
from socialproof.campaigns.outcomes import cancel, note_resubscribed, note_unsubscribed
from socialproof.companies import audit
from socialproof.companies.models import Company, User
from socialproof.contacts.models import Contact
from socialproof.contacts.service import delete_contact


def unsubscribe_for(session: Session, *, contact: Contact, user: User, now: datetime) -> None:
    """They told the team that they do not want to be asked; what waits for them ends."""
    if contact.unsubscribed_at is None:
        _note(session, contact, user, "contact.unsubscribed", now)
    note_unsubscribed(session, contact=contact, by="team", now=now)


def resubscribe_for(session: Session, *, contact: Contact, user: User, now: datetime) -> None:
    """They told the team that they want to be asked again, or that it was a mistake."""
    if contact.unsubscribed_at is not None:
        _note(session, contact, user, "contact.resubscribed", now)
    note_resubscribed(session, contact=contact, now=now)


def forget_contact(session: Session, *, contact: Contact, user: User, now: datetime) -> None:
    """Erase the person, and send nothing that still waits; what was sent keeps counting as sent."""
    of_contact = (Invitation.company_id == contact.company_id, Invitation.contact_id == contact.id)
    cancel(session, *of_contact, reason="contact_deleted")
    # Servers write names and halves of addresses into what they refuse.
    session.execute(update(Invitation).where(*of_contact, Invitation.error != "").values(error=""))
    if contact.deleted_at is None:
        _note(session, contact, user, "contact.deleted", now)
    delete_contact(session, contact=contact, now=now)


def _note(session: Session, contact: Contact, user: User, action: str, now: datetime) -> None:
    """Without whom it was about: the trail outlives the person."""
    company = session.get_one(Company, contact.company_id)
    audit.note(session, company=company, user=user, action=action, now=now)
