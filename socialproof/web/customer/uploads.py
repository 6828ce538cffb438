"""The video's way in, as JSON for the page's own script: begin → addresses → PUT each part → complete.

The response's link is the authority and one upload belongs to one response. While a part's bytes arrive, and while the
storage is asked, no database connection is held; never more than PARTS_AT_ONCE parts arrive (half of the threads that
the server is started with), and each has PART_SECONDS, so that slow senders can neither stop the other pages nor each
other.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import IO, Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from socialproof.backends.storage.port import BLOCK_BYTES, MissingUpload, Part, Storage, StorageError
from socialproof.clock import now
from socialproof.database import db, is_full, transaction
from socialproof.domain.errors import NotFound, RuleBroken
from socialproof.domain.recording import Recorded, read_recorded
from socialproof.media import giving_up, uploads
from socialproof.media.models import Upload
from socialproof.media.queries import unclaimed_uploads
from socialproof.media.room import Limits
from socialproof.media.words import sentence
from socialproof.testimonials.queries import testimonial_of_response
from socialproof.testimonials.recording import require_recording
from socialproof.web import services
from socialproof.web.customer import access
from socialproof.web.customer.upload_answers import (
    RETRY_AFTER,
    STATUS,
    answer,
    as_listed,
    body,
    described,
    next_page,
    part_of,
    whole_number,
)

blueprint = Blueprint("uploads", __name__, url_prefix="/r/<token>/uploads")

PARTS_AT_ONCE = 16
PART_SECONDS = 180.0
ADDRESSES_AT_ONCE = 64

_places = threading.BoundedSemaphore(PARTS_AT_ONCE)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@blueprint.post("")
def begin(token: str) -> Response:
    """Open an upload: `size` in bytes, null while it is still being recorded; `audio` when it has no picture."""
    response = access.response_of(token)
    told, storage = body(), services().backends.storage
    with transaction() as session:
        require_recording(session, response=response)
        upload = uploads.begin_upload(
            session,
            response=response,
            storage=storage,
            limits=_limits(),
            size=whole_number(told.get("size")),
            is_audio=told.get("audio") is True,
            now=now(),
        )
        upload_id, key = upload.public_id, upload.key
    _open(token, upload_id, key)
    return answer(described(token, _upload(token, upload_id), []), HTTPStatus.CREATED)


@blueprint.get("")
def index(token: str) -> Response:
    """What this customer has on its way, and has sent but not yet put into a testimonial; newest first.

    `sent` once the testimonial is given, for the screen that waits for a phone.
    """
    response = access.response_of(token)
    is_sent = testimonial_of_response(db.session(), response) is not None
    found = unclaimed_uploads(db.session(), response=response)
    held = _held(found)
    listed = [described(token, upload, held[upload.public_id]) for upload in found]
    return answer({"uploads": listed, "sent": is_sent})


@blueprint.get("/<upload_id>")
def show(token: str, upload_id: str) -> Response:
    """How far an upload is: its state and the parts that arrived, so that only missing ones are sent again."""
    upload = _upload(token, upload_id)
    parts = _held([upload])[upload_id]
    return answer({**described(token, upload, parts), "parts": [as_listed(part) for part in parts]})


@blueprint.post("/<upload_id>/addresses")
def addresses(token: str, upload_id: str) -> Response:
    """Where each of these parts goes: an address of the storage, or our own."""
    place = uploads.place_of(_upload(token, upload_id))
    wanted = body().get("parts")
    if not isinstance(wanted, list) or not 0 < len(wanted) <= ADDRESSES_AT_ONCE:
        raise RuleBroken("part_damaged")
    parts = [part_of(one) for one in wanted]
    _hold_room(token, upload_id, place, parts)
    return answer({"parts": [_address(token, upload_id, place, part) for part in parts]})


@blueprint.put("/<upload_id>/parts/<int:number>")
def put_part(token: str, upload_id: str, number: int) -> Response:
    """Take one part as it streams in; the same part again is accepted."""
    storage = services().backends.storage
    if request.content_length is None:
        raise RuleBroken("length_required")
    access.limit_body(storage.max_part_bytes)
    if request.content_length > storage.max_part_bytes:
        raise RuleBroken("too_large")
    part = part_of({"number": number, "size": request.content_length, "sha256": request.headers.get("X-Part-SHA256")})
    place = uploads.place_of(_upload(token, upload_id))
    _hold_room(token, upload_id, place, [part])
    with _one_of_few():
        source: Any = _Timed(request.stream)
        uploads.store_part(storage, place=place, part=part, source=source, limits=_limits())
    return answer(as_listed(part))


@blueprint.post("/<upload_id>/complete")
def complete(token: str, upload_id: str) -> Response:
    """All parts are sent, or with `partial` all that there will ever be: join them and say where the visit goes on."""
    told = body()
    size, sha256 = whole_number(told.get("size")), told.get("sha256")
    if size is None or not (_is_checksum(sha256) or (sha256 is None and told.get("partial") is True)):
        raise RuleBroken("upload_incomplete")
    state, video = _completed(token, upload_id, size, sha256, read_recorded(told, size=size))
    if state == "unreadable":
        raise RuleBroken("unreadable")
    return answer({"media": video, "state": state, "location": next_page(token, video)})


@blueprint.delete("/<upload_id>")
def discard(token: str, upload_id: str) -> Response:
    """The customer takes it back, on its way or arrived; once is as good as twice."""
    with transaction() as session:
        response = access.response_of(token)
        giving_up.discard_upload(session, response=response, public_id=upload_id, now=now())
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.errorhandler(RuleBroken)
@blueprint.errorhandler(StorageError)
def refused(error: RuleBroken | StorageError) -> Response:
    """A rule or the storage says no: its code, and a sentence for the customer."""
    return _refusal({"missing": "upload_unknown"}.get(error.code, error.code))


@blueprint.errorhandler(OperationalError)
def database_refused(error: OperationalError) -> Response:
    """The database is full, or away for a moment: what arrived is kept, and the script tries again."""
    db.session.rollback()
    return _refusal("database_full" if is_full(error) else "busy")


@blueprint.errorhandler(HTTPException)
def wrong_request(error: HTTPException) -> Response:
    """The same shape for what the framework refuses."""
    code = {404: "upload_unknown", 410: "upload_unknown", 413: "too_large"}.get(error.code or 0, "part_damaged")
    return answer({"code": code, "message": sentence(code, _)}, error.code or 400)


def _refusal(code: str) -> Response:
    if request.method == "PUT" and code not in ("busy", "too_slow"):
        _read_to_end()
    made = answer({"code": code, "message": sentence(code, _)}, STATUS.get(code, 422))
    if code in RETRY_AFTER:
        made.headers["Retry-After"] = str(RETRY_AFTER[code])
    return made


def _upload(token: str, upload_id: str) -> Upload:
    response = access.response_of(token)
    return uploads.upload_of(db.session(), response=response, public_id=upload_id)


def _open(token: str, upload_id: str, key: str) -> None:
    """Open its place in the storage; when there is none, nothing is left of the upload."""
    try:
        storage_upload_id = uploads.open_place(services().backends.storage, key=key)
    except Exception:
        with transaction():
            giving_up.give_up(_upload(token, upload_id))
        raise
    with transaction() as session:
        uploads.set_place(session, upload=_upload(token, upload_id), storage_upload_id=storage_upload_id)


def _held(found: list[Upload]) -> dict[str, list[Part]]:
    """The parts of each that arrived, asked with no database connection in hand."""
    places = {upload.public_id: uploads.place_of(upload) for upload in found if upload.state == "open"}
    db.session.close()
    storage = services().backends.storage
    return {upload.public_id: _parts(storage, places.get(upload.public_id)) for upload in found}


def _parts(storage: Storage, place: uploads.Place | None) -> list[Part]:
    try:
        return storage.list_parts(place.key, place.storage_upload_id) if place else []
    except MissingUpload:  # joined or swept at this moment
        return []


def _hold_room(token: str, upload_id: str, place: uploads.Place, parts: list[Part]) -> None:
    """Room for these parts too, before they come; most find that theirs is held already and write nothing."""
    db.session.close()
    byte_count = uploads.byte_count_with(services().backends.storage, place=place, parts=parts)
    if byte_count > place.held_byte_count:
        with transaction() as session:
            uploads.hold(session, upload=_upload(token, upload_id), byte_count=byte_count, limits=_limits())
        db.session.close()


def _completed(token: str, upload_id: str, size: int, sha256: str | None, recorded: Recorded) -> tuple[str, str]:
    """Join with no database connection in hand, then note it; returns the video's state and public id."""
    upload, storage = _upload(token, upload_id), services().backends.storage
    if upload.state == "complete":
        return upload.media.state, upload.media.public_id
    place = uploads.place_of(upload)
    db.session.close()
    joined = uploads.join_parts(storage, place=place, size=size, sha256=sha256, limits=_limits())
    try:
        with transaction() as session:
            upload, at = _upload(token, upload_id), now()
            media = uploads.complete_upload(session, upload=upload, joined=joined, recorded=recorded, now=at)
            state, video = media.state, media.public_id
    except (NotFound, HTTPException, access.LinkEnded):  # its customer took everything back while it was joined
        storage.delete(place.key)
        raise
    if state == "unreadable":
        storage.delete(place.key)
    return state, video


def _limits() -> Limits:
    return Limits.of(services().settings)


def _is_checksum(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _address(token: str, upload_id: str, place: uploads.Place, part: Part) -> dict[str, Any]:
    given = uploads.part_address(services().backends.storage, place=place, part=part, limits=_limits())
    if given is not None:
        return {"number": part.number, "url": given.url, "headers": given.headers}
    kept = access.kept_in_links()
    url = url_for("customer.uploads.put_part", token=token, upload_id=upload_id, number=part.number, **kept)
    return {"number": part.number, "url": url, "headers": {"X-Part-SHA256": part.sha256}}


def _read_to_end() -> None:
    """Let a refused part run out: a browser that still sends would see a broken connection instead of our words."""
    if (request.content_length or 0) > services().backends.storage.max_part_bytes:
        return
    with suppress(RuleBroken, HTTPException), _one_of_few():
        rest = _Timed(request.stream)
        while rest.read(BLOCK_BYTES):
            continue


class _Timed:
    """A body that must be here in time."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._until = stream, time.monotonic() + PART_SECONDS

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() > self._until:
            raise RuleBroken("too_slow")
        return self._stream.read(size)


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise RuleBroken("busy")
    try:
        yield
    finally:
        _places.release()
