"""Who is asked for a testimonial, how, and when. Asking promoters only is allowed, and changes the public label."""

from __future__ import annotations

from enum import StrEnum

from socialproof.domain.nps import HIGHEST, Segment, segment_of


class Ask(StrEnum):
    """AT_ONCE: the three choices on the thank-you. SMALL: a quiet link there. NONE: not asked, and not taken."""

    AT_ONCE = "at_once"
    SMALL = "small"
    NONE = "none"


def ask_of(score: int, *, asks_for_testimonial: bool, promoters_only: bool) -> Ask:
    """How a customer who gave this score is asked by a survey with these settings."""
    if not asks_for_testimonial:
        return Ask.NONE
    if segment_of(score) is Segment.PROMOTER:
        return Ask.AT_ONCE
    return Ask.NONE if promoters_only else Ask.SMALL


def is_comment_praise(score: int) -> bool:
    """Only a 10 is asked what they value. The comment of everybody else says what was missing: quoted on wish only."""
    return score == HIGHEST


def skips_why(score: int) -> bool:
    """A 10 goes straight to the thank-you, where the ask is; everybody else is asked why first."""
    return score == HIGHEST
