"""How long a daily cap makes a campaign take."""

from __future__ import annotations

from datetime import date

import pytest

from socialproof.domain.pace import Queue, pace_of, sampled, sending_day

MONDAY = date(2026, 11, 23)
WORKING = (1, 2, 3, 4, 5)


def test_four_hundred_contacts_at_five_a_day_take_until_march_and_into_the_next_round() -> None:
    queue = Queue(398, MONDAY, next_round_on=date(2027, 2, 22))
    pace = pace_of(queue, daily_cap=5, weekdays=WORKING)
    assert pace is not None
    assert (pace.days, pace.last_on, pace.is_late) == (80, date(2027, 3, 12), True)
    faster = pace_of(queue, daily_cap=10, weekdays=WORKING)
    assert faster is not None
    assert (faster.days, faster.last_on, faster.is_late) == (40, date(2027, 1, 15), False)


@pytest.mark.parametrize(("contacts", "cap"), [(0, 5), (5, 5), (398, None), (398, 400)])
def test_a_cap_that_holds_nobody_up_makes_nothing_take_longer(contacts: int, cap: int | None) -> None:
    assert pace_of(Queue(contacts, MONDAY), daily_cap=cap, weekdays=WORKING) is None


def test_what_is_spread_over_the_round_anyway_is_told_only_when_the_cap_makes_it_longer_than_that() -> None:
    spread = Queue(398, MONDAY, next_round_on=date(2027, 2, 22), is_spread=True)
    assert pace_of(spread, daily_cap=20, weekdays=WORKING) is None
    late = pace_of(spread, daily_cap=5, weekdays=WORKING)
    assert late is not None and late.is_late


def test_a_round_that_ends_on_the_day_before_the_next_one_is_not_late() -> None:
    on_time = pace_of(Queue(10, MONDAY, next_round_on=date(2026, 11, 25)), daily_cap=5, weekdays=WORKING)
    assert on_time is not None and on_time.last_on == date(2026, 11, 24) and not on_time.is_late


@pytest.mark.parametrize(
    ("first_on", "weekdays", "number", "day"),
    [
        (MONDAY, WORKING, 1, MONDAY),
        (date(2026, 11, 28), WORKING, 1, date(2026, 11, 30)),  # a Saturday
        (MONDAY, (2,), 3, date(2026, 12, 8)),
        (date(2026, 11, 26), (1, 4), 2, date(2026, 11, 30)),
        (MONDAY, (1,), 10_000_000, date.max),
    ],
)
def test_only_the_chosen_weekdays_count(first_on: date, weekdays: tuple[int, ...], number: int, day: date) -> None:
    assert sending_day(first_on, weekdays, number) == day


def test_of_a_sample_only_the_chosen_count() -> None:
    assert [sampled(398, percent) for percent in (100, 50, 1)] == [398, 199, 4]
