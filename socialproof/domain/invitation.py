"""When a personal link still answers, and when it is a machine that opens it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from socialproof.domain.letter import Part

LINK_LIFETIME = timedelta(days=90)
MACHINE_WINDOW = timedelta(seconds=60)

WAITING = ("pending", "deferred")
"""States in which it is not sent yet: not a first letter, text or link."""
ON_ITS_WAY = (*WAITING, "sent", "delivered")
"""States that a report may still change; an answer, an end or a "no" is stronger than any report."""
WRITTEN_TO = (*ON_ITS_WAY, "answered")
"""States in which there may be a letter to come; after an answer it is the request for a reference."""


class LinkState(StrEnum):
    """What a personal link is good for at this moment."""

    LIVE = "live"
    ANSWERED = "answered"
    EXPIRED = "expired"
    REVOKED = "revoked"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Opening:
    """A link with this score in it was opened; that alone is not an answer."""

    score: int
    at: datetime


def link_state(
    *,
    now: datetime,
    expires_at: datetime | None,
    revoked_at: datetime | None = None,
    answered_at: datetime | None = None,
    contact_deleted: bool = False,
) -> LinkState:
    """The first of gone, revoked, answered, expired that is true, otherwise live.

    Answered goes before expired: who has answered may still look at the answer and change it in its own window.
    """
    if contact_deleted:
        return LinkState.GONE
    if revoked_at is not None:
        return LinkState.REVOKED
    if answered_at is not None:
        return LinkState.ANSWERED
    if expires_at is not None and now >= expires_at:
        return LinkState.EXPIRED
    return LinkState.LIVE


def part_of(state: str, sent_at: datetime | None) -> Part:
    """Which letter goes out next to an invitation in this state, if any is due."""
    if state == "answered":
        return Part.REFERENCE
    return Part.FIRST if sent_at is None else Part.REMINDER


def opened_by_machine(openings: Iterable[Opening], *, last_act_at: datetime | None = None) -> bool:
    """Two different scores were opened within 60 s and no human act came since: a mail scanner tries all links.

    `last_act_at` is the time of the latest Send or trusted gesture; what was opened before it is forgiven.
    """
    counted = sorted(
        (opening for opening in openings if last_act_at is None or opening.at > last_act_at),
        key=lambda opening: opening.at,
    )
    return any(
        earlier.score != later.score and later.at - earlier.at <= MACHINE_WINDOW for earlier, later in pairwise(counted)
    )
