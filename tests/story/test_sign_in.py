"""Signing in: sessions that end, limits on guessing, and the way back from a forgotten password."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job
from socialproof.companies import accounts, attempts, service, sessions
from socialproof.companies.models import AuditEntry, Company, User, UserSession
from socialproof.companies.queries import reset_by_secret
from socialproof.database import db, transaction
from socialproof.domain.errors import Conflict, NotFound, RuleBroken
from tests.factories import PASSWORD, Factories


def founded(session: Session, factories: Factories, email: str = "anna@nordlys.example") -> User:
    return service.found_installation(
        session,
        company_name="Nordlys Kaffe AB",
        user_name="Anna",
        email=email,
        password=PASSWORD,
        language="sv",
        now=factories.now,
    )


def test_the_first_run_makes_an_owner_and_a_company(session: Session, factories: Factories) -> None:
    user = founded(session, factories)
    session.commit()
    assert [(member.role, member.company.name) for member in user.memberships] == [("owner", "Nordlys Kaffe AB")]
    assert user.password_hash.startswith("$argon2id$")


def test_there_is_no_second_first_run(session: Session, factories: Factories) -> None:
    founded(session, factories)
    session.commit()
    with pytest.raises(Conflict):
        founded(session, factories, "other@nordlys.example")


def test_of_two_first_runs_at_once_one_wins(app: Flask, session: Session, factories: Factories) -> None:
    with app.app_context():
        engine = db.engine
    start = threading.Barrier(2)

    def found(email: str) -> None:
        with Session(engine) as mine:
            start.wait()
            try:
                founded(mine, factories, email)
                mine.commit()
            except Conflict:
                mine.rollback()

    threads = [threading.Thread(target=found, args=(f"{name}@nordlys.example",)) for name in ("anna", "bo")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert session.scalar(select(func.count()).select_from(User)) == 1
    assert session.scalar(select(func.count()).select_from(Company)) == 1


def test_a_session_is_found_by_its_secret_which_is_not_stored(session: Session, factories: Factories) -> None:
    user = factories.member().user
    secret = sessions.start_session(session, user=user, now=factories.now)
    session.commit()
    found = sessions.session_of(session, secret, now=factories.now)
    assert found is not None
    assert found.user == user
    assert secret not in found.secret_hash


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda now: now + sessions.IDLE, id="idle"),
        pytest.param(lambda now: now + sessions.ABSOLUTE, id="old"),
    ],
)
def test_a_session_ends_by_itself(session: Session, factories: Factories, end: Callable) -> None:  # type: ignore[type-arg]
    secret = sessions.start_session(session, user=factories.member().user, now=factories.now)
    session.commit()
    assert sessions.session_of(session, secret, now=end(factories.now)) is None


def test_a_session_in_use_lives_until_its_absolute_end(session: Session, factories: Factories) -> None:
    secret = sessions.start_session(session, user=factories.member().user, now=factories.now)
    now = factories.now
    while now < factories.now + sessions.ABSOLUTE - timedelta(days=3):
        now += timedelta(days=3)
        living = sessions.session_of(session, secret, now=now)
        if living is None:
            break
        sessions.touch(session, user_session=living, now=now)
    assert now >= factories.now + timedelta(days=27)
    assert sessions.session_of(session, secret, now=factories.now + sessions.ABSOLUTE) is None


@pytest.mark.parametrize("secret", ["", "x", "x" * 10_000, "\ud800", "å\x00"])
def test_nonsense_is_no_session(session: Session, secret: str, factories: Factories) -> None:
    assert sessions.session_of(session, secret, now=factories.now) is None


def test_a_session_opens_where_its_user_stood_last(session: Session, factories: Factories) -> None:
    first = factories.member()
    second = factories.member("viewer", user=first.user)
    sessions.start_session(session, user=first.user, now=factories.now, company_id=second.company_id)
    session.flush()
    later = sessions.start_session(session, user=first.user, now=factories.now + timedelta(hours=1))
    session.commit()
    found = sessions.session_of(session, later, now=factories.now)
    assert found is not None
    assert found.company_id == second.company_id


def test_ten_failures_close_an_account_for_a_quarter_of_an_hour(session: Session, factories: Factories) -> None:
    for _ in range(attempts.PER_ACCOUNT):
        attempts.begin_attempt(session, email="a@b.example", address="192.0.2.1", now=factories.now)
    with pytest.raises(RuleBroken, match="too_many_attempts") as refused:
        attempts.begin_attempt(session, email="a@b.example", address="198.51.100.9", now=factories.now)
    assert refused.value.details["until"] == factories.now + attempts.WINDOW
    attempts.begin_attempt(session, email="other@b.example", address="192.0.2.1", now=factories.now)
    later = factories.now + attempts.WINDOW
    attempts.begin_attempt(session, email="a@b.example", address="192.0.2.1", now=later)


def test_twenty_guesses_at_once_meet_the_same_limit(app: Flask, session: Session, factories: Factories) -> None:
    with app.app_context():
        engine = db.engine
    tried: list[bool] = []

    def guess() -> None:
        with Session(engine) as mine, suppress(RuleBroken):
            with transaction(mine):
                attempts.begin_attempt(mine, email="a@b.example", address="192.0.2.1", now=factories.now)
            tried.append(True)

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tried) == attempts.PER_ACCOUNT


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param(lambda n: "192.0.2.7", id="one IPv4 address"),
        pytest.param(lambda n: f"2001:db8:1:2::{n:x}", id="one IPv6 network"),
    ],
)
def test_a_network_that_tries_many_accounts_is_stopped(
    session: Session,
    factories: Factories,
    addresses: Callable,  # type: ignore[type-arg]
) -> None:
    for number in range(attempts.PER_NETWORK):
        attempts.begin_attempt(session, email=f"a{number}@b.example", address=addresses(number), now=factories.now)
    with pytest.raises(RuleBroken, match="too_many_attempts"):
        attempts.begin_attempt(session, email="x@b.example", address=addresses(999), now=factories.now)
    attempts.begin_attempt(session, email="x@b.example", address="203.0.113.5", now=factories.now)


def test_the_right_password_forgives_earlier_failures(session: Session, factories: Factories) -> None:
    user = factories.user()
    for _ in range(attempts.PER_ACCOUNT):
        attempts.begin_attempt(session, email=user.email, address="192.0.2.1", now=factories.now)
    accounts.user_with_password(session, email=user.email, password=PASSWORD, now=factories.now)
    attempts.begin_attempt(session, email=user.email, address="192.0.2.1", now=factories.now)


def test_a_hash_with_older_parameters_is_renewed_at_sign_in(session: Session, factories: Factories) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    user = factories.user(password_hash=old)
    accounts.user_with_password(session, email=user.email, password=PASSWORD, now=factories.now)
    assert user.password_hash != old
    assert not PasswordHasher().check_needs_rehash(user.password_hash)
    accounts.user_with_password(session, email=user.email, password=PASSWORD, now=factories.now)


def test_a_new_password_ends_every_session_and_reset_link(session: Session, factories: Factories) -> None:
    user = factories.member().user
    secret = sessions.start_session(session, user=user, now=factories.now)
    link = accounts.open_password_reset(session, user=user, now=factories.now)
    assert link
    accounts.change_password(session, user=user, password="another long sentence", now=factories.now)
    session.commit()
    assert sessions.session_of(session, secret, now=factories.now) is None
    assert reset_by_secret(session, link, now=factories.now) is None
    assert session.scalars(select(AuditEntry.action)).all() == ["password.changed"]


def test_a_reset_link_works_once_and_for_an_hour(session: Session, factories: Factories) -> None:
    user = factories.member().user
    link = accounts.open_password_reset(session, user=user, now=factories.now)
    session.commit()
    assert link
    assert reset_by_secret(session, link, now=factories.now + timedelta(hours=1)) is None
    accounts.use_password_reset(session, secret=link, password="another long sentence", now=factories.now)
    session.commit()
    with pytest.raises(NotFound):
        accounts.use_password_reset(session, secret=link, password="a third sentence", now=factories.now)


def test_only_the_newest_reset_link_works(session: Session, factories: Factories) -> None:
    user = factories.user()
    older = accounts.open_password_reset(session, user=user, now=factories.now)
    newer = accounts.open_password_reset(session, user=user, now=factories.now)
    session.commit()
    assert older
    assert newer
    assert reset_by_secret(session, older, now=factories.now) is None
    assert reset_by_secret(session, newer, now=factories.now)


def test_a_reset_opens_an_account_that_guessing_has_closed(session: Session, factories: Factories) -> None:
    user = factories.user()
    for _ in range(attempts.PER_ACCOUNT):
        attempts.begin_attempt(session, email=user.email, address="192.0.2.1", now=factories.now)
    link = accounts.open_password_reset(session, user=user, now=factories.now) or ""
    accounts.use_password_reset(session, secret=link, password="another long sentence", now=factories.now)
    attempts.begin_attempt(session, email=user.email, address="192.0.2.1", now=factories.now)


def test_asking_for_a_reset_leaves_the_same_trace_for_everybody(session: Session, factories: Factories) -> None:
    user = factories.user()
    for email in (user.email, "nobody@nordlys.example"):
        accounts.request_password_reset(session, email=email, now=factories.now)
    session.commit()
    jobs = session.scalars(select(Job).order_by(Job.id)).all()
    assert [(job.kind, job.payload) for job in jobs] == [
        ("companies.send_password_reset", {"user_id": user.id}),
        ("companies.send_password_reset", {"user_id": 0}),
    ]


def test_signing_out_everywhere_spares_other_people(session: Session, factories: Factories) -> None:
    mine, theirs = factories.member().user, factories.member().user
    for user in (mine, mine, theirs):
        sessions.start_session(session, user=user, now=factories.now)
    session.flush()
    assert sessions.end_sessions(session, user=mine, now=factories.now) == 2
    session.commit()
    living = session.scalars(select(UserSession).where(UserSession.ended_at.is_(None))).all()
    assert [one.user_id for one in living] == [theirs.id]
