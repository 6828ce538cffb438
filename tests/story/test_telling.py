"""The team hears of customers whose addresses take no letters any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from socialproof import wiring
from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.worker import run_next
from socialproof.cli.work import job_context
from socialproof.companies.models import Company
from socialproof.contacts.models import Contact
from socialproof.contacts.suppression import note_bounce, note_complaint
from socialproof.database import transaction
from socialproof.web import EXTENSION
from tests.factories import Factories
from tests.peers import SmtpPeer

RunJobs = Callable[[], int]
Letters = Callable[[], list[EmailMessage]]


@pytest.fixture
def letters(app: Flask) -> Letters:
    return lambda: app.extensions[EXTENSION].backends.mailer.messages()


@pytest.fixture
def company(factories: Factories) -> Company:
    company = factories.company(name="Nordlys Kaffe AB", default_language="en")
    factories.member("owner", company, factories.user(email="owner@nordlys.example"))
    factories.member("viewer", company, factories.user(email="viewer@nordlys.example"))
    return company


def bounce(session: Session, *contacts: Contact) -> None:
    session.commit()
    with transaction(session):
        for contact in contacts:
            note_bounce(session, contact=contact, reason="550 unknown <here>", now=datetime.now(UTC))


def after(context: JobContext, hours: int) -> JobContext:
    """The same worker, so many hours later."""
    return replace(context, now=lambda: context.now() + timedelta(hours=hours))


def words(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_the_contacts_owner_hears_of_it_else_the_companys_owners(
    session: Session,
    factories: Factories,
    company: Company,
    run_jobs: RunJobs,
    letters: Callable[[], list[EmailMessage]],
) -> None:
    seller = factories.member("moderator", company, factories.user(email="seller@nordlys.example"))
    gone = factories.user(email="gone@nordlys.example")
    mine = factories.contact(company, name="Kerttu <b>", owner_id=seller.user_id)
    nobodys, left = factories.contact(company), factories.contact(company, owner_id=gone.id)
    foreign = factories.contact(factories.member("owner").company)
    bounce(session, mine, nobodys, left)
    run_jobs()
    by_reader = {letter["To"]: letter for letter in letters()}
    assert set(by_reader) == {"seller@nordlys.example", "owner@nordlys.example"}
    assert "Kerttu <b>" in words(by_reader["seller@nordlys.example"])
    assert "550 unknown" in words(by_reader["seller@nordlys.example"])
    assert by_reader["owner@nordlys.example"]["Subject"].endswith("2 customers any more")
    assert str(nobodys.email) in words(by_reader["owner@nordlys.example"])
    session.rollback()
    session.expire_all()
    assert all(contact.bounce_told_at for contact in (mine, nobodys, left))
    assert foreign.bounce_told_at is None


def test_at_most_once_an_hour_and_nothing_twice(
    session: Session,
    factories: Factories,
    company: Company,
    run_jobs: RunJobs,
    letters: Callable[[], list[EmailMessage]],
) -> None:
    first, second, third = (factories.contact(company) for _ in range(3))
    bounce(session, first)
    run_jobs()
    bounce(session, second)
    with transaction(session):
        note_complaint(session, contact=third, now=datetime.now(UTC))
    run_jobs()
    assert len(letters()) == 1
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        run_jobs()
        run_jobs()
    latest, _earlier = letters()
    assert str(second.email) in words(latest)
    assert "marked a letter as spam" in words(latest)
    assert str(first.email) not in words(latest)


@pytest.mark.parametrize("answer", ["451 later", "550 nobody here"])
def test_who_cannot_be_reached_now_is_told_later_and_who_never_can_is_not_tried_for_ever(
    make_app: Callable[..., Flask],
    session: Session,
    factories: Factories,
    company: Company,
    smtp_peer: SmtpPeer,
    answer: str,
) -> None:
    app = make_app(mail_url=smtp_peer.url)
    context = job_context(app)
    smtp_peer.answers = [answer]
    bounce(session, factories.contact(company))
    for hours in range(3):
        while run_next(after(context, hours), wiring.JOBS, wiring.PARKED):
            pass
        app.extensions[EXTENSION].backends.mailer.close()
    assert len(smtp_peer.messages) == (1 if answer.startswith("4") else 0)
    assert smtp_peer.answers == []
