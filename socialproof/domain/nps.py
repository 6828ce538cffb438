"""The Net Promoter Score: eleven counts in, one whole number out. The only page that knows the rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

LOWEST, HIGHEST = 0, 10
SCORES = range(LOWEST, HIGHEST + 1)


class Segment(StrEnum):
    """Who gave this score: 0–6 detractor, 7–8 passive, 9–10 promoter."""

    DETRACTOR = "detractor"
    PASSIVE = "passive"
    PROMOTER = "promoter"

    @property
    def scores(self) -> range:
        """The scores that belong to this segment, ascending."""
        return _SCORES_OF[self]


_SCORES_OF = {
    Segment.DETRACTOR: range(7),
    Segment.PASSIVE: range(7, 9),
    Segment.PROMOTER: range(9, 11),
}


class Band(StrEnum):
    """How a score reads in the interface: above 30 good, above 50 excellent, above 70 world class."""

    ROOM_TO_GROW = "room_to_grow"
    GOOD = "good"
    EXCELLENT = "excellent"
    WORLD_CLASS = "world_class"


def segment_of(score: int) -> Segment:
    """The segment of one score; ValueError outside 0–10."""
    if not LOWEST <= score <= HIGHEST:
        raise ValueError(f"a score is {LOWEST} to {HIGHEST}, not {score}")
    if score >= 9:
        return Segment.PROMOTER
    return Segment.PASSIVE if score >= 7 else Segment.DETRACTOR


def band_of(nps: int) -> Band:
    """The band of a whole score between −100 and 100; the limits themselves belong to the band below."""
    if nps > 70:
        return Band.WORLD_CLASS
    if nps > 50:
        return Band.EXCELLENT
    return Band.GOOD if nps > 30 else Band.ROOM_TO_GROW


def signed(nps: int) -> str:
    """A score as it is written everywhere: +46, 0, −12 with a true minus."""
    return f"+{nps}" if nps > 0 else str(nps).replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True, slots=True)
class Scores:
    """How many counted answers gave each score from 0 to 10. Adds up with `+`."""

    counts: tuple[int, ...] = (0,) * 11

    def __post_init__(self) -> None:
        if len(self.counts) != len(SCORES):
            raise ValueError(f"eleven counts make a distribution, not {len(self.counts)}")
        if min(self.counts) < 0:
            raise ValueError("a count of answers cannot be negative")

    @classmethod
    def of(cls, scores: Iterable[int]) -> Scores:
        """Count single scores; ValueError when one is outside 0–10."""
        counts = [0] * len(SCORES)
        for score in scores:
            segment_of(score)
            counts[score] += 1
        return cls(tuple(counts))

    @classmethod
    def of_segments(cls, promoters: int, passives: int, detractors: int) -> Scores:
        """A distribution with these segment sizes, for figures of which no single scores are known."""
        return cls((detractors, 0, 0, 0, 0, 0, 0, passives, 0, 0, promoters))

    def __add__(self, other: Scores) -> Scores:
        return Scores(tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)))

    def count(self, segment: Segment) -> int:
        """How many answers fall in this segment."""
        return sum(self.counts[score] for score in segment.scores)

    @property
    def answers(self) -> int:
        return sum(self.counts)

    @property
    def promoters(self) -> int:
        return self.count(Segment.PROMOTER)

    @property
    def passives(self) -> int:
        return self.count(Segment.PASSIVE)

    @property
    def detractors(self) -> int:
        return self.count(Segment.DETRACTOR)

    def exact(self) -> float:
        """100 · (promoters − detractors) / answers without rounding; ValueError without answers."""
        if not self.answers:
            raise ValueError("no answers, no score")
        return 100 * (self.promoters - self.detractors) / self.answers

    def nps(self) -> int:
        """round(100 · (promoters − detractors) / answers), −100 to 100; ValueError without answers.

        An exact half goes away from zero (12.5 → 13, −12.5 → −13): good and bad news are rounded alike, as
        people do by hand, and not to the even neighbour as Python's round() does. Integers only, so no
        half is lost in a float. Source: Reichheld, "The One Number You Need to Grow", HBR, December 2003.
        """
        if not self.answers:
            raise ValueError("no answers, no score")
        lead = self.promoters - self.detractors
        size = (200 * abs(lead) + self.answers) // (2 * self.answers)
        return size if lead >= 0 else -size

    def band(self) -> Band:
        """The band of the rounded score; ValueError without answers."""
        return band_of(self.nps())
