"""A proposed shorter text: the difference in words, and one yes or no."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.database import transaction
from socialproof.testimonials import moderating
from socialproof.testimonials.models import ModerationEntry, ProposedEdit, Testimonial
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.factories import Factories
from tests.peers import SmtpPeer

SHORT = "They fixed everything the same day."


@pytest.fixture
def testimonial(factories: Factories) -> Testimonial:
    return factories.testimonial(author_name="Aino Virtanen", author_email="aino@kunde.example")


def proposed(session: Session, factories: Factories, testimonial: Testimonial, words: str = SHORT) -> ProposedEdit:
    user = factories.user()
    with transaction(session):
        return moderating.propose_edit(
            session, testimonial=testimonial, user=user, version=testimonial.version, now=factories.now, text=words
        )


@pytest.fixture
def proposal(session: Session, factories: Factories, testimonial: Testimonial) -> ProposedEdit:
    return proposed(session, factories, testimonial)


def path_of(app: Flask, proposal: ProposedEdit) -> str:
    return f"/s/p/{app.extensions[EXTENSION].tokens.sign(Purpose.PROPOSAL, proposal.public_id)}"


@pytest.fixture
def path(app: Flask, proposal: ProposedEdit) -> str:
    return path_of(app, proposal)


def test_the_page_shows_what_goes_and_what_comes(client: FlaskClient, path: str) -> None:
    html = client.get(path).text
    assert "<del>" in html
    assert "<ins>" in html
    assert "left out" in html
    assert SHORT in html


def test_looking_decides_nothing(client: FlaskClient, path: str, proposal: ProposedEdit, session: Session) -> None:
    client.get(path)
    client.head(path)
    session.rollback()
    session.refresh(proposal)
    assert proposal.state == "pending"


def test_yes_makes_it_the_text_and_keeps_the_original(
    client: FlaskClient, path: str, testimonial: Testimonial, session: Session
) -> None:
    before = testimonial.text
    assert client.post(path, data={"decision": "approve"}).status_code == 303
    session.rollback()
    session.refresh(testimonial)
    assert (testimonial.text, testimonial.original_text) == (SHORT, before)
    assert "the shorter text is yours" in client.get(path).text


def test_no_keeps_the_words(client: FlaskClient, path: str, testimonial: Testimonial, session: Session) -> None:
    before = testimonial.text
    assert client.post(path, data={"decision": "decline"}).status_code == 303
    session.rollback()
    session.refresh(testimonial)
    assert testimonial.text == before
    assert "Your words stay as they are" in client.get(path).text


def test_a_second_decision_is_told_what_became_of_it(client: FlaskClient, path: str) -> None:
    client.post(path, data={"decision": "decline"})
    again = client.post(path, data={"decision": "approve"})
    assert again.status_code == 409
    assert "Your words stay as they are" in again.text


@pytest.mark.parametrize("decision", ["", "maybe"])
def test_neither_yes_nor_no_is_asked_again(client: FlaskClient, path: str, decision: str) -> None:
    answer = client.post(path, data={"decision": decision})
    assert answer.status_code == 422
    assert SHORT in answer.text


def test_a_replaced_proposal_says_so(
    app: Flask, client: FlaskClient, session: Session, factories: Factories, testimonial: Testimonial, path: str
) -> None:
    newer = proposed(session, factories, testimonial, "They fixed it.")
    assert "out of date" in client.get(path).text
    assert client.post(path, data={"decision": "approve"}).status_code == 409
    assert "They fixed it." in client.get(path_of(app, newer)).text


def test_html_in_both_texts_stays_text(app: Flask, client: FlaskClient, session: Session, factories: Factories) -> None:
    evil = '<img src=x onerror=alert(1)> and a "><script>alert(1)</script>'
    proposal = proposed(session, factories, factories.testimonial(text=evil), "<img src=x> and a")
    html = client.get(path_of(app, proposal)).text
    assert "<img src=x" not in html
    assert "<script>" not in html


def test_a_link_of_another_kind_is_unknown_here(app: Flask, client: FlaskClient, proposal: ProposedEdit) -> None:
    token = app.extensions[EXTENSION].tokens.sign(Purpose.MANAGE, proposal.public_id)
    assert client.get(f"/s/p/{token}").status_code == 404
    assert client.post(f"/s/p/{token}", data={"decision": "approve"}).status_code == 404


def test_the_customer_is_asked_by_mail(
    make_app: Callable[..., Flask],
    smtp_peer: SmtpPeer,
    proposal: ProposedEdit,
) -> None:
    app = make_app(mail_url=smtp_peer.url)
    run(app)
    [letter] = smtp_peer.messages
    assert letter["To"] == "aino@kunde.example"
    assert path_of(app, proposal) in letter.as_string().replace("=\n", "")


def test_an_address_that_is_refused_for_good_is_told_to_the_team_and_not_tried_again(
    make_app: Callable[..., Flask], smtp_peer: SmtpPeer, proposal: ProposedEdit, session: Session
) -> None:
    smtp_peer.answers = ["550 no such mailbox"]
    app = make_app(mail_url=smtp_peer.url)
    run(app)
    run(app)
    assert smtp_peer.messages == []
    entry = session.scalars(select(ModerationEntry).where(ModerationEntry.action == "mail_refused")).one()
    assert entry.details == {"code": 550}


def run(app: Flask) -> None:
    from socialproof import wiring
    from socialproof.backends.jobs.worker import run_next
    from socialproof.cli.work import job_context

    context = job_context(app)
    while run_next(context, wiring.JOBS):
        pass
    app.extensions[EXTENSION].backends.mailer.close()


@pytest.mark.parametrize("language", ["en", "sv", "da", "nb", "fi"])
def test_the_page_opens_in_every_language(client: FlaskClient, path: str, language: str) -> None:
    assert f'<html lang="{language}"' in client.get(f"{path}?lang={language}").text
