"""Stretches of whole UTC days: what a figure is about, what came before it, and its months and quarters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Span(StrEnum):
    """The stretches that a reader may choose from; all of them end today."""

    DAYS_30 = "30d"
    DAYS_90 = "90d"
    MONTHS_12 = "12m"
    ALL = "all"


class Step(StrEnum):
    """How a trend is cut."""

    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Period:
    """From `from_on` to `to_on`, both included; without `from_on` since the beginning."""

    from_on: date | None
    to_on: date

    @property
    def previous(self) -> Period | None:
        """The equally long stretch that ends the day before; None when there is no beginning."""
        if self.from_on is None:
            return None
        if self.from_on == year_before(self.to_on) + timedelta(days=1):
            return Period(year_before(self.from_on), year_before(self.to_on))
        length = self.to_on - self.from_on
        last = self.from_on - timedelta(days=1)
        return Period(last - length, last)


def period_of(span: Span, today: date) -> Period:
    """The stretch that a reader means on this day; twelve months hold each calendar day once."""
    if span is Span.ALL:
        return Period(None, today)
    if span is Span.MONTHS_12:
        return Period(year_before(today) + timedelta(days=1), today)
    days = 30 if span is Span.DAYS_30 else 90
    return Period(today - timedelta(days=days - 1), today)


def year_before(day: date) -> date:
    """The same calendar day one year earlier; 29 February becomes the 28th."""
    if (day.month, day.day) == (2, 29):
        return day.replace(year=day.year - 1, day=28)
    return day.replace(year=day.year - 1)


def step_start(day: date, step: Step) -> date:
    """The first day of the month or quarter that holds `day`."""
    month = day.month if step is Step.MONTH else day.month - (day.month - 1) % 3
    return date(day.year, month, 1)


def next_start(start: date, step: Step) -> date:
    """The first day of the month or quarter after the one that begins on `start`."""
    month = start.month + (1 if step is Step.MONTH else 3)
    return date(start.year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def starts(from_on: date, to_on: date, step: Step) -> Iterator[date]:
    """First days of all months or quarters that touch the stretch, oldest first."""
    start = step_start(from_on, step)
    while start <= to_on:
        yield start
        start = next_start(start, step)
