"""What time alone brings about, the worker's hourly jobs do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof import wiring
from socialproof.backends.jobs.models import Job
from socialproof.cli.work import enqueue_hourly, job_context
from tests.factories import Factories


def test_an_invitation_whose_time_is_over_says_so(
    app: Flask, session: Session, factories: Factories, run_jobs: Callable[[], int]
) -> None:
    over = factories.invitation(state="sent", expires_at=factories.now - timedelta(minutes=1))
    going = factories.invitation(state="sent")
    enqueue_hourly(job_context(app))
    run_jobs()
    session.refresh(over)
    session.refresh(going)
    assert (over.state, going.state) == ("expired", "sent")


def test_two_workers_put_each_hourly_job_on_the_table_once(app: Flask, session: Session) -> None:
    enqueue_hourly(job_context(app))
    enqueue_hourly(job_context(app))
    assert session.scalar(select(func.count()).select_from(Job)) == len(wiring.HOURLY)
