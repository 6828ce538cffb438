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
from socialproof.media.models import Media
from socialproof.media.room import require_room
from socialproof.responses.models import Response

PHOTOS_A_DAY = 40
"""Of one response."""
KEPT_TRIES = 2
"""Photos that wait for their testimonial, besides the one that comes."""


def keep_photo(
    session: Session,
    *,
    response: Response,
    variants: Iterable[PhotoVariant],
    storage: Storage,
    max_waiting_bytes: int,
    now: datetime,
) -> Media:
    """Store the squares and note them for this response. Private until a testimonial with it is public.

    Nobody claims it within days: the sweep takes it away. Raises the errors of the storage, such as
    StorageFull.
    """
    _make_room(session, response, now)
    made = tuple(variants)
    weight = sum(len(variant.content) for variant in made)
    require_room(session, company_id=response.company_id, wanted=weight, most=max_waiting_bytes)
    media = Media(
        company_id=response.company_id,
        response_id=response.id,
        public_id=new_public_id(),
        kind="photo",
        state="ready",
        variants=[variant.name for variant in made],
        byte_count=weight,
        stored_byte_count=weight,
        sha256=sha256(made[-1].content).hexdigest(),
        width=made[-1].size,
        height=made[-1].size,
        created_at=now,
        ready_at=now,
    )
    media.prefix = f"companies/{response.survey.company.public_id}/media/{media.public_id}"
    for variant in made:
        storage.put(f"{media.prefix}/{variant.name}", BytesIO(variant.content))
    session.add(media)
    session.flush()
    return media


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
