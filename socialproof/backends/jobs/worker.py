"""Runs jobs: claims one, calls its handler while a heartbeat keeps the lease, then finishes, postpones or parks it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from socialproof.backends.jobs import queue
from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import GiveUp, Handler, JobContext, NoteParked, Retry

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.3
HEARTBEAT_SECONDS = 15.0

Parked = Mapping[str, NoteParked]
NOBODY: Parked = {}


def run_next(context: JobContext, handlers: Mapping[str, Handler], parked: Parked = NOBODY) -> bool:
    """Run one due job; False when none is due. `parked` says who is told, by kind, when a job is given up."""
    with context.transaction() as session:
        job = queue.claim_next(session, now=context.now())
        if job is not None:
            session.expunge(job)
    if job is None:
        return False
    _run(context, handlers, parked, job)
    return True


def work(
    context: JobContext,
    handlers: Mapping[str, Handler],
    stop: threading.Event,
    threads: int = 2,
    parked: Parked = NOBODY,
) -> None:
    """Run jobs in `threads` threads until `stop` is set; a job in hand is finished first."""
    common = (context, handlers, parked, stop)
    crew = [threading.Thread(target=_work, args=common, name=f"worker-{n}") for n in range(threads)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()


def _work(context: JobContext, handlers: Mapping[str, Handler], parked: Parked, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            worked = run_next(context, handlers, parked)
        except Exception:
            log.exception("the job table could not be reached")
            worked = False
            stop.wait(2.0)
        if not worked:
            stop.wait(IDLE_SECONDS)


def _run(context: JobContext, handlers: Mapping[str, Handler], parked: Parked, job: Job) -> None:
    started = time.monotonic()
    with _Heartbeat(context, job) as heartbeat:
        try:
            _refuse_a_killer(job)
            _handler(handlers, job.kind)(replace(context, renew=heartbeat.beat), **job.payload)
        except Exception as error:
            _after_failure(context, parked, job, error)
        else:
            with context.transaction() as session:
                queue.finish(session, job.id, job.fence)
            log.info("job %s %s done in %.2f s", job.id, job.kind, time.monotonic() - started)


def _refuse_a_killer(job: Job) -> None:
    """A job that ends its worker every time raises nothing that could be counted: its claims are counted instead."""
    if job.attempt_count > queue.MAX_ATTEMPTS:
        raise GiveUp(f"begun {queue.MAX_ATTEMPTS} times, and no worker came back from it")


def _handler(handlers: Mapping[str, Handler], kind: str) -> Handler:
    if kind not in handlers:
        raise GiveUp(f"nobody handles jobs of the kind {kind}")
    return handlers[kind]


def _after_failure(context: JobContext, parked: Parked, job: Job, error: Exception) -> None:
    reason = f"{type(error).__name__}: {error}"
    if isinstance(error, GiveUp) or job.attempt_count >= queue.MAX_ATTEMPTS:
        log.error("job %s %s is parked: %s", job.id, job.kind, reason, exc_info=error)
        _park(context, parked, job, error, reason)
        return
    with context.transaction() as session:
        seconds = error.seconds if isinstance(error, Retry) else back_off_seconds(job.attempt_count)
        log.warning("job %s %s again in %.0f s: %s", job.id, job.kind, seconds, reason)
        run_at = context.now() + timedelta(seconds=seconds)
        queue.postpone(session, job.id, job.fence, run_at=run_at, error=reason)


def _park(context: JobContext, parked: Parked, job: Job, error: Exception, reason: str) -> None:
    """Park the job and tell whom it concerns in one transaction; who cannot be told does not keep it running."""
    try:
        with context.transaction() as session:
            if queue.park(session, job.id, job.fence, error=reason) and job.kind in parked:
                parked[job.kind](session, error=error, **job.payload)
    except Exception:
        log.exception("nobody could be told that job %s %s is parked", job.id, job.kind)
        with context.transaction() as session:
            queue.park(session, job.id, job.fence, error=reason)


def back_off_seconds(attempt_count: int) -> float:
    """10 s, 40 s, 160 s … at most six hours."""
    return float(min(10 * 4 ** (attempt_count - 1), 6 * 3600))


class _Heartbeat:
    """Renews the job's lease in the background while its handler runs."""

    def __init__(self, context: JobContext, job: Job) -> None:
        self._context, self._job = context, job
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> _Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def beat(self) -> bool:
        with self._context.transaction() as session:
            return queue.renew(session, self._job.id, self._job.fence, now=self._context.now())

    def _keep(self) -> None:
        while not self._over.wait(HEARTBEAT_SECONDS):
            self._try(self.beat)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception:
            log.exception("the lease of job %s could not be renewed", self._job.id)
