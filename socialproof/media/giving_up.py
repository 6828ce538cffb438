"""What its customer takes back, or what newer takes replace: rows say so first, the bytes go with a sweep."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.queue import enqueue
from socialproof.domain.errors import NotFound, RuleBroken
from socialproof.media.models import Media, Upload
from socialproof.media.queries import SENT, uploads_named
from socialproof.media.room import take_turn
from socialproof.responses.models import Response

UNCLAIMED_LIFETIME = timedelta(days=7)
"""A video that was sent but never became part of a testimonial."""
KEPT_TAKES = 2
"""Sent takes that wait for their testimonial; older ones are swept."""


def discard_upload(session: Session, *, response: Response, public_id: str, now: datetime) -> None:
    """The customer takes this upload back, or the take that came of it; its bytes go at once, after the commit.

    Once is as good as twice. RuleBroken already_sent when the take belongs to a testimonial.
    """
    take_turn(session, response.company_id)
    upload = session.scalar(uploads_named(response, public_id))
    if upload is None:
        raise NotFound("upload_unknown")
    session.refresh(upload.media, with_for_update=True)
    if upload.media.state == "deleted":
        return
    if upload.media.testimonial_id is not None:
        raise RuleBroken("already_sent")
    if upload.state == "open":
        give_up(upload)
    upload.media.state = "deleted"
    sweep_soon(session, now)


def give_up(upload: Upload) -> None:
    """This upload will never be completed, nor its video; its parts go with the next sweep, after the commit."""
    upload.state = "aborted"
    upload.media.state, upload.media.stored_byte_count = "deleted", 0


def give_up_older_takes(session: Session, media: Media, now: datetime) -> None:
    """Unlimited retakes, but not unlimited room: the bytes go with the next sweep."""
    statement = (
        select(Media)
        .where(
            Media.company_id == media.company_id,
            Media.response_id == media.response_id,
            Media.kind == "video",
            Media.testimonial_id.is_(None),
            Media.state.in_(SENT),
        )
        .order_by(Media.id.desc())
        .offset(KEPT_TAKES)
        .with_for_update()
    )
    for older in session.scalars(statement):
        older.state = "deleted"
        sweep_soon(session, now)


def sweep_soon(session: Session, now: datetime) -> None:
    """Room is wanted now; whatever only grows old waits for the hourly sweep."""
    enqueue(session, "media.sweep_uploads", {}, now=now, key="media.sweep_uploads")
