"""The customer's room: the link is the authority; no cookie, no account, not for search engines."""

from __future__ import annotations

from flask import Blueprint

from socialproof.web.customer import (
    access,
    invitation,
    logo,
    manage,
    popup,
    proposal,
    response,
    short,
    survey,
    testimonial,
    text_trial,
    unsubscribe,
    uploads,
    video,
)

room = Blueprint("customer", __name__, url_prefix="/s")
access.guard(room)

ANSWERING = (survey, logo, invitation, response, testimonial, video, uploads, popup)
AFTERWARDS = (manage, proposal, unsubscribe, short, text_trial)

for page in ANSWERING + AFTERWARDS:
    room.register_blueprint(page.blueprint)
