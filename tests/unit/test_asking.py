"""Who is asked for a testimonial, and how."""

import pytest

from socialproof.domain.asking import Ask, ask_of, skips_why
from socialproof.domain.nps import SCORES


@pytest.mark.parametrize(
    ("score", "promoters_only", "ask"),
    [
        (10, False, Ask.AT_ONCE),
        (9, True, Ask.AT_ONCE),
        (8, False, Ask.SMALL),
        (0, False, Ask.SMALL),
        (8, True, Ask.NONE),
        (6, True, Ask.NONE),
    ],
)
def test_promoters_are_asked_at_once_and_others_where_the_survey_asks_them(
    score: int, promoters_only: bool, ask: Ask
) -> None:
    assert ask_of(score, asks_for_testimonial=True, promoters_only=promoters_only) is ask


@pytest.mark.parametrize("score", SCORES)
def test_a_survey_that_does_not_ask_asks_nobody(score: int) -> None:
    assert ask_of(score, asks_for_testimonial=False, promoters_only=False) is Ask.NONE


def test_only_a_ten_goes_straight_to_the_thanks() -> None:
    assert [score for score in SCORES if skips_why(score)] == [10]
