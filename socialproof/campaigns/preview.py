"""Whom a campaign would ask, and when: counted contact by contact with the planner's own rules, writing nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign
from socialproof.campaigns.occasions import (
    NOBODY,
    ContactRow,
    Happening,
    Invited,
    Timetable,
    contacts_of,
    happenings,
    invited_already,
    is_chosen,
    never_to,
    open_occasions,
    timetable,
)
from socialproof.contacts.ledger import rest_of
from socialproof.contacts.models import Contact
from socialproof.domain.ledger import Channel, Kind, Rest, Standing, rest_until
from socialproof.domain.schedule import local_day

MOST_NAMES = 20
AT_ONCE = 5_000
"""Contacts that are in memory together."""
WEEK = timedelta(days=7)
YEARS = timedelta(days=20 * 366)
"""How far ahead a milestone counts as "later"."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Of `total` contacts of the company `in_segment` belong to the campaign; each of these is in one other figure."""

    total: int
    in_segment: int
    asked_this_week: int
    """Within seven days, as far as the daily cap lets them."""
    later: int
    deferred: int
    """The ledger would say not yet when their turn comes; they are asked after it."""
    deferred_until: datetime | None
    """When the last of them has rested."""
    suppressed: dict[str, int]
    """By the ledger's reason to say never; no_address is among them."""
    not_sampled: int
    not_due: int
    """Nothing to ask about yet: the event has not happened, there is no milestone ahead."""
    invited: int
    """Planned or asked by this campaign already."""
    waiting: int
    """Of the invited those whose letter has not gone out."""
    names: dict[str, list[Contact]] = field(default_factory=dict)
    """Up to twenty contacts of each figure, by the figure's name."""

    @property
    def to_ask(self) -> int:
        """Who is still to get a first letter, as far as is known now."""
        return self.asked_this_week + self.later + self.deferred + self.waiting

    @property
    def suppressed_count(self) -> int:
        return sum(self.suppressed.values())


def preview(session: Session, campaign: Campaign, now: datetime) -> Preview:
    """What planning this campaign now would bring, also when it is still a draft. Nothing is written.

    It looks at every contact of the segment: 100,000 take some seconds, in constant memory.
    """
    count = _Count(timetable(campaign, now), rest_of(session, campaign.company_id))
    contacts = session.execute(
        contacts_of(campaign, today=count.table.today)
        .add_columns(Contact.last_asked_at, Contact.last_nps_asked_at)
        .order_by(Contact.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for rows in contacts.partitions():
        ids = [] if campaign.state == "draft" else [row.id for row in rows]
        invited, happened = invited_already(session, campaign.id, ids), happenings(session, count.table, ids)
        for row in rows:
            count.add(row, invited.get(row.id, NOBODY), happened.get(row.id, []))
    living = select(func.count(Contact.id)).where(
        Contact.company_id == campaign.company_id, Contact.deleted_at.is_(None)
    )
    return count.result(session, session.scalar(living) or 0)


class _Count:
    """Puts one contact after the other into its figure."""

    def __init__(self, table: Timetable, rest: Rest) -> None:
        self.table, self.rest = table, rest
        self.channel = Channel(table.campaign.channel)
        self.week_ends_at = table.now + WEEK
        self.figures: Counter[str] = Counter()
        self.suppressed: Counter[str] = Counter()
        self.days: Counter[date] = Counter()
        self.waiting = 0
        self.deferred_until: datetime | None = None
        self.names: dict[str, list[int]] = {}

    def add(self, row: ContactRow, invited: Invited, happened: list[Happening]) -> None:
        figure = self._figure(row, invited, happened)
        self.figures[figure] += 1
        named = self.names.setdefault(figure, [])
        if len(named) < MOST_NAMES:
            named.append(row.id)

    def _figure(self, row: ContactRow, invited: Invited, happened: list[Happening]) -> str:
        never = never_to(row, self.channel)
        if never:
            self.suppressed[never] += 1
            return "suppressed"
        self.waiting += invited.is_waiting
        opened = list(open_occasions(self.table, row, happened, invited, ahead=YEARS))
        if invited.is_waiting or (invited.occasions and not opened):
            return "invited"
        chosen = next((occasion for occasion in opened if is_chosen(self.table, row, occasion)), None)
        if chosen is None:
            return "not_sampled" if opened else "not_due"
        return self._turn(chosen.wanted_at, row)

    def _turn(self, wanted_at: datetime, row: ContactRow) -> str:
        rested_at = self._rested_at(row) if row.last_asked_at else None
        if rested_at is not None and rested_at > wanted_at:
            self.deferred_until = max(self.deferred_until or rested_at, rested_at)
            return "deferred"
        if wanted_at >= self.week_ends_at:
            return "later"
        self.days[max(self.table.today, local_day(wanted_at, self.table.zone))] += 1
        return "asked_this_week"

    def _rested_at(self, row: ContactRow) -> datetime | None:
        standing = Standing(last_asked_at=row.last_asked_at, last_nps_asked_at=row.last_nps_asked_at)
        return rest_until(Kind.NPS, standing, self.rest)[0]

    def result(self, session: Session, total: int) -> Preview:
        this_week = self._within_cap()
        return Preview(
            total=total,
            in_segment=self.figures.total(),
            asked_this_week=this_week,
            later=self.figures["later"] + self.figures["asked_this_week"] - this_week,
            deferred=self.figures["deferred"],
            deferred_until=self.deferred_until,
            suppressed=dict(self.suppressed.most_common()),
            not_sampled=self.figures["not_sampled"],
            not_due=self.figures["not_due"],
            invited=self.figures["invited"],
            waiting=self.waiting,
            names=self._contacts(session),
        )

    def _within_cap(self) -> int:
        """How many of this week's the daily cap lets through; who is over it goes on the next day."""
        cap, asked, left = self.table.campaign.daily_cap, 0, 0
        for number in range(WEEK.days):
            left += self.days[self.table.today + timedelta(days=number)]
            is_working = (self.table.today + timedelta(days=number)).isoweekday() in self.table.campaign.weekdays
            today = left if cap is None else min(left, cap) if is_working else 0
            asked, left = asked + today, left - today
        return asked

    def _contacts(self, session: Session) -> dict[str, list[Contact]]:
        ids = [each for named in self.names.values() for each in named]
        found = {each.id: each for each in session.scalars(select(Contact).where(Contact.id.in_(ids)))}
        return {figure: [found[each] for each in named] for figure, named in self.names.items()}
