"""A customer's video on its way in: begun, sent in numbered parts, joined, and handed to the worker.

A video is `uploading` until its parts are joined, `uploaded` until the worker takes it, `processing` while
it does, then `ready` or `unreadable`. The parts themselves are known to the storage alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.queue import enqueue
from socialproof.backends.storage.port import (
    MAX_PARTS,
    MissingUpload,
    Part,
    PartAddress,
    Storage,
    UploadIncomplete,
)
from socialproof.backends.transcoder.port import SNIFF_BYTES, container_of
from socialproof.database import new_public_id, record
from socialproof.domain.errors import Conflict, NotFound, RuleBroken
from socialproof.domain.events import MediaUnreadable, MediaUploaded
from socialproof.media.models import Media, Upload
from socialproof.media.queries import SENT
from socialproof.media.room import require_room
from socialproof.responses.models import Response

UPLOAD_LIFETIME = timedelta(hours=24)
OPEN_UPLOADS = 3
"""Of one response at a time; beginning one more forgets the oldest."""
UPLOADS_A_DAY = 40
UNCLAIMED_LIFETIME = timedelta(days=7)
"""A video that was sent but never became part of a testimonial."""
KEPT_TAKES = 2
"""Sent takes that wait for their testimonial; older ones are swept."""


@dataclass(frozen=True)
class Limits:
    """What one upload may weigh, and all of a company together that nobody has judged yet, in bytes."""

    max_bytes: int
    max_waiting_bytes: int


@dataclass(frozen=True)
class Place:
    """Where the parts of an upload go: all that is needed while bytes arrive, so no connection is held."""

    key: str
    storage_upload_id: str
    part_byte_count: int
    byte_count: int | None = None
    """As announced; more is not taken."""


def begin_upload(
    session: Session, *, response: Response, storage: Storage, limits: Limits, size: int | None, now: datetime
) -> Upload:
    """A new video of this response, ready for its parts.

    Raises RuleBroken: empty, too_large, too_many; and StorageFull.
    """
    _check_not_too_many(session, response, now)
    if size is not None:
        check_size(size, limits)
    require_room(
        session,
        company_id=response.company_id,
        wanted=size or limits.max_bytes,
        most=limits.max_waiting_bytes,
        most_of_one=limits.max_bytes,
    )
    media = _new_media(response, now)
    key = f"{media.prefix}/source"
    upload = Upload(
        company_id=response.company_id,
        media=media,
        key=key,
        storage_upload_id=storage.begin(key),
        part_byte_count=max(storage.part_bytes, ceil(limits.max_bytes / MAX_PARTS)),
        total_byte_count=size,
        created_at=now,
        expires_at=now + UPLOAD_LIFETIME,
    )
    _forget_oldest(session, response, now)
    session.add_all([media, upload])
    session.flush()
    return upload


def _new_media(response: Response, now: datetime) -> Media:
    public_id = new_public_id()
    return Media(
        company_id=response.company_id,
        response_id=response.id,
        kind="video",
        state="uploading",
        public_id=public_id,
        prefix=f"companies/{response.survey.company.public_id}/media/{public_id}",
        created_at=now,
    )


def check_size(size: int, limits: Limits) -> None:
    """Refuse an empty file, and one over the limit."""
    if size <= 0:
        raise RuleBroken("empty")
    if size > limits.max_bytes:
        raise RuleBroken("too_large", limit=limits.max_bytes)


def upload_of(session: Session, *, response: Response, public_id: str) -> Upload:
    """The upload with this id if it is this response's; NotFound otherwise, also when it was given up."""
    statement = (
        select(Upload)
        .join(Upload.media)
        .where(
            Upload.company_id == response.company_id,
            Upload.public_id == public_id,
            Upload.state != "aborted",
            Media.response_id == response.id,
        )
    )
    upload = session.scalar(statement)
    if upload is None:
        raise NotFound("upload_unknown")
    return upload


def place_of(upload: Upload) -> Place:
    """Where its parts go; Conflict when it is complete already."""
    if upload.state != "open":
        raise Conflict("upload_complete")
    return Place(upload.key, upload.storage_upload_id, upload.part_byte_count, upload.total_byte_count)


def part_address(storage: Storage, *, place: Place, part: Part) -> PartAddress | None:
    """Where the browser sends this part: an address of the storage, or None for our own."""
    return storage.part_address(place.key, place.storage_upload_id, part)


def store_part(storage: Storage, *, place: Place, part: Part, source: BinaryIO, limits: Limits) -> Part:
    """Take one part from the stream; RuleBroken too_large when all parts together pass what is allowed or announced."""
    held = storage.list_parts(place.key, place.storage_upload_id)
    others = sum(known.size for known in held if known.number != part.number)
    if others + part.size > (place.byte_count or limits.max_bytes):
        raise RuleBroken("too_large", limit=limits.max_bytes)
    return storage.write_part(place.key, place.storage_upload_id, part, source)


def held_parts(storage: Storage, *, upload: Upload) -> list[Part]:
    """The parts that arrived; none once the upload is complete."""
    if upload.state != "open":
        return []
    return storage.list_parts(upload.key, upload.storage_upload_id)


@dataclass(frozen=True)
class Joined:
    """The parts as one file: size in bytes, checksum in hexadecimal digits, and whether it begins like a video."""

    size: int
    sha256: str
    is_video: bool


def join_parts(storage: Storage, *, place: Place, size: int, sha256: str, limits: Limits) -> Joined:
    """Make one file of the parts; touches no database, because a large file takes a while.

    Raises RuleBroken, and what the storage raises: UploadIncomplete, StorageFull.
    """
    check_size(size, limits)
    try:
        storage.complete(place.key, place.storage_upload_id, size=size, sha256=sha256)
    except MissingUpload:
        # Joined before, but the answer was lost before the commit: what lies there was verified then.
        stored = storage.stat(place.key)
        if stored is None or stored.size != size:
            raise UploadIncomplete("nothing to join") from None
    with storage.open(place.key) as source:
        is_video = container_of(source.read(SNIFF_BYTES)) is not None
    return Joined(size, sha256, is_video)


def complete_upload(
    session: Session, *, upload: Upload, joined: Joined, recorded_seconds: float | None, now: datetime
) -> Media:
    """The file is here: the worker may have it. Saying it twice is the same as once.

    A file that is no video at all comes back as `unreadable` at once.
    """
    media = upload.media
    if upload.state == "complete":
        return media
    upload.state, upload.total_byte_count = "complete", joined.size
    media.byte_count = media.stored_byte_count = joined.size
    media.sha256, media.recorded_seconds = joined.sha256, recorded_seconds
    if not joined.is_video:
        media.state, media.reason = "unreadable", "unreadable"
        record(session, MediaUnreadable(media.company_id, media.id))
        return media
    media.state = "uploaded"
    record(session, MediaUploaded(media.company_id, media.id))
    _give_up_older_takes(session, media, now)
    return media


def _check_not_too_many(session: Session, response: Response, now: datetime) -> None:
    today = select(func.count(Media.id)).where(
        Media.company_id == response.company_id,
        Media.response_id == response.id,
        Media.created_at > now - timedelta(days=1),
    )
    if (session.scalar(today) or 0) >= UPLOADS_A_DAY:
        raise RuleBroken("too_many")


def _forget_oldest(session: Session, response: Response, now: datetime) -> None:
    statement = (
        select(Upload)
        .join(Upload.media)
        .where(
            Upload.company_id == response.company_id,
            Upload.state == "open",
            Media.response_id == response.id,
        )
        .order_by(Upload.id.desc())
        .offset(OPEN_UPLOADS - 1)
    )
    for upload in session.scalars(statement):
        give_up(upload)
        sweep_soon(session, now)


def give_up(upload: Upload) -> None:
    """This upload will never be completed, nor its video; its parts go with the next sweep, after the commit."""
    upload.state = "aborted"
    upload.media.state = "deleted"


def _give_up_older_takes(session: Session, media: Media, now: datetime) -> None:
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
    )
    for older in session.scalars(statement):
        older.state = "deleted"
        sweep_soon(session, now)


def sweep_soon(session: Session, now: datetime) -> None:
    """Room is wanted now; whatever only grows old waits for the hourly sweep."""
    enqueue(session, "media.sweep_uploads", {}, now=now, key="media.sweep_uploads")
