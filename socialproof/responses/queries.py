"""Responses, found. Figures over many of them are in insight.py."""

from __future__ import annotations

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, joinedload

from socialproof.responses.models import Response
from socialproof.surveys.models import Survey


def response_behind_link(session: Session, public_id: str) -> Response | None:
    """The response that a signed link names, with its survey, company and contact. The link is the authority."""
    return session.scalar(_BEHIND_LINK, {"public_id": public_id})


_BEHIND_LINK = (
    select(Response)
    .where(Response.public_id == bindparam("public_id"))
    .options(
        joinedload(Response.survey, innerjoin=True).joinedload(Survey.company, innerjoin=True),
        joinedload(Response.contact),
    )
)


def response_to_invitation(session: Session, invitation_id: int) -> Response | None:
    """What was answered by this invitation, if anything."""
    return session.scalar(select(Response).where(Response.invitation_id == invitation_id))


def response_already_given(
    session: Session, survey_id: int, *, answer_key: str, invitation_id: int | None
) -> Response | None:
    """The response with this answer key or of this invitation: the same page sent again, or the same link."""
    same = Response.answer_key == answer_key
    if invitation_id is not None:
        same = or_(same, Response.invitation_id == invitation_id)
    return session.scalars(
        select(Response).where(Response.survey_id == survey_id, same).order_by(Response.id).limit(1)
    ).first()
