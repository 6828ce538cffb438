"""The rules of one answer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.responding import EDIT_WINDOW, ScoreRefused, counting_period, may_change, read_score

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize("score", range(11))
def test_every_whole_number_from_0_to_10_is_a_score_as_text_and_as_number(score: int) -> None:
    assert read_score(str(score)) == score
    assert read_score(score) == score


@pytest.mark.parametrize(
    "raw",
    [
        "11",
        "-1",
        "9.5",
        "07",
        "+7",
        " 7",
        "7\n",
        "1e1",
        "٧",
        "７",
        "null",
        "0x5",
        11,
        -1,
        9.5,
        9.0,
        True,
        [7],
        {"score": 7},
    ],
)
def test_anything_else_is_not_a_score(raw: object) -> None:
    with pytest.raises(ScoreRefused) as refused:
        read_score(raw)
    assert refused.value.code == "not_a_score"


@pytest.mark.parametrize("raw", [None, ""])
def test_nothing_is_a_missing_score(raw: object) -> None:
    with pytest.raises(ScoreRefused) as refused:
        read_score(raw)
    assert refused.value.code == "score_missing"


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.integers())))
def test_whatever_comes_in_it_is_a_score_or_refused(raw: object) -> None:
    try:
        score = read_score(raw)
    except ScoreRefused:
        return
    assert type(score) is int and 0 <= score <= 10


def test_a_score_may_be_changed_for_24_hours_and_not_a_moment_longer() -> None:
    assert may_change(NOON, NOON)
    assert may_change(NOON, NOON + EDIT_WINDOW - timedelta(microseconds=1))
    assert not may_change(NOON, NOON + EDIT_WINDOW)


@pytest.mark.parametrize(
    ("month", "period"),
    [(1, "2026-Q1"), (3, "2026-Q1"), (4, "2026-Q2"), (9, "2026-Q3"), (10, "2026-Q4"), (12, "2026-Q4")],
)
def test_a_relationship_counts_once_a_quarter(month: int, period: str) -> None:
    assert counting_period("relationship", datetime(2026, month, 28, tzinfo=UTC)) == period


def test_a_transaction_counts_once_a_day() -> None:
    assert counting_period("transactional", NOON) == "2026-11-21"
