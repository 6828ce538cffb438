"""The customer's room: the link is the authority; no cookie, no account, not for search engines."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Blueprint

from socialproof.web.customer import access

PAGES = ("survey", "logo", "invitation", "response", "testimonial", "video", "uploads", "manage", "proposal")

room = Blueprint("customer", __name__, url_prefix="/s")
access.guard(room)

for _page in PAGES:
    if find_spec(f"{__name__}.{_page}"):
        room.register_blueprint(import_module(f"{__name__}.{_page}").blueprint)
