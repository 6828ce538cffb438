"""The customer's room: the link is the authority; no cookie, no account, not for search engines."""

from __future__ import annotations

from flask import Blueprint

from socialproof.web.customer import (
    access,
    invitation,
    logo,
    manage,
    proposal,
    response,
    short,
    survey,
    testimonial,
    unsubscribe,
    uploads,
    video,
)

room = Blueprint("customer", __name__, url_prefix="/s")
access.guard(room)

for page in (survey, logo, invitation, response, testimonial, video, uploads, manage, proposal, unsubscribe, short):
    room.register_blueprint(page.blueprint)
