"""What the rest of the house knows about mail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from email_validator import EmailNotValidError, validate_email

_NOT_ABOUT_THE_ADDRESS = re.compile(r"\b5\.[367]\.\d+")
"""RFC 3463: the other system, the content, or a policy. Our own letter or name is at fault, and may be mended."""


class MessageMalformed(ValueError):
    """The message could be read as more than one line or more than one recipient. It never leaves."""


class MailDelayed(Exception):
    """Not now: no connection, a time-out, or an answer 4xx. The same message may be sent again later."""


class MailUnreachable(MailDelayed):
    """Not now, and nobody else's either: the server is down, or refuses our sign-in or our sender."""


class MailRefused(Exception):
    """Never: an answer 5xx. `code` is the answer's number, `reason` the server's words; do not send again."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason

    @property
    def is_about_address(self) -> bool:
        """Whether the mailbox is at fault. A letter that is taken for spam says nothing about its reader."""
        return not _NOT_ABOUT_THE_ADDRESS.search(self.reason)


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
            one_line(line)
        try:
            validate_email(self.to, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise MessageMalformed("the recipient is not one e-mail address") from error


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished letter: `content` is its bytes (RFC 5322, lines end in CRLF), `envelope_from` where it returns to."""

    to: str
    envelope_from: str
    content: bytes
    key: str


class Mailer(Protocol):
    """A way to send. Safe to call from several threads."""

    def send(self, message: Message) -> None:
        """Hand one message over; raise MailDelayed to be asked again later, MailRefused when asking is useless."""
        ...

    def deliver(self, letter: Letter) -> None:
        """The same with a letter that is finished."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def one_line(text: str) -> str:
    """The text, or MessageMalformed when it could be read as two lines of a header."""
    if not text.isprintable() and any(ord(c) < 32 or ord(c) == 127 or c in "\u0085\u2028\u2029" for c in text):
        raise MessageMalformed("a header of one line holds a control character")
    return text
