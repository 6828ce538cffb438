"""Photos and recordings of testimonials that are public at this moment: asked anew every time, ranges, fixed types."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from socialproof.backends.storage.port import MissingObject, content_type
from socialproof.database import db
from socialproof.web import services
from socialproof.widgets import queries

blueprint = Blueprint("media", __name__, url_prefix="/media")

MEDIA_SECONDS = 30
"""What is withdrawn must be gone within 60 s, also from caches in between."""


@blueprint.get("/<media_id>/<variant>")
def show(media_id: str, variant: str) -> Response:
    """One file. Unknown, private, withdrawn and missing all look the same."""
    media = queries.public_media(db.session(), media_id, variant)
    if media is None:
        abort(404)
    storage, key = services().backends.storage, f"{media.prefix.rstrip('/')}/{variant}"
    stored = storage.stat(key)
    if stored is None:
        abort(404)
    try:
        stream = storage.open(key)
    except MissingObject:
        abort(404)
    etag = f"{media.public_id}-{variant}-{stored.size}"
    response = send_file(stream, content_type(key), etag=etag, max_age=MEDIA_SECONDS)
    response.content_length = stored.size
    response.headers["Content-Disposition"] = "inline"
    response.headers["Cache-Control"] = f"public, max-age={MEDIA_SECONDS}, must-revalidate"
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=stored.size)
    except RequestedRangeNotSatisfiable:
        stream.close()
        raise
    return response
