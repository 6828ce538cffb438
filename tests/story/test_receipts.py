"""A receipt meets a real mail server that delays, refuses, or takes it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof import wiring
from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.worker import run_next
from socialproof.cli.work import job_context
from socialproof.database import transaction
from socialproof.testimonials.models import ModerationEntry, Testimonial
from socialproof.testimonials.service import Author, submit_testimonial
from socialproof.web import EXTENSION
from tests.factories import Factories
from tests.peers import SmtpPeer

Work = Callable[..., None]


@pytest.fixture
def work(make_app: Callable[..., Flask], smtp_peer: SmtpPeer) -> Work:
    app = make_app(mail_url=smtp_peer.url)

    def run(later: timedelta = timedelta()) -> None:
        context = job_context(app)
        shifted = replace(context, now=lambda: context.now() + later)
        while run_next(shifted, wiring.JOBS):
            pass
        app.extensions[EXTENSION].backends.mailer.close()

    return run


@pytest.fixture(autouse=True)
def submitted(session: Session, factories: Factories) -> None:
    response = factories.response(factories.survey(factories.company(name="Nordlys Kaffe AB")))
    author = Author("Aino Virtanen", "", "", "aino@kunde.example")
    with transaction(session):
        submit_testimonial(
            session,
            response=response,
            text="They answer within the hour.",
            author=author,
            attribution="full_name",
            purposes={"website"},
            language="sv",
            now=factories.now,
        )


def receipts(session: Session) -> list[Job]:
    session.rollback()
    return list(session.scalars(select(Job).where(Job.kind == "testimonials.send_receipt")))


def test_451_then_250_is_delivered_once(work: Work, smtp_peer: SmtpPeer, session: Session) -> None:
    smtp_peer.answers = ["451 try again later"]
    work()
    assert smtp_peer.messages == []
    assert len(receipts(session)) == 1
    work(timedelta(hours=1))
    work(timedelta(hours=9))
    assert [message["To"] for message in smtp_peer.messages] == ["aino@kunde.example"]
    assert receipts(session) == []


def test_550_is_not_tried_again_and_the_team_is_told(work: Work, smtp_peer: SmtpPeer, session: Session) -> None:
    smtp_peer.answers = ["550 no such mailbox"]
    work()
    work(timedelta(hours=9))
    assert smtp_peer.messages == []
    assert receipts(session) == []
    entry = session.scalars(select(ModerationEntry).where(ModerationEntry.action == "mail_refused")).one()
    assert entry.details == {"code": 550}


@pytest.mark.parametrize(
    ("email", "answer", "is_bounced"),
    [
        ("aino@kunde.example", "550 5.1.1 <aino@kunde.example> unknown", True),
        ("aino@kunde.example", "550 5.7.1 we do not like this letter", False),
        ("other@kunde.example", "550 5.1.1 unknown", False),
    ],
)
def test_a_refused_receipt_ends_letters_to_the_contact_of_the_same_address(
    work: Work,
    smtp_peer: SmtpPeer,
    session: Session,
    factories: Factories,
    email: str,
    answer: str,
    is_bounced: bool,
) -> None:
    testimonial = session.scalars(select(Testimonial)).one()
    contact = factories.contact(testimonial.survey.company, email=email)
    testimonial.contact_id = contact.id
    session.commit()
    smtp_peer.answers = [answer]
    work()
    session.rollback()
    session.refresh(contact)
    assert (contact.email_bounced_at is not None) is is_bounced
    assert "@" not in contact.email_bounce_reason


def test_a_receipt_speaks_the_language_of_the_page(work: Work, smtp_peer: SmtpPeer) -> None:
    work()
    [message] = smtp_peer.messages
    assert message["Content-Language"] == "sv"
    assert message["From"].startswith("Nordlys Kaffe AB <")
    assert [envelope.rcpt_tos for envelope in smtp_peer.envelopes] == [["aino@kunde.example"]]
