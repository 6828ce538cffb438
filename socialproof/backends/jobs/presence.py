"""Workers say every minute that they are at work, so that somebody can tell when none is."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import WorkerPresence
from socialproof.database import insert_into

KEPT = timedelta(days=7)
"""How long a worker that died without a word is remembered."""


def own_name() -> str:
    """This machine and this process on it."""
    return f"{socket.gethostname()[:100]}:{os.getpid()}"


def note_present(session: Session, worker: str, *, now: datetime) -> None:
    """The worker of this name is at work."""
    insert = insert_into(WorkerPresence, session.get_bind().dialect.name)
    row = {"worker": worker, "seen_at": now}
    session.execute(insert.values(row).on_conflict_do_update(index_elements=["worker"], set_={"seen_at": now}))
    session.execute(delete(WorkerPresence).where(WorkerPresence.seen_at < now - KEPT))


def note_absent(session: Session, worker: str) -> None:
    """The worker of this name stops because it was told to."""
    session.execute(delete(WorkerPresence).where(WorkerPresence.worker == worker))


def present_workers(session: Session, *, since: datetime) -> int:
    """How many workers have said since then that they are at work."""
    return session.scalar(select(func.count()).where(WorkerPresence.seen_at >= since)) or 0


def last_seen_at(session: Session) -> datetime | None:
    """When a worker was last seen; None: never, or every one was told to stop."""
    return session.scalar(select(func.max(WorkerPresence.seen_at)))
