"""The label follows the facts, and few answers are no number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.nps import Scores
from socialproof.domain.widget import (
    CollectingNps,
    Facts,
    Label,
    ReadyNps,
    monogram,
    public_nps,
    shown_name,
)

counts = st.integers(0, 10_000)


def test_a_selection_is_called_a_selection() -> None:
    assert Facts(submitted=5, consented=5, shown=4).label is Label.SELECTED


def test_everything_is_claimed_only_when_nothing_handed_in_is_missing() -> None:
    assert Facts(submitted=5, consented=5, shown=5).label is Label.EVERYTHING


def test_a_story_without_consent_makes_it_a_selection() -> None:
    assert Facts(submitted=5, consented=4, shown=4).label is Label.SELECTED


def test_nothing_at_all_is_not_everything() -> None:
    assert Facts().label is Label.SELECTED


def test_promoters_only_wins_over_everything() -> None:
    assert Facts(submitted=5, shown=5, promoters_only=True).label is Label.PROMOTERS_ONLY


def test_below_twenty_answers_there_is_no_number() -> None:
    assert public_nps(Scores.of_segments(12, 5, 2)) == CollectingNps(19)
    assert isinstance(public_nps(Scores.of_segments(12, 5, 3)), ReadyNps)


def test_no_answers_are_collecting_too() -> None:
    assert public_nps(Scores()) == CollectingNps(0)


def test_five_of_five_promoters_never_read_100_plus_minus_0() -> None:
    assert public_nps(Scores.of_segments(5, 0, 0)) == CollectingNps(5)
    everybody = public_nps(Scores.of_segments(5, 0, 0), population=5)
    assert everybody == CollectingNps(5) or (isinstance(everybody, ReadyNps) and everybody.margin >= 1)


def test_few_answers_of_a_small_customer_base_may_be_a_number() -> None:
    nps = public_nps(Scores.of_segments(12, 3, 2), population=18)
    assert isinstance(nps, ReadyNps)
    assert nps.margin < 15


def test_a_score_is_rounded_and_its_margin_is_the_adjusted_wald() -> None:
    assert public_nps(Scores.of_segments(45, 40, 15)) == ReadyNps(30, 14, 100)


@given(counts, counts, counts, st.none() | st.integers(1, 100_000))
def test_a_public_number_always_has_enough_answers_or_a_small_margin(
    promoters: int, passives: int, detractors: int, population: int | None
) -> None:
    nps = public_nps(Scores.of_segments(promoters, passives, detractors), population)
    if isinstance(nps, ReadyNps):
        assert nps.answers >= 20 or nps.margin <= 15
        assert nps.margin >= 1
        assert -100 <= nps.score <= 100
    else:
        assert nps.answers < 20


@pytest.mark.parametrize(
    ("attribution", "shown"),
    [
        ("full_name", "Maija-Liisa Korhonen"),
        ("first_name", "Maija-Liisa"),
        ("initials", "M. K."),
        ("anonymous", ""),
        ("unknown", ""),
    ],
)
def test_an_author_is_named_as_the_author_chose(attribution: str, shown: str) -> None:
    assert shown_name("  Maija-Liisa   Korhonen ", attribution) == shown


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Astrid Lindqvist", "AL"),
        ("Dr. Anna Maria Bø", "DB"),
        ("Li", "L"),
        ("", ""),
        ("נועה כהן", "נכ"),
        ("M. K.", "MK"),
        ("ßmith ☺", "S"),
        ("»Anna«", "A"),
    ],
)
def test_a_monogram_is_two_letters_at_most(name: str, letters: str) -> None:
    assert monogram(name) == letters
