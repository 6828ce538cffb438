"""Photos and videos for the team alone, before anything is public: tenancy checked, ranges, fixed types."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from socialproof.backends.storage.port import MissingObject, content_type
from socialproof.database import db
from socialproof.testimonials import moderation_queries as queries
from socialproof.web import services
from socialproof.web.marketer.access import current

blueprint = Blueprint("media", __name__, url_prefix="/media")

VARIANTS = ("video.mp4", "poster.webp", "96.webp", "192.webp", "384.webp")


@blueprint.get("/<media_id>/<variant>")
def show(media_id: str, variant: str) -> Response:
    """One finished file of a photo or video. What the customer uploaded itself is never served."""
    media = queries.media_for_team(db.session(), current().company.id, media_id)
    if variant not in VARIANTS or variant not in media.variants:
        abort(404)
    storage, key = services().backends.storage, f"{media.prefix.rstrip('/')}/{variant}"
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
    response.headers.update(SAFELY)
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=stored.size)
    except RequestedRangeNotSatisfiable:
        stream.close()
        raise
    return response


SAFELY = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "same-origin",
}
