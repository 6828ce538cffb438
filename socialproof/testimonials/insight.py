"""The last two steps of the funnel: what customers sent in, and how much of it may be seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from socialproof.surveys.models import Survey
from socialproof.testimonials.models import ConsentRecord, Testimonial


@dataclass(frozen=True, slots=True)
class ProofFunnel:
    """Testimonials by where they are now: everything sent in, and of that what was approved with a living consent."""

    submitted: int
    published: int


def proof_funnel(
    session: Session,
    company_id: int,
    kind: str,
    survey_id: int | None = None,
    from_on: date | None = None,
    to_on: date | None = None,
) -> ProofFunnel:
    """Testimonials sent in between the days, both included, after surveys of `kind`."""
    consented = (
        select(ConsentRecord.id)
        .where(
            ConsentRecord.testimonial_id == Testimonial.id,
            ConsentRecord.purpose == "website",
            ConsentRecord.withdrawn_at.is_(None),
        )
        .exists()
    )
    published = func.sum(case(((Testimonial.state == "approved") & consented, 1), else_=0))
    counts = (
        select(func.count(), published)
        .select_from(Testimonial)
        .join(Survey, Survey.id == Testimonial.survey_id)
        .where(Testimonial.company_id == company_id, Survey.kind == kind, Testimonial.submitted_at.is_not(None))
    )
    if survey_id is not None:
        counts = counts.where(Testimonial.survey_id == survey_id)
    if from_on is not None:
        counts = counts.where(Testimonial.submitted_at >= datetime.combine(from_on, time(), UTC))
    if to_on is not None:
        counts = counts.where(Testimonial.submitted_at < datetime.combine(to_on + timedelta(days=1), time(), UTC))
    submitted, public = session.execute(counts).one()
    return ProofFunnel(submitted, int(public or 0))
