"""Campaigns as rules: the ready-made templates, what each may be set to, and which state follows which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from socialproof.domain.customer_event import MOST_LETTERS
from socialproof.domain.errors import RuleBroken
from socialproof.domain.survey import SurveyKind
from socialproof.domain.text import clean_line

MAX_NAME_CHARACTERS = 120
LEAST_MONTHS, MOST_MONTHS = 1, 24
"""Of a round."""
MOST_MILESTONES, LAST_MILESTONE = 12, 120
"""How many, and the last month after "customer since" that can be one."""
MOST_DELAY_DAYS = 365
MOST_DAILY_CAP = 100_000
LEAST_WINDOW_MINUTES = 60
"""A shorter one would be over before the sender is through."""
MOST_REMINDERS = 1
LEAST_REMINDER_DAYS, MOST_REMINDER_DAYS = 2, 60
DAY_MINUTES = 24 * 60


class CampaignTemplate(StrEnum):
    RELATIONSHIP = "relationship"
    LIFECYCLE = "lifecycle"
    EVENT = "event"
    PROJECT = "project"
    ONE_OFF = "one_off"


class CampaignState(StrEnum):
    """Finished: a one-off that has nothing left to send. Stopped: by a person, and for good."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"


class Spread(StrEnum):
    """Drip: evenly over the working days of the round. At once: everybody when it begins."""

    DRIP = "drip"
    AT_ONCE = "at_once"


class CampaignRefused(RuleBroken):
    """A setting cannot be kept; `code` says why, `details["field"]` says which, others hold limits."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Everything that a campaign may be set to, but its name, survey and segment. Minutes are of the local day."""

    channel: str = "mail"
    every_months: int = 3
    spread: str = Spread.DRIP.value
    milestones: tuple[int, ...] = ()
    event_name: str = ""
    delay_days: int = 0
    sample_percent: int = 100
    daily_cap: int | None = None
    send_from_minute: int = 9 * 60
    send_until_minute: int = 17 * 60
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)
    most_reminders: int = 1
    reminder_after_days: int = 7


USES: dict[CampaignTemplate, tuple[str, ...]] = {
    CampaignTemplate.RELATIONSHIP: ("every_months", "spread"),
    CampaignTemplate.LIFECYCLE: ("milestones",),
    CampaignTemplate.EVENT: ("event_name", "delay_days"),
    CampaignTemplate.PROJECT: ("event_name", "delay_days"),
    CampaignTemplate.ONE_OFF: (),
}
"""The fields of a rhythm that say when; all the others belong to every template."""

RHYTHMIC = frozenset(name for names in USES.values() for name in names)

KINDS: dict[CampaignTemplate, tuple[SurveyKind, ...]] = {
    CampaignTemplate.RELATIONSHIP: (SurveyKind.RELATIONSHIP,),
    CampaignTemplate.LIFECYCLE: (SurveyKind.RELATIONSHIP,),
    CampaignTemplate.EVENT: (SurveyKind.TRANSACTIONAL,),
    CampaignTemplate.PROJECT: (SurveyKind.TRANSACTIONAL,),
    CampaignTemplate.ONE_OFF: (SurveyKind.RELATIONSHIP, SurveyKind.TRANSACTIONAL),
}
"""Kinds of surveys that a template may ask, because kinds are never mixed in one figure."""

DEFAULTS: dict[CampaignTemplate, Rhythm] = {
    CampaignTemplate.RELATIONSHIP: Rhythm(),
    CampaignTemplate.LIFECYCLE: Rhythm(milestones=(3, 6, 12)),
    CampaignTemplate.EVENT: Rhythm(delay_days=1),
    # The reference is asked for within two weeks; between one and two months later those who have not answered are
    # reminded, and those who answered gladly are asked for the reference alone.
    CampaignTemplate.PROJECT: Rhythm(event_name="delivered", delay_days=2, reminder_after_days=45),
    CampaignTemplate.ONE_OFF: Rhythm(spread=Spread.AT_ONCE.value),
}


def asks_for_reference(template: str) -> bool:
    """Whether those who answered gladly are asked for a reference by a second letter."""
    return template == CampaignTemplate.PROJECT


def fits(template: str, survey_kind: str) -> bool:
    """Whether this template may ask a survey of this kind."""
    return survey_kind in KINDS[CampaignTemplate(template)]


def checked_name(name: str) -> str:
    """The name, or CampaignRefused when it is empty or longer than 120 characters."""
    if not name:
        raise CampaignRefused("name_missing", field="name")
    if len(name) > MAX_NAME_CHARACTERS:
        raise CampaignRefused("name_too_long", field="name", limit=MAX_NAME_CHARACTERS)
    return name


def event_named(typed: str) -> str:
    """An event's name as it is compared: lower case, words separated by one space."""
    return clean_line(typed).lower()


def milestones_of(typed: Sequence[int]) -> tuple[int, ...]:
    """Months after "customer since", each once and ascending; CampaignRefused when there are none or odd ones."""
    months = tuple(sorted(set(typed)))
    if not months:
        raise CampaignRefused("milestones_missing", field="milestones")
    if len(months) > MOST_MILESTONES:
        raise CampaignRefused("too_many_milestones", field="milestones", limit=MOST_MILESTONES)
    if months[0] < 1 or months[-1] > LAST_MILESTONE:
        raise CampaignRefused("range", field="milestones", least=1, most=LAST_MILESTONE)
    return months


def checked(template: str, rhythm: Rhythm) -> Rhythm:
    """The rhythm as it is kept: what the template does not use goes back to its default.

    CampaignRefused names the first field that is out of its limits. An event may still be without a name: only
    starting needs it.
    """
    kind = CampaignTemplate(template)
    unused = {name: getattr(DEFAULTS[kind], name) for name in RHYTHMIC - set(USES[kind])}
    kept = replace(rhythm, **unused)
    if "milestones" in USES[kind]:
        kept = replace(kept, milestones=milestones_of(kept.milestones))
    if "event_name" in USES[kind]:
        kept = replace(kept, event_name=event_named(kept.event_name))
    _check_limits(kept)
    _check_hours(kept)
    return kept


def _check_limits(rhythm: Rhythm) -> None:
    limits: tuple[tuple[str, int | None, int, int], ...] = (
        ("every_months", rhythm.every_months, LEAST_MONTHS, MOST_MONTHS),
        ("delay_days", rhythm.delay_days, 0, MOST_DELAY_DAYS),
        ("sample_percent", rhythm.sample_percent, 1, 100),
        ("daily_cap", rhythm.daily_cap, 1, MOST_DAILY_CAP),
        ("most_reminders", rhythm.most_reminders, 0, MOST_REMINDERS),
        ("reminder_after_days", rhythm.reminder_after_days, LEAST_REMINDER_DAYS, MOST_REMINDER_DAYS),
    )
    for field, number, least, most in limits:
        if number is not None and not least <= number <= most:
            raise CampaignRefused("range", field=field, least=least, most=most)
    for field, word, words in (("channel", rhythm.channel, ("mail", "sms")), ("spread", rhythm.spread, Spread)):
        if word not in list(words):
            raise CampaignRefused("choice", field=field)
    if len(rhythm.event_name) > MOST_LETTERS:
        raise CampaignRefused("too_long", field="event_name", limit=MOST_LETTERS)


def _check_hours(rhythm: Rhythm) -> None:
    if not rhythm.weekdays or not set(rhythm.weekdays) <= set(range(1, 8)):
        raise CampaignRefused("weekdays", field="weekdays")
    begins, ends = rhythm.send_from_minute, rhythm.send_until_minute
    if not 0 <= begins < DAY_MINUTES or not 0 < ends <= DAY_MINUTES:
        raise CampaignRefused("hours", field="send_until_minute")
    if ends - begins < LEAST_WINDOW_MINUTES:
        raise CampaignRefused("hours", field="send_until_minute")


def state_after(state: str, act: str) -> CampaignState:
    """The state after start, pause, resume, stop or finish; RuleBroken("wrong_state") when that cannot follow."""
    allowed = {
        ("draft", "start"): CampaignState.RUNNING,
        ("running", "pause"): CampaignState.PAUSED,
        ("paused", "resume"): CampaignState.RUNNING,
        ("running", "stop"): CampaignState.STOPPED,
        ("paused", "stop"): CampaignState.STOPPED,
        ("running", "finish"): CampaignState.FINISHED,
    }
    try:
        return allowed[(state, act)]
    except KeyError:
        raise RuleBroken("wrong_state", state=state, act=act) from None


def is_over(state: str) -> bool:
    """Whether nothing about the campaign can change any more."""
    return state in (CampaignState.STOPPED, CampaignState.FINISHED)


ONCE = "once"
"""The occasion of a one-off."""


def round_occasion(round_on: date) -> str:
    """The occasion of the round that begins on this day."""
    return round_on.isoformat()


def milestone_occasion(months: int) -> str:
    """The occasion of a contact that has been a customer for so many months."""
    return f"month-{months}"


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is known about a campaign before it starts."""

    template: str
    channel: str
    event_name: str
    survey_kind: str
    survey_state: str
    has_contacts: bool
    """Whether there is anybody in its segment, or in the company at all."""
    has_postal_address: bool


def obstacles(ready: Readiness) -> list[str]:
    """Why the campaign cannot start yet, in the order in which a person would repair it; empty: it can."""
    template = CampaignTemplate(ready.template)
    waits_for_event = "event_name" in USES[template]
    found = {
        "survey_kind": not fits(template, ready.survey_kind),
        "survey_not_open": ready.survey_state != "open",
        "no_event_name": waits_for_event and not ready.event_name,
        "no_postal_address": ready.channel == "mail" and not ready.has_postal_address,
        # An event may bring its contact with it, so that one need not be there yet.
        "nobody": not waits_for_event and not ready.has_contacts,
    }
    return [code for code, is_so in found.items() if is_so]


def unhappy_per_day(daily_cap: int, *, response_rate: float, detractor_share: float) -> float:
    """How many answers of 0 to 6 a full day brings; both shares are between 0 and 1."""
    return daily_cap * response_rate * detractor_share
