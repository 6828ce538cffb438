"""What a widget must say about itself: the label follows the facts and cannot be switched off."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from socialproof.domain.nps import Scores
from socialproof.domain.statistics import may_show, shown_margin

LAYOUTS = ("wall", "single", "badge")
THEMES = ("light", "dark", "auto")
MOST_SHOWN = 100
"""A wall of more testimonials than this is read by nobody and makes the feed heavy."""


class Label(StrEnum):
    """Under which name testimonials are shown."""

    SELECTED = "selected"
    EVERYTHING = "everything"
    PROMOTERS_ONLY = "promoters_only"


@dataclass(frozen=True, slots=True)
class Facts:
    """Counts behind one widget. Each is a subset of what customers did, none of what is merely claimed."""

    invited: int = 0
    """Personal links that were sent."""
    invited_answered: int = 0
    answered: int = 0
    """By personal and by open links."""
    submitted: int = 0
    """Testimonials handed in and not taken back by their customers, whatever was decided about them."""
    consented: int = 0
    """Of these, how many may be shown on the website."""
    shown: int = 0
    rewarded: int = 0
    """Of the shown."""
    verified: int = 0
    """Of the shown, how many came by a personal link."""
    promoters_only: bool = False
    """Whether a survey behind the widget asks only those who gave 9 or 10."""

    @property
    def label(self) -> Label:
        """PROMOTERS_ONLY when others were not asked; EVERYTHING when nothing handed in is missing; else SELECTED."""
        if self.promoters_only:
            return Label.PROMOTERS_ONLY
        return Label.EVERYTHING if 0 < self.submitted <= self.shown else Label.SELECTED


@dataclass(frozen=True, slots=True)
class ReadyNps:
    """A score that may be told in public, with its margin; both in whole points. Never converted to stars."""

    score: int
    margin: int
    answers: int


@dataclass(frozen=True, slots=True)
class CollectingNps:
    """Too few answers for a number; only how many there are may be told."""

    answers: int


def public_nps(scores: Scores, population: int | None = None) -> ReadyNps | CollectingNps:
    """The public score of all counted answers, or that they are still being collected.

    There is no number below 20 answers unless the margin, corrected for a customer base of `population` people, is
    below ± 15 points. The margin is rounded up and never 0, so five of five promoters never read "100 ± 0".
    """
    width = shown_margin(scores, population)
    if width is None or not may_show(scores, population):
        return CollectingNps(scores.answers)
    return ReadyNps(scores.nps(), width, scores.answers)


def shown_name(name: str, attribution: str) -> str:
    """The author as the author chose: full name, first name, initials such as "A. B.", or '' for anonymous."""
    parts = name.split()
    if attribution == "full_name":
        return " ".join(parts)
    if attribution == "first_name":
        return parts[0] if parts else ""
    if attribution == "initials":
        return " ".join(f"{letter}." for letter in _first_letters(parts))
    return ""


def monogram(shown: str) -> str:
    """At most two capitals for the circle in place of a photo; '' when there is no name."""
    letters = _first_letters(shown.split())
    return letters[0] + letters[-1] if len(letters) > 1 else "".join(letters)


def _first_letters(parts: list[str]) -> list[str]:
    firsts = (next((character for character in part if character.isalnum()), "") for part in parts)
    return [letter.upper()[:1] for letter in firsts if letter]
