"""Mail: against a real SMTP server in this process, and into a folder."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from socialproof.backends.mail import (
    MailDelayed,
    MailRefused,
    MailUnreachable,
    Message,
    MessageMalformed,
    OutboxMailer,
    SmtpMailer,
    build_mailer,
)
from socialproof.backends.mail.compose import compose
from socialproof.backends.mail.skeleton import Sender, Skeleton
from socialproof.domain.letter import gap

HEADERS = {
    *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version"),
    *("Content-Type", "Content-Transfer-Encoding"),
}
SENDER = "Proof <no-reply@proof.example>"


@dataclass
class Desk:
    """Answers DATA with the prepared lines, one after the other, then with 250; keeps what it took."""

    answers: list[str] = field(default_factory=list)
    recipient_answers: list[str] = field(default_factory=list)
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    connections: int = 0
    is_pipelining: bool = False

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.is_pipelining else responses

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        answer = self.recipient_answers.pop(0) if self.recipient_answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            letter = message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.SMTP)
            self.taken.append((list(envelope.rcpt_tos), letter))
        return answer


class FreePort(Controller):
    """aiosmtpd on a port that the system chooses."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def peer(desk: Desk) -> Iterator[Controller]:
    controller = FreePort(desk, hostname="127.0.0.1", port=0)
    controller.start()
    yield controller
    controller.stop()


@pytest.fixture
def mailer(peer: Controller) -> Iterator[SmtpMailer]:
    mailer = SmtpMailer.from_url(f"smtp://127.0.0.1:{peer.port}", sender=SENDER)
    yield mailer
    mailer.close()


def a_message(**changes: str) -> Message:
    values = {
        "to": "aino@kunde.example",
        "subject": "Tack för dina ord",
        "text": "Hej Aino!\n",
        "html": "<p>Hej Aino!</p>",
        "key": "receipt:abc",
        "language": "sv",
    }
    return Message(**{**values, **changes})


def test_a_message_arrives_with_words_and_html(mailer: SmtpMailer, desk: Desk) -> None:
    mailer.send(a_message(from_name="Nordlys Kaffe AB"))
    [(recipients, letter)] = desk.taken
    assert recipients == ["aino@kunde.example"]
    assert letter["Subject"] == "Tack för dina ord"
    assert letter["From"] == "Nordlys Kaffe AB <no-reply@proof.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    kinds = [part.get_content_type() for part in letter.iter_parts()]
    assert kinds == ["text/plain", "text/html"]


def test_the_message_id_follows_from_the_key(mailer: SmtpMailer, desk: Desk) -> None:
    for key in ("one", "one", "two"):
        mailer.send(a_message(key=key))
    first, again, other = (letter["Message-ID"] for _, letter in desk.taken)
    assert first == again != other
    assert first.endswith("@proof.example>")


def test_several_messages_share_one_connection(mailer: SmtpMailer, desk: Desk) -> None:
    for number in range(5):
        mailer.send(a_message(key=str(number)))
    assert (len(desk.taken), desk.connections) == (5, 1)


def test_a_connection_that_died_in_between_is_made_anew(mailer: SmtpMailer, desk: Desk) -> None:
    mailer.send(a_message(key="before"))
    mailer._idle[0][0].sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
    mailer.send(a_message(key="after"))
    assert (len(desk.taken), desk.connections) == (2, 2)


def test_451_then_250_is_delivered_once(mailer: SmtpMailer, desk: Desk) -> None:
    desk.answers = ["451 try again in a minute"]
    with pytest.raises(MailDelayed, match="451"):
        mailer.send(a_message())
    mailer.send(a_message())
    assert len(desk.taken) == 1


@pytest.mark.parametrize("where", ["answers", "recipient_answers"])
def test_550_is_refused_for_good(mailer: SmtpMailer, desk: Desk, where: str) -> None:
    setattr(desk, where, ["550 5.1.1 no such mailbox"])
    with pytest.raises(MailRefused) as refused:
        mailer.send(a_message())
    assert (refused.value.code, refused.value.reason) == (550, "5.1.1 no such mailbox")
    assert desk.taken == []


def test_what_is_told_of_a_refusal_holds_no_address(mailer: SmtpMailer, desk: Desk) -> None:
    desk.recipient_answers = ["550 5.1.1 <aino@kunde.example>: unknown user"]
    with pytest.raises(MailRefused) as refused:
        mailer.send(a_message())
    assert "aino" not in str(refused.value)
    assert "unknown user" in str(refused.value)


def test_a_full_mailbox_at_rcpt_is_a_delay(mailer: SmtpMailer, desk: Desk) -> None:
    desk.recipient_answers = ["452 mailbox full"]
    with pytest.raises(MailDelayed, match="452"):
        mailer.send(a_message())


def test_after_a_refusal_the_next_message_goes_out(mailer: SmtpMailer, desk: Desk) -> None:
    desk.answers = ["550 no"]
    with pytest.raises(MailRefused):
        mailer.send(a_message(key="first"))
    mailer.send(a_message(key="second", to="bo@kunde.example"))
    assert [recipients for recipients, _ in desk.taken] == [["bo@kunde.example"]]


@contextmanager
def mute_host(drip: bytes = b"") -> Iterator[int]:
    """Accepts connections and never says a whole line; drips single bytes if told to."""
    held: list[socket.socket] = []
    over = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                held.append(connection)
                while drip and not over.wait(0.05):
                    try:
                        connection.sendall(drip)
                    except OSError:
                        break

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        server.shutdown(socket.SHUT_RDWR)
    for connection in held:
        connection.close()
    thread.join(5)


@pytest.mark.parametrize("drip", [b"", b"2"], ids=["accepts-and-never-speaks", "one-byte-at-a-time"])
def test_a_host_that_never_finishes_a_line_is_left(drip: bytes) -> None:
    with mute_host(drip) as port:
        mailer = SmtpMailer("127.0.0.1", port, SENDER, timeout=0.6, deadline=0.9)
        started = time.monotonic()
        with pytest.raises(MailDelayed):
            mailer.send(a_message())
        assert time.monotonic() - started < 5


def test_the_patience_as_shipped_is_at_most_thirty_seconds() -> None:
    mailer = SmtpMailer("mail.example", 25, SENDER)
    assert mailer.timeout + mailer.deadline <= 30


def test_other_mail_flows_while_one_host_is_mute(mailer: SmtpMailer, desk: Desk) -> None:
    with mute_host() as port:
        stuck = SmtpMailer("127.0.0.1", port, SENDER, timeout=3, deadline=3)
        outcome: list[BaseException] = []

        def try_the_mute_one() -> None:
            try:
                stuck.send(a_message())
            except MailDelayed as error:
                outcome.append(error)

        thread = threading.Thread(target=try_the_mute_one)
        thread.start()
        mailer.send(a_message())
        assert thread.is_alive()
        assert len(desk.taken) == 1
        thread.join()
        assert outcome


def test_nobody_listening_is_nobodys_fault() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    with pytest.raises(MailUnreachable):
        SmtpMailer("127.0.0.1", port, SENDER).send(a_message())


@pytest.mark.parametrize("answer", ["530 5.7.0 sign in first", "535 5.7.8 who are you"])
def test_a_server_that_refuses_us_says_nothing_about_the_recipient(mailer: SmtpMailer, desk: Desk, answer: str) -> None:
    desk.recipient_answers = [answer]
    with pytest.raises(MailUnreachable):
        mailer.send(a_message())


@pytest.mark.parametrize("is_pipelining", [False, True])
def test_a_warm_connection_stays_after_a_refusal_and_is_used_by_the_next(
    mailer: SmtpMailer, desk: Desk, is_pipelining: bool
) -> None:
    desk.is_pipelining = is_pipelining
    for answer in ("550 no such user", "451 later", "250 OK"):
        desk.recipient_answers = [answer]
        try:
            mailer.send(a_message(key=answer, text=".\n..\nlast line\n.\n"))
        except (MailRefused, MailDelayed):
            assert not answer.startswith("250")
    assert (len(desk.taken), desk.connections) == (1, 1)
    assert desk.taken[0][1].get_body(("plain",)).get_content().splitlines() == [".", "..", "last line", "."]  # type: ignore[union-attr]


def test_a_policy_that_refuses_the_letter_is_not_about_the_address(mailer: SmtpMailer, desk: Desk) -> None:
    for answer, is_about in (("550 5.7.1 looks like spam", False), ("550 5.1.1 unknown", True), ("550 no", True)):
        desk.answers = [answer]
        with pytest.raises(MailRefused) as refused:
            mailer.send(a_message())
        assert refused.value.is_about_address == is_about


def test_tls_is_demanded_when_asked_for(peer: Controller, desk: Desk) -> None:
    mailer = SmtpMailer.from_url(f"smtp+starttls://127.0.0.1:{peer.port}", sender=SENDER)
    with pytest.raises(MailDelayed):
        mailer.send(a_message())
    assert desk.taken == []


def test_the_url_names_user_password_and_port() -> None:
    mailer = SmtpMailer.from_url("smtps://us%40er:p%2Fw@mail.example", sender=SENDER)
    assert (mailer.user, mailer.password, mailer.host, mailer.port) == ("us@er", "p/w", "mail.example", 465)
    assert "p/w" not in repr(mailer)


@pytest.mark.parametrize("broken", ["\r\nBcc: x@evil.example", "\nBcc: x@evil.example", "\x00", "\u2028", "\x85"])
@pytest.mark.parametrize("where", ["to", "subject", "from_name", "key"])
def test_cr_lf_and_bcc_never_become_a_header(where: str, broken: str) -> None:
    with pytest.raises(MessageMalformed):
        a_message(**{where: "Aino" + broken})


ENCODED = [
    "=?utf-8?q?a=0D=0ABcc=3A_x=40evil.example?=",
    "Hej =?utf-8?b?DQpCY2M6IHg=?= du",
    "=?unicode_escape?q?=5Cr=5Cn?=",
]


@pytest.mark.parametrize("words", ENCODED)
def test_words_that_look_encoded_are_not_decoded_into_headers(words: str) -> None:
    """The standard library decodes what it is given, line breaks too."""
    sender = Sender(words, "info@kaffe.example", "kaffe.example")
    skeleton = Skeleton.of(sender=sender, subject=f"Hej {gap('name')}", text="Hej", html="Hej", language="sv")
    ours = compose(a_message(subject=words, from_name=words), sender="no-reply@proof.example").content
    for content in (skeleton.letter(to="aino@kunde.example", key="1", values={"name": words}).content, ours):
        letter = message_from_bytes(content)
        assert set(letter.keys()) <= HEADERS
        assert words in str(make_header(decode_header(str(letter["Subject"]))))
        assert words in str(make_header(decode_header(str(letter["From"]))))


def test_an_address_that_looks_encoded_stays_one_address() -> None:
    to = "=?utf-8?q?a=0D=0ABcc=3A_x=40evil.example?=@kunde.example"
    letter = message_from_bytes(compose(a_message(to=to), sender="no-reply@proof.example").content)
    assert (letter["To"], letter["Bcc"]) == (to, None)


@pytest.mark.parametrize(
    "address",
    [
        "a@kunde.example, b@evil.example",
        "a@kunde.example b@evil.example",
        "Aino <a@kunde.example>",
        "",
        "aino",
    ],
)
def test_a_recipient_is_exactly_one_address(address: str) -> None:
    with pytest.raises(MessageMalformed):
        a_message(to=address)


def test_html_in_a_company_name_stays_a_name(mailer: SmtpMailer, desk: Desk) -> None:
    name = 'Kaffe "><img src=x onerror=alert(1)>, evil@evil.example'
    mailer.send(a_message(from_name=name))
    [(recipients, letter)] = desk.taken
    [address] = letter["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "no-reply@proof.example")
    assert recipients == ["aino@kunde.example"]


def test_the_outbox_holds_whole_files_only(tmp_path: Path) -> None:
    outbox = OutboxMailer(tmp_path / "outbox", sender=SENDER)
    outbox.send(a_message(key="one", subject="Første"))
    outbox.send(a_message(key="two", subject="Andre"))
    assert {path.suffix for path in outbox.folder.iterdir()} == {".eml"}
    assert {letter["Subject"] for letter in outbox.messages()} == {"Første", "Andre"}


def test_the_same_message_again_is_one_file(tmp_path: Path) -> None:
    outbox = OutboxMailer(tmp_path, sender=SENDER)
    outbox.send(a_message())
    outbox.send(a_message())
    assert len(outbox.messages()) == 1


def test_an_empty_outbox_is_no_error(tmp_path: Path) -> None:
    assert OutboxMailer(tmp_path / "none", sender=SENDER).messages() == []


def test_one_setting_chooses_the_backend(tmp_path: Path) -> None:
    options = {"sender": SENDER, "outbox_dir": tmp_path}
    assert isinstance(build_mailer("outbox:", **options), OutboxMailer)  # type: ignore[arg-type]
    assert isinstance(build_mailer("smtp://127.0.0.1:2525", **options), SmtpMailer)  # type: ignore[arg-type]
