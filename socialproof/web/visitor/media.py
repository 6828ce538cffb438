"""Photos, recordings and captions of testimonials that are public at this moment: the gate is asked anew every time."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from socialproof.database import db
from socialproof.web.captions import send_captions
from socialproof.web.files import send_variant
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
    caching = f"public, max-age={MEDIA_SECONDS}, must-revalidate"
    if variant == queries.CAPTIONS and media.captions is not None:
        return send_captions(media.captions, caching=caching)
    return send_variant(media, variant, caching=caching)
