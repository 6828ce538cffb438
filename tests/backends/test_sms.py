"""Text messages: against a peer that speaks as Twilio does, and into the outbox."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from socialproof.backends.sms import (
    ConsoleSms,
    SmsDelayed,
    SmsMalformed,
    SmsMessage,
    SmsRefused,
    TwilioSms,
    build_sms,
)
from socialproof.settings import Settings
from tests.sms_peer import ACCOUNT, SmsPeer

KEY = "invitation:abc:0"


def a_text(to: str = "+46701234567", **changes: str) -> SmsMessage:
    return SmsMessage(**{"to": to, "text": "Hej! https://proof.example/s/k/0123456789", "key": KEY} | changes)


@pytest.fixture
def sender(sms_peer: SmsPeer) -> TwilioSms:
    return TwilioSms.from_url(sms_peer.url, sender="+46800000000", hook_url="https://proof.example/hooks/sms/x")


def test_a_text_is_handed_over_with_where_to_report(sender: TwilioSms, sms_peer: SmsPeer) -> None:
    number = sender.send(a_text())
    assert number.startswith("SM")
    assert sms_peer.paths == [f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"]
    assert sms_peer.messages == [
        {
            "To": "+46701234567",
            "From": "+46800000000",
            "Body": "Hej! https://proof.example/s/k/0123456789",
            "StatusCallback": "https://proof.example/hooks/sms/x?key=invitation%3Aabc%3A0",
        }
    ]


@pytest.mark.parametrize(
    ("code", "meaning"), [(21610, "stopped"), (21211, "not_a_number"), (21614, "not_a_number"), (21408, "refused")]
)
def test_what_a_refusal_means_for_the_number_is_told_without_it(
    sender: TwilioSms, sms_peer: SmsPeer, code: int, meaning: str
) -> None:
    sms_peer.answers = [(400, code, "The number +46 70-123 45 67 is no good")]
    with pytest.raises(SmsRefused) as refused:
        sender.send(a_text())
    assert refused.value.code == meaning
    assert "123" not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        (429, 20429, "Too many requests"),
        (500, 20500, "Internal"),
        (503, 0, "Away"),
        (401, 20003, "Authenticate"),
        (404, 20404, "No such account"),
        (400, 21606, "The From number is not yours"),
        (302, 0, "Elsewhere"),
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"\x00\x01 nonsense\r\n\r\n",
        b"",
    ],
    ids=str,
)
def test_whatever_is_no_fault_of_the_number_is_tried_again_later(
    sender: TwilioSms, sms_peer: SmsPeer, answer: tuple[int, int, str] | bytes
) -> None:
    sms_peer.answers = [answer]
    with pytest.raises(SmsDelayed):
        sender.send(a_text())
    assert len(sms_peer.paths) == 1
    assert sender.send(a_text()).startswith("SM")


def test_a_huge_answer_is_not_read_to_its_end(sender: TwilioSms, sms_peer: SmsPeer) -> None:
    sms_peer.answers = [b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n" + b"[" * 5_000_000]
    assert sender.send(a_text()) == ""


@pytest.mark.parametrize("stall", ["mute", "drip"])
def test_a_service_that_never_finishes_is_left(sender: TwilioSms, sms_peer: SmsPeer, stall: str) -> None:
    sms_peer.stall = stall
    with pytest.raises(SmsDelayed):
        replace(sender, timeout=0.3, deadline=0.4).send(a_text())


def test_nobody_listening_is_a_delay(sender: TwilioSms) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    with pytest.raises(SmsDelayed):
        replace(sender, port=port).send(a_text())


def test_the_token_is_given_to_nobody_who_cannot_prove_the_name(sender: TwilioSms, sms_peer: SmsPeer) -> None:
    with pytest.raises(SmsDelayed):
        replace(sender, is_tls=True, timeout=0.5, deadline=0.5).send(a_text())
    assert sms_peer.paths == []
    assert sender.token not in repr(sender)


def test_the_patience_as_shipped_is_twenty_seconds() -> None:
    sender = TwilioSms.from_url("twilio://a:b@api.twilio.com", sender="")
    assert (sender.deadline, sender.port, sender.is_tls) == (20.0, 443, True)


@pytest.mark.parametrize("to", ["", "0701234567", "+46 70 123", "+46701234567\r\n", "+46701234567,+46701234568", "+0"])
def test_a_recipient_is_exactly_one_number(to: str) -> None:
    with pytest.raises(SmsMalformed):
        a_text(to)


@pytest.mark.parametrize("text", ["", "  ", "a" * 1601])
def test_a_text_says_something_and_is_a_text(text: str) -> None:
    with pytest.raises(SmsMalformed):
        a_text(text=text)


def test_the_console_keeps_whole_files_beside_the_letters(tmp_path: Path) -> None:
    sender = ConsoleSms(tmp_path / "outbox", sender="Nordlys")
    sender.send(a_text(text="Första"))
    sender.send(a_text(text="Åter"))
    sender.send(a_text(key="another"))
    assert len(sender.messages()) == 2
    assert {path.suffix for path in sender.folder.iterdir()} == {".txt"}
    assert "To: +46701234567\nFrom: Nordlys\n\nÅter\n" in sender.messages()


def test_one_setting_chooses_the_backend(tmp_path: Path) -> None:
    settings = Settings(secret_keys=("x" * 32,), database_url="sqlite://", data_dir=tmp_path)
    assert isinstance(build_sms(settings), ConsoleSms)
    twilio = build_sms(replace(settings, sms_url="twilio://a:b@sms.example", base_url="https://proof.example"))
    assert isinstance(twilio, TwilioSms)
    assert twilio.hook_url.startswith("https://proof.example/hooks/sms/")
    at_home = build_sms(replace(settings, sms_url="twilio://a:b@sms.example"))
    assert isinstance(at_home, TwilioSms)
    assert at_home.hook_url == ""
