"""The team's room: signed in, with roles and CSRF protection. Each page is a module with a `blueprint`."""

from __future__ import annotations

from flask import Blueprint

from socialproof.web.marketer import (
    access,
    account,
    campaigns,
    captions,
    company,
    dashboard,
    join,
    media,
    moderation,
    preview,
    reset,
    sender,
    share,
    sign_in,
    surveys,
    switch,
    team,
    welcome,
    widgets,
)

ENTRANCE = (welcome, sign_in, reset, join)
ROOMS = (
    switch,
    account,
    team,
    company,
    sender,
    dashboard,
    surveys,
    preview,
    share,
    campaigns,
    moderation,
    captions,
    media,
    widgets,
)

room = Blueprint("marketer", __name__, url_prefix="/app")
access.guard(room)

for page in ENTRANCE + ROOMS:
    room.register_blueprint(page.blueprint)
