"""How much room the customers of one company may take before anybody of the team has judged what they sent.

Everybody who has the public link may send, so without this one person could fill the disk of all companies.
"""

from __future__ import annotations

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from socialproof.backends.storage.port import StorageFull
from socialproof.domain.moderation import SUBMITTED
from socialproof.testimonials.models import Media, Testimonial, Upload


def require_room(session: Session, *, company_id: int, wanted: int, most: int, most_of_one: int = 0) -> None:
    """StorageFull when `wanted` bytes more would pass `most`. An upload of unknown size may become `most_of_one`."""
    if _waiting(session, company_id) + _coming(session, company_id, most_of_one) + wanted > most:
        raise StorageFull("too much waits for the team of this company")


def _waiting(session: Session, company_id: int) -> int:
    """Bytes of what is kept and not judged yet, or belongs to no testimonial."""
    unjudged = or_(Media.testimonial_id.is_(None), Testimonial.state == SUBMITTED)
    kept = (
        select(func.sum(Media.byte_count))
        .select_from(Media)
        .outerjoin(Testimonial, Testimonial.id == Media.testimonial_id)
        .where(Media.company_id == company_id, Media.byte_count.is_not(None), unjudged)
    )
    return int(session.scalar(kept) or 0)


def _coming(session: Session, company_id: int, most_of_one: int) -> int:
    """Bytes that were announced and may arrive at any moment."""
    announced = select(func.sum(func.coalesce(Upload.total_byte_count, most_of_one)))
    return int(session.scalar(announced.where(Upload.company_id == company_id, Upload.state == "open")) or 0)
