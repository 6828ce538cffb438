"""How much room the customers of one company may take before anybody of the team has judged what they sent.

Everybody who has the public link may send, so without this one person could fill the disk of all companies.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.backends.storage.port import StorageFull
from socialproof.media.models import Media, Upload


def require_room(session: Session, *, company_id: int, wanted: int, most: int, most_of_one: int = 0) -> None:
    """StorageFull when `wanted` bytes more would pass `most`. An upload of unknown size may become `most_of_one`."""
    if _waiting(session, company_id) + _coming(session, company_id, most_of_one) + wanted > most:
        raise StorageFull("too much waits for the team of this company")


def _waiting(session: Session, company_id: int) -> int:
    """Bytes of what is kept and nobody of the team has judged yet, because it is new or belongs to no testimonial."""
    kept = select(func.sum(Media.stored_byte_count)).where(Media.company_id == company_id, Media.judged_at.is_(None))
    return int(session.scalar(kept) or 0)


def _coming(session: Session, company_id: int, most_of_one: int) -> int:
    """Bytes that were announced and may arrive at any moment."""
    announced = select(func.sum(func.coalesce(Upload.total_byte_count, most_of_one)))
    return int(session.scalar(announced.where(Upload.company_id == company_id, Upload.state == "open")) or 0)
