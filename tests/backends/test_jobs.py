"""The job table on both databases: nothing lost, nothing done twice, the dead replaced."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs import queue
from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import GiveUp, JobContext, Retry
from socialproof.backends.jobs.worker import back_off_seconds, run_next, work
from socialproof.cli.work import job_context
from socialproof.database import db, transaction

pytestmark = pytest.mark.both_databases

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def context(app: Flask) -> JobContext:
    return job_context(app)


@pytest.fixture
def add(context: JobContext) -> Callable[..., None]:
    def add_job(kind: str = "greet", payload: dict[str, Any] | None = None, **options: Any) -> None:
        with context.transaction() as session:
            queue.enqueue(session, kind, payload or {}, **{"now": NOON} | options)

    return add_job


def jobs(context: JobContext) -> list[Job]:
    with context.transaction() as session:
        return list(session.scalars(select(Job).order_by(Job.id)))


def at(context: JobContext, moment: datetime) -> JobContext:
    return replace(context, now=lambda: moment)


def test_a_job_gets_its_payload_and_leaves_the_table(context: JobContext, add: Callable[..., None]) -> None:
    heard = []
    add(payload={"name": "Åsa"})
    assert run_next(context, {"greet": lambda _context, name: heard.append(name)})
    assert heard == ["Åsa"]
    assert jobs(context) == []


def test_a_job_of_a_rolled_back_transaction_never_was(context: JobContext) -> None:
    with pytest.raises(RuntimeError), context.transaction() as session:
        queue.enqueue(session, "greet", {}, now=NOON)
        raise RuntimeError
    assert jobs(context) == []


def test_a_job_waits_for_its_time(context: JobContext, add: Callable[..., None]) -> None:
    add(run_at=NOON + timedelta(hours=1))
    assert not run_next(at(context, NOON), {"greet": lambda _context: None})
    assert run_next(at(context, NOON + timedelta(hours=2)), {"greet": lambda _context: None})


def test_a_waiting_key_is_not_added_twice_but_a_running_one_is(context: JobContext, add: Callable[..., None]) -> None:
    add(key="widgets:1")
    add(key="widgets:1")
    assert len(jobs(context)) == 1
    with context.transaction() as session:
        assert queue.claim_next(session, now=NOON) is not None
    add(key="widgets:1")
    assert [job.state for job in jobs(context)] == ["running", "waiting"]


def test_a_waiting_job_runs_after_what_was_written_by_everybody_who_asked_for_it(
    app: Flask, context: JobContext, add: Callable[..., None]
) -> None:
    add(key="widgets:1")
    with app.app_context():
        engine = db.engine
    seen: list[list[str]] = []

    def look(context: JobContext) -> None:
        seen.append([job.kind for job in jobs(context)])

    def work_it() -> None:
        while run_next(context, {"greet": look, "written": lambda _context: None}):
            pass

    with Session(engine) as writing, transaction(writing) as session:
        queue.enqueue(session, "written", {}, now=NOON, run_at=NOON + timedelta(days=9999))
        queue.enqueue(session, "greet", {}, now=NOON, key="widgets:1")
        worker = threading.Thread(target=work_it)
        worker.start()
        worker.join(0.5)
    worker.join(30)
    assert "written" in seen[-1]


def test_a_job_that_ends_its_worker_every_time_is_parked(context: JobContext, add: Callable[..., None]) -> None:
    add()
    moment = NOON
    for _ in range(queue.MAX_ATTEMPTS):
        with context.transaction() as session:
            assert queue.claim_next(session, now=moment) is not None
        moment += queue.LEASE + timedelta(seconds=1)
    ran: list[int] = []
    assert run_next(at(context, moment), {"greet": lambda _context: ran.append(1)})
    assert ([job.state for job in jobs(context)], ran) == (["parked"], [])


def test_two_hundred_jobs_and_eight_workers_each_job_is_done_once(context: JobContext, app: Flask) -> None:
    done: Counter[int] = Counter()
    lock, stop = threading.Lock(), threading.Event()
    with context.transaction() as session:
        for number in range(200):
            queue.enqueue(session, "count", {"number": number}, now=NOON)

    def count(_context: JobContext, number: int) -> None:
        with lock:
            done[number] += 1
            if sum(done.values()) >= 200:
                stop.set()

    watchdog = threading.Timer(60, stop.set)
    watchdog.start()
    work(context, {"count": count}, stop, threads=8)
    watchdog.cancel()
    assert done == Counter(range(200))
    assert jobs(context) == []


def test_a_dead_workers_job_is_taken_over_and_its_late_word_is_refused(
    context: JobContext, add: Callable[..., None]
) -> None:
    add()
    with context.transaction() as session:
        dead = queue.claim_next(session, now=NOON)
        assert dead is not None
        fence_of_the_dead, job_id = dead.fence, dead.id
    with context.transaction() as session:
        assert queue.claim_next(session, now=NOON + timedelta(seconds=30)) is None
    with context.transaction() as session:
        assert queue.claim_next(session, now=NOON + queue.LEASE + timedelta(seconds=1)) is not None
    with context.transaction() as session:
        assert not queue.finish(session, job_id, fence_of_the_dead)
        assert not queue.renew(session, job_id, fence_of_the_dead, now=NOON)


def test_a_failing_job_comes_back_later_and_is_parked_in_the_end(context: JobContext, add: Callable[..., None]) -> None:
    def fail(_context: JobContext) -> None:
        raise ValueError("the disk is full")

    add()
    moment = NOON
    for attempt in range(1, queue.MAX_ATTEMPTS + 1):
        assert run_next(at(context, moment), {"greet": fail})
        moment += timedelta(seconds=back_off_seconds(attempt))
    [job] = jobs(context)
    assert (job.state, job.attempt_count) == ("parked", queue.MAX_ATTEMPTS)
    assert "the disk is full" in job.error
    assert not run_next(at(context, moment + timedelta(days=1)), {"greet": fail})


def test_a_parked_job_can_be_run_again(context: JobContext, add: Callable[..., None]) -> None:
    def give_up(_context: JobContext) -> None:
        raise GiveUp("no such address")

    add()
    run_next(at(context, NOON), {"greet": give_up})
    [job] = jobs(context)
    assert job.state == "parked"
    with context.transaction() as session:
        assert queue.unpark(session, job.id, now=NOON)
    assert run_next(at(context, NOON), {"greet": lambda _context: None})
    assert jobs(context) == []


def test_a_handler_may_ask_for_a_later_moment(context: JobContext, add: Callable[..., None]) -> None:
    def later(_context: JobContext) -> None:
        raise Retry(90)

    add()
    run_next(at(context, NOON), {"greet": later})
    [job] = jobs(context)
    assert job.run_at == NOON + timedelta(seconds=90)


def test_a_job_nobody_knows_is_parked_with_its_name(context: JobContext, add: Callable[..., None]) -> None:
    add("unknown")
    run_next(at(context, NOON), {})
    [job] = jobs(context)
    assert job.state == "parked"
    assert "unknown" in job.error


def test_an_unreachable_table_does_not_end_the_worker(context: JobContext) -> None:
    attempts = []
    stop = threading.Event()

    @contextmanager
    def broken() -> Iterator[Session]:
        attempts.append(1)
        stop.set()
        raise OSError("the database is away")
        yield

    work(replace(context, transaction=broken), {}, stop, threads=1)
    assert attempts == [1]
