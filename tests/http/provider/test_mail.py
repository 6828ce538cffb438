"""Amazon's mail service tells what became of letters; its signature is believed, and nothing else."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof.app import create_app
from socialproof.backends import build_backends
from socialproof.backends.mail.sns import SnsDesk, SnsUnavailable, fetch
from socialproof.campaigns.models import Invitation
from socialproof.settings import Settings
from socialproof.tokens import Purpose, Tokens
from tests.conftest import SECRET
from tests.factories import Factories

AMAZON = "https://sns.eu-north-1.amazonaws.com"
CERTIFICATE = f"{AMAZON}/SimpleNotificationService-0123abcd.pem"
Send = Callable[..., TestResponse]


@cache
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(days: int = 1) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, signing_key().public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .sign(signing_key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


class Peer:
    """Stands where Amazon's own addresses lead: serves `files` by path, redirects for "", and remembers."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"/SimpleNotificationService-0123abcd.pem": certificate()}
        self.asked: list[str] = []
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                peer.asked.append(self.path)
                body = peer.files.get(self.path, b"yes")
                self.send_response(200 if body else 302)
                if not body:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def fetch(self, url: str) -> bytes:
        assert url.startswith(AMAZON), "only Amazon's own addresses may be asked"
        return fetch(url.replace(AMAZON, f"http://127.0.0.1:{self.server.server_port}"))


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.server.shutdown()
    peer.server.server_close()


@pytest.fixture
def app(settings: Settings, peer: Peer) -> Iterator[Flask]:
    from dataclasses import replace

    from socialproof.database import db

    app = create_app(settings, replace(build_backends(settings), sns=SnsDesk(peer.fetch)))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def invitation(factories: Factories) -> Invitation:
    survey = factories.survey()
    contact = factories.contact(survey.company, email="kerttu@customer.example")
    return factories.invitation(survey, contact, channel="mail", state="sent", sent_at=factories.now)


@pytest.fixture
def send(client: FlaskClient) -> Send:
    address = f"/hooks/mail/{Tokens((SECRET,)).sign(Purpose.HOOK, 'mail')}"
    return lambda body, to=address: client.post(to, data=body, content_type="text/plain; charset=UTF-8")


def signed(note: dict[str, Any], version: str = "2", **changed: Any) -> bytes:
    """The note as the service sends it; `changed` is changed after it was signed."""
    names = ("Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type")
    text = "".join(f"{name}\n{note[name]}\n" for name in names if name in note)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = signing_key().sign(text.encode(), padding.PKCS1v15(), algorithm)
    proof = {"SignatureVersion": version, "Signature": b64encode(signature).decode(), "SigningCertURL": CERTIFICATE}
    return json.dumps(note | proof | changed).encode()


def bounce_of(invitation: Invitation, **more: Any) -> dict[str, Any]:
    mark = Tokens((SECRET,)).bounce_mark(invitation.public_id)
    said = {
        "notificationType": "Bounce",
        "mail": {"source": f"bounces+{mark}@proof.example"},
        "bounce": {
            "bounceType": "Permanent",
            "bouncedRecipients": [{"emailAddress": "kerttu@customer.example", "status": "5.1.1"}],
        },
    }
    base = {"MessageId": "1", "Timestamp": "2026-11-22T01:00:00.000Z", "TopicArn": "arn:aws:sns:eu-north-1:1:bounces"}
    return {"Type": "Notification", "Message": json.dumps(said)} | base | more


def state(session: Session, invitation: Invitation) -> str:
    session.rollback()
    session.refresh(invitation)
    session.refresh(invitation.contact)
    return invitation.state


@pytest.mark.both_databases
@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signed_bounce_ends_letters_and_a_repeat_is_the_same(
    send: Send, session: Session, invitation: Invitation, peer: Peer, version: str
) -> None:
    body = signed(bounce_of(invitation, Subject="Amazon SES"), version)
    for _ in range(2):
        answer = send(body)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    assert state(session, invitation) == "bounced"
    assert invitation.contact.email_bounced_at is not None
    assert len(peer.asked) == 1, "the certificate is kept"


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": "{}"},
        {"Subject": "added"},
        {"Signature": b64encode(b"x" * 256).decode()},
        {"Signature": "no base64"},
        {"Signature": None},
        {"SignatureVersion": "3"},
        {"SigningCertURL": "https://sns.eu-north-1.amazonaws.com.evil.example/SimpleNotificationService-0.pem"},
        {"SigningCertURL": "https://evil.example/?https://sns.eu-north-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "http://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"},
        {"SigningCertURL": "https://a@sns.eu-north-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"},
        {"SigningCertURL": "https://sns.eu-north-1.amazonaws.com/../x.pem"},
        {"SigningCertURL": CERTIFICATE + "\n"},
    ],
)
def test_what_somebody_else_wrote_is_refused(
    send: Send, session: Session, invitation: Invitation, changed: dict[str, Any]
) -> None:
    assert send(signed(bounce_of(invitation), **changed)).status_code == 403
    assert state(session, invitation) == "sent"


def test_a_certificate_that_is_over_or_none_or_elsewhere_is_not_believed(
    send: Send, session: Session, invitation: Invitation, peer: Peer
) -> None:
    [path] = peer.files
    answers = []
    for content in (b"no certificate", b"", b"x" * 70_000, certificate(days=-1)):
        peer.files[path] = content
        answers.append(send(signed(bounce_of(invitation))).status_code)
    assert answers == [429, 429, 429, 403]
    assert "/elsewhere" not in peer.asked
    assert state(session, invitation) == "sent"


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b'{"Type": 1}', b'{"Type": "Else"}', b"\xff\xfe", b"[" * 100_000, b'{"Type": NaN}'],
)
def test_garbage_is_refused_in_words_of_http(send: Send, body: bytes) -> None:
    assert send(body).status_code == 400


def test_too_much_is_refused(send: Send) -> None:
    assert send(b"x" * (700 * 1024)).status_code == 413


def test_only_the_secret_address_is_a_door(send: Send, invitation: Invitation) -> None:
    tokens = Tokens((SECRET,))
    for token in ("x", tokens.sign(Purpose.HOOK, "sms"), tokens.sign(Purpose.UNSUBSCRIBE, "mail")):
        assert send(signed(bounce_of(invitation)), to=f"/hooks/mail/{token}").status_code == 404


def subscription(url: str) -> dict[str, Any]:
    base = {"MessageId": "1", "Timestamp": "2026-11-22T01:00:00.000Z", "TopicArn": "arn", "Token": "t"}
    return {"Type": "SubscriptionConfirmation", "Message": "Confirm", "SubscribeURL": url} | base


def test_a_subscription_is_confirmed_only_when_signed_and_only_at_amazons_own_address(send: Send, peer: Peer) -> None:
    confirm = "/?Action=ConfirmSubscription&TopicArn=arn&Token=t"
    note = subscription(AMAZON + confirm)
    assert send(signed(note, Token="another")).status_code == 403
    assert confirm not in peer.asked
    assert send(signed(note)).status_code == 200
    assert peer.asked.count(confirm) == 1
    for url in ("https://169.254.169.254/?x", f"{AMAZON}@evil.example/?x", f"{AMAZON}:8443/?x", "file:///etc/passwd"):
        assert send(signed(subscription(url))).status_code == 403
    peer.files[confirm] = b""
    assert send(signed(note)).status_code == 429
    assert "/elsewhere" not in peer.asked


def test_what_is_signed_but_no_note_of_the_mail_service_is_taken_politely(
    send: Send, session: Session, invitation: Invitation
) -> None:
    for message in ("Successfully validated SNS topic for Amazon SES event publishing.", "[1]", '{"eventType": {}}'):
        assert send(signed(bounce_of(invitation, Message=message))).status_code == 200
    assert send(signed(subscription(AMAZON) | {"Type": "UnsubscribeConfirmation"})).status_code == 200
    assert state(session, invitation) == "sent"


def test_an_address_that_does_not_answer_is_told_apart() -> None:
    with pytest.raises(SnsUnavailable):
        fetch("http://127.0.0.1:1/x.pem")
