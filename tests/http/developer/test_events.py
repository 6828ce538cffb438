"""Events told by the company's own program."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof.campaigns.models import Campaign
from socialproof.companies import api_tokens
from socialproof.companies.models import ApiToken, Membership
from socialproof.contacts.models import Contact, CustomerEvent
from socialproof.web.developer.access import LIMIT, MOST_REQUESTS
from tests.factories import Factories

PATH = "/api/v1/events"
Send = Callable[..., TestResponse]


@pytest.fixture
def maker(factories: Factories) -> Membership:
    return factories.member("admin", factories.company(default_language="sv"))


@pytest.fixture
def shown(session: Session, maker: Membership, factories: Factories) -> str:
    _token, shown = api_tokens.make_token(
        session, company=maker.company, name="CRM", scopes=["events"], user=maker.user, now=factories.now
    )
    session.commit()
    return shown


@pytest.fixture
def send(client: FlaskClient, shown: str) -> Send:
    def send(sent: object, token: str | None = None, **options: Any) -> TestResponse:
        body = sent if isinstance(sent, bytes) else json.dumps(sent)
        headers = {"Authorization": f"Bearer {shown if token is None else token}"} | options.pop("headers", {})
        return client.post(PATH, data=body, headers=headers, content_type="application/json", **options)

    return send


def events(session: Session) -> list[CustomerEvent]:
    session.rollback()
    return list(session.scalars(select(CustomerEvent).order_by(CustomerEvent.id)))


@pytest.mark.both_databases
def test_an_event_brings_its_contact_and_says_who_waits(
    send: Send, session: Session, factories: Factories, maker: Membership
) -> None:
    survey = factories.survey(maker.company)
    campaign = {"company_id": survey.company_id, "survey_id": survey.id, "name": "C", "created_at": factories.now}
    factories.add(Campaign(template="event", state="running", event_name="delivered", **campaign))
    sent = {
        "event": " Delivered ",
        "email": "Aino@Customer.example",
        "phone": "+46 70 123 45 67",
        "name": "Aino",
        "language": "fi",
        "organisation": "Kauppa Oy",
        "customer_since": "2024-03-01",
        "happened_at": "2026-11-20T10:00:00+02:00",
        "key": "order-123",
    }
    happened_at = factories.now - timedelta(days=3)
    answer = send(sent | {"happened_at": happened_at.isoformat()})
    assert answer.status_code == 202
    [event] = events(session)
    assert answer.json == {"event": event.public_id, "campaigns": 1}
    assert (event.name, event.source, event.key) == ("delivered", "api", "order-123")
    assert event.happened_at == happened_at
    contact = event.contact
    assert (contact.email, contact.phone, contact.name) == ("aino@customer.example", "+46701234567", "Aino")
    assert contact.company_id == maker.company_id
    again = send(sent | {"email": "another@customer.example", "happened_at": None})
    assert (again.status_code, again.json) == (202, answer.json)
    assert len(events(session)) == 1
    assert len(session.scalars(select(Contact)).all()) == 1


def test_a_known_contact_keeps_its_fields(
    send: Send, session: Session, factories: Factories, maker: Membership
) -> None:
    known = factories.contact(maker.company, email="bo@customer.example", phone="+46701234567", name="Bo")
    factories.contact(email="bo@customer.example", phone="+46701234567")
    for who in ({"email": "BO@customer.example"}, {"phone": "+46701234567"}, {"contact": known.public_id}):
        changes = {} if "contact" in who else {"name": "Changed"}
        assert send({"event": "met"} | who | changes).status_code == 202
    assert [event.contact_id for event in events(session)] == [known.id] * 3
    session.refresh(known)
    assert known.name == "Bo"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"email": "a@b.example"}, "event"),
        ({"event": " ", "email": "a@b.example"}, "event"),
        ({"event": "x" * 61, "email": "a@b.example"}, "event"),
        ({"event": 1, "email": "a@b.example"}, "event"),
        ({"event": True, "email": "a@b.example"}, "event"),
        ({"event": ["met"], "email": "a@b.example"}, "event"),
        ({"event": "met"}, "contact"),
        ({"event": "met", "email": None}, "contact"),
        ({"event": "met", "contact": "missing"}, "contact"),
        ({"event": "met", "contact": "\x00"}, "contact"),
        ({"event": "met", "contact": "x", "email": "a@b.example"}, "contact"),
        ({"event": "met", "email": "no address"}, "email"),
        ({"event": "met", "email": "a@b.example\r\nBcc: c@d.example"}, "email"),
        ({"event": "met", "email": {"a": 1}}, "email"),
        ({"event": "met", "phone": "0701234567"}, "phone"),
        ({"event": "met", "email": "a@b.example", "language": "klingon"}, "language"),
        ({"event": "met", "email": "a@b.example", "name": "x" * 200}, "name"),
        ({"event": "met", "email": "a@b.example", "customer_since": "yesterday"}, "customer_since"),
        ({"event": "met", "email": "a@b.example", "colour": "red"}, "colour"),
        ({"event": "met", "email": "a@b.example", "self": "x"}, "self"),
        ({"event": "met", "email": "a@b.example", "key": ""}, "key"),
        ({"event": "met", "email": "a@b.example", "key": "x" * 121}, "key"),
        ({"event": "met", "email": "a@b.example", "key": "a\nb"}, "key"),
        ({"event": "met", "email": "a@b.example", "key": "\ud800"}, "key"),
        ({"event": "met", "email": "a@b.example", "happened_at": "2026-11-20T10:00:00"}, "happened_at"),
        ({"event": "met", "email": "a@b.example", "happened_at": "yesterday"}, "happened_at"),
        ({"event": "met", "email": "a@b.example", "happened_at": "\ud800"}, "happened_at"),
        ({"event": "met", "email": "a@b.example", "happened_at": "0001-01-01T00:00:00+14:00"}, "happened_at"),
        ({"event": "met", "email": "a@b.example", "happened_at": "2019-01-01T00:00:00Z"}, "happened_at"),
        ({"event": "met", "email": "a@b.example", "happened_at": "9999-12-31T23:59:59-14:00"}, "happened_at"),
        ([], "body"),
        ("met", "body"),
        (b"", "body"),
        (b"\xff", "body"),
        (b'{"event": "met"', "body"),
        (b'{"event": "met", "email": NaN}', "body"),
        (b'{"event": "met", "event": "won", "email": "a@b.example"}', "event"),
        (b'{"self": "a", "self": "b"}', "self"),
        (b"[" * 9000, "body"),
        (b'{"key": ' + b"1" * 9000 + b"}", "body"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_cannot_be_taken_is_named_with_words(send: Send, session: Session, sent: object, field: str) -> None:
    answer = send(sent)
    assert answer.status_code == 422
    assert answer.json is not None
    [fault] = answer.json["fields"]
    assert fault["field"] == field
    assert fault["message"]
    assert events(session) == []
    assert session.scalars(select(Contact)).all() == []


def test_the_words_are_in_the_language_that_was_asked_for(send: Send) -> None:
    answer = send({"event": "met", "email": "nobody"}, headers={"Accept-Language": "sv"})
    assert answer.json is not None
    assert "e-post" in answer.json["fields"][0]["message"]


@pytest.mark.both_databases
def test_without_a_right_token_every_answer_is_the_same(
    app: Flask, client: FlaskClient, send: Send, shown: str, session: Session
) -> None:
    public_id, _dot, secret = shown.partition(".")
    wrong = ["", "x", f"{public_id}.", f".{secret}", f"{public_id}.{secret}x", public_id, f"{public_id}.{'x' * 43}"]
    wrong += [f"{public_id}{secret}", "å" * 20, "x" * 5000, f"{shown}.more", shown.replace(".", "." * 2)]
    answers = [send({"event": "met", "email": "a@b.example"}, token) for token in wrong]
    answers += [client.post(PATH), client.post(PATH, headers={"Authorization": f"Basic {shown}"})]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"
    assert events(session) == []


@pytest.mark.parametrize("how", ["revoked", "left", "demoted"])
def test_a_token_ends_with_who_made_it_or_when_it_is_revoked(
    send: Send, session: Session, maker: Membership, how: str
) -> None:
    assert send({"event": "met", "email": "a@b.example"}).status_code == 202
    session.rollback()
    if how == "revoked":
        token = session.scalars(select(ApiToken)).one()
        api_tokens.revoke_token(session, token=token, user=maker.user, now=datetime.now(UTC))
    elif how == "left":
        session.delete(maker)
    else:
        maker.role = "viewer"
    session.commit()
    assert send({"event": "met", "email": "a@b.example"}).status_code == 401


def test_a_token_of_another_scope_may_not(send: Send, session: Session) -> None:
    session.scalars(select(ApiToken)).one().scopes = []
    session.commit()
    answer = send({"event": "met", "email": "a@b.example"})
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["error"] == "forbidden"


def test_too_large_is_413_and_what_is_no_json_415(client: FlaskClient, send: Send, shown: str) -> None:
    large = send({"event": "met", "name": "x" * 20_000})
    assert (large.status_code, large.mimetype) == (413, "application/json")
    form = client.post(PATH, data={"event": "met"}, headers={"Authorization": f"Bearer {shown}"})
    assert form.status_code == 415


def test_too_many_are_told_when_to_come_back(app: Flask, send: Send, shown: str) -> None:
    assert send({}).status_code == 422
    for _request in range(MOST_REQUESTS):
        app.extensions[LIMIT].count(shown.partition(".")[0], datetime.now(UTC))
    answer = send({})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_no_browser_is_served(client: FlaskClient, send: Send) -> None:
    answer = send({"event": "met", "email": "a@b.example"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 202
    assert not [name for name, _ in answer.headers if name in ("Set-Cookie", "Vary") or name.startswith("Access-")]
    assert answer.headers["Cache-Control"] == "no-store"
    preflight = client.options(PATH, headers={"Origin": "https://evil.example"})
    assert not [name for name, _ in preflight.headers if name.startswith("Access-")]
    wrong = client.get(PATH)
    assert (wrong.status_code, wrong.mimetype) == (405, "application/json")


def test_the_secret_is_in_no_column_and_use_is_noted(send: Send, session: Session, shown: str) -> None:
    send({"event": "met", "email": "a@b.example"})
    session.rollback()
    token = session.scalars(select(ApiToken)).one()
    secret = shown.partition(".")[2]
    assert all(secret not in str(value) for value in vars(token).values())
    assert token.used_at is not None  # also within the minute in which it was made
