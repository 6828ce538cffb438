"""The customer's room: the link is the authority; no cookie, no account, not for search engines."""

from __future__ import annotations

from flask import Blueprint

from socialproof.web.customer import access, invitation, response, survey, uploads, video

room = Blueprint("customer", __name__, url_prefix="/s")
access.guard(room)
for _page in (survey, invitation, response, uploads, video):
    room.register_blueprint(_page.blueprint)
