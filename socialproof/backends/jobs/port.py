"""What a job handler gets and how it says 'later'."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from socialproof.settings import Settings
from socialproof.tokens import Tokens

if TYPE_CHECKING:
    from socialproof.backends import Backends


class Retry(Exception):
    """The handler wants to be called again after `seconds`; it does not count as a failure of the code."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason or f"again in {seconds} s")
        self.seconds = seconds


class GiveUp(Exception):
    """Trying again is of no use: the job is parked with this reason."""


@dataclass(frozen=True)
class JobContext:
    """Everything a handler may touch. `transaction()` opens a session, commits once and dispatches events."""

    transaction: Callable[[], AbstractContextManager[Session]]
    backends: Backends
    settings: Settings
    tokens: Tokens
    now: Callable[[], datetime]
    renew: Callable[[], bool] = lambda: True
    """Long handlers call it to keep their job; False means that another worker has it now."""


Handler = Callable[..., None]
"""Called as handler(context, **payload); must be safe to run twice."""

NoteParked = Callable[..., None]
"""Called as note(session, error=…, **payload) in the transaction that parks a job."""

NoteRevived = Callable[..., None]
"""Called as note(session, now=…, **payload) in the transaction that lets a parked job run again."""
