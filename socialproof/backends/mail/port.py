"""What the rest of the house knows about mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from email_validator import EmailNotValidError, validate_email


class MessageMalformed(ValueError):
    """The message could be read as more than one line or more than one recipient. It never leaves."""


class MailDelayed(Exception):
    """Not now: no connection, a time-out, or an answer 4xx. The same message may be sent again later."""


class MailRefused(Exception):
    """Never: an answer 5xx. `code` is the answer's number, `reason` the server's words; do not send again."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Message:
    """One letter to one address. The same `key` always gives the same Message-ID, so that a repeat is known as one."""

    to: str
    subject: str
    text: str
    html: str
    key: str
    language: str = ""
    from_name: str = ""
    """Shown in place of the installation's own name; the address is always the installation's."""

    def __post_init__(self) -> None:
        for line in (self.to, self.subject, self.key, self.language, self.from_name):
            if any(ord(letter) < 32 or ord(letter) == 127 or letter in "\u0085\u2028\u2029" for letter in line):
                raise MessageMalformed("a header of one line holds a control character")
        try:
            validate_email(self.to, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise MessageMalformed("the recipient is not one e-mail address") from error


class Mailer(Protocol):
    """A way to send. Safe to call from several threads."""

    def send(self, message: Message) -> None:
        """Hand one message over; raise MailDelayed to be asked again later, MailRefused when asking is useless."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
