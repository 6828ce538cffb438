"""Invitations of one company, found and counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, joinedload

from socialproof.campaigns.models import Invitation, LinkOpening
from socialproof.domain.invitation import LinkState, Opening, link_state, opened_by_machine
from socialproof.surveys.models import Survey

MOST_OPENINGS_READ = 200


def invitation_behind_link(session: Session, public_id: str) -> Invitation | None:
    """The invitation that a signed link names, with its contact, survey and company. The link is the authority."""
    return session.scalar(_BEHIND_LINK, {"public_id": public_id})


_BEHIND_LINK = (
    select(Invitation)
    .where(Invitation.public_id == bindparam("public_id"))
    .options(
        joinedload(Invitation.contact, innerjoin=True),
        joinedload(Invitation.survey, innerjoin=True).joinedload(Survey.company, innerjoin=True),
    )
)


def invitation_by_public_id(session: Session, company_id: int, public_id: str) -> Invitation | None:
    """The company's invitation, or None."""
    return session.scalar(
        select(Invitation).where(Invitation.company_id == company_id, Invitation.public_id == public_id)
    )


def newest_invitations(session: Session, company_id: int, survey_id: int, *, limit: int = 50) -> Sequence[Invitation]:
    """The survey's invitations with their contacts, newest first."""
    return session.scalars(
        select(Invitation)
        .where(Invitation.company_id == company_id, Invitation.survey_id == survey_id)
        .options(joinedload(Invitation.contact, innerjoin=True))
        .order_by(Invitation.id.desc())
        .limit(limit)
    ).all()


def state_of_link(invitation: Invitation, now: datetime) -> LinkState:
    """What this invitation's link is good for at `now`."""
    return link_state(
        now=now,
        expires_at=invitation.expires_at,
        revoked_at=invitation.revoked_at,
        answered_at=invitation.answered_at,
        contact_deleted=invitation.contact.deleted_at is not None,
    )


def is_opened_by_machine(session: Session, invitation: Invitation, *, last_act_at: datetime | None = None) -> bool:
    """Whether the latest openings of this link look like a scanner that tries every score."""
    rows = session.execute(
        select(LinkOpening.score, LinkOpening.opened_at)
        .where(LinkOpening.invitation_id == invitation.id)
        .order_by(LinkOpening.opened_at.desc())
        .limit(MOST_OPENINGS_READ)
    )
    return opened_by_machine((Opening(score, at) for score, at in rows), last_act_at=last_act_at)


def unconfirmed_click_count(session: Session, company_id: int, survey_id: int | None = None) -> int:
    """Clicks on links with a score in them by which nobody answered: "clicks not confirmed: k"."""
    count = (
        select(func.count(LinkOpening.id))
        .join(Invitation, Invitation.id == LinkOpening.invitation_id)
        .where(Invitation.company_id == company_id, Invitation.answered_at.is_(None))
    )
    if survey_id is not None:
        count = count.where(Invitation.survey_id == survey_id)
    return session.scalar(count) or 0
