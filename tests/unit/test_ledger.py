"""Asked, not yet, or never: the rule, and what years of it do to one contact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from socialproof.domain.ledger import (
    ASKED,
    YIELD,
    Channel,
    Decision,
    Kind,
    Rest,
    Standing,
    Verdict,
    decide,
)
from socialproof.domain.schedule import Window, next_open

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
REST = Rest()


def word(kind: Kind = Kind.NPS, channel: Channel = Channel.MAIL, now: datetime = NOW, **known: object) -> Decision:
    by_campaign = {name: known.pop(name) for name in list(known) if not hasattr(Standing, name)}
    return decide(kind=kind, channel=channel, standing=Standing(**known), rest=REST, now=now, **by_campaign)  # type: ignore[arg-type]


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize(
    ("fact", "reason", "channels"),
    [
        ({"is_deleted": True}, "deleted", set(Channel)),
        ({"is_unsubscribed": True}, "unsubscribed", set(Channel)),
        ({"has_address": False}, "no_address", {Channel.MAIL, Channel.SMS}),
        ({"is_bounced": True}, "bounced", {Channel.MAIL}),
        ({"is_complained": True}, "complained", {Channel.MAIL}),
        ({"is_stopped": True}, "stopped", {Channel.SMS}),
    ],
)
def test_never(channel: Channel, fact: dict[str, bool], reason: str, channels: set[Channel]) -> None:
    for kind in Kind:
        found = word(kind, channel, **fact)
        assert found == (Decision(Verdict.NEVER, reason) if channel in channels else ASKED)


def test_never_is_stronger_than_not_yet() -> None:
    assert word(is_unsubscribed=True, last_asked_at=NOW, not_before=NOW + DAY).verdict is Verdict.NEVER


@pytest.mark.parametrize(
    ("kind", "known", "reason", "days"),
    [
        (Kind.NPS, {"last_asked_at": NOW - 29 * DAY}, "asked_recently", 1),
        (Kind.NPS, {"last_asked_at": NOW - 31 * DAY, "last_nps_asked_at": NOW - 31 * DAY}, "nps_asked_recently", 59),
        (Kind.NPS, {"last_asked_at": NOW, "last_nps_asked_at": NOW - 80 * DAY}, "asked_recently", 30),
        (Kind.TESTIMONIAL, {"last_asked_at": NOW - 10 * DAY, "last_nps_asked_at": NOW}, "asked_recently", 20),
        (Kind.NPS, {"last_asked_at": NOW + 365 * DAY}, "asked_recently", 395),
        (Kind.NPS, {"not_before": NOW + DAY, "not_before_reason": "daily_cap"}, "daily_cap", 1),
        (Kind.REMINDER, {"not_before": NOW + DAY, "not_before_reason": "outside_hours"}, "outside_hours", 1),
        (Kind.NPS, {"last_asked_at": NOW, "not_before": NOW + DAY, "not_before_reason": "x"}, "asked_recently", 30),
    ],
)
def test_not_yet(kind: Kind, known: dict[str, object], reason: str, days: int) -> None:
    assert word(kind, **known) == Decision(Verdict.DEFERRED, reason, NOW + days * DAY)


def test_at_the_very_end_of_the_rest_it_is_yes() -> None:
    rested = {"last_asked_at": NOW - 30 * DAY, "last_nps_asked_at": NOW - 90 * DAY}
    assert word(**rested) == ASKED
    assert word(now=NOW - timedelta(microseconds=1), **rested).until == NOW


def test_a_reminder_belongs_to_an_ask_that_was_allowed() -> None:
    assert word(Kind.REMINDER, last_asked_at=NOW, last_nps_asked_at=NOW, has_older_waiting=True) == ASKED


def test_the_older_ask_goes_first() -> None:
    assert word(has_older_waiting=True) == Decision(Verdict.DEFERRED, "another_first", NOW + YIELD)


moments = st.integers(0, 12 * 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
rests = st.builds(Rest, st.integers(0, 120), st.integers(0, 400))


@settings(max_examples=150)
@given(st.lists(st.tuples(moments, st.sampled_from([Kind.NPS, Kind.TESTIMONIAL]), st.sampled_from(Channel))), rests)
def test_no_two_asks_lie_within_the_rest_whatever_the_clock_does(
    asks: list[tuple[datetime, Kind, Channel]], rest: Rest
) -> None:
    """The moments come in any order: a clock that jumps to and fro."""
    standing = Standing()
    asked: list[tuple[datetime, Kind]] = []
    for now, kind, channel in asks:
        if decide(kind=kind, channel=channel, standing=standing, rest=rest, now=now) == ASKED:
            asked.append((now, kind))
            standing = after_asking(standing, kind, now)
    every = [at for at, _kind in asked]
    nps = [at for at, kind in asked if kind is Kind.NPS]
    for times, days in ((every, rest.rest_days), (nps, rest.nps_rest_days)):
        assert all(abs(one - other) >= days * DAY for one, other in pairwise(times))
        assert times == sorted(times)


def after_asking(standing: Standing, kind: Kind, now: datetime) -> Standing:
    """What contacts/ledger.py keeps."""
    nps = max(standing.last_nps_asked_at or now, now) if kind is Kind.NPS else standing.last_nps_asked_at
    return replace(standing, last_asked_at=max(standing.last_asked_at or now, now), last_nps_asked_at=nps)


@dataclass
class Wanted:
    campaign: int
    kind: Kind
    wanted_at: datetime
    due_at: datetime
    ahead: int
    """Asks of the contact that were wanted earlier and still waited."""


@dataclass
class Contact:
    """One contact of several campaigns, asked as the planner and the sender do it, every few hours for years."""

    every_days: list[int]
    kinds: list[Kind]
    window: Window
    rest: Rest
    standing: Standing = field(default_factory=Standing)
    waiting: list[Wanted] = field(default_factory=list)
    asked: list[tuple[Wanted, datetime]] = field(default_factory=list)
    planned: dict[int, int] = field(default_factory=dict)

    def plan(self, now: datetime) -> None:
        for campaign, days in enumerate(self.every_days):
            turn = (now - NOW) // (days * DAY)
            is_waiting = any(ask.campaign == campaign for ask in self.waiting)
            if turn > self.planned.get(campaign, -1) and not is_waiting:
                self.planned[campaign] = turn
                self.waiting.append(Wanted(campaign, self.kinds[campaign], now, now, len(self.waiting)))

    def send(self, now: datetime) -> None:
        opens = next_open(now, "Europe/Stockholm", self.window)
        for ask in sorted((each for each in self.waiting if each.due_at <= now), key=lambda each: each.due_at):
            found = self._decide(ask, now, opens, any(self._is_older(other, ask, now) for other in self.waiting))
            if found == ASKED:
                self.standing = after_asking(self.standing, ask.kind, now)
                self.waiting.remove(ask)
                self.asked.append((ask, now))
            else:
                assert found.until is not None and found.until > now
                ask.due_at = found.until

    def _is_older(self, other: Wanted, ask: Wanted, now: datetime) -> bool:
        """Wanted earlier, and only hours or a cap keep it waiting."""
        is_earlier = (other.wanted_at, other.campaign) < (ask.wanted_at, ask.campaign)
        return is_earlier and self._decide(other, now, now, False) == ASKED

    def _decide(self, ask: Wanted, now: datetime, opens: datetime, has_older: bool) -> Decision:
        return decide(
            kind=ask.kind,
            channel=Channel.MAIL,
            standing=self.standing,
            rest=self.rest,
            now=now,
            has_older_waiting=has_older,
            not_before=opens,
            not_before_reason="outside_hours",
        )


def bound(contact: Contact, ahead: int) -> timedelta:
    """As domain/ledger.py says it; the hours come within a week, found by a sender that looks every few hours."""
    rests = (contact.rest.rest_days + contact.rest.nps_rest_days) * DAY
    return (ahead + 1) * (rests + 9 * DAY)


@settings(max_examples=25)
@given(
    campaigns=st.lists(
        st.tuples(st.integers(1, 400), st.sampled_from([Kind.NPS, Kind.NPS, Kind.TESTIMONIAL])), min_size=1, max_size=5
    ),
    rest=st.sampled_from([Rest(), Rest(7, 30), Rest(60, 90), Rest(0, 0)]),
    weekdays=st.sampled_from([(1, 2, 3, 4, 5), (3,), (1, 2, 3, 4, 5, 6, 7)]),
    step_hours=st.sampled_from([5, 7]),
)
@example(campaigns=[(1, Kind.NPS), (365, Kind.NPS)], rest=Rest(), weekdays=(3,), step_hours=7)
@example(campaigns=[(1, Kind.TESTIMONIAL), (30, Kind.NPS)], rest=Rest(), weekdays=(1,), step_hours=7)
def test_nobody_starves_behind_a_frequent_survey(
    campaigns: list[tuple[int, Kind]], rest: Rest, weekdays: tuple[int, ...], step_hours: int
) -> None:
    contact = Contact([days for days, _ in campaigns], [kind for _, kind in campaigns], Window(weekdays=weekdays), rest)
    now = NOW
    while now < NOW + 800 * DAY:
        contact.plan(now)
        contact.send(now)
        now += timedelta(hours=step_hours)
    for ask, asked_at in contact.asked:
        assert asked_at - ask.wanted_at <= bound(contact, ask.ahead)
    for ask in contact.waiting:
        assert now - ask.wanted_at <= bound(contact, ask.ahead)
    times = [at for _, at in contact.asked]
    assert all(later - earlier >= rest.rest_days * DAY for earlier, later in pairwise(times))
    # Each campaign has its turn: of two that always want to ask, neither is asked twice while the other waits.
    assert {ask.campaign for ask, _ in contact.asked} | {ask.campaign for ask in contact.waiting} == set(
        range(len(campaigns))
    )


@settings(max_examples=15)
@given(jumps=st.lists(st.integers(-400, 400), max_size=4), every=st.integers(20, 200))
def test_a_clock_that_jumps_delays_an_ask_and_never_loses_or_doubles_it(jumps: list[int], every: int) -> None:
    """Days forth and back, then the right time again."""
    contact = Contact([every, 365], [Kind.NPS, Kind.NPS], Window(weekdays=(1, 2, 3, 4, 5)), REST)
    latest = NOW
    for wrong in [*(NOW + days * DAY for days in jumps), NOW]:
        for hours in range(0, 10 * 24, 6):
            latest = max(latest, wrong + timedelta(hours=hours))
            contact.plan(wrong + timedelta(hours=hours))
            contact.send(wrong + timedelta(hours=hours))
    now, waited = NOW, list(contact.waiting)
    while now < latest + 400 * DAY:
        contact.plan(now)
        contact.send(now)
        now += timedelta(hours=7)
    done = [ask for ask, _ in contact.asked]
    assert all(ask in done for ask in waited)
    assert len({(ask.campaign, ask.wanted_at) for ask in done}) == len(done)
    times = [at for _, at in contact.asked]
    assert all(later - earlier >= REST.nps_rest_days * DAY for earlier, later in pairwise(times))
