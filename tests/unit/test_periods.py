from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.periods import Period, Span, Step, period_of, starts, step_start, year_before

days = st.dates(date(2000, 1, 1), date(2100, 1, 1))


def test_thirty_days_end_today() -> None:
    assert period_of(Span.DAYS_30, date(2026, 11, 21)) == Period(date(2026, 10, 23), date(2026, 11, 21))


def test_twelve_months_hold_each_calendar_day_once() -> None:
    assert period_of(Span.MONTHS_12, date(2026, 11, 21)).from_on == date(2025, 11, 22)


def test_the_year_before_29_february_ends_on_the_28th() -> None:
    assert year_before(date(2028, 2, 29)) == date(2027, 2, 28)


def test_since_the_beginning_has_nothing_before_it() -> None:
    assert period_of(Span.ALL, date(2026, 11, 21)).previous is None


@given(days, st.sampled_from([Span.DAYS_30, Span.DAYS_90, Span.MONTHS_12]))
def test_the_period_before_ends_the_day_before_and_is_as_long(today: date, span: Span) -> None:
    period = period_of(span, today)
    before = period.previous
    assert period.from_on is not None
    assert before is not None
    assert before.from_on is not None
    assert before.to_on == period.from_on - timedelta(days=1)
    assert abs((before.to_on - before.from_on) - (period.to_on - period.from_on)) <= timedelta(days=1)


@given(days, st.integers(0, 1500), st.sampled_from(list(Step)))
def test_steps_cover_the_stretch_without_gap_or_overlap(first: date, length: int, step: Step) -> None:
    last = first + timedelta(days=length)
    found = list(starts(first, last, step))
    assert found[0] <= first
    assert step_start(last, step) == found[-1]
    assert found == sorted(set(found))
    assert all(start.day == 1 for start in found)


@pytest.mark.parametrize(("day", "start"), [(date(2026, 1, 31), 1), (date(2026, 6, 30), 4), (date(2026, 12, 1), 10)])
def test_a_quarter_begins_in_january_april_july_or_october(day: date, start: int) -> None:
    assert step_start(day, Step.QUARTER) == date(2026, start, 1)
