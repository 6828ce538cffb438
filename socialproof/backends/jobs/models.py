"""The job table: outbox, queue and truth in one. A job exists if and only if the fact that caused it was committed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from socialproof.database import Base, LongText, Word


class Job(Base):
    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'running', 'parked')", name="state"),
        Index(None, "state", "run_at"),
    )

    kind: Mapped[Word]
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    key: Mapped[str | None] = mapped_column(String(200), unique=True)
    """While a job with this key waits, another of the same key is not added."""
    state: Mapped[Word] = mapped_column(default="waiting")
    run_at: Mapped[datetime]
    attempt_count: Mapped[int] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    """Grows with every claim; only the newest claimer may finish the job."""
    lease_until: Mapped[datetime | None]
    error: Mapped[LongText] = mapped_column(default="")
    created_at: Mapped[datetime]


class WorkerPresence(Base):
    """A worker that is at work, or was until it died: it says so every minute and takes its row along when it stops."""

    __tablename__ = "worker_presence"

    worker: Mapped[str] = mapped_column(String(120), unique=True)
    """Its machine and its process there."""
    seen_at: Mapped[datetime]
