"""What happened with a contact, named so that the same thing is the same word however it was typed."""

from __future__ import annotations

from datetime import datetime, timedelta

from socialproof.domain.errors import RuleBroken
from socialproof.domain.text import clean_line

MOST_LETTERS = 60
MOST_KEY_LETTERS = 120
LONGEST_AGO = timedelta(days=365)
LONGEST_AHEAD = timedelta(hours=1)
"""Clocks of other programs may be a little ahead of ours."""


def event_name(typed: str) -> str:
    """Lower case, words separated by one space; RuleBroken("event_name_missing" | "event_name_too_long")."""
    name = clean_line(typed).lower()
    if not name:
        raise RuleBroken("event_name_missing")
    if len(name) > MOST_LETTERS:
        raise RuleBroken("event_name_too_long", most=MOST_LETTERS)
    return name


def check_happened_at(happened_at: datetime, *, now: datetime) -> datetime:
    """The moment itself; RuleBroken("happened_too_late" | "happened_too_early") outside of what is plausible."""
    if happened_at > now + LONGEST_AHEAD:
        raise RuleBroken("happened_too_late")
    if happened_at < now - LONGEST_AGO:
        raise RuleBroken("happened_too_early")
    return happened_at
