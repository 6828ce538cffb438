"""Text messages through a service that speaks as Twilio does: one form over HTTPS, one bounded answer in JSON."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from base64 import b64encode
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, Self
from urllib.parse import unquote, urlencode, urlsplit

from socialproof.backends.sms.port import SmsDelayed, SmsMessage, SmsRefused

MOST_ANSWER_BYTES = 64 * 1024

MEANINGS = {21610: "stopped", 21211: "not_a_number", 21614: "not_a_number", 21217: "not_a_number"}
"""Codes of the service that say something about this number and mean never."""
OUR_FAULT = {20003, 20404, 20429, 21212, 21603, 21606, 21609, 21611, 21659, 21660}
"""Codes that refuse the installation and no recipient: account, sender, address of our hook, too full a queue."""


@dataclass
class TwilioSms:
    """Sends by POST. `timeout` is seconds for one step, `deadline` for the whole message, however slowly it drips."""

    host: str
    port: int
    account: str
    token: str = field(repr=False)
    sender: str = ""
    hook_url: str = ""
    """Where the service reports what became of a message; empty: it need not."""
    is_tls: bool = True
    timeout: float = 10.0
    deadline: float = 20.0
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    @classmethod
    def from_url(cls, url: str, *, sender: str, hook_url: str = "") -> TwilioSms:
        """Read twilio://ACCOUNT:TOKEN@host; `twilio+http` is for a server on one's own machine."""
        parts = urlsplit(url)
        is_tls = parts.scheme == "twilio"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (443 if is_tls else 80),
            account=unquote(parts.username or ""),
            token=unquote(parts.password or ""),
            sender=sender,
            hook_url=hook_url,
            is_tls=is_tls,
        )

    def send(self, message: SmsMessage) -> str:
        """Hand the message over and return its number there; SmsDelayed on silence, 429 and 5xx, else SmsRefused."""
        try:
            with _Deadline(self.deadline) as deadline:
                status, body = self._ask(message, deadline)
        except (OSError, HTTPException, ValueError) as error:
            raise SmsDelayed(type(error).__name__) from error
        answer = _read(body)
        if 200 <= status < 300:
            return str(answer.get("sid", ""))[:80]
        raise _as_outcome(status, answer)

    def close(self) -> None:
        """Nothing is held open."""

    def _ask(self, message: SmsMessage, deadline: _Deadline) -> tuple[int, bytes]:
        """One request, one answer. A redirect is an answer like any other: the token goes nowhere else."""
        client = HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            self._connect(client, deadline)
            path = f"/2010-04-01/Accounts/{self.account}/Messages.json"
            client.request("POST", path, body=urlencode(self._form(message)), headers=self._headers())
            answer = client.getresponse()
            body = answer.read(MOST_ANSWER_BYTES)
            deadline.check()
            return answer.status, body
        finally:
            client.close()

    def _connect(self, client: HTTPConnection, deadline: _Deadline) -> None:
        """In steps, so that the deadline can cut the connection from its first byte on, also within the handshake."""
        plain = socket.create_connection((self.host, self.port), timeout=self.timeout)
        client.sock = plain
        deadline.watch(plain)
        if self.is_tls:
            secure = self.tls.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
            client.sock = secure
            deadline.watch(secure)
            secure.do_handshake()

    def _form(self, message: SmsMessage) -> dict[str, str]:
        form = {"To": message.to, "From": message.sender or self.sender, "Body": message.text}
        # The key travels with the address: a report may be here before we have kept the service's number.
        return form | (
            {"StatusCallback": f"{self.hook_url}?{urlencode({'key': message.key})}"} if self.hook_url else {}
        )

    def _headers(self) -> dict[str, str]:
        secret = b64encode(f"{self.account}:{self.token}".encode()).decode("ascii")
        return {
            "Authorization": f"Basic {secret}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "Connection": "close",
        }


class _Deadline:
    """Cuts a connection after so many seconds in all. A socket's own time-out starts anew with each byte."""

    def __init__(self, seconds: float) -> None:
        self.connection: socket.socket | None = None
        self.is_over = False
        self.timer = threading.Timer(seconds, self._cut)
        self.timer.daemon = True

    def __enter__(self) -> Self:
        self.timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.timer.cancel()

    def watch(self, connection: socket.socket) -> None:
        self.connection = connection
        self.check()

    def check(self) -> None:
        if self.is_over:
            raise TimeoutError("the text message service took too long")

    def _cut(self) -> None:
        self.is_over = True
        try:
            if self.connection is not None:
                self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def _read(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _as_outcome(status: int, answer: dict[str, Any]) -> SmsDelayed | SmsRefused:
    """Say what a refusal means for the message: again later, or never and why."""
    code = answer.get("code")
    words = _without_numbers(str(answer.get("message", "")))
    if isinstance(code, int) and code in MEANINGS and 400 <= status < 500:
        return SmsRefused(MEANINGS[code], words)
    # 401, 403, 404 and anything that is no refusal at all: the operator will mend that, no recipient can.
    if status in (400, 422) and code not in OUR_FAULT:
        return SmsRefused("refused", f"{code} {words}".strip())
    return SmsDelayed(f"{status} {words}".strip())


def _without_numbers(words: str) -> str:
    """The words go to the database and to logs, which must not remember a number that is erased elsewhere."""
    return re.sub(r"\+?\d[\d\s().-]{5,}\d", "…", " ".join(words.split()))[:300]
