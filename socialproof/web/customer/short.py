"""The short address in a text message: leads on to the personal link, or to where texts are stopped."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, redirect, request, url_for
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from socialproof import clock
from socialproof.campaigns.models import Invitation
from socialproof.campaigns.service import invitation_token
from socialproof.campaigns.texts import REFERENCE, invitation_with_code
from socialproof.companies.attempts import network_of
from socialproof.database import db
from socialproof.tokens import Purpose
from socialproof.web import services
from socialproof.web.customer.access import unknown_link
from socialproof.web.rate_limits import RateLimit, rate_limit

blueprint = Blueprint("short", __name__, url_prefix="/k")

MOST_UNKNOWN, WINDOW = 60, timedelta(minutes=15)
"""Codes that nobody has, from one network. Whoever was sent a code never meets this, many people behind one address
neither; 59 bits could not be guessed even without it.
"""
LIMIT = "short links"


@blueprint.get("/<code>")
def show(code: str) -> Response:
    """To the question. Opening it tells nothing yet, so that a preview of the message changes nothing."""
    token = invitation_token(services().tokens, _invitation(code))
    return redirect(url_for("customer.invitation.show", token=token), 302)


@blueprint.get(f"/<code>/{REFERENCE}")
def reference(code: str) -> Response:
    """To the form for a reference, by way of the personal link."""
    token = invitation_token(services().tokens, _invitation(code))
    return redirect(url_for("customer.invitation.testimonial", token=token), 302)


@blueprint.get("/<code>/stop")
def stop(code: str) -> Response:
    """To the page where one says never, which asks before it does."""
    token = services().tokens.sign(Purpose.UNSUBSCRIBE, _invitation(code).contact.public_id)
    return redirect(url_for("customer.unsubscribe.show", token=token), 302)


def _invitation(code: str) -> Invitation:
    network, now = network_of(request.remote_addr or ""), clock.now()
    left = _guesses().seconds_left(network, now)
    if left:
        raise TooManyRequests(retry_after=left)
    invitation = invitation_with_code(db.session(), code)
    if invitation is None:
        _guesses().count(network, now)
        unknown_link()
    return invitation


def _guesses() -> RateLimit:
    return rate_limit(LIMIT, MOST_UNKNOWN, WINDOW)
