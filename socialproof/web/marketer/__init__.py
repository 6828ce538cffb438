"""The team's room: signed in, with roles and CSRF protection. Each page is a module with a `blueprint`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Blueprint

from socialproof.web.marketer import access

PAGES = (
    "welcome",
    "sign_in",
    "reset",
    "join",
    "switch",
    "account",
    "team",
    "company",
    "dashboard",
    "surveys",
    "preview",
    "share",
    "moderation",
    "media",
    "widgets",
)

room = Blueprint("marketer", __name__, url_prefix="/app")
access.guard(room)

for _page in PAGES:
    if find_spec(f"{__name__}.{_page}"):
        room.register_blueprint(import_module(f"{__name__}.{_page}").blueprint)
