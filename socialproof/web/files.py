"""One stored file, sent by any room: fixed type, byte ranges, an ETag, and the same 404 for everything unknown."""

from __future__ import annotations

from flask import Response, abort, make_response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from socialproof.backends.storage.port import MissingObject, content_type
from socialproof.media.models import Media
from socialproof.web import services


def send_variant(media: Media, variant: str, *, caching: str) -> Response:
    """A finished file of a photo or video that the caller has judged may be seen. `caching` is its Cache-Control.

    Browsers play a video, and iPhones only do, when they may ask for a part of it.
    """
    if media.state != "ready" or variant not in media.variants:
        abort(404)
    storage, key = services().backends.storage, f"{media.prefix}/{variant}"
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
