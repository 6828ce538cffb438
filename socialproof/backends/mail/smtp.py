"""Mail through an SMTP server: connections are used again while warm, with no more patience than a job has."""

from __future__ import annotations

import select
import smtplib
import ssl
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from socialproof.backends.mail.bounces import without_addresses
from socialproof.backends.mail.compose import compose
from socialproof.backends.mail.conversation import Conversation, EncryptedConversation
from socialproof.backends.mail.port import Letter, MailDelayed, MailRefused, MailUnreachable, Message

DEFAULT_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
OURS = (530, 534, 535, 538)
"""Answers about our own sign-in, whoever the letter is for."""


@dataclass
class SmtpMailer:
    """Sends over SMTP. `timeout` is seconds for one step, `deadline` for the whole message, however slowly it drips."""

    host: str
    port: int
    sender: str
    scheme: str = "smtp"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 10.0
    deadline: float = 20.0
    keep_seconds: float = 30.0
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    def __post_init__(self) -> None:
        self._idle: list[tuple[Conversation, float]] = []
        self._lock = threading.Lock()
        self._own_name: str | None = None

    @classmethod
    def from_url(cls, url: str, *, sender: str) -> SmtpMailer:
        """Read smtp://user:password@host:port; `smtps` speaks TLS at once, `smtp+starttls` after the greeting."""
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or "",
            port=parts.port or DEFAULT_PORTS[parts.scheme],
            sender=sender,
            scheme=parts.scheme,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    def send(self, message: Message) -> None:
        """Hand the message to the server; raise MailDelayed on silence or 4xx, MailRefused on 5xx."""
        self.deliver(compose(message, sender=self.sender))

    def deliver(self, letter: Letter) -> None:
        """The same with a finished letter. A warm connection that was closed meanwhile is made anew, once."""
        ends_at = time.monotonic() + self.deadline
        client = self._warm_client()
        if client is not None:
            client.limit(self.deadline)
            try:
                self._hand_over(client, letter)
                return
            except _Stale:
                pass
        client = self._connect(ends_at - time.monotonic())
        client.limit(max(ends_at - time.monotonic(), 0.01))
        try:
            self._hand_over(client, letter)
        except _Stale as error:
            raise MailDelayed(str(error)) from error

    def close(self) -> None:
        """Leave the connections that nobody uses, without waiting for a farewell."""
        with self._lock:
            idle, self._idle = self._idle, []
        for client, _since in idle:
            client.close()

    def _hand_over(self, client: Conversation, letter: Letter) -> None:
        try:
            client.hand_over(letter)
        except BaseException as error:
            if _is_stale(client, error):
                client.close()
                raise _Stale(_words_of(error)) from error
            is_refusal = isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused)
            if is_refusal and client.forget():
                self._keep(client)
            else:
                client.close()
            raise _as_outcome(error) from error
        self._keep(client)

    def _keep(self, client: Conversation) -> None:
        with self._lock:
            self._idle.append((client, time.monotonic()))

    def _warm_client(self) -> Conversation | None:
        """The connection that was used last, if it is young and the server has not said goodbye on it."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                client, since = self._idle.pop()
            if time.monotonic() - since <= self.keep_seconds and _is_silent(client):
                return client
            client.close()

    def _connect(self, seconds: float) -> Conversation:
        client: Conversation
        if self.scheme == "smtps":
            client = EncryptedConversation(local_hostname=self._own_name, timeout=self.timeout, context=self.tls)
        else:
            client = Conversation(local_hostname=self._own_name, timeout=self.timeout)
        self._own_name = client.local_hostname  # looked up once: a name server may be slow
        client._host = self.host  # type: ignore[attr-defined]  # what `SMTP(host)` does, before the clock runs
        client.limit(max(seconds, 0.01))
        try:
            code, words = client.connect(self.host, self.port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, words)
            client.ehlo_or_helo_if_needed()
            if self.scheme == "smtp+starttls":
                client.starttls(context=self.tls)
                client.ehlo_or_helo_if_needed()
            if self.user:
                client.login(self.user, self.password)
        except (OSError, smtplib.SMTPException) as error:
            client.close()
            raise MailUnreachable(f"{self.host}:{self.port}: {_words_of(error)}") from error
        return client


class _Stale(Exception):
    """The server had ended this connection before our letter; it knows nothing of the letter."""


def _is_stale(client: Conversation, error: BaseException) -> bool:
    if client.is_handed_over or client.is_late:
        return False
    if isinstance(error, smtplib.SMTPSenderRefused):
        return error.smtp_code == 421
    return isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError)


def _is_silent(client: Conversation) -> bool:
    """Between two letters a server says nothing, unless it ends the conversation."""
    if client.sock is None:
        return False
    try:
        return not select.select([client.sock], [], [], 0)[0]
    except (OSError, ValueError):
        return False


def _as_outcome(error: BaseException) -> BaseException:
    """Say what an error means for the message: again later, never, or none of our business."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return _by_code(code, words)
    # A server that refuses our sender refuses us, not the recipient: the operator will mend that.
    if isinstance(error, smtplib.SMTPSenderRefused):
        return MailUnreachable(_words_of(error))
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MailRefused(553, "5.6.7 the mail server does not take this kind of address")
    if isinstance(error, OSError | smtplib.SMTPException):
        return MailDelayed(_words_of(error))
    return error


def _by_code(code: int, words: bytes | str) -> MailDelayed | MailRefused:
    reason = without_addresses(words)
    if code in OURS:
        return MailUnreachable(f"{code} {reason}")
    return MailRefused(code, reason) if 500 <= code < 600 else MailDelayed(f"{code} {reason}")


def _words_of(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {without_addresses(error.smtp_error)}"
    return without_addresses(str(error)) or type(error).__name__
