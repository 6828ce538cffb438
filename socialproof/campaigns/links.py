"""Personal links that somebody of the team makes and hands over, with the ledger's leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from socialproof.campaigns.models import Invitation
from socialproof.companies.models import User
from socialproof.contacts.ledger import take
from socialproof.contacts.models import Contact
from socialproof.database import new_public_id
from socialproof.domain.errors import RuleBroken
from socialproof.domain.invitation import LINK_LIFETIME
from socialproof.domain.ledger import Channel, Kind, Verdict
from socialproof.surveys.models import Survey


def personal_link(
    session: Session,
    *,
    survey: Survey,
    contact: Contact,
    user: User | None,
    now: datetime,
    force: bool = False,
    language: str = "",
) -> Invitation:
    """A link for this contact, which counts as an ask from now on; it waits as `pending` until somebody sends it.

    RuleBroken("survey_not_open"), or with the ledger's reason: `may_force` in its details says that the ledger only
    said not yet (`until` when); with `force` the link is made all the same and the ledger keeps who wanted it.
    Where the ledger says never, `force` changes nothing.
    """
    if survey.state == "closed":
        raise RuleBroken("survey_not_open")
    public_id = new_public_id()
    decision = take(
        session,
        contact=contact,
        kind=Kind.NPS,
        channel=Channel.LINK,
        ask_key=public_id,
        now=now,
        forced_by=user if force else None,
    )
    if decision.verdict is not Verdict.ASKED:
        raise RuleBroken(decision.reason, until=decision.until, may_force=decision.verdict is Verdict.DEFERRED)
    invitation = Invitation(
        public_id=public_id,
        company_id=survey.company_id,
        survey=survey,
        contact=contact,
        made_by_id=user.id if user else None,
        channel="link",
        state="pending",
        language=language or contact.language,
        created_at=now,
        asked_at=now,
        expires_at=now + LINK_LIFETIME,
    )
    session.add(invitation)
    session.flush()
    return invitation


def open_links_of(session: Session, contact: Contact, *, now: datetime, limit: int) -> Sequence[Invitation]:
    """The contact's personal links that somebody may still answer by, with their surveys, newest first."""
    return session.scalars(
        select(Invitation)
        .where(
            Invitation.company_id == contact.company_id,
            Invitation.contact_id == contact.id,
            Invitation.channel == "link",
            Invitation.state.in_(("pending", "sent", "delivered")),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
        .options(joinedload(Invitation.survey, innerjoin=True))
        .order_by(Invitation.id.desc())
        .limit(limit)
    ).all()


def links_to(session: Session, survey: Survey, *, limit: int) -> Sequence[Invitation]:
    """Personal links to this survey with their contacts, newest first; not what a campaign or a popup sent."""
    return session.scalars(
        select(Invitation)
        .where(
            Invitation.company_id == survey.company_id,
            Invitation.survey_id == survey.id,
            Invitation.channel == "link",
        )
        .options(joinedload(Invitation.contact, innerjoin=True))
        .order_by(Invitation.id.desc())
        .limit(limit)
    ).all()


def note_handed_over(session: Session, *, invitation: Invitation, now: datetime) -> None:
    """Somebody of the team has sent the link in their own way. Said twice it is the same as once."""
    if invitation.state == "pending" and invitation.channel == "link":
        invitation.state, invitation.sent_at = "sent", now
    session.flush()
