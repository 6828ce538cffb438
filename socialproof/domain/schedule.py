"""Days and hours: when a contact may be asked where it lives, and which day of a round is whose.

Hours are those on the contact's wall, so they move with daylight saving. Where a zone's clock jumps over the whole
window, the window opens right after the jump and is as long as ever; a window that comes twice is open both times, and
asking once is the invitation's business, not the clock's.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
MINUTE = timedelta(minutes=1)
LONGEST_SEARCH_DAYS = 16
"""A window of one weekday, in a week whose such day a zone skipped."""

Stretch = tuple[datetime, datetime]
"""From (included) until (not included), in UTC."""


@dataclass(frozen=True)
class Window:
    """The minutes of a local day, from midnight, and the days (Monday is 1) in which somebody may be asked.

    ValueError when it would never open.
    """

    from_minute: int = 9 * 60
    until_minute: int = 17 * 60
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)

    def __post_init__(self) -> None:
        if not 0 <= self.from_minute < self.until_minute <= DAY_MINUTES:
            raise ValueError("the hours end before they begin")
        if not set(self.weekdays) & set(range(1, 8)):
            raise ValueError("there is no day to ask on")

    def holds(self, local: datetime) -> bool:
        """Whether this wall time lies inside."""
        return (
            local.isoweekday() in self.weekdays
            and self.from_minute <= local.hour * 60 + local.minute < self.until_minute
        )


@lru_cache(maxsize=1024)
def zone_of(name: str) -> tzinfo:
    """The zone with this IANA name; UTC when there is none such."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def local_day(moment: datetime, zone: str) -> date:
    """The day that the calendar on the wall shows there."""
    return moment.astimezone(zone_of(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """When this local day begins, in UTC."""
    return datetime.combine(day, time.min, zone_of(zone)).astimezone(UTC)


def next_open(moment: datetime, zone: str, window: Window) -> datetime:
    """The first moment at or after `moment` at which the window is open in this zone, in UTC."""
    day = local_day(moment, zone)
    for ahead in range(-1, LONGEST_SEARCH_DAYS):
        for opens, closes in _stretches(day + timedelta(days=ahead), zone, window):
            if moment < closes:
                return max(moment.astimezone(UTC), opens)
    raise ValueError("the window does not open")


@lru_cache(maxsize=8192)
def _stretches(day: date, zone: str, window: Window) -> tuple[Stretch, ...]:
    """When the window is open on this local day: once, or on a day when the clock is set, as that day has it."""
    if day.isoweekday() not in window.weekdays:
        return ()
    place = zone_of(zone)
    midnight, next_midnight = (datetime.combine(each, time.min, place) for each in (day, day + timedelta(days=1)))
    if midnight.utcoffset() != next_midnight.utcoffset():
        return tuple(_stretches_by_the_minute(day, place, window))
    begins = midnight.astimezone(UTC)
    return ((begins + window.from_minute * MINUTE, begins + window.until_minute * MINUTE),)


def _stretches_by_the_minute(day: date, place: tzinfo, window: Window) -> Iterator[Stretch]:
    minutes = list(_minutes_of(day, place))
    inside = [minute for minute in minutes if window.holds(minute.astimezone(place))]
    if not inside:
        yield from _after_the_jump(minutes, place, window)
        return
    starts = [inside[0], *(later for earlier, later in pairwise(inside) if later - earlier > MINUTE)]
    ends = [*(earlier for earlier, later in pairwise(inside) if later - earlier > MINUTE), inside[-1]]
    yield from ((start, end + MINUTE) for start, end in zip(starts, ends, strict=True))


def _minutes_of(day: date, place: tzinfo) -> Iterator[datetime]:
    """Every minute, in UTC, at which the calendar there shows this day; none when the zone skipped it."""
    around = datetime.combine(day, time.min, UTC) - timedelta(hours=16)
    for number in range(56 * 60):
        minute = around + number * MINUTE
        if minute.astimezone(place).date() == day:
            yield minute


def _after_the_jump(minutes: list[datetime], place: tzinfo, window: Window) -> Iterator[Stretch]:
    """The clock jumped over the whole window: it opens with the first minute after it, where the day still has one."""
    for minute in minutes:
        local = minute.astimezone(place)
        if local.hour * 60 + local.minute >= window.until_minute:
            yield minute, minute + (window.until_minute - window.from_minute) * MINUTE
            return


def working_days(first: date, until: date, weekdays: Iterable[int]) -> list[date]:
    """The days from `first` up to, without, `until` that fall on these weekdays (Monday is 1)."""
    wanted = set(weekdays)
    days = (first + timedelta(days=number) for number in range((until - first).days))
    return [day for day in days if day.isoweekday() in wanted]


def add_months(day: date, months: int) -> date:
    """The same day so many months later (or, negative, earlier); the last of a month that has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def slot_of(contact_public_id: str, campaign_public_id: str, days: int) -> int:
    """Which of so many days is this contact's in this campaign, from 0: always the same share of the way through."""
    return _share(f"slot:{campaign_public_id}:{contact_public_id}", days)


def is_sampled(contact_public_id: str, campaign_public_id: str, occasion: str, percent: int) -> bool:
    """Whether this contact is among the `percent` that are asked on this occasion; the same whenever it is asked."""
    return percent >= 100 or _share(f"sample:{campaign_public_id}:{contact_public_id}:{occasion}", 100) < percent


def _share(words: str, parts: int) -> int:
    return int.from_bytes(sha256(words.encode()).digest()[:8], "big") * parts >> 64
