"""The team's room: signed in, with roles and CSRF protection. Each page is a module with a `blueprint`."""

from __future__ import annotations

from flask import Blueprint

from socialproof.web.marketer import (
    access,
    account,
    campaign_preview,
    campaigns,
    captions,
    company,
    contact_links,
    contacts,
    dashboard,
    events,
    imports,
    join,
    letter,
    media,
    moderation,
    popups,
    preview,
    reset,
    segments,
    sender,
    share,
    sign_in,
    surveys,
    switch,
    team,
    text_trial,
    tokens,
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
    campaign_preview,
    letter,
    text_trial,
    moderation,
    captions,
    media,
    widgets,
    popups,
    contacts,
    imports,
    segments,
    contact_links,
    events,
    tokens,
)

room = Blueprint("marketer", __name__, url_prefix="/app")
access.guard(room)

for page in ENTRANCE + ROOMS:
    room.register_blueprint(page.blueprint)
