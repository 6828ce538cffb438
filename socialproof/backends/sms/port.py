"""What the rest of the house knows about text messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

MOST_LETTERS = 1600
"""What services take as one message, however many segments it is sent in."""
_NUMBER = re.compile(r"\+[1-9][0-9]{5,14}")


class SmsMalformed(ValueError):
    """The number is not one number, or there is nothing to say. It never leaves."""


class SmsDelayed(Exception):
    """Not now: no connection, a time-out, too many at once, or a matter between the service and us. Try again later."""


class SmsRefused(Exception):
    """Never. `code` is `stopped` (its owner wants none), `not_a_number` or `refused`; `reason` the service's words."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class SmsMessage:
    """One text to one number in E.164. `key` names it, also where the service reports what became of it."""

    to: str
    text: str
    key: str
    sender: str = ""
    """The number or name it comes from; empty: the installation's."""

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.to):
            raise SmsMalformed("the recipient is not one number in E.164")
        if not self.text.strip() or len(self.text) > MOST_LETTERS:
            raise SmsMalformed("the text is empty or too long")


class SmsSender(Protocol):
    """A way to send. Safe to call from several threads."""

    def send(self, message: SmsMessage) -> str:
        """Hand one message over and return the service's own number of it.

        Raises SmsDelayed to be asked again later, SmsRefused when asking is useless.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
