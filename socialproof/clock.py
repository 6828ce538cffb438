"""The time. Only the edges (web, jobs, commands) ask; everything below is told."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)
