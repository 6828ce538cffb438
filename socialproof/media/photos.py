"""The author's photo: made small and clean, stored at once, so that no mistake elsewhere on the page loses
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.images import PhotoVariant
from socialproof.backends.storage.port import Storage
from socialproof.database import new_public_id
from socialproof.domain.errors import RuleBroken
from socialproof.media.models import Media, prefix_of
from socialproof.media.room import Limits, require_room, take_turn
from socialproof.responses.models import Response

PHOTOS_A_DAY = 40
"""Of one response."""
KEPT_TRIES = 2
"""Photos that wait for their testimonial, besides the one that comes."""


def keep_photo(
    session: Session, *, response: Response, variants: Iterable[PhotoVariant], limits: Limits, now: datetime
) -> Media:
    """Hold room for the squares and note them for this response. Private until a testimonial with it is public.

    After the commit `store_photo` writes them, then `finish_photo` says that they are there. Nobody claims it within
    days: the sweep takes it away. Raises RuleBroken: too_many, company_full; and StorageFull.
    """
    take_turn(session, response.company_id)
    _make_room(session, response, now)
    made = tuple(variants)
    weight = sum(len(variant.content) for variant in made)
    require_room(session, company_id=response.company_id, wanted=weight, limits=limits)
    media = Media(
        company_id=response.company_id,
        response_id=response.id,
        public_id=new_public_id(),
        kind="photo",
        state="uploading",
        variants=[variant.name for variant in made],
        byte_count=weight,
        stored_byte_count=weight,
        sha256=sha256(made[-1].content).hexdigest(),
        width=made[-1].size,
        height=made[-1].size,
        created_at=now,
    )
    media.prefix = prefix_of(response.survey.company, media.public_id)
    session.add(media)
    session.flush()
    return media


def store_photo(storage: Storage, *, prefix: str, variants: Iterable[PhotoVariant]) -> None:
    """Write the squares; touches no database, because the storage may be far away. Raises StorageFull."""
    for variant in variants:
        storage.put(f"{prefix}/{variant.name}", BytesIO(variant.content))


def finish_photo(session: Session, *, media: Media, now: datetime) -> None:
    """The squares are stored: the photo may be chosen, unless its customer took everything back meanwhile."""
    if media.state == "uploading":
        media.state, media.ready_at = "ready", now


def _make_room(session: Session, response: Response, now: datetime) -> None:
    """Tries without end are not wanted: the newest unused ones stay, the bytes of older ones go with the sweep."""
    photos = select(Media).where(
        Media.company_id == response.company_id, Media.response_id == response.id, Media.kind == "photo"
    )
    found = list(session.scalars(photos.where(Media.created_at > now - timedelta(days=1)).order_by(Media.id.desc())))
    if len(found) >= PHOTOS_A_DAY:
        raise RuleBroken("too_many")
    for older in [media for media in found if media.testimonial_id is None][KEPT_TRIES:]:
        older.state = "deleted"
