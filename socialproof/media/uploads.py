"""A customer's video on its way in: begun, sent in numbered parts, joined, and handed to the worker.

A video is `uploading` until its parts are joined, `uploaded` until the worker takes it, `processing` while
it does, then `ready`, `unreadable`, or `parked` where the machine failed. The parts themselves are known to the
storage alone; what the row knows is how much room is held for them (`Media.stored_byte_count`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.backends.storage.port import (
    BLOCK_BYTES,
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
from socialproof.domain.recording import Recorded
from socialproof.media.giving_up import give_up, give_up_older_takes, sweep_soon
from socialproof.media.models import Media, Upload, prefix_of
from socialproof.media.queries import uploads_named
from socialproof.media.room import STEP_BYTES, Limits, hold_room, require_room, take_turn
from socialproof.responses.models import Response

UPLOAD_LIFETIME = timedelta(days=7)
"""An upload that stopped goes on when its customer opens the link again, also after a weekend."""
SENDING_LIFETIME = timedelta(hours=1)
"""So long an upload counts as being sent; who comes back to it later does not keep others out."""
UPLOADS_A_DAY = 40


@dataclass(frozen=True)
class Place:
    """Where the parts of an upload go: all that is needed while bytes arrive, so no connection is held."""

    key: str
    storage_upload_id: str
    part_byte_count: int
    byte_count: int | None = None
    """As announced; more is not taken."""
    held_byte_count: int = 0
    """So much room is held for it; before more arrives, `hold` is asked."""


def begin_upload(
    session: Session,
    *,
    response: Response,
    storage: Storage,
    limits: Limits,
    size: int | None,
    now: datetime,
    is_audio: bool = False,
) -> Upload:
    """A new video of this response; `size` in bytes, None while it is still being recorded.

    After the commit `open_place` opens its place in the storage, then `set_place` notes that.
    Raises RuleBroken: empty, too_large, too_many, company_busy, company_full; and StorageFull.
    """
    if size is not None:
        check_size(size, limits)
    take_turn(session, response.company_id)
    _check_not_too_many(session, response, now)
    _forget_oldest(session, response, limits, now)
    _check_not_busy(session, response, limits, now)
    expected = min(STEP_BYTES, limits.max_bytes) if size is None else size
    require_room(session, company_id=response.company_id, wanted=expected, limits=limits)
    # Only a step of it is held: who announces much and sends nothing must not fill the room of everybody.
    media = _new_media(response, min(STEP_BYTES, expected), is_audio, now)
    upload = Upload(
        company_id=response.company_id,
        media=media,
        key=f"{media.prefix}/source",
        storage_upload_id="",
        part_byte_count=max(storage.part_bytes, ceil(limits.max_bytes / MAX_PARTS)),
        total_byte_count=size,
        created_at=now,
        expires_at=now + UPLOAD_LIFETIME,
    )
    session.add_all([media, upload])
    session.flush()
    return upload


def open_place(storage: Storage, *, key: str) -> str:
    """Open the place for its parts in the storage, which may take a while; returns the storage's name of it."""
    return storage.begin(key)


def set_place(session: Session, *, upload: Upload, storage_upload_id: str) -> None:
    """From here its parts may come. NotFound when its customer took it back meanwhile."""
    session.refresh(upload, ["state"])
    if upload.state != "open":
        raise NotFound("upload_unknown")
    upload.storage_upload_id = storage_upload_id


def _new_media(response: Response, held: int, is_audio: bool, now: datetime) -> Media:
    public_id = new_public_id()
    return Media(
        company_id=response.company_id,
        response_id=response.id,
        kind="video",
        state="uploading",
        public_id=public_id,
        prefix=prefix_of(response.survey.company, public_id),
        stored_byte_count=held,
        is_audio=is_audio,
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
    living = uploads_named(response, public_id).where(Upload.state != "aborted", Media.state != "deleted")
    upload = session.scalar(living)
    if upload is None:
        raise NotFound("upload_unknown")
    return upload


def place_of(upload: Upload) -> Place:
    """Where its parts go; Conflict when it is complete already."""
    if upload.state != "open":
        raise Conflict("upload_complete")
    if not upload.storage_upload_id:
        raise NotFound("upload_unknown")
    return Place(
        upload.key,
        upload.storage_upload_id,
        upload.part_byte_count,
        upload.total_byte_count,
        upload.media.stored_byte_count,
    )


def byte_count_with(storage: Storage, *, place: Place, parts: Iterable[Part]) -> int:
    """What the upload weighs once these parts are there too."""
    held = {part.number: part.size for part in storage.list_parts(place.key, place.storage_upload_id)}
    known = sum((held | {part.number: part.size for part in parts}).values())
    if not storage.origin:
        return known
    # Who was given an address may have sent there what nobody has seen yet: all that lies before this part.
    return max(known, *((part.number - 1) * place.part_byte_count + part.size for part in parts))


def hold(session: Session, *, upload: Upload, byte_count: int, limits: Limits) -> None:
    """Room for an upload of so many bytes, before they arrive; raises what `hold_room` raises."""
    if upload.state != "open":
        raise Conflict("upload_complete")
    hold_room(session, upload=upload, byte_count=byte_count, limits=limits)


def part_address(storage: Storage, *, place: Place, part: Part, limits: Limits) -> PartAddress | None:
    """Where the browser sends this part: an address of the storage, or None for our own.

    Each part before it has its least size, so that addresses together allow no more than a few times the limit.
    """
    address = storage.part_address(place.key, place.storage_upload_id, part)
    if address is not None and (part.number - 1) * place.part_byte_count > limits.max_bytes:
        raise RuleBroken("too_large", limit=limits.max_bytes)
    return address


def store_part(storage: Storage, *, place: Place, part: Part, source: BinaryIO, limits: Limits) -> Part:
    """Take one part from the stream; RuleBroken too_large when all parts together pass what is allowed or announced."""
    held = storage.list_parts(place.key, place.storage_upload_id)
    others = sum(known.size for known in held if known.number != part.number)
    if others + part.size > (place.byte_count or limits.max_bytes):
        raise RuleBroken("too_large", limit=limits.max_bytes)
    return storage.write_part(place.key, place.storage_upload_id, part, source)


@dataclass(frozen=True)
class Joined:
    """The parts as one file: size in bytes, checksum in hexadecimal digits if known, and whether it begins like a
    video.
    """

    size: int
    sha256: str
    is_video: bool


def join_parts(storage: Storage, *, place: Place, size: int, sha256: str | None, limits: Limits) -> Joined:
    """Make one file of the first parts that weigh `size` together; touches no database, because it takes a while.

    Without a checksum, of what had arrived when its device was lost, the parts' own checksums are all there is.
    Raises RuleBroken, and what the storage raises: UploadIncomplete, StorageFull.
    """
    check_size(size, limits)
    try:
        storage.complete(place.key, place.storage_upload_id, size=size, sha256=sha256)
    except MissingUpload:
        # Joined before, but the answer was lost before the commit; or another tab joins at this moment.
        stored = storage.stat(place.key)
        if stored is None or stored.size != size or not _is_whole(storage, place.key, sha256):
            raise UploadIncomplete("nothing to join") from None
    with storage.open(place.key) as source:
        is_video = container_of(source.read(SNIFF_BYTES)) is not None
    return Joined(size, sha256 or "", is_video)


def _is_whole(storage: Storage, key: str, sha256: str | None) -> bool:
    """Whether the file has this checksum; of one that lies elsewhere the worker says so when it fetches it."""
    if sha256 is None or storage.origin:
        return True
    digest = hashlib.sha256()
    with storage.open(key) as source:
        while block := source.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest() == sha256


def complete_upload(session: Session, *, upload: Upload, joined: Joined, recorded: Recorded, now: datetime) -> Media:
    """The file is here: the worker may have it. Saying it twice is the same as once, also at the same moment.

    A file that is no video at all comes back as `unreadable` at once. NotFound when its customer took it back, or a
    newer upload its place, while it was joined.
    """
    media = upload.media
    take_turn(session, upload.company_id)
    session.refresh(upload, ["state"], with_for_update=True)
    session.refresh(media, ["state"], with_for_update=True)
    if upload.state == "complete":
        return media
    if upload.state != "open" or media.state != "uploading":
        raise NotFound("upload_unknown")
    upload.state, upload.total_byte_count = "complete", joined.size
    media.byte_count = media.stored_byte_count = joined.size
    media.sha256, media.recorded_seconds = joined.sha256, recorded.seconds
    media.trim_start_seconds, media.trim_end_seconds = recorded.trim_start, recorded.trim_end
    media.segment_byte_counts, media.is_partial = list(recorded.segments), recorded.is_partial
    if not joined.is_video:
        media.state, media.reason = "unreadable", "unreadable"
        record(session, MediaUnreadable(media.company_id, media.id))
        return media
    media.state = "uploaded"
    record(session, MediaUploaded(media.company_id, media.id))
    give_up_older_takes(session, media, now)
    return media


def _check_not_too_many(session: Session, response: Response, now: datetime) -> None:
    today = select(func.count(Media.id)).where(
        Media.company_id == response.company_id,
        Media.response_id == response.id,
        Media.created_at > now - timedelta(days=1),
    )
    if (session.scalar(today) or 0) >= UPLOADS_A_DAY:
        raise RuleBroken("too_many")


def _check_not_busy(session: Session, response: Response, limits: Limits, now: datetime) -> None:
    sending = select(func.count(Upload.id)).where(
        Upload.company_id == response.company_id,
        Upload.state == "open",
        Upload.created_at > now - SENDING_LIFETIME,
    )
    if (session.scalar(sending) or 0) >= limits.max_per_company:
        raise RuleBroken("company_busy")


def _forget_oldest(session: Session, response: Response, limits: Limits, now: datetime) -> None:
    statement = (
        select(Upload)
        .join(Upload.media)
        .where(
            Upload.company_id == response.company_id,
            Upload.state == "open",
            Media.response_id == response.id,
        )
        .order_by(Upload.id.desc())
        .offset(limits.max_per_link - 1)
    )
    for upload in session.scalars(statement):
        give_up(upload)
        sweep_soon(session, now)
