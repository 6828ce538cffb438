"""Photos and recordings as their senders find them, and what they weigh."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from socialproof.media.models import Media, Upload
from socialproof.responses.models import Response

SENT = ("uploaded", "processing", "ready", "parked")
"""States of media that arrived whole and that nobody found unreadable."""
SETTLED = ("ready", "unreadable")
"""States in which nobody needs the file that was sent any more."""
KEPT_DAYS = 180
"""The file of a response that is gone, so that no survey says how long."""
MOST_LISTED = 20
"""Uploads and takes of one response; never so many are kept."""


def media_of_response(session: Session, response: Response, public_id: str, kind: str) -> Media | None:
    """A photo or video that this customer sent whole and did not take away; somebody else's is None."""
    if not public_id:
        return None
    return session.scalar(
        select(Media).where(
            Media.company_id == response.company_id,
            Media.response_id == response.id,
            Media.public_id == public_id,
            Media.kind == kind,
            Media.state.in_(SENT),
        )
    )


def uploads_named(response: Response, public_id: str) -> Select[Upload]:
    """The upload with this id if it is this response's, whatever became of it; to be narrowed by the caller."""
    return (
        select(Upload)
        .join(Upload.media)
        .where(
            Upload.company_id == response.company_id,
            Upload.public_id == public_id,
            Media.response_id == response.id,
        )
        .options(contains_eager(Upload.media))
    )


def unclaimed_uploads(session: Session, *, response: Response) -> list[Upload]:
    """What this customer has on its way or has sent, and not yet put into a testimonial; newest first."""
    is_open = (Upload.state == "open") & (Upload.storage_upload_id != "")
    is_sent = (Upload.state == "complete") & Media.state.in_(SENT) & Media.testimonial_id.is_(None)
    statement = (
        select(Upload)
        .join(Upload.media)
        .where(
            Upload.company_id == response.company_id,
            Media.response_id == response.id,
            Media.state != "deleted",
            or_(is_open, is_sent),
        )
        .options(contains_eager(Upload.media))
        .order_by(Upload.id.desc())
        .limit(MOST_LISTED)
    )
    return list(session.scalars(statement))


def source_kept_until(media: Media) -> datetime | None:
    """When the file that was sent goes, by the survey's retention; None while it is needed and once it has gone."""
    if media.kind != "video" or media.state not in SETTLED or media.source_deleted_at is not None:
        return None
    days = media.response.survey.video_retention_days if media.response else KEPT_DAYS
    return (media.ready_at or media.created_at) + timedelta(days=days)


@dataclass(frozen=True)
class StorageUse:
    """Bytes of a company's photos and videos, what is on its way included."""

    stored: int
    waiting: int
    """Of these: what nobody of the team has judged yet, because it is new or belongs to no testimonial."""


def storage_use(session: Session, company_id: int) -> StorageUse:
    """The meter: one sum over the company's media."""
    waiting = case((Media.judged_at.is_(None), Media.stored_byte_count), else_=0)
    statement = select(func.sum(Media.stored_byte_count), func.sum(waiting)).where(Media.company_id == company_id)
    stored, not_judged = session.execute(statement).one()
    return StorageUse(int(stored or 0), int(not_judged or 0))
