"""One file of a customer's own photo or video, sent to its owner only."""

from __future__ import annotations

from flask import send_file
from werkzeug.wrappers import Response as BaseResponse

from socialproof.backends.storage.port import MissingObject, content_type
from socialproof.testimonials.models import Media
from socialproof.web import services
from socialproof.web.customer.access import unknown_link


def send_variant(media: Media, variant: str) -> BaseResponse:
    """The named variant if it is ready, else the same 404 as for everything unknown; answers byte ranges."""
    if media.state != "ready" or variant not in media.variants:
        unknown_link()
    try:
        source = services().backends.storage.open(f"{media.prefix}/{variant}")
    except MissingObject:
        unknown_link()
    answer = send_file(source, mimetype=content_type(variant), conditional=True, etag=False)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
