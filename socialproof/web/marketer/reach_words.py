"""Words for campaigns and invitations in one place: states, channels, templates, and why somebody is not asked."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

REASONS = {
    # not now
    "asked_recently": _l("asked recently"),
    "nps_asked_recently": _l("asked for a score recently"),
    "another_first": _l("another survey comes first"),
    "outside_hours": _l("outside the sending hours"),
    "daily_cap": _l("the day’s limit is reached"),
    "put_off": _l("their mail server asked to try again later"),
    # never
    "deleted": _l("the contact was deleted"),
    "contact_deleted": _l("the contact was deleted"),
    "no_address": _l("no address for this channel"),
    "unsubscribed": _l("unsubscribed"),
    "bounced": _l("the address does not take mail"),
    "complained": _l("reported a letter as spam"),
    "stopped": _l("answered STOP to a text message"),
    # not any more
    "campaign_stopped": _l("the campaign was stopped"),
    "event_retracted": _l("what was noted was taken back"),
    "survey_closed": _l("the survey was closed"),
    "survey_not_open": _l("the survey is not open"),
    "refused": _l("their server refused it"),
    # not chosen
    "not_sampled": _l("not in the sample"),
}

STATES = {
    "pending": _l("Planned"),
    "deferred": _l("Deferred"),
    "sent": _l("Sent"),
    "delivered": _l("Delivered"),
    "answered": _l("Answered"),
    "declined": _l("Declined"),
    "expired": _l("Out of time"),
    "bounced": _l("Bounced"),
    "unsubscribed": _l("Unsubscribed"),
    "cancelled": _l("Cancelled"),
}

CHANNELS = {
    "link": _l("Personal link"),
    "mail": _l("E-mail"),
    "sms": _l("Text message"),
    "popup": _l("Popup"),
}

TEMPLATES = {
    "relationship": _l("Regular pulse"),
    "lifecycle": _l("Customer anniversaries"),
    "event": _l("After an event"),
    "project": _l("Project reference"),
    "one_off": _l("One time"),
}

CAMPAIGN_STATES = {
    "draft": _l("Draft"),
    "running": _l("Running"),
    "paused": _l("Paused"),
    "stopped": _l("Stopped"),
    "finished": _l("Finished"),
}

VERDICTS = {"asked": _l("Asked"), "deferred": _l("Deferred"), "never": _l("Not asked")}

BADGES = {
    "pending": "draft",
    "deferred": "caution",
    "sent": "sent",
    "delivered": "sent",
    "answered": "answered",
    "declined": "closed",
    "expired": "expired",
    "bounced": "bounced",
    "unsubscribed": "closed",
    "cancelled": "closed",
    "draft": "draft",
    "running": "good",
    "paused": "caution",
    "stopped": "closed",
    "finished": "info",
    "asked": "good",
    "never": "bad",
}


def reason_word(code: str) -> str:
    """Why somebody is not asked now, or never: the end of a sentence, without its full stop. No code, no word."""
    return str(REASONS.get(code) or _("for another reason")) if code else ""


def capped_word(day: str, cap: int | None, reason: str) -> str:
    """When somebody is asked who waits for a place in a campaign with a daily cap: the day is only the earliest one.

    Empty where the day can be relied on: there is no cap, or the reason has a day of its own.
    """
    if not cap or reason not in ("", "daily_cap", "outside_hours"):
        return ""
    return str(_("not before %(day)s, at most %(cap)s a day", day=day, cap=cap))


def state_word(state: str) -> str:
    """The state of one invitation."""
    return str(STATES.get(state, state))


def channel_word(channel: str) -> str:
    return str(CHANNELS.get(channel, channel))


def template_word(template: str) -> str:
    return str(TEMPLATES.get(template, template))


def campaign_state_word(state: str) -> str:
    return str(CAMPAIGN_STATES.get(state, state))


def verdict_word(verdict: str) -> str:
    """What the asking ledger said."""
    return str(VERDICTS.get(verdict, verdict))


def reach_badge(state: str) -> str:
    """The class of the badge that carries a state of an invitation, of a campaign, or a verdict."""
    return f"badge-{BADGES.get(state, 'closed')}"


def register_reach_words(blueprint: Blueprint) -> None:
    """Give the templates these words as filters; names are the functions' own."""
    words = (reason_word, state_word, channel_word, template_word, campaign_state_word, verdict_word, reach_badge)
    for word in words:
        blueprint.add_app_template_filter(word)
