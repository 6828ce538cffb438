"""Campaigns in sentences: what each template is for, when it asks, and what is in the way of a start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Literal

from babel.dates import format_time, get_day_names
from flask import Blueprint
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from socialproof.campaigns.models import Campaign, Invitation
from socialproof.domain.campaign import DAY_MINUTES
from socialproof.domain.schedule import local_day
from socialproof.languages import DEFAULT, locale_of
from socialproof.web.language import day
from socialproof.web.marketer.access import current
from socialproof.web.marketer.reach_words import capped_word

PURPOSES = {
    "relationship": _l(
        "Asks every customer again and again, such as once a quarter, a few each working day, so that you always"
        " know how your customers feel."
    ),
    "lifecycle": _l("Asks each customer 3, 6 and 12 months after they became one, each on their own day."),
    "event": _l(
        "Asks after something has happened: a deal was won, goods arrived, a meeting was held, support helped."
    ),
    "project": _l(
        "In two steps: at delivery it thanks, asks for a number and then for a reference; one to two months later it"
        " reminds those who have not answered, and asks those who answered 9 or 10 but gave no reference once more,"
        " for the reference alone."
    ),
    "one_off": _l("Asks everybody, or everybody in one segment, a single time."),
}

SIGNS = {"relationship": "heart", "lifecycle": "clock", "event": "star", "project": "quote", "one_off": "target"}

OBSTACLES = {
    "survey_kind": _l("Its survey is of the other kind. Choose one that fits, because kinds are never mixed."),
    "survey_not_open": _l("Its survey is not open, so nobody could answer."),
    "no_event_name": _l("It does not know for what to wait: give the event a name."),
    "no_postal_address": _l("Your postal address is missing. The law wants it in every letter of this kind."),
    "nobody": _l("Nobody can be asked: there is no contact in its segment."),
}

WARNINGS = {
    "unsigned": _l(
        "Letters go out from your own address, but its records are not proven yet. Some may land among spam."
    ),
    "sms_console": _l("No text message service is set up: messages are only kept in a folder of the server."),
}

REFUSALS = {
    "wrong_state": _l("This is no longer possible: somebody else has started, paused or stopped it meanwhile."),
    "not_ready": _l("It has not started: something is still in the way."),
    "survey_kind": _l("This survey is of the other kind."),
    "survey_fixed": _l("A campaign stays with its survey once it has started. Make a new one for another survey."),
    "segment_unknown": _l("This segment is not there any more."),
}

DONE = {
    "start": _l("The campaign runs. Who is asked when is being planned now."),
    "pause": _l("The campaign is paused: nothing is sent until you resume it."),
    "resume": _l("The campaign goes on where it paused."),
    "stop": _l("The campaign is stopped."),
}


def minute_word(minute: int) -> str:
    """A minute of the day as a time; the last one is 24:00, which is no time of any day."""
    if minute == DAY_MINUTES:
        return "24:00"
    return format_time(time(minute // 60, minute % 60), "short", locale=locale_of(str(get_locale() or DEFAULT)))


def weekday_word(number: int, width: Literal["abbreviated", "wide"] = "abbreviated") -> str:
    """The name of an ISO weekday, as it stands by itself: Finnish bends it inside a sentence."""
    return str(get_day_names(width, "stand-alone", get_locale() or DEFAULT)[number - 1])


def rhythm_word(campaign: Campaign) -> str:
    """When it asks, in one line."""
    words: dict[str, Callable[[Campaign], str]] = {
        "relationship": _every,
        "lifecycle": _milestones,
        "event": _after,
        "project": _after,
    }
    return words[campaign.template](campaign) if campaign.template in words else str(_("Once"))


def _every(campaign: Campaign) -> str:
    often = ngettext("Every month", "Every %(num)s months", campaign.every_months)
    if campaign.spread == "at_once":
        return str(_("%(often)s, all at once", often=often))
    return str(_("%(often)s, a few each working day", often=often))


def _milestones(campaign: Campaign) -> str:
    months = ", ".join(str(number) for number in campaign.milestones)
    return str(_("%(months)s months after they became a customer", months=months))


def _after(campaign: Campaign) -> str:
    if not campaign.event_name:
        return str(_("After an event without a name"))
    if campaign.delay_days == 0:
        return str(_("On the day of “%(event)s”", event=campaign.event_name))
    return str(
        ngettext(
            "%(num)s day after “%(event)s”", "%(num)s days after “%(event)s”", campaign.delay_days,
            event=campaign.event_name,
        )
    )  # fmt: skip


def hours_word(campaign: Campaign) -> str:
    """Weekdays and hours in which it may ask; days in a row are joined."""
    hours = f"{minute_word(campaign.send_from_minute)}–{minute_word(campaign.send_until_minute)}"
    return f"{', '.join(_stretches(campaign.weekdays))}, {hours}"


def _stretches(weekdays: list[int]) -> list[str]:
    runs: list[list[int]] = []
    for number in sorted(weekdays):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ["–".join(dict.fromkeys(weekday_word(number) for number in (run[0], run[-1]))) for run in runs]


def reminder_word(campaign: Campaign) -> str:
    if not campaign.most_reminders:
        return str(_("None"))
    return str(ngettext("One, after %(num)s day", "One, after %(num)s days", campaign.reminder_after_days))


def local_date(moment: datetime) -> str:
    """The day on which it is this moment where the company is."""
    return day(local_day(moment, current().company.time_zone))


def waits_word(invitation: Invitation, campaign: Campaign) -> str:
    """When an invitation that waits goes out; with a daily cap the day is only the earliest one."""
    if invitation.due_at is None:
        return ""
    due_on = local_date(invitation.due_at)
    capped = capped_word(due_on, campaign.daily_cap, invitation.reason)
    return capped or str(
        _("until %(day)s", day=due_on) if invitation.state == "deferred" else _("on %(day)s", day=due_on)
    )


def register_campaign_words(blueprint: Blueprint) -> None:
    """Give the templates of this page these words; names are the functions' own."""
    words = (minute_word, weekday_word, rhythm_word, hours_word, reminder_word, local_date, waits_word)
    tables = {"PURPOSES": PURPOSES, "SIGNS": SIGNS, "OBSTACLES": OBSTACLES, "WARNINGS": WARNINGS}
    blueprint.context_processor(lambda: tables | {word.__name__: word for word in words})
