"""The text message service tells what became of texts, and what people sent back; nobody else is believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof.backends.sms import hook_url
from socialproof.campaigns.models import Invitation
from socialproof.settings import Settings
from socialproof.tokens import Purpose, Tokens
from socialproof.web.provider.sms import signature
from tests.factories import Factories

ACCOUNT_TOKEN = "the account's: token/"
PHONE = "+46701234567"
Send = Callable[..., TestResponse]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    url = "twilio://AC1:the%20account's%3A%20token%2F@api.twilio.com"
    return replace(settings, sms_url=url, base_url="https://proof.example.com")


@pytest.fixture
def invitation(factories: Factories) -> Invitation:
    company = factories.company()
    contact = factories.contact(company, phone=PHONE)
    return factories.invitation(
        factories.survey(company), contact, channel="sms", state="sent", sent_at=factories.now, due_at=factories.now
    )


@pytest.fixture
def send(client: FlaskClient, settings: Settings) -> Send:
    """As the service sends it: signed over the public address, which is not the one that the client asks."""

    def send(form: dict[str, str], query: str = "", *, signed: str | None = None, port: str = "") -> TestResponse:
        public = hook_url(settings) + query
        text = public.replace(".com/", f".com{port}/") + "".join(f"{name}{form[name]}" for name in sorted(form))
        proof = signature(ACCOUNT_TOKEN, text).decode() if signed is None else signed
        path = public.removeprefix("https://proof.example.com")
        return client.post(path, data=form, headers={"X-Twilio-Signature": proof})

    return send


def state(session: Session, invitation: Invitation) -> tuple[str, bool]:
    session.rollback()
    session.refresh(invitation)
    session.refresh(invitation.contact)
    return invitation.state, invitation.contact.phone_stopped_at is not None


@pytest.mark.both_databases
def test_stop_is_heard_and_start_takes_it_back(send: Send, session: Session, invitation: Invitation) -> None:
    answer = send({"From": PHONE, "To": "+46800", "Body": " stopp. ", "MessageSid": "SM1"})
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert answer.text.endswith("<Response></Response>")
    assert "Set-Cookie" not in answer.headers
    assert state(session, invitation) == ("unsubscribed", True)
    send({"From": PHONE, "Body": "START"})
    assert state(session, invitation) == ("unsubscribed", False)


@pytest.mark.parametrize("port", ["", ":443"])
def test_delivered_and_lost_are_noted(send: Send, session: Session, invitation: Invitation, port: str) -> None:
    query = f"?key=invitation%3A{invitation.public_id}%3A0"
    assert send({"MessageSid": "SM1", "MessageStatus": "delivered"}, query, port=port).status_code == 200
    assert state(session, invitation) == ("delivered", False)
    assert send({"MessageStatus": "failed", "ErrorCode": "21610"}, query, port=port).status_code == 200
    assert state(session, invitation) == ("unsubscribed", True)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "form",
    [
        {"From": PHONE, "Body": "9, you are great"},
        {"From": "Nordlys", "Body": "STOP"},
        {"From": "+4670", "Body": "STOP"},
        {"Body": "STOP"},
        {},
        {"MessageStatus": "delivered", "MessageSid": "SM-of-somebody-else"},
        {"MessageStatus": "\x00", "MessageSid": "\x00"},
        {"From": PHONE, "Body": "\x00" * 5000},
    ],
)
def test_anything_else_is_taken_politely(
    send: Send, session: Session, invitation: Invitation, form: dict[str, str]
) -> None:
    assert send(form).status_code == 200
    assert state(session, invitation) == ("sent", False)


@pytest.mark.parametrize("signed", ["", "forged", "å", signature("another token", "x").decode()])
def test_a_forged_signature_is_refused_and_nothing_happens(
    send: Send, session: Session, invitation: Invitation, signed: str
) -> None:
    assert send({"From": PHONE, "Body": "STOP"}, signed=signed).status_code == 403
    assert state(session, invitation) == ("sent", False)


def test_a_signature_over_other_words_is_refused(
    client: FlaskClient, settings: Settings, session: Session, invitation: Invitation
) -> None:
    proof = signature(ACCOUNT_TOKEN, hook_url(settings) + "BodyHelloFrom" + PHONE).decode()
    path = hook_url(settings).removeprefix("https://proof.example.com")
    answer = client.post(path, data={"From": PHONE, "Body": "STOP"}, headers={"X-Twilio-Signature": proof})
    assert answer.status_code == 403
    assert state(session, invitation) == ("sent", False)


def test_where_texts_stay_at_home_nobody_can_sign(make_app: Callable[..., Flask], settings: Settings) -> None:
    path = hook_url(settings).removeprefix("https://proof.example.com")
    proof = signature("", hook_url(settings)).decode()
    at_home = make_app(sms_url="console:").test_client()
    assert at_home.post(path, headers={"X-Twilio-Signature": proof}).status_code == 403


def test_the_address_is_secret_and_of_one_purpose(client: FlaskClient, settings: Settings) -> None:
    tokens = Tokens(settings.secret_keys)
    for token in ("x", tokens.sign(Purpose.HOOK, "mail"), tokens.sign(Purpose.INVITATION, "sms")):
        assert client.post(f"/hooks/sms/{token}").status_code == 404
    path = hook_url(settings).removeprefix("https://proof.example.com")
    assert client.get(path).status_code == 405
    assert client.post(path, data=b"Body=" + b"x" * 300_000, content_type="text/plain").status_code in (403, 413)
    big = client.post(path, data={"Body": "x" * 300_000})
    assert big.status_code == 413
