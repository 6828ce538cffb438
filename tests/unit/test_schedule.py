"""Hours on the contact's wall, whatever its clock does; days of a round, each contact's own."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialproof.domain.occasions import milestones_between, place_in_round, round_of
from socialproof.domain.schedule import (
    Window,
    add_months,
    is_sampled,
    local_day,
    next_open,
    slot_of,
    working_days,
    zone_of,
)


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[misc,arg-type]


EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
OFFICE = Window()
ZONES = [
    "Europe/Stockholm",
    "Europe/Helsinki",
    "America/St_Johns",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Asuncion",
    "Asia/Kathmandu",
    "Antarctica/Troll",
    "UTC",
    "Nowhere/AtAll",
]
zones = st.sampled_from(ZONES)
moments = st.integers(0, 26 * 365 * 24 * 60).map(lambda minutes: utc(2009, 1, 1) + timedelta(minutes=minutes))
windows = st.builds(
    lambda first, length, days: Window(first, min(first + length, 1440), tuple(sorted(days))),
    st.integers(0, 23 * 60),
    st.integers(15, 24 * 60),
    st.sets(st.integers(1, 7), min_size=1),
)


@settings(max_examples=150)
@given(moments, zones, windows)
def test_the_next_opening_is_open_and_nothing_before_it_is(moment: datetime, zone: str, window: Window) -> None:
    opens = next_open(moment, zone, window)
    assert moment <= opens <= moment + timedelta(days=15)
    assert next_open(opens, zone, window) == opens
    local = opens.astimezone(zone_of(zone))
    assert window.holds(local) or fell_into_a_jump(local, window)
    step = max((opens - moment) / 25, timedelta(minutes=1))
    before = moment
    while before < opens:
        assert not window.holds(before.astimezone(zone_of(zone)))
        before += step


def fell_into_a_jump(local: datetime, window: Window) -> bool:
    """Whether the clock was set forward over all of the window on this day."""
    minute = window.from_minute
    while minute < window.until_minute:
        wall = datetime(local.year, local.month, local.day, minute // 60, minute % 60, tzinfo=local.tzinfo)
        if wall.astimezone(UTC).astimezone(local.tzinfo).replace(fold=0) == wall:
            return False
        minute += 1
    return local.isoweekday() in window.weekdays


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)], ids=["into summer", "into winter"])
def test_half_past_two_comes_on_both_days_on_which_stockholm_sets_its_clocks(day: date) -> None:
    window = Window(150, 180, EVERY_DAY)
    opens = next_open(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Stockholm")), ZONES[0], window)
    assert local_day(opens, ZONES[0]) == day
    assert next_open(opens + timedelta(minutes=29), ZONES[0], window) == opens + timedelta(minutes=29)


@pytest.mark.parametrize(
    ("window", "asked", "answer"),
    [
        # 02:30 does not come on this night: the window opens after the jump, for as long as ever.
        (Window(150, 180, EVERY_DAY), utc(2026, 3, 29, 0, 0), utc(2026, 3, 29, 1, 0)),
        (Window(150, 180, EVERY_DAY), utc(2026, 3, 29, 1, 30), utc(2026, 3, 30, 0, 30)),
        # Half of the window falls into the jump.
        (Window(150, 210, EVERY_DAY), utc(2026, 3, 29, 0, 0), utc(2026, 3, 29, 1, 0)),
        # 02:30 comes twice.
        (Window(150, 180, EVERY_DAY), utc(2026, 10, 25, 0, 0), utc(2026, 10, 25, 0, 30)),
        (Window(150, 180, EVERY_DAY), utc(2026, 10, 25, 1, 10), utc(2026, 10, 25, 1, 30)),
        # Nine o'clock is nine o'clock.
        (OFFICE, utc(2026, 3, 28, 12, 0), utc(2026, 3, 30, 7, 0)),
        (OFFICE, utc(2026, 3, 27, 6, 0), utc(2026, 3, 27, 8, 0)),
        (OFFICE, utc(2026, 3, 27, 15, 59), utc(2026, 3, 27, 15, 59)),
        (OFFICE, utc(2026, 3, 27, 16, 0), utc(2026, 3, 30, 7, 0)),
    ],
)
def test_hours_in_stockholm(window: Window, asked: datetime, answer: datetime) -> None:
    assert next_open(asked, "Europe/Stockholm", window) == answer


def test_a_day_that_a_zone_skipped_has_no_hours() -> None:
    friday = Window(weekdays=(5,))
    assert next_open(utc(2011, 12, 29, 12), "Pacific/Apia", friday) == utc(2012, 1, 5, 19)


@pytest.mark.parametrize("name", ["", "Europe", "../etc/passwd", "Mars/Olympus", "a\0b", "x" * 300])
def test_an_unknown_zone_is_utc(name: str) -> None:
    assert next_open(utc(2026, 11, 23, 5), name, OFFICE) == utc(2026, 11, 23, 9)


@pytest.mark.parametrize("hours", [(540, 540, (1,)), (540, 480, (1,)), (0, 1441, (1,)), (540, 1020, ()), (1, 2, (9,))])
def test_a_window_that_never_opens_is_refused(hours: tuple[int, int, tuple[int, ...]]) -> None:
    with pytest.raises(ValueError):
        Window(*hours)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_months_later(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 24), st.integers(0, 4000))
def test_rounds_follow_each_other_without_a_gap(started_on: date, every: int, days: int) -> None:
    today = started_on + timedelta(days=days)
    turn = round_of(started_on, every, today)
    assert turn.first_on <= today < turn.until_on
    assert round_of(started_on, every, turn.until_on).first_on == turn.until_on


def test_before_its_start_a_campaign_is_in_its_first_round() -> None:
    assert round_of(date(2026, 5, 31), 3, date(2026, 2, 1)).first_on == date(2026, 5, 31)


def test_contacts_are_spread_evenly_over_the_working_days_and_keep_their_place() -> None:
    days = working_days(date(2026, 1, 1), date(2026, 4, 1), (1, 2, 3, 4, 5))
    contacts = [f"contact-{number}" for number in range(64 * 100)]
    places = Counter(place_in_round(days, contact, "campaign", days[0]) for contact in contacts)
    assert set(places) == set(days)
    assert 60 < min(places.values()) <= max(places.values()) < 145
    assert all(slot_of(contact, "campaign", 64) in range(64) for contact in contacts)
    following = working_days(date(2026, 4, 1), date(2026, 7, 1), (1, 2, 3, 4, 5))
    gaps = {
        place_in_round(following, contact, "campaign", following[0])
        - place_in_round(days, contact, "campaign", days[0])
        for contact in contacts
    }
    assert timedelta(days=86) <= min(gaps) <= max(gaps) <= timedelta(days=95)


def test_who_comes_during_the_round_is_spread_over_what_remains() -> None:
    days = working_days(date(2026, 1, 1), date(2026, 4, 1), (1, 2, 3, 4, 5))
    today = days[40]
    places = Counter(place_in_round(days, f"contact-{number}", "campaign", today) for number in range(2400))
    assert set(places) == set(days[40:])
    assert 60 < min(places.values()) <= max(places.values()) < 145
    assert place_in_round(days, "contact", "campaign", date(2026, 5, 1)) == date(2026, 5, 1)


def test_a_sample_is_the_same_each_time_and_another_one_on_the_next_occasion() -> None:
    contacts = [f"contact-{number}" for number in range(2000)]
    first, again, other = (
        {contact for contact in contacts if is_sampled(contact, "campaign", occasion, 25)}
        for occasion in ("2026-01-01", "2026-01-01", "2026-04-01")
    )
    assert first == again != other
    assert 400 < len(first) < 600 and 60 < len(first & other) < 190
    assert all(is_sampled(contact, "campaign", "once", 100) for contact in contacts)


def test_milestones_within_the_days_that_count() -> None:
    leap = date(2024, 2, 29)
    assert list(milestones_between(leap, [12, 3, 6], date(2024, 5, 29), date(2025, 2, 28))) == [
        (3, date(2024, 5, 29)),
        (6, date(2024, 8, 29)),
        (12, date(2025, 2, 28)),
    ]
    assert list(milestones_between(leap, [3], date(2024, 5, 30), date(2025, 2, 28))) == []
