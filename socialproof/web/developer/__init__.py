"""The developer's room: JSON, an API token, no cookie, no page."""

from __future__ import annotations

from flask import Blueprint

from socialproof.web.developer import access, events

room = Blueprint("developer", __name__, url_prefix="/api/v1")
access.guard(room)

for page in (events,):
    room.register_blueprint(page.blueprint)
