from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.nps import Band, Scores, Segment, band_of, segment_of

counts = st.lists(st.integers(0, 5000), min_size=11, max_size=11).map(tuple)
distributions = counts.map(Scores)
answered = distributions.filter(lambda scores: scores.answers > 0)


def test_it_gives_the_published_example_of_45_40_15_as_plus_30() -> None:
    assert Scores.of_segments(promoters=45, passives=40, detractors=15).nps() == 30


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "score"),
    [(100, 0, 0, 100), (0, 0, 7, -100), (0, 9, 0, 0), (70, 20, 10, 60), (1, 1, 1, 0), (2, 0, 1, 33)],
)
def test_it_gives_known_scores(promoters: int, passives: int, detractors: int, score: int) -> None:
    assert Scores.of_segments(promoters, passives, detractors).nps() == score


def test_an_exact_half_goes_away_from_zero_on_both_sides() -> None:
    assert Scores.of_segments(1, 7, 0).nps() == 13
    assert Scores.of_segments(0, 7, 1).nps() == -13
    assert Scores.of_segments(1, 199, 0).nps() == 1


def test_no_answers_have_no_score() -> None:
    with pytest.raises(ValueError, match="no answers"):
        Scores().nps()


@pytest.mark.parametrize("score", range(11))
def test_each_score_has_its_segment(score: int) -> None:
    words = ["detractor"] * 7 + ["passive"] * 2 + ["promoter"] * 2
    assert segment_of(score).value == words[score]
    assert score in segment_of(score).scores


@pytest.mark.parametrize("score", [-1, 11, 100])
def test_scores_outside_0_to_10_are_refused(score: int) -> None:
    with pytest.raises(ValueError):
        segment_of(score)
    with pytest.raises(ValueError):
        Scores.of([score])


def test_bands_begin_above_their_limit() -> None:
    bands = [band_of(nps) for nps in (-100, 30, 31, 50, 51, 70, 71, 100)]
    low, good, excellent, best = Band
    assert bands == [low, low, good, good, excellent, excellent, best, best]


@pytest.mark.parametrize("wrong", [(1,) * 10, (1,) * 12, (-1, *(1,) * 10)])
def test_only_eleven_counts_from_zero_up_make_a_distribution(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        Scores(wrong)


@given(answered)
def test_the_score_is_a_whole_number_nearest_to_the_exact_one(scores: Scores) -> None:
    assert -100 <= scores.nps() <= 100
    assert abs(scores.nps() - scores.exact()) <= 0.5 + 1e-9


@given(answered)
def test_turning_promoters_into_detractors_turns_the_sign(scores: Scores) -> None:
    turned = Scores.of_segments(scores.detractors, scores.passives, scores.promoters)
    assert turned.nps() == -scores.nps()


@given(distributions)
def test_segments_add_up_to_the_answers(scores: Scores) -> None:
    assert sum(scores.count(segment) for segment in Segment) == scores.answers


@given(distributions, distributions)
def test_adding_distributions_adds_their_counts(one: Scores, other: Scores) -> None:
    assert (one + other).answers == one.answers + other.answers
    assert (one + other).promoters == one.promoters + other.promoters


@given(st.lists(st.integers(0, 10), max_size=200))
def test_counting_answers_loses_none(given_scores: list[int]) -> None:
    scores = Scores.of(given_scores)
    assert scores.answers == len(given_scores)
    assert all(scores.counts[score] == given_scores.count(score) for score in range(11))


@given(answered, st.integers(9, 10))
def test_another_promoter_never_lowers_the_score(scores: Scores, score: int) -> None:
    assert (scores + Scores.of([score])).exact() >= scores.exact()
