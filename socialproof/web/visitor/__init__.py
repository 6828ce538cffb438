"""The visitor's room: public, read only, no cookie, any origin, cacheable. What is here has passed the gate."""

from __future__ import annotations

from flask import Blueprint

from socialproof.web.visitor import access, feed, media, method, popup, script, wall

room = Blueprint("visitor", __name__, url_prefix="/w")
access.guard(room)
for _page in (script, popup, feed, media, wall, method):
    room.register_blueprint(_page.blueprint)
