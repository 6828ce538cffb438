"""What Amazon's mail service tells about our letters, by its notification service: bounces, complaints, deliveries."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, request

from socialproof import clock
from socialproof.backends.mail.sns import SnsMalformed, SnsNotSigned, SnsUnavailable
from socialproof.campaigns.returned import take_note
from socialproof.database import transaction
from socialproof.web import services
from socialproof.web.provider.access import require_hook

blueprint = Blueprint("mail", __name__, url_prefix="/mail")

MOST_BYTES = 600 * 1024
"""A note has at most 256 KB, and is written as text within a text."""
AGAIN_AFTER_SECONDS = "60"


@blueprint.post("/<token>")
def receive(token: str) -> Response:
    """One note. The service tries again after 429, and takes any other refusal for a final one."""
    require_hook(token, "mail")
    request.max_content_length = MOST_BYTES
    desk = services().backends.sns
    try:
        note = desk.open(request.get_data(), now=clock.now())
        if note.kind == "SubscriptionConfirmation":
            desk.confirm(note)
            return make_response("", 200)
    except SnsMalformed:
        abort(400)
    except SnsNotSigned:
        abort(403)
    except SnsUnavailable:
        return make_response("", 429, {"Retry-After": AGAIN_AFTER_SECONDS})
    if note.kind == "Notification":
        with transaction() as session:
            take_note(session, tokens=services().tokens, message=note.message, now=clock.now())
    return make_response("", 200)
