"""The mailbox for letters that come back, spoken to by a real SMTP client."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from socialproof.backends.mail import mailbox as mailboxes
from socialproof.backends.mail.mailbox import Mailbox
from socialproof.campaigns.models import Invitation
from socialproof.cli.mailbox import taking
from socialproof.tokens import Tokens
from tests.conftest import SECRET
from tests.factories import Factories
from tests.returned_letters import dsn

Serve = Callable[[Mailbox], smtplib.SMTP]
OURS = "bounces@proof.example"


class Found:
    """Where a mailbox listens, and the loop that it runs in."""

    port: int
    loop: asyncio.AbstractEventLoop


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(mailbox)` runs it on a free port and returns a client that is connected to it."""
    ends: list[Callable[[], None]] = []

    def run(mailbox: Mailbox) -> smtplib.SMTP:
        stop, ready, found = asyncio.Event(), threading.Event(), Found()

        def is_ready(port: int) -> None:
            found.port, found.loop = port, asyncio.get_running_loop()
            ready.set()

        serving = mailbox.serve("127.0.0.1", 0, stop=stop, ready=is_ready)
        # What is still being said at its end is ended too, as `flask mailbox` does.
        thread = threading.Thread(target=asyncio.run, args=(serving,))
        thread.start()
        assert ready.wait(20)
        client = smtplib.SMTP("127.0.0.1", found.port, timeout=20)

        def end() -> None:
            client.close()
            found.loop.call_soon_threadsafe(stop.set)
            thread.join()

        ends.append(end)
        return client

    yield run
    for end in ends:
        end()


def test_it_takes_letters_to_itself_and_relays_none(serve: Serve) -> None:
    taken: list[tuple[str, bytes]] = []
    client = serve(Mailbox(lambda address: address == OURS, lambda *letter: taken.append(letter)))
    client.ehlo()
    assert client.mail("")[0] == 250
    assert client.rcpt("somebody@else.example")[0] == 550
    assert client.rcpt(OURS)[0] == 250
    assert client.data(b"Subject: back\r\n\r\nagain")[0] == 250
    assert taken == [(OURS, b"Subject: back\r\n\r\nagain\r\n")]


def test_what_cannot_be_kept_stays_with_the_other_server(serve: Serve) -> None:
    answers = [OSError("the database is away"), None]

    def take(_recipient: str, _content: bytes) -> None:
        if error := answers.pop(0):
            raise error

    client = serve(Mailbox(lambda _address: True, take))
    codes = []
    for _ in range(2):
        client.ehlo_or_helo_if_needed()
        client.mail("")
        client.rcpt(OURS)
        codes.append(client.data(b"x")[0])
    assert codes == [451, 250]


def test_it_bounds_size_and_pace(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailboxes, "MOST_BYTES", 2000)
    client = serve(Mailbox(lambda _address: True, lambda *_letter: None, letters_a_minute=2))
    client.ehlo()
    client.mail("")
    assert client.rcpt(OURS)[0] == 250
    assert client.data(b"x" * 60 + b"\r\n" + b"y\r\n" * 1000)[0] == 552
    client.rset()
    client.mail("")
    assert [client.rcpt(OURS)[0] for _ in range(2)] == [250, 451]


def test_it_bounds_connections(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailboxes, "MOST_CONNECTIONS", 1)
    first = serve(Mailbox(lambda _address: True, lambda *_letter: None))
    first.ehlo()
    assert first.sock is not None
    port = first.sock.getpeername()[1]
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        smtplib.SMTP("127.0.0.1", port, timeout=20)
    assert refused.value.smtp_code == 421
    assert first.noop()[0] == 250


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(bounce_address=OURS)


@pytest.fixture
def invitation(factories: Factories) -> Invitation:
    survey = factories.survey()
    contact = factories.contact(survey.company, email="kerttu@customer.example")
    return factories.invitation(survey, contact, channel="mail", state="sent")


def address_of(invitation: Invitation) -> str:
    return f"bounces+{Tokens((SECRET,)).bounce_mark(invitation.public_id)}@proof.example"


@pytest.mark.both_databases
def test_a_letter_comes_back_through_the_mailbox_into_the_database(
    app: Flask, serve: Serve, session: Session, invitation: Invitation
) -> None:
    recipient = address_of(invitation)
    with app.app_context():
        take = taking()
    with closing(serve(Mailbox(lambda address: address == recipient, take))) as client:
        client.sendmail("", [recipient], dsn())
    session.rollback()
    session.refresh(invitation)
    assert invitation.state == "bounced"


def test_a_mail_servers_pipe_hands_one_letter_over(app: Flask, session: Session, invitation: Invitation) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["bounce", "somebody@else.example"], input=dsn()).exit_code == 67
    assert run(args=["bounce", address_of(invitation)], input=b"x" * (1024 * 1024 + 1)).exit_code == 65
    taken = run(args=["bounce", address_of(invitation)], input=dsn())
    assert (taken.exit_code, taken.output) == (0, "bounced\n")
    session.rollback()
    session.refresh(invitation)
    assert invitation.state == "bounced"


def test_the_pipe_says_come_again_while_the_database_is_away(app: Flask, invitation: Invitation) -> None:
    from socialproof.database import db

    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE invitation RENAME TO elsewhere")
    assert app.test_cli_runner().invoke(args=["bounce", address_of(invitation)], input=dsn()).exit_code == 75


def test_the_addresses_of_the_hooks_are_printed(app: Flask) -> None:
    printed = app.test_cli_runner().invoke(args=["hooks"]).output
    assert "/hooks/mail/" in printed
    assert "/hooks/sms/" in printed


def test_without_an_address_there_is_nothing_to_take(make_app: Callable[..., Flask]) -> None:
    said = make_app().test_cli_runner().invoke(args=["mailbox"])
    assert said.exit_code == 1
    assert "SOCIALPROOF_BOUNCE_ADDRESS is not set" in said.output
