"""Mail through an SMTP server: one connection per thread while it is warm, and no more patience than a job has."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from socialproof.backends.mail.compose import compose, sender_address
from socialproof.backends.mail.port import MailDelayed, MailRefused, Message

DEFAULT_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


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
        self._local = threading.local()

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
        letter = compose(message, sender=self.sender)
        from_addr = sender_address(self.sender).addr_spec
        try:
            with _Deadline(self.deadline) as deadline:
                client = self._warm_client(deadline) or self._connect(deadline)
                client.send_message(letter, from_addr=from_addr, to_addrs=[message.to])
            self._local.used_at = time.monotonic()
        except BaseException as error:
            self.close()
            raise _as_outcome(error) from error

    def close(self) -> None:
        """Leave this thread's connection, without waiting for a farewell."""
        client: smtplib.SMTP | None = getattr(self._local, "client", None)
        self._local.client = None
        if client is not None:
            client.close()

    def _warm_client(self, deadline: _Deadline) -> smtplib.SMTP | None:
        """The connection of the last message, if it is young and still answers."""
        client: smtplib.SMTP | None = getattr(self._local, "client", None)
        if client is None or time.monotonic() - self._local.used_at > self.keep_seconds:
            self.close()
            return None
        deadline.watch(client)
        try:
            if client.rset()[0] == 250:
                return client
        except (OSError, smtplib.SMTPException):
            deadline.check()
        self.close()
        return None

    def _connect(self, deadline: _Deadline) -> smtplib.SMTP:
        if self.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(timeout=self.timeout, context=self.tls)
        else:
            client = smtplib.SMTP(timeout=self.timeout)
        # What `SMTP(host)` does, in two steps, so that the deadline can cut the connection from its first byte on.
        client._host = self.host  # type: ignore[attr-defined]
        self._local.client = client
        deadline.watch(client)
        code, words = client.connect(self.host, self.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        deadline.check()
        client.ehlo_or_helo_if_needed()
        if self.scheme == "smtp+starttls":
            client.starttls(context=self.tls)
        if self.user:
            client.login(self.user, self.password)
        return client


class _Deadline:
    """Cuts a connection after so many seconds in all. A socket's own time-out starts anew with each byte."""

    def __init__(self, seconds: float) -> None:
        self.client: smtplib.SMTP | None = None
        self.is_over = False
        self.timer = threading.Timer(seconds, self._cut)
        self.timer.daemon = True

    def __enter__(self) -> Self:
        self.timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.timer.cancel()

    def watch(self, client: smtplib.SMTP) -> None:
        self.client = client
        self.check()

    def check(self) -> None:
        if self.is_over:
            raise TimeoutError("the mail server took too long")

    def _cut(self) -> None:
        self.is_over = True
        connection: socket.socket | None = getattr(self.client, "sock", None)
        try:
            if connection is not None:
                connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def _as_outcome(error: BaseException) -> BaseException:
    """Say what an error means for the message: again later, never, or none of our business."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return _by_code(code, words)
    # A server that refuses our sign-in refuses us, not the recipient: the operator will mend that.
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError):
        return MailDelayed(str(error))
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPNotSupportedError) and "SMTPUTF8" in str(error):
        return MailRefused(553, "the mail server does not take this kind of address")
    if isinstance(error, OSError | smtplib.SMTPException):
        return MailDelayed(str(error) or type(error).__name__)
    return error


def _by_code(code: int, words: bytes | str) -> MailDelayed | MailRefused:
    reason = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    # The words go to logs and to the job table, which must not remember an address that is erased elsewhere.
    reason = re.sub(r"\S+@\S+", "…", " ".join(reason.split()))[:300]
    return MailRefused(code, reason) if 500 <= code < 600 else MailDelayed(f"{code} {reason}")
