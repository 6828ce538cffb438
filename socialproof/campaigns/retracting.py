"""What somebody of the team noted by mistake is taken back, while no letter has gone out because of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.awaiting import BY_EVENT
from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.outcomes import cancel
from socialproof.companies import audit
from socialproof.companies.models import Company, User
from socialproof.contacts.models import Contact, CustomerEvent
from socialproof.domain.errors import RuleBroken

RETRACTED = "event_retracted"


def noted_by_hand(session: Session, contact: Contact, event_id: str) -> CustomerEvent | None:
    """The contact's event of that public id, or None: foreign, missing, and told by another program look the same."""
    return session.scalar(
        select(CustomerEvent).where(
            CustomerEvent.company_id == contact.company_id,
            CustomerEvent.contact_id == contact.id,
            CustomerEvent.public_id == event_id,
            CustomerEvent.source == "hand",
        )
    )


def has_gone_out(session: Session, event: CustomerEvent) -> bool:
    """Whether the contact was asked because of it."""
    return _are_asked(_invitations(session, event))


def retract(session: Session, *, event: CustomerEvent, user: User, now: datetime) -> int:
    """Delete the event and cancel what waits because of it; returns how many invitations that were.

    RuleBroken("event_asked") when the contact was asked because of it, ("event_gone") when somebody else was faster.
    """
    _hold_campaigns(session, event)
    invitations = _invitations(session, event, is_held=True)
    if _are_asked(invitations):
        raise RuleBroken("event_asked")
    still_there = select(CustomerEvent.id).where(
        CustomerEvent.company_id == event.company_id, CustomerEvent.id == event.id
    )
    if session.scalar(still_there.with_for_update()) is None:
        raise RuleBroken("event_gone")
    of_event = (Invitation.company_id == event.company_id, Invitation.id.in_([each.id for each in invitations]))
    cancelled = cancel(session, *of_event, reason=RETRACTED)
    company = session.get_one(Company, event.company_id)
    # Without whom it was about: the trail outlives the person.
    audit.note(session, company=company, user=user, action="event.retracted", subject=event.name, now=now)
    session.delete(event)
    session.flush()
    return cancelled


def _are_asked(invitations: Sequence[Invitation]) -> bool:
    return any(invitation.asked_at is not None for invitation in invitations)


def _hold_campaigns(session: Session, event: CustomerEvent) -> None:
    """Whoever plans for this event at the moment is through, or finds it gone."""
    waiting = select(Campaign.id).where(
        Campaign.company_id == event.company_id,
        Campaign.template.in_(BY_EVENT),
        Campaign.event_name == event.name,
    )
    session.scalars(waiting.order_by(Campaign.id).with_for_update(key_share=True)).all()


def _invitations(session: Session, event: CustomerEvent, *, is_held: bool = False) -> Sequence[Invitation]:
    of_event = (
        select(Invitation)
        .where(Invitation.contact_id == event.contact_id, Invitation.company_id == event.company_id)
        .where(Invitation.occasion == event.public_id)
        .order_by(Invitation.id)
        .execution_options(populate_existing=True)
    )
    return session.scalars(of_event.with_for_update() if is_held else of_event).all()
