"""One stored file, sent by any room: fixed type, byte ranges, an ETag, and the same 404 for everything unknown.

Videos in an object store are sent by the store itself: see docs/adr/0004.
"""

from __future__ import annotations

from flask import Response, abort, make_response, redirect, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from socialproof.backends.storage.port import MissingObject, content_type
from socialproof.media.models import Media
from socialproof.web import services

ADDRESS_SECONDS = 3600
"""How long a player may go on with the address that it was sent to, for example after a pause."""


def send_variant(media: Media, variant: str, *, caching: str) -> Response:
    """A finished file of a photo or video that the caller has judged may be seen. `caching` is its Cache-Control.

    Browsers play a video, and iPhones only do, when they may ask for a part of it.
    """
    if media.state != "ready" or variant not in media.variants:
        abort(404)
    storage, key = services().backends.storage, f"{media.prefix}/{variant}"
    address = _address(key)
    if address is not None:
        return _elsewhere(address)
    stored = storage.stat(key)
    if stored is None:
        abort(404)
    try:
        stream = storage.open(key)
    except MissingObject:
        abort(404)
    response = send_file(stream, content_type(key), etag=f"{media.public_id}-{variant}-{stored.size}", max_age=0)
    response.call_on_close(stream.close)
    response.content_length = stored.size
    response.headers["Cache-Control"] = caching
    response.headers["Content-Disposition"] = "inline"
    response.headers["X-Content-Type-Options"] = "nosniff"
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=stored.size)
    except RequestedRangeNotSatisfiable:
        stream.close()
        raise
    return response


def _address(key: str) -> str | None:
    """Where the storage sends a video itself. Small files come from us; so does HEAD, for which nothing is signed."""
    if request.method != "GET" or not key.endswith(".mp4"):
        return None
    return services().backends.storage.address(key, seconds=ADDRESS_SECONDS)


def _elsewhere(address: str) -> Response:
    """To a signed address. Nobody keeps this answer: the next one who asks is judged anew."""
    response = make_response(redirect(address, 302))
    response.headers["Cache-Control"] = "private, no-store"
    return response


def send_logo(key: str, *, caching: str) -> Response:
    """A company's logo; 404 when there is none."""
    if not key:
        abort(404)
    try:
        with services().backends.storage.open(key) as stream:
            picture = stream.read()
    except MissingObject:
        abort(404)
    answer = make_response(picture, {"Content-Type": content_type(key), "Cache-Control": caching})
    answer.add_etag()
    answer.make_conditional(request)
    return answer
