"""How long a daily cap makes the first letters take. Reminders and requests for a reference take no place of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Queue:
    """So many contacts are to be asked from `first_on` on."""

    contacts: int
    first_on: date
    next_round_on: date | None = None
    """When they are to be asked again; None: never by themselves."""
    is_spread: bool = False
    """Evenly over the days until the next round, with a cap or without."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`contacts` at `daily_cap` a day go out on `days` sending days, the last of which is `last_on`."""

    contacts: int
    daily_cap: int
    days: int
    last_on: date
    next_round_on: date | None

    @property
    def is_late(self) -> bool:
        """The next round begins before this one is through."""
        return self.next_round_on is not None and self.last_on >= self.next_round_on


def sampled(contacts: int, percent: int) -> int:
    """About how many of them the lot chooses, rounded up."""
    return -(-contacts * percent // 100)


def pace_of(queue: Queue, *, daily_cap: int | None, weekdays: Iterable[int]) -> Pace | None:
    """How long the cap makes them take; None when it holds nobody up. Weekdays: Monday is 1, at least one."""
    if not daily_cap or queue.contacts <= daily_cap:
        return None
    days = -(-queue.contacts // daily_cap)
    last_on = sending_day(queue.first_on, weekdays, days)
    pace = Pace(queue.contacts, daily_cap, days, last_on, queue.next_round_on)
    return None if queue.is_spread and not pace.is_late else pace


def sending_day(first_on: date, weekdays: Iterable[int], number: int) -> date:
    """The `number`th day, from 1, that falls on one of these weekdays from `first_on` on; the last of all calendars
    when it lies behind that."""
    wanted = set(weekdays)
    week = [each for each in range(7) if (first_on + timedelta(days=each)).isoweekday() in wanted]
    weeks, place = divmod(number - 1, len(week))
    try:
        return first_on + timedelta(days=7 * weeks + week[place])
    except OverflowError:
        return date.max
