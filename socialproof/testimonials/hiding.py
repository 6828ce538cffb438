"""Videos that stop being public leave the address they had, so that no signed address given before leads to them.

Only where browsers read from the storage itself: what we send, we judge with every request. See docs/adr/0004.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, exists, select, update
from sqlalchemy.orm import Session

from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.queue import enqueue
from socialproof.domain import events, moderation
from socialproof.media.models import Media
from socialproof.testimonials.models import ModerationEntry, Testimonial
from socialproof.testimonials.queries import is_shown, testimonial_of_media

HIDE_MEDIA = "testimonials.hide_media"


def hear_loss(session: Session, fact: events.Event, now: datetime) -> None:
    """NOW, but only a note: a testimonial that was public may not be any more."""
    assert isinstance(fact, events.CompanyEvent)
    if isinstance(fact, events.CaptionsChanged):
        testimonial_id = testimonial_of_media(session, fact.company_id, fact.media_id)
    else:
        testimonial_id = getattr(fact, "testimonial_id", None)
    if testimonial_id is not None and _was_approved(session, fact.company_id, testimonial_id):
        payload = {"company_id": fact.company_id, "testimonial_id": testimonial_id}
        enqueue(session, HIDE_MEDIA, payload, now=now, key=f"{HIDE_MEDIA}:{testimonial_id}")


def hide_media(context: JobContext, *, company_id: int, testimonial_id: int) -> None:
    """Move the videos of a testimonial that is not public now.

    The next prefix follows from the present one, so a run that was killed anywhere is finished by the next: the row
    names the old prefix until every file has moved.
    """
    if not context.backends.storage.origin:
        return
    with context.transaction() as session:
        videos = _videos_to_hide(session, company_id, testimonial_id)
        places = [(media.id, media.prefix, media.state) for media in videos]
    for media_id, prefix, state in places:
        if state == "ready":
            _move(context, company_id, media_id, prefix)
        else:
            delete_everywhere(context, prefix)


def delete_everywhere(context: JobContext, prefix: str) -> None:
    """Delete the files of deleted media, also those that a killed run had moved already."""
    context.backends.storage.delete_prefix(prefix)
    if context.backends.storage.origin:
        context.backends.storage.delete_prefix(next_prefix(prefix))


def next_prefix(prefix: str) -> str:
    """`…/media/abc`, then `…/media/abc.2`, `…/media/abc.3`. It need not be secret: who knows it has no signature."""
    folder, _slash, name = prefix.rpartition("/")
    public_id, _dot, number = name.partition(".")
    return f"{folder}/{public_id}.{int(number or 1) + 1}"


def _move(context: JobContext, company_id: int, media_id: int, prefix: str) -> None:
    storage, to = context.backends.storage, next_prefix(prefix)
    storage.move_prefix(prefix, to)
    is_media = (Media.company_id == company_id, Media.id == media_id)
    with context.transaction() as session:
        as_it_was = (*is_media, Media.prefix == prefix, Media.state == "ready")
        moved = session.execute(update(Media).where(*as_it_was).values(prefix=to))
        is_moved = isinstance(moved, CursorResult) and moved.rowcount == 1
        found = session.execute(select(Media.state, Media.source_deleted_at).where(*is_media)).one_or_none()
    if not is_moved and (found is None or found.state == "deleted"):
        storage.delete_prefix(to)
    elif found is not None and found.source_deleted_at is not None:
        storage.delete(f"{to}/source")


def _videos_to_hide(session: Session, company_id: int, testimonial_id: int) -> Sequence[Media]:
    testimonial = session.scalar(
        select(Testimonial).where(Testimonial.company_id == company_id, Testimonial.id == testimonial_id)
    )
    if testimonial is None or is_shown(testimonial):
        return ()
    return [media for media in testimonial.media if media.kind == "video" and media.state in ("ready", "deleted")]


def _was_approved(session: Session, company_id: int, testimonial_id: int) -> bool:
    """Whether its video may ever have been public."""
    video = select(Media).where(Media.testimonial_id == testimonial_id, Media.kind == "video")
    approved = exists().where(
        ModerationEntry.company_id == company_id,
        ModerationEntry.testimonial_id == testimonial_id,
        ModerationEntry.new_state == moderation.APPROVED,
    )
    return session.scalar(select(video.where(Media.company_id == company_id).exists() & approved)) is True
