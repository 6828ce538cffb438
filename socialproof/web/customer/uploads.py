"""The video's way in, as JSON for the page's own script: begin → addresses → PUT each part → complete.

The response's link is the authority and one upload belongs to one response. While a part's bytes arrive no database
connection is held, never more than PARTS_AT_ONCE of them arrive (half of the threads that the server is started with),
and each has PART_SECONDS, so that slow senders can neither stop the other pages nor each other.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import IO, Any

from flask import Blueprint, Response, jsonify, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from socialproof.backends.storage.port import BLOCK_BYTES, Part, StorageError
from socialproof.clock import now
from socialproof.database import db, transaction
from socialproof.domain.errors import NotFound, RuleBroken
from socialproof.media import uploads
from socialproof.media.models import Media, Upload
from socialproof.media.words import sentence
from socialproof.testimonials.recording import require_recording
from socialproof.web import services
from socialproof.web.customer import access

blueprint = Blueprint("uploads", __name__, url_prefix="/r/<token>/uploads")

PARTS_AT_ONCE = 16
PART_SECONDS = 180.0
ADDRESSES_AT_ONCE = 64

_places = threading.BoundedSemaphore(PARTS_AT_ONCE)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STATUS = {
    "too_slow": 408,
    "busy": 503,
    "storage_full": 507,
    "too_large": 413,
    "length_required": 411,
    "too_many": 429,
    "upload_unknown": 404,
    "already_sent": 409,
    "video_off": 409,
    "upload_complete": 409,
    "upload_incomplete": 409,
    "part_conflict": 409,
}


@blueprint.post("")
def begin(token: str) -> Response:
    """Open an upload: `size` in bytes, if the sender knows it."""
    response = access.response_of(token)
    size = _whole_number(_body().get("size"))
    with transaction() as session:
        require_recording(session, response=response)
        upload = uploads.begin_upload(
            session,
            response=response,
            storage=services().backends.storage,
            limits=_limits(),
            size=size,
            now=now(),
        )
        answer = _described(token, upload)
    return _answer(answer, HTTPStatus.CREATED)


@blueprint.get("/<upload_id>")
def show(token: str, upload_id: str) -> Response:
    """How far an upload is: its state and the parts that arrived, so that only missing ones are sent again."""
    upload = _upload(token, upload_id)
    held = uploads.held_parts(services().backends.storage, upload=upload)
    parts = [{"number": part.number, "size": part.size, "sha256": part.sha256} for part in held]
    return _answer({**_described(token, upload), "parts": parts})


@blueprint.post("/<upload_id>/addresses")
def addresses(token: str, upload_id: str) -> Response:
    """Where each of these parts goes: an address of the storage, or our own."""
    place = uploads.place_of(_upload(token, upload_id))
    wanted = _body().get("parts")
    if not isinstance(wanted, list) or not 0 < len(wanted) <= ADDRESSES_AT_ONCE:
        raise RuleBroken("part_damaged")
    return _answer({"parts": [_address(token, upload_id, place, _part(one)) for one in wanted]})


@blueprint.put("/<upload_id>/parts/<int:number>")
def put_part(token: str, upload_id: str, number: int) -> Response:
    """Take one part as it streams in; the same part again is accepted."""
    storage = services().backends.storage
    if request.content_length is None:
        raise RuleBroken("length_required")
    access.limit_body(storage.max_part_bytes)
    if request.content_length > storage.max_part_bytes:
        raise RuleBroken("too_large")
    part = _part({"number": number, "size": request.content_length, "sha256": request.headers.get("X-Part-SHA256")})
    place = uploads.place_of(_upload(token, upload_id))
    db.session.close()
    with _one_of_few():
        source: Any = _Timed(request.stream)
        uploads.store_part(storage, place=place, part=part, source=source, limits=_limits())
    return _answer({"number": part.number, "size": part.size, "sha256": part.sha256})


@blueprint.post("/<upload_id>/complete")
def complete(token: str, upload_id: str) -> Response:
    """All parts are sent: join them and say where the visit goes on."""
    body = _body()
    size, sha256 = _whole_number(body.get("size")), body.get("sha256")
    if size is None or not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise RuleBroken("upload_incomplete")
    state, video = _completed(token, upload_id, size, sha256, _seconds(body.get("seconds")))
    if state == "unreadable":
        raise RuleBroken("unreadable")
    return _answer({"media": video, "state": state, "location": _next_page(token, video)})


@blueprint.errorhandler(RuleBroken)
@blueprint.errorhandler(StorageError)
def refused(error: RuleBroken | StorageError) -> Response:
    """A rule or the storage says no: its code, and a sentence for the customer."""
    code = {"missing": "upload_unknown"}.get(error.code, error.code)
    if request.method == "PUT" and code not in ("busy", "too_slow"):
        _read_to_end()
    answer = _answer({"code": code, "message": sentence(code, _)}, _STATUS.get(code, 422))
    if code == "busy":
        answer.headers["Retry-After"] = "2"
    return answer


@blueprint.errorhandler(HTTPException)
def wrong_request(error: HTTPException) -> Response:
    """The same shape for what the framework refuses."""
    code = {404: "upload_unknown", 410: "upload_unknown", 413: "too_large"}.get(error.code or 0, "part_damaged")
    return _answer({"code": code, "message": sentence(code, _)}, error.code or 400)


def _upload(token: str, upload_id: str) -> Upload:
    response = access.response_of(token)
    return uploads.upload_of(db.session(), response=response, public_id=upload_id)


def _completed(token: str, upload_id: str, size: int, sha256: str, seconds: float | None) -> tuple[str, str]:
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
            media = uploads.complete_upload(session, upload=upload, joined=joined, recorded_seconds=seconds, now=at)
            state, video = media.state, media.public_id
    except NotFound:  # its customer took everything back while it was joined
        storage.delete(place.key)
        raise
    if state == "unreadable":
        storage.delete(place.key)
    return state, video


def _limits() -> uploads.Limits:
    settings = services().settings
    return uploads.Limits(settings.max_video_bytes, settings.max_waiting_bytes)


def _described(token: str, upload: Upload) -> dict[str, Any]:
    media: Media = upload.media
    own = {"token": token, "upload_id": upload.public_id, **access.kept_in_links()}
    done = _next_page(token, media.public_id) if upload.state == "complete" else None
    return {
        "upload": upload.public_id,
        "state": upload.state,
        "media": media.public_id,
        "media_state": media.state,
        "part_bytes": upload.part_byte_count,
        "addresses": url_for("customer.uploads.addresses", **own),
        "self": url_for("customer.uploads.show", **own),
        "complete": url_for("customer.uploads.complete", **own),
        "location": done,
    }


def _address(token: str, upload_id: str, place: uploads.Place, part: Part) -> dict[str, Any]:
    given = uploads.part_address(services().backends.storage, place=place, part=part)
    if given is not None:
        return {"number": part.number, "url": given.url, "headers": given.headers}
    kept = access.kept_in_links()
    url = url_for("customer.uploads.put_part", token=token, upload_id=upload_id, number=part.number, **kept)
    return {"number": part.number, "url": url, "headers": {"X-Part-SHA256": part.sha256}}


def _next_page(token: str, video: str) -> str:
    return url_for("customer.testimonial.write", token=token, video=video, **access.kept_in_links())


def _body() -> dict[str, Any]:
    access.limit_body()
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # brackets within brackets within brackets
        body = None
    return body if isinstance(body, dict) else {}


def _whole_number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 < value < 24 * 3600 else None


def _part(value: object) -> Part:
    fields = value if isinstance(value, dict) else {}
    number, size, sha256 = (fields.get(name) for name in ("number", "size", "sha256"))
    if _whole_number(number) is None or _whole_number(size) is None or not isinstance(sha256, str):
        raise RuleBroken("part_damaged")
    return Part(int(str(number)), int(str(size)), sha256)


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    answer = jsonify(body)
    answer.status_code = status
    return answer


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
