from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.nps import Scores
from socialproof.domain.statistics import change, margin, may_show, shown_margin

answered = st.builds(Scores.of_segments, st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 3000)).filter(
    lambda scores: scores.answers > 0
)
bases = st.none() | st.integers(0, 20_000)


def test_it_follows_the_adjusted_wald_formula_step_by_step() -> None:
    scores = Scores.of_segments(promoters=45, passives=40, detractors=15)
    promoters, detractors = 45.75 / 103, 15.75 / 103
    by_hand = 196 * sqrt((promoters + detractors - (promoters - detractors) ** 2) / 103)
    assert margin(scores) == pytest.approx(by_hand)
    assert shown_margin(scores) == 14


def test_a_base_of_customers_narrows_it_by_the_finite_population_correction() -> None:
    scores = Scores.of_segments(45, 40, 15)
    plain, narrowed = margin(scores), margin(scores, population=400)
    assert plain is not None
    assert narrowed == pytest.approx(plain * sqrt(300 / 399))


def test_five_of_five_promoters_are_never_100_plus_minus_0() -> None:
    five = Scores.of_segments(5, 0, 0)
    assert not may_show(five)
    assert (shown_margin(five) or 0) > 30
    assert shown_margin(five, population=5) == 1


def test_a_base_smaller_than_the_answers_is_outdated_and_left_aside() -> None:
    scores = Scores.of_segments(20, 5, 5)
    assert margin(scores, population=12) == margin(scores)


def test_below_twenty_answers_there_is_no_number() -> None:
    assert not may_show(Scores.of_segments(19, 0, 0))
    assert not may_show(Scores.of_segments(0, 19, 0))
    assert may_show(Scores.of_segments(20, 0, 0))


def test_a_small_base_that_nearly_all_answered_may_be_shown() -> None:
    scores = Scores.of_segments(14, 3, 2)
    assert not may_show(scores, population=1000)
    assert may_show(scores, population=22)


def test_no_answers_have_no_margin_and_nothing_to_show() -> None:
    assert margin(Scores()) is None
    assert shown_margin(Scores(), population=10) is None
    assert not may_show(Scores(), population=10)


def test_a_step_within_chance_is_not_called_a_change() -> None:
    step = change(Scores.of_segments(45, 40, 15), Scores.of_segments(50, 36, 14))
    assert step is not None
    assert (step.points, step.beyond_chance) == (6, False)


def test_the_same_step_with_many_answers_is_a_change() -> None:
    step = change(Scores.of_segments(4500, 4000, 1500), Scores.of_segments(5000, 3600, 1400))
    assert step is not None
    assert (step.points, step.beyond_chance) == (6, True)


def test_a_period_without_enough_answers_has_no_change() -> None:
    assert change(Scores.of_segments(5, 0, 0), Scores.of_segments(500, 0, 0)) is None


@given(answered, bases)
def test_the_margin_is_never_negative_and_what_is_printed_is_never_zero(scores: Scores, base: int | None) -> None:
    exact, shown = margin(scores, base), shown_margin(scores, base)
    assert exact is not None and shown is not None
    assert exact >= 0
    assert shown >= 1
    assert exact <= shown + 1e-6


@given(answered, st.integers(2, 50))
def test_more_answers_of_the_same_kind_are_surer(scores: Scores, times: int) -> None:
    more = Scores.of_segments(scores.promoters * times, scores.passives * times, scores.detractors * times)
    few, many = margin(scores), margin(more)
    assert few is not None and many is not None
    # Below twenty answers the adjustment itself outweighs a unanimous sample; that is its purpose.
    assert many < few or scores.answers < 20


@given(answered, bases)
def test_a_known_base_never_widens_the_margin(scores: Scores, base: int | None) -> None:
    plain, corrected = margin(scores), margin(scores, base)
    assert plain is not None and corrected is not None
    assert corrected <= plain


@given(answered, answered)
def test_a_change_is_the_same_in_both_directions(one: Scores, other: Scores) -> None:
    there, back = change(one, other), change(other, one)
    assert (there is None) == (back is None)
    if there and back:
        assert there.points == -back.points
        assert there.beyond_chance == back.beyond_chance


@given(answered)
def test_a_period_never_differs_from_itself(scores: Scores) -> None:
    step = change(scores, scores)
    assert step is None or (step.points == 0 and not step.beyond_chance)
