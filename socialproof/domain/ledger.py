"""The asking ledger's rule: may this contact be asked now, not yet (until when), or never, and why.

One rule for every channel. Two times rest a contact: between any two asks, and, longer, between two NPS asks. A
reminder belongs to an ask that was already allowed, so the times do not hold it back; what says never does. A request
for a testimonial is an ask of its own: it waits until the contact has rested, and the contact rests after it.

Nobody starves: whoever was wanted first goes first. An ask yields to an older one of the same contact that waits only
for the hours or a cap. So an ask waits at most, for itself and for each one that was wanted before it, both rest times
together and then for the next hours: together, because another kind of ask may come between two NPS asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

YIELD = timedelta(days=1)
"""How long an ask steps back for an older one before it asks again."""


class Kind(StrEnum):
    """What is asked."""

    NPS = "nps"
    REMINDER = "reminder"
    TESTIMONIAL = "testimonial"


class Channel(StrEnum):
    """How the contact is reached; a link is handed over by somebody of the team."""

    LINK = "link"
    MAIL = "mail"
    SMS = "sms"
    POPUP = "popup"


class Verdict(StrEnum):
    """What the ledger says."""

    ASKED = "asked"
    DEFERRED = "deferred"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a contact that bears on asking it by one channel."""

    is_deleted: bool = False
    has_address: bool = True
    """An address for this channel; a popup and a link need none."""
    is_unsubscribed: bool = False
    is_bounced: bool = False
    is_complained: bool = False
    is_stopped: bool = False
    """Text messages were stopped."""
    last_asked_at: datetime | None = None
    last_nps_asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """The company's least number of days between two asks of one contact."""

    rest_days: int = 30
    nps_rest_days: int = 90


@dataclass(frozen=True, slots=True)
class Decision:
    """The ledger's word. Deferred has a reason and an aware UTC moment; never has a reason; asked has neither."""

    verdict: Verdict
    reason: str = ""
    until: datetime | None = None


ASKED = Decision(Verdict.ASKED)


def decide(
    *,
    kind: Kind,
    channel: Channel,
    standing: Standing,
    rest: Rest,
    now: datetime,
    has_older_waiting: bool = False,
    not_before: datetime | None = None,
    not_before_reason: str = "",
) -> Decision:
    """Whether this ask may go out now.

    `not_before` is what its campaign says by itself (hours, a cap, a server that put it off), and why.
    `has_older_waiting`: another ask of the contact was wanted earlier and waits neither for a rest time nor for ever.
    """
    never = never_reason(channel, standing)
    if never:
        return Decision(Verdict.NEVER, never)
    until, reason = rest_until(kind, standing, rest)
    if not_before is not None and (until is None or not_before > until):
        until, reason = not_before, not_before_reason
    if until is not None and until > now:
        return Decision(Verdict.DEFERRED, reason, until)
    if has_older_waiting and kind is not Kind.REMINDER:
        return Decision(Verdict.DEFERRED, "another_first", now + YIELD)
    return ASKED


def never_reason(channel: Channel, standing: Standing) -> str:
    """Why this contact is not asked by this channel at all; empty when it may be."""
    by_mail, by_sms = channel is Channel.MAIL, channel is Channel.SMS
    reasons = {
        "deleted": standing.is_deleted,
        "unsubscribed": standing.is_unsubscribed,
        "no_address": (by_mail or by_sms) and not standing.has_address,
        "bounced": by_mail and standing.is_bounced,
        "complained": by_mail and standing.is_complained,
        "stopped": by_sms and standing.is_stopped,
    }
    return next((reason for reason, is_true in reasons.items() if is_true), "")


def rest_until(kind: Kind, standing: Standing, rest: Rest) -> tuple[datetime | None, str]:
    """When the contact has rested for this kind of ask, and the reason to name; (None, "") when nothing rests it.

    An ask in the future (the clock was wrong, then or now) counts as it stands: too late is better than twice.
    """
    ends: list[tuple[datetime, str]] = []
    if kind is not Kind.REMINDER and standing.last_asked_at is not None:
        ends.append((standing.last_asked_at + timedelta(days=rest.rest_days), "asked_recently"))
    if kind is Kind.NPS and standing.last_nps_asked_at is not None:
        ends.append((standing.last_nps_asked_at + timedelta(days=rest.nps_rest_days), "nps_asked_recently"))
    return max(ends, default=(None, ""), key=lambda end: end[0])
