"""Photos and videos for the team alone, before anything is public."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify

from socialproof.database import db
from socialproof.testimonials import moderation_queries as queries
from socialproof.web.files import send_variant
from socialproof.web.marketer.access import current

blueprint = Blueprint("media", __name__, url_prefix="/media")

VARIANTS = ("video.mp4", "video-360.mp4", "poster.webp", "preview.webp", "96.webp", "192.webp", "384.webp")


@blueprint.get("/<media_id>/<variant>")
def show(media_id: str, variant: str) -> Response:
    """One finished file of a photo or video. What the customer uploaded itself is never served."""
    media = queries.media_for_team(db.session(), current().company.id, media_id)
    if variant not in VARIANTS:
        abort(404)
    return send_variant(media, variant, caching="private, no-cache")


@blueprint.get("/<media_id>/progress")
def progress(media_id: str) -> Response:
    """How far the worker is, for the page that waits for it."""
    media = queries.media_of_team(db.session(), current().company.id, media_id)
    return jsonify(state=media.state, percent=media.progress_percent, reason=media.reason)
