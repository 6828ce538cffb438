"""What campaigns of all companies have still to send, for whoever runs the installation: counts, no names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.queries import TO_SEND

MOST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Backlog:
    """`due_since`: since when the one that waits longest could have gone out; None: nothing is due.

    `next_at`: when the next one of those that wait for their time is looked at. `put_off` are the last words of servers
    to letters that are tried again, the most frequent first, with how many letters they stopped. `stuck_count` of these
    could not even be offered: the server was away, or refused us.
    """

    due_count: int
    due_since: datetime | None
    waiting_count: int
    next_at: datetime | None
    put_off: tuple[tuple[str, int], ...]
    stuck_count: int


def backlog(session: Session, now: datetime) -> Backlog:
    """What is due at `now`, what waits for its time, and what servers have put off, in campaigns that run."""
    due_count, due_since = _counted(session, Invitation.due_at <= now)
    waiting_count, next_at = _counted(session, Invitation.due_at > now)
    count = func.count().label("count")
    put_off = session.execute(
        select(Invitation.error, count)
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .where(*TO_SEND, Invitation.error != "")
        .group_by(Invitation.error)
        .order_by(count.desc(), Invitation.error)
        .limit(MOST_WORDS)
    )
    # Only what a server said of one letter counts as a try of it.
    stuck_count, _since = _counted(session, (Invitation.error != "") & (Invitation.attempt_count == 0))
    return Backlog(
        due_count, due_since, waiting_count, next_at, tuple((row[0], row[1]) for row in put_off), stuck_count
    )


def campaign_counts(session: Session) -> dict[str, int]:
    """How many campaigns are in each state; a state without any is missing."""
    rows = session.execute(select(Campaign.state, func.count()).group_by(Campaign.state))
    return {row[0]: row[1] for row in rows}


def _counted(session: Session, when: ColumnElement[bool]) -> tuple[int, datetime | None]:
    row = session.execute(
        select(func.count(), func.min(Invitation.due_at))
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .where(*TO_SEND, when)
    ).one()
    return row[0], row[1]
