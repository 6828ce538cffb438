"""How often somebody may do something: a window that slides, and a memory that does not grow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from socialproof.web.rate_limits import MOST_KEYS, RateLimit

NOON = datetime(2026, 11, 2, 12, 0, 59, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_new_minute_of_the_clock_gives_nobody_twice_as_much() -> None:
    limit = RateLimit(3, timedelta(minutes=1))
    assert [limit.take("a", NOON) for _act in range(4)] == [0, 0, 0, 60]
    assert limit.take("a", NOON + 2 * SECOND) == 58
    assert limit.take("b", NOON) == 0
    assert limit.take("a", NOON + 60 * SECOND) == 0, "what was refused does not count"


def test_at_the_same_moment_nobody_gets_one_more() -> None:
    limit = RateLimit(50, timedelta(minutes=1))
    with ThreadPoolExecutor(8) as people:
        said = list(people.map(lambda _act: limit.take("a", NOON), range(400)))
    assert said.count(0) == 50


def test_those_who_acted_longest_ago_are_forgotten_first() -> None:
    limit = RateLimit(1, timedelta(minutes=1))
    for number in range(MOST_KEYS + 1):
        limit.count(str(number), NOON)
    assert limit.seconds_left("0", NOON) == 0
    assert limit.seconds_left("1", NOON) == 60
