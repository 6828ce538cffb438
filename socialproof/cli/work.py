"""`flask worker` runs jobs; `flask jobs` shows and revives those that were parked."""

from __future__ import annotations

import gc
import logging
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from socialproof import clock, database, wiring
from socialproof.backends.jobs import presence, queue
from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.worker import work
from socialproof.database import db
from socialproof.web import EXTENSION, Services

log = logging.getLogger(__name__)

jobs = AppGroup("jobs", help="Look after background jobs.")


def job_context(app: Flask) -> JobContext:
    """What handlers get: sessions of their own, the backends, the clock."""
    services: Services = app.extensions[EXTENSION]
    with app.app_context():
        engine = db.engine

    @contextmanager
    def transaction() -> Iterator[Session]:
        with Session(engine, expire_on_commit=False) as session, database.transaction(session):
            yield session

    return JobContext(transaction, services.backends, services.settings, services.tokens, clock.now)


@click.command()
@click.option("--threads", default=2, show_default=True, help="How many jobs run at once.")
@with_appcontext
def worker(threads: int) -> None:
    """Run background jobs until told to stop; the jobs in hand are finished first."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    context = job_context(app)
    settle()
    name = presence.own_name()
    threading.Thread(target=_remind, args=(context, stop, name), name="reminder", daemon=True).start()
    work(context, wiring.JOBS, stop, threads, wiring.PARKED)
    try:
        with context.transaction() as session:
            presence.note_absent(session, name)
    except DBAPIError:
        log.warning("the database did not hear that this worker stops")


def settle() -> None:
    """What was loaded until now stays until the end. Python's collector need not look through all of it again whenever
    a job has made many objects: that was a fifth of the time of an import.
    """
    gc.collect()
    gc.freeze()


def _remind(context: JobContext, stop: threading.Event, name: str) -> None:
    """Every minute and every hour by this machine's running time: a clock that is set back holds nothing up."""
    minutes_left = 0
    while not stop.is_set():
        try:
            with context.transaction() as session:
                presence.note_present(session, name, now=context.now())
            enqueue_minutely(context)
            if minutes_left <= 0:
                enqueue_hourly(context)
                minutes_left = 60
        except DBAPIError:
            log.exception("the jobs that time brings about could not be put on the table")
        minutes_left -= 1
        stop.wait(60)


def enqueue_minutely(context: JobContext) -> None:
    """Put the jobs of every minute on the table; one that still waits is not put there twice, by its key."""
    _enqueue(context, wiring.MINUTELY, "minutely")


def enqueue_hourly(context: JobContext) -> None:
    """Put the hourly jobs on the table; a second worker's are the same, by their key."""
    _enqueue(context, wiring.HOURLY, "hourly")


def _enqueue(context: JobContext, kinds: Iterable[str], key: str) -> None:
    with context.transaction() as session:
        for kind in kinds:
            queue.enqueue(session, kind, {}, now=context.now(), key=f"{key}:{kind}")


@jobs.command("list")
def list_jobs() -> None:
    """Print every job that waits, runs or is parked."""
    for job in db.session.scalars(select(Job).order_by(Job.id)):
        click.echo(
            f"{job.id}\t{job.state}\t{job.kind}\t{job.run_at:%Y-%m-%d %H:%M:%S}\t{job.attempt_count}\t{job.error}"
        )


@jobs.command("retry")
@click.argument("job_id", type=int)
def retry(job_id: int) -> None:
    """Let a parked job run again."""
    now = clock.now()
    with database.transaction() as session:
        revived = queue.unpark(session, job_id, now=now)
        job = session.get(Job, job_id)
        if revived and job is not None and job.kind in wiring.REVIVED:
            wiring.REVIVED[job.kind](session, now=now, **job.payload)
    click.echo("It runs again." if revived else "There is no parked job with this number.")
