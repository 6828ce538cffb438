"""The last two steps of the funnel: what customers sent in, and how much of it may be seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from socialproof.responses.insight import within
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import Testimonial
from socialproof.testimonials.queries import counts_as_shown


@dataclass(frozen=True, slots=True)
class ProofFunnel:
    """Testimonials by where they are now: everything sent in, and of that what the world may see."""

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
    published = func.sum(case((counts_as_shown(), 1), else_=0))
    counts = (
        select(func.count(), published)
        .select_from(Testimonial)
        .join(Survey, Survey.id == Testimonial.survey_id)
        .where(Testimonial.company_id == company_id, Survey.kind == kind, Testimonial.submitted_at.is_not(None))
    )
    if survey_id is not None:
        counts = counts.where(Testimonial.survey_id == survey_id)
    counts = counts.where(*within(Testimonial.submitted_at, from_on, to_on))
    submitted, public = session.execute(counts).one()
    return ProofFunnel(submitted, int(public or 0))
