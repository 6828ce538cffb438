"""What campaigns cannot know about their requests for a reference: who still is to be asked, and what came of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Function, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.references import put_aside, was_asked
from socialproof.domain.asking import Ask, ask_of
from socialproof.responses.models import Response
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import Testimonial


@dataclass(frozen=True, slots=True)
class ReferenceCounts:
    """Requests of one campaign: those that wait for their day, those that went out, and testimonials given after it."""

    planned: int
    sent: int
    given: int


def still_glad(session: Session, company_id: int, invitation_ids: Collection[int]) -> set[int]:
    """Which of these were answered by a score, as it stands now, after which a testimonial is asked for, and whose
    customer has given none: not by this answer, and to this survey not by any other.
    """
    given = exists().where(
        Testimonial.company_id == company_id,
        or_(
            Testimonial.response_id == Response.id,
            and_(Testimonial.contact_id == Response.contact_id, Testimonial.survey_id == Response.survey_id),
        ),
    )
    rows = session.execute(
        select(Response.invitation_id, Response.score, Survey.asks_for_testimonial, Survey.promoters_only)
        .join(Survey, Survey.id == Response.survey_id)
        .where(Response.company_id == company_id, Response.invitation_id.in_(invitation_ids), ~given)
    )
    return {
        invitation_id
        for invitation_id, score, asks, promoters_only in rows
        if invitation_id and ask_of(score, asks_for_testimonial=asks, promoters_only=promoters_only) is Ask.AT_ONCE
    }


def not_now(session: Session, *, response: Response, now: datetime) -> None:
    """The customer looked at the ask and let it be. Dismissing is not declining: it may come back after its rest."""
    if response.invitation_id is not None:
        put_aside(session, invitation_id=response.invitation_id, now=now)


def reference_counts(session: Session, campaign: Campaign) -> ReferenceCounts:
    """The campaign's requests for a reference, in one statement."""
    is_sent = and_(Invitation.reminded_at.is_not(None), was_asked())
    is_given = and_(is_sent, Testimonial.submitted_at >= Invitation.reminded_at)
    counts = (
        select(_count(Invitation.due_at.is_not(None)), _count(is_sent), _count(is_given))
        .select_from(Invitation)
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .outerjoin(Testimonial, Testimonial.response_id == Response.id)
        .where(
            Invitation.company_id == campaign.company_id,
            Invitation.campaign_id == campaign.id,
            Invitation.state == "answered",
        )
    )
    planned, sent, given = session.execute(counts).one()
    return ReferenceCounts(planned or 0, sent or 0, given or 0)


def _count(condition: ColumnElement[bool]) -> Function[int]:
    return func.sum(case((condition, 1), else_=0))
