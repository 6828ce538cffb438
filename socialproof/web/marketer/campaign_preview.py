"""Whom a campaign asks and when, before it starts and at any time after: counted with names, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from socialproof.campaigns.catalogue import has_more_contacts
from socialproof.campaigns.models import Campaign
from socialproof.campaigns.pacing import pace_in, queue_of
from socialproof.campaigns.preview import Preview, preview
from socialproof.clock import now
from socialproof.contacts.ledger import rest_of, standing_of
from socialproof.contacts.models import Contact
from socialproof.database import db
from socialproof.domain.campaign import is_over
from socialproof.domain.ledger import Channel, Kind, never_reason, rest_until
from socialproof.web.marketer.campaign_page import found, page
from socialproof.web.marketer.campaign_words import local_date, register_campaign_words
from socialproof.web.marketer.dashboard_words import number
from socialproof.web.marketer.reach_words import reason_word, register_reach_words

blueprint = Blueprint("campaign_preview", __name__, url_prefix="/campaigns/<campaign_id>/preview")
register_reach_words(blueprint)
register_campaign_words(blueprint)
blueprint.context_processor(lambda: {"number": number})

FIGURES = ("asked_this_week", "later", "deferred", "suppressed", "not_due", "not_sampled", "invited")

MOST_AT_ONCE = 20_000
"""Contacts that are counted while the page is waited for; 100,000 may take seconds."""


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts to whom the same happens. `people` are the first of them, each with a word about just this one."""

    figure: str
    count: int
    people: list[tuple[Contact, str]]


@blueprint.get("")
def show(campaign_id: str) -> Response:
    """Everybody whom it would ask as things stand now. Of very many contacts the page comes first, then the count."""
    campaign = found(campaign_id)
    if is_over(campaign.state):
        return page("campaign_preview/show", campaign, forecast=None)
    if "count" not in request.args and has_more_contacts(db.session(), campaign.company_id, MOST_AT_ONCE):
        return page("campaign_preview/counting", campaign)
    forecast = preview(db.session(), campaign, now())
    queue = queue_of(db.session(), campaign, contacts=forecast.to_ask, now=now())
    pace, groups = pace_in(campaign, queue), groups_of(campaign, forecast)
    return page("campaign_preview/show", campaign, forecast=forecast, pace=pace, groups=groups)


def groups_of(campaign: Campaign, forecast: Preview) -> list[Group]:
    """The figures that are not nothing, with names."""
    words: dict[str, Callable[[Contact], str]] = {"suppressed": _never(campaign), "deferred": _until(campaign)}
    groups = []
    for figure in FIGURES:
        count = forecast.suppressed_count if figure == "suppressed" else getattr(forecast, figure)
        # The daily cap may move some of this week's to later; the first stay.
        named = forecast.names.get(figure, [])[:count]
        word = words.get(figure, _no_word)
        if count:
            groups.append(Group(figure, count, [(contact, word(contact)) for contact in named]))
    return groups


def _no_word(contact: Contact) -> str:
    return ""


def _never(campaign: Campaign) -> Callable[[Contact], str]:
    channel = Channel(campaign.channel)
    return lambda contact: reason_word(never_reason(channel, standing_of(contact, channel)))


def _until(campaign: Campaign) -> Callable[[Contact], str]:
    channel, rest = Channel(campaign.channel), rest_of(db.session(), campaign.company_id)

    def word(contact: Contact) -> str:
        rested_at, reason = rest_until(Kind.NPS, standing_of(contact, channel), rest)
        if rested_at is None:
            return ""
        return str(_("until %(day)s: %(reason)s", day=local_date(rested_at), reason=reason_word(reason)))

    return word
