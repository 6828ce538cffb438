"""The providers' room: services that carry letters and text messages tell here what became of them."""

from __future__ import annotations

from flask import Blueprint

from socialproof.web.provider import access, mail, sms

room = Blueprint("provider", __name__, url_prefix="/hooks")
access.guard(room)

for page in (mail, sms):
    room.register_blueprint(page.blueprint)
