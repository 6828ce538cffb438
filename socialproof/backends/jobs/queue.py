"""Putting jobs on the table, and taking them off it so that each is finished once.

`enqueue` belongs to the caller's transaction. A claim is one conditional UPDATE with a lease and a fence: when a worker
dies its lease runs out and another takes the job; the dead one's late result is refused by the fence.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Table, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job
from socialproof.database import insert_into

_TABLE = cast(Table, Job.__table__)

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 8


def enqueue(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    now: datetime,
    run_at: datetime | None = None,
    key: str | None = None,
    may_miss: bool = False,
) -> None:
    """Add a job to the caller's transaction; with a `key`, nothing is added while such a job waits.

    A waiting job is then held until the caller commits, so that it runs after what the caller wrote: on PostgreSQL it
    could otherwise be taken, and run without seeing that, between this line and the commit. `may_miss` does not hold
    it: for facts that come by the thousand, of which the next one brings the job again.
    """
    row = {"kind": kind, "payload": payload, "key": key, "run_at": run_at or now, "created_at": now}
    session.execute(_insert_unless_waiting(session.get_bind().dialect.name, may_miss), row)


@cache
def _insert_unless_waiting(dialect: str, may_miss: bool) -> postgresql.Insert | sqlite.Insert:
    insert = insert_into(_TABLE, dialect)
    if may_miss:
        return insert.on_conflict_do_nothing(index_elements=["key"])
    return insert.on_conflict_do_update(index_elements=["key"], set_={"created_at": _TABLE.c.created_at})


def is_due(now: datetime) -> ColumnElement[bool]:
    """Of a job: somebody is to take it, because its time has come or because whoever had it is dead."""
    return or_(Job.state == "waiting", (Job.state == "running") & (Job.lease_until < now)) & (Job.run_at <= now)


def is_in_hand(now: datetime) -> ColumnElement[bool]:
    """Of a job: a living worker runs it."""
    return (Job.state == "running") & (Job.lease_until >= now)


def claim_next(session: Session, *, now: datetime) -> Job | None:
    """Take the next due job, or one whose lease has run out; None when there is none. The caller commits."""
    candidates = session.execute(
        select(Job.id, Job.fence).where(is_due(now)).order_by(Job.run_at, Job.id).limit(8)
    ).all()
    for job_id, fence in candidates:
        taken = _update(
            session,
            job_id,
            fence,
            state="running",
            fence=fence + 1,
            key=None,
            lease_until=now + LEASE,
            attempt_count=Job.attempt_count + 1,
        )
        if taken:
            return session.get(Job, job_id, populate_existing=True)
    return None


def renew(session: Session, job_id: int, fence: int, *, now: datetime) -> bool:
    """Keep a long job; False when it was lost to another worker."""
    return _update(session, job_id, fence, lease_until=now + LEASE)


def finish(session: Session, job_id: int, fence: int) -> bool:
    """The job is done and leaves the table, with its payload; False when it was lost to another worker."""
    result = session.execute(delete(Job).where(Job.id == job_id, Job.fence == fence))
    return isinstance(result, CursorResult) and result.rowcount == 1


def postpone(session: Session, job_id: int, fence: int, *, run_at: datetime, error: str) -> bool:
    """Try again at `run_at`."""
    return _update(session, job_id, fence, state="waiting", lease_until=None, run_at=run_at, error=error[:4000])


def park(session: Session, job_id: int, fence: int, *, error: str) -> bool:
    """Give up until a person looks: the job stays on the table with its reason."""
    return _update(session, job_id, fence, state="parked", lease_until=None, error=error[:4000])


def unpark(session: Session, job_id: int, *, now: datetime) -> bool:
    """Let a parked job run again from its first attempt."""
    result = session.execute(
        update(Job).where(Job.id == job_id, Job.state == "parked").values(state="waiting", run_at=now, attempt_count=0)
    )
    return isinstance(result, CursorResult) and result.rowcount == 1


def unpark_same(session: Session, kind: str, payload: dict[str, Any], *, now: datetime) -> bool:
    """Let the parked job of this kind and payload run again from its first attempt; False when there is none."""
    parked = session.scalars(select(Job).where(Job.state == "parked", Job.kind == kind).order_by(Job.id.desc()))
    job_id = next((job.id for job in parked if job.payload == payload), None)
    return job_id is not None and unpark(session, job_id, now=now)


def _update(session: Session, job_id: int, expected_fence: int, **values: Any) -> bool:
    statement = update(Job).where(Job.id == job_id, Job.fence == expected_fence).values(**values)
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return isinstance(result, CursorResult) and result.rowcount == 1
