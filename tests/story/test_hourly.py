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
from socialproof.companies import attempts
from socialproof.companies.models import PasswordReset, SignInFailure, UserSession
from socialproof.companies.sessions import ABSOLUTE
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


def test_what_signing_in_leaves_behind_is_forgotten(
    app: Flask, session: Session, factories: Factories, run_jobs: Callable[[], int]
) -> None:
    user, now = factories.user(), factories.now
    for failed_at in (now, now - attempts.WINDOW - timedelta(minutes=1)):
        factories.add(SignInFailure(account_hash="a" * 64, network="192.0.2.1", failed_at=failed_at))
    for number, over in enumerate((now + timedelta(hours=1), now - ABSOLUTE - timedelta(days=1))):
        times = {"created_at": now - timedelta(days=70), "expires_at": over}
        factories.add(PasswordReset(user_id=user.id, secret_hash=f"{number}" * 64, **times))
        factories.add(UserSession(user_id=user.id, secret_hash=f"{number}" * 64, seen_at=now, **times))
    enqueue_hourly(job_context(app))
    run_jobs()
    kept = [
        session.scalar(select(func.count()).select_from(row)) for row in (SignInFailure, PasswordReset, UserSession)
    ]
    assert kept == [1, 1, 1]
