"""How sure a score is: its margin, and whether two periods differ by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

from socialproof.domain.nps import Scores

Z_95 = 1.96
"""Standard deviations that hold 95 % of a normal distribution."""
ENOUGH_ANSWERS = 20
"""From this many answers on a score may be shown."""
SMALL_MARGIN = 15.0
"""Fewer answers will do when the finite-population corrected margin is below this many points."""


def margin(scores: Scores, population: int | None = None) -> float | None:
    """The half width of the 95 % interval in score points (0 to about 100); None without answers.

    Adjusted Wald: ¾ of an answer is added to promoters and to detractors and 3 to all answers, then
    ± 1.96 · √((P + D − (P − D)²) / n'). Source: Rocks, "Interval Estimation for the Net Promoter Score",
    The American Statistician 70(4), 2016. With a customer base of `population` people the result is
    multiplied by √((N − n) / (N − 1)); a population below the number of answers is plainly outdated and
    is left aside, so that it never makes a figure look surer than it is.
    """
    if not scores.answers:
        return None
    adjusted = scores.answers + 3
    promoters = (scores.promoters + 0.75) / adjusted
    detractors = (scores.detractors + 0.75) / adjusted
    variance = promoters + detractors - (promoters - detractors) ** 2
    return 100 * Z_95 * sqrt(variance / adjusted) * _finite_correction(scores.answers, population)


def _finite_correction(answers: int, population: int | None) -> float:
    if population is None or population < answers or population < 2:
        return 1.0
    return sqrt((population - answers) / (population - 1))


def shown_margin(scores: Scores, population: int | None = None) -> int | None:
    """The margin as a whole number to print: rounded up, never below 1, so never "100 ± 0"."""
    exact = margin(scores, population)
    return None if exact is None else max(1, ceil(exact - 1e-9))


def may_show(scores: Scores, population: int | None = None) -> bool:
    """Whether there is a number to show: 20 answers, or a corrected margin below ± 15 with a known base."""
    if scores.answers >= ENOUGH_ANSWERS:
        return True
    if population is None or population < max(scores.answers, 2):
        return False
    exact = margin(scores, population)
    return exact is not None and exact < SMALL_MARGIN


@dataclass(frozen=True, slots=True)
class Change:
    """The step from one period to the next, in the whole points that the reader sees."""

    points: int
    margin: int
    beyond_chance: bool


def change(before: Scores, after: Scores, population: int | None = None) -> Change | None:
    """The step between two periods; None while either has too few answers to show a score.

    It is beyond chance when the exact difference is larger than √(margin₁² + margin₂²), the 95 % half
    width of the difference of two independent estimates (same adjusted Wald variances as `margin`).
    """
    if not (may_show(before, population) and may_show(after, population)):
        return None
    first, second = margin(before, population), margin(after, population)
    assert first is not None and second is not None
    width = sqrt(first**2 + second**2)
    difference = after.exact() - before.exact()
    return Change(
        points=after.nps() - before.nps(),
        margin=max(1, ceil(width - 1e-9)),
        beyond_chance=abs(difference) > max(width, 1.0),
    )
