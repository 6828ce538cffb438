"""Saying no: for good in one click, or not this time; a look changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns import refusing
from socialproof.campaigns.models import Invitation
from socialproof.companies.models import Company
from socialproof.contacts.models import Contact, Suppression
from socialproof.contacts.service import delete_contact, keep_contact
from socialproof.contacts.suppression import address_hash, apply_suppressions, link_subject
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.answers import invitation_path
from tests.factories import Factories

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def contact(factories: Factories) -> Contact:
    return factories.contact(factories.company(name="Nordlys & <Kaffe> AB"), name="Kerttu Virtanen")


@pytest.fixture
def path(app: Flask, contact: Contact) -> str:
    return f"/s/u/{app.extensions[EXTENSION].tokens.sign(Purpose.UNSUBSCRIBE, contact.public_id)}"


def fresh(session: Session, contact: Contact) -> Contact:
    session.rollback()
    session.refresh(contact)
    return contact


def waiting(session: Session, factories: Factories, contact: Contact, **values: object) -> Invitation:
    company = session.get_one(Company, contact.company_id)
    defaults = {"state": "pending", "channel": "mail", "due_at": factories.now, "asked_at": None}
    return factories.invitation(factories.survey(company), contact, **defaults | values)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_look_changes_nothing_and_shows_nothing_of_the_person(
    client: FlaskClient, path: str, contact: Contact, session: Session, method: str
) -> None:
    answer = client.open(path, method=method, headers={"Sec-Purpose": "prefetch"})
    assert answer.status_code == 200
    assert fresh(session, contact).unsubscribed_at is None
    assert "Set-Cookie" not in answer.headers
    if method == "GET":
        assert "Nordlys &amp; &lt;Kaffe&gt; AB" in answer.text
        assert "Kerttu" not in answer.text
        assert str(contact.email) not in answer.text


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_of_a_mail_program_without_cookies_ends_everything_that_waits(
    app: Flask, path: str, contact: Contact, session: Session, factories: Factories, kind: str
) -> None:
    letter = waiting(session, factories, contact)
    reminder = waiting(session, factories, contact, state="sent", asked_at=factories.now)
    answered = waiting(session, factories, contact, state="answered", due_at=None)
    for _ in range(2):
        answer = app.test_client(use_cookies=False).post(path, data=ONE_CLICK, content_type=kind)
        assert (answer.status_code, answer.text) == (200, "")
    assert fresh(session, contact).unsubscribed_by == "one_click"
    for invitation, state in ((letter, "unsubscribed"), (reminder, "unsubscribed"), (answered, "answered")):
        session.refresh(invitation)
        assert (invitation.state, invitation.due_at) == (state, None)


def test_the_button_of_the_page_ends_the_questions_and_can_be_undone_there(
    client: FlaskClient, path: str, contact: Contact, session: Session, factories: Factories
) -> None:
    letter = waiting(session, factories, contact)
    ended = client.post(path, data={"choice": "stop"}, follow_redirects=True)
    assert "will not ask you again" in ended.text
    assert fresh(session, contact).unsubscribed_by == "link"
    undone = client.post(path, data={"choice": "again"}, follow_redirects=True)
    assert "No more questions from" in undone.text
    assert fresh(session, contact).unsubscribed_at is None
    session.refresh(letter)
    assert letter.state == "pending"
    again = Contact(company_id=contact.company_id, email=contact.email, created_at=factories.now)
    apply_suppressions(session, contact.company_id, [again])
    assert again.unsubscribed_at is None


@pytest.mark.both_databases
def test_who_is_deleted_and_imported_again_stays_unsubscribed(
    client: FlaskClient, path: str, contact: Contact, session: Session, factories: Factories
) -> None:
    client.post(path, data=ONE_CLICK)
    email = fresh(session, contact).email
    delete_contact(session, contact=contact, now=factories.now)
    session.commit()
    assert client.post(path, data=ONE_CLICK).status_code == 200
    assert "will not ask you again" in client.get(path).text
    again = keep_contact(session, company_id=contact.company_id, email=email, now=factories.now)
    apply_suppressions(session, contact.company_id, [again])
    assert again.id != contact.id
    assert again.unsubscribed_at is not None
    other = Contact(company_id=factories.company().id, email=email, created_at=factories.now)
    apply_suppressions(session, other.company_id, [other])
    assert other.unsubscribed_at is None, "another company's customer said nothing"


@pytest.mark.both_databases
@pytest.mark.parametrize("way", [ONE_CLICK, {"choice": "stop"}])
def test_an_old_letter_of_somebody_erased_stops_whoever_has_the_address_by_now(
    app: Flask,
    client: FlaskClient,
    contact: Contact,
    session: Session,
    factories: Factories,
    run_jobs: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    way: dict[str, str],
) -> None:
    monkeypatch.setattr(refusing, "BATCH", 1)
    company, email = session.get_one(Company, contact.company_id), str(contact.email)
    subject = link_subject(contact.public_id, address_hash(company, email))
    path = f"/s/u/{app.extensions[EXTENSION].tokens.sign(Purpose.UNSUBSCRIBE, subject)}"
    assert len(path) < 140
    delete_contact(session, contact=contact, now=factories.now)
    assert session.scalars(select(Suppression)).all() == [], "nothing is kept of who said nothing"
    others = [factories.contact(company), factories.contact(factories.company(), email=email)]
    again = factories.contact(company, email=email)
    letter = waiting(session, factories, again)
    assert "One click, and you will not be asked again." in client.get(path).text
    assert fresh(session, again).unsubscribed_at is None
    assert client.post(path, data=way).status_code in (200, 303)
    assert "will not ask you again" in client.get(path).text
    run_jobs()
    assert fresh(session, again).unsubscribed_by == ("one_click" if way is ONE_CLICK else "link")
    session.refresh(letter)
    assert (letter.state, letter.due_at) == ("unsubscribed", None)
    assert [fresh(session, other).unsubscribed_at for other in others] == [None, None]
    delete_contact(session, contact=again, now=factories.now)
    session.commit()
    third = keep_contact(session, company_id=company.id, email=email, now=factories.now)
    assert third.unsubscribed_at is not None


def test_a_letters_link_of_a_living_contact_works_as_ever(
    app: Flask, client: FlaskClient, contact: Contact, session: Session
) -> None:
    subject = link_subject(contact.public_id, "a5" * 32)
    path = f"/s/u/{app.extensions[EXTENSION].tokens.sign(Purpose.UNSUBSCRIBE, subject)}"
    client.post(path, data=ONE_CLICK)
    assert fresh(session, contact).unsubscribed_by == "one_click"
    client.post(path, data={"choice": "again"})
    assert fresh(session, contact).unsubscribed_at is None
    assert session.scalars(select(Suppression)).all() == []


@pytest.mark.parametrize("body", [{}, {"choice": "maybe"}, {"List-Unsubscribe": "No"}])
def test_a_form_that_says_neither_changes_nothing(
    client: FlaskClient, path: str, contact: Contact, session: Session, body: dict[str, str]
) -> None:
    assert client.post(path, data=body).status_code == 422
    assert fresh(session, contact).unsubscribed_at is None


def test_no_other_link_opens_this_door_and_this_link_opens_no_other(
    app: Flask, client: FlaskClient, path: str, contact: Contact, session: Session
) -> None:
    token = path.rsplit("/", 1)[1]
    other = app.extensions[EXTENSION].tokens.sign(Purpose.INVITATION, contact.public_id)
    wrong = [f"/s/u/{other}", f"/s/u/{token[:-1]}", f"/s/i/{token}", f"/s/i/{token}/decline", "/s/u/\x00"]
    assert [client.post(address, data=ONE_CLICK).status_code for address in wrong] == [404] * 5
    assert fresh(session, contact).unsubscribed_at is None


@pytest.mark.both_databases
def test_not_this_time_ends_the_reminder_and_leaves_the_link(
    app: Flask, client: FlaskClient, contact: Contact, session: Session, factories: Factories
) -> None:
    invitation = waiting(session, factories, contact, state="sent")
    link = invitation_path(app, invitation)
    assert f"{link}/decline" in client.get(link).text
    assert "Not this time?" in client.get(f"{link}/decline").text
    session.refresh(invitation)
    assert invitation.state == "sent"
    for _ in range(2):
        assert client.post(f"{link}/decline").status_code == 303
    session.rollback()
    session.refresh(invitation)
    assert (invitation.state, invitation.due_at) == ("declined", None)
    assert fresh(session, contact).unsubscribed_at is None
    assert client.post(link, data={"score": 9}).status_code == 303
    client.post(f"{link}/decline")
    session.rollback()
    session.refresh(invitation)
    assert invitation.state == "answered"
