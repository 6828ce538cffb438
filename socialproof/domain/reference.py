"""The second step to those who answered gladly: when they are asked for a reference by a letter of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

DISMISSED_FOR = timedelta(days=90)
"""How long somebody who said "not now" is not asked for a testimonial again."""
LATEST = timedelta(days=180)
"""So long after the first letter nobody is asked any more: the work together is too far away."""


def reference_due(*, begun_at: datetime, answered_at: datetime, after_days: int, rest_days: int) -> datetime:
    """When the request is due: so many days after the first letter.

    The page after the answer asks for a testimonial too, so whoever answered late has the company's rest from that day.
    """
    return max(begun_at + timedelta(days=after_days), answered_at + timedelta(days=rest_days))


def dismissed_until(due_at: datetime, dismissed_at: datetime) -> datetime:
    """When a request is due whose reader has said "not now" on the page itself."""
    return max(due_at, dismissed_at + DISMISSED_FOR)
