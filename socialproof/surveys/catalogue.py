"""A company's surveys as its team finds them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, select
from sqlalchemy.orm import Session, joinedload

from socialproof.surveys.models import Survey


def surveys_of(session: Session, company_id: int) -> Sequence[Survey]:
    """All surveys of the company: open ones first, then drafts, then closed ones, newest first."""
    place = case((Survey.state == "open", 0), (Survey.state == "draft", 1), else_=2)
    surveys = select(Survey).where(Survey.company_id == company_id).order_by(place, Survey.id.desc())
    return session.scalars(surveys).all()


def survey_of(session: Session, company_id: int, public_id: str) -> Survey | None:
    """The company's survey of that public id with its company, or None: foreign and missing look the same."""
    return session.scalar(
        select(Survey)
        .where(Survey.company_id == company_id, Survey.public_id == public_id)
        .options(joinedload(Survey.company, innerjoin=True))
    )
