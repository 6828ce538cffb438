"""Surveys, found."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from socialproof.surveys.models import Survey


def survey_behind_link(session: Session, public_id: str) -> Survey | None:
    """The open or closed survey that a public link names, with its company. A draft is nobody's business yet."""
    return session.scalar(_BEHIND_LINK, {"public_id": public_id})


_BEHIND_LINK = (
    select(Survey)
    .where(Survey.public_id == bindparam("public_id"), Survey.state != "draft")
    .options(joinedload(Survey.company, innerjoin=True))
)
"""Built once: every page of the customer's room begins with it."""
