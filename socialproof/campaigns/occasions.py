"""Which occasions a campaign has for a contact, and when it wants to ask; planner and preview read it alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from socialproof.campaigns.awaiting import BY_EVENT
from socialproof.campaigns.models import Campaign, Invitation
from socialproof.contacts.models import Contact, CustomerEvent
from socialproof.contacts.segments import in_segment
from socialproof.domain.campaign import ONCE, CampaignTemplate, Spread, milestone_occasion, round_occasion
from socialproof.domain.invitation import WAITING
from socialproof.domain.ledger import Channel, Standing, never_reason
from socialproof.domain.occasions import AHEAD, GRACE, LATEST, Round, milestones_between, place_in_round, round_of
from socialproof.domain.schedule import Window, is_sampled, local_day, next_open, start_of_day, working_days

ContactRow = Row[*tuple[Any, ...]]
"""A contact as `contacts_of` reads it."""
Contacts = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something to ask one contact about, and when that is wanted."""

    name: str
    wanted_at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of a contact that the campaign waits for."""

    public_id: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a campaign asks, read once for many contacts. Its days are those of the company's time zone."""

    campaign: Campaign
    key: str
    """Its public id: with a contact's it says who is in the sample, and whose day is which."""
    template: CampaignTemplate
    is_drip: bool
    sample_percent: int
    milestones: tuple[int, ...]
    now: datetime
    zone: str
    window: Window
    started_at: datetime
    """Of a draft: now."""
    started_on: date
    today: date
    round: Round
    days: Sequence[date]
    """Working days of the round."""


@dataclass(frozen=True, slots=True)
class Invited:
    """What a contact was invited for by one campaign, and whether one of these still waits to be sent."""

    occasions: frozenset[str | None] = frozenset()
    is_waiting: bool = False


NOBODY = Invited()


def timetable(campaign: Campaign, now: datetime) -> Timetable:
    """The campaign's rules of when, as of now."""
    zone = campaign.survey.company.time_zone
    started_at = campaign.started_at or now
    started_on, today = local_day(started_at, zone), local_day(now, zone)
    turn = round_of(started_on, campaign.every_months, today)
    return Timetable(
        campaign=campaign,
        key=campaign.public_id,
        template=CampaignTemplate(campaign.template),
        is_drip=campaign.spread == Spread.DRIP,
        sample_percent=campaign.sample_percent,
        milestones=tuple(campaign.milestones),
        now=now,
        zone=zone,
        window=window_of(campaign),
        started_at=started_at,
        started_on=started_on,
        today=today,
        round=turn,
        days=working_days(turn.first_on, turn.until_on, campaign.weekdays),
    )


def window_of(campaign: Campaign) -> Window:
    """The hours and days in which the campaign may ask, on the contact's wall."""
    return Window(campaign.send_from_minute, campaign.send_until_minute, tuple(campaign.weekdays))


def contacts_of(campaign: Campaign, *, today: date) -> Contacts:
    """The contacts of the campaign's segment, with as little of them as planning needs. Deleted ones are left out."""
    address = Contact.email if campaign.channel == Channel.MAIL else Contact.phone
    contacts = select(
        Contact.id,
        Contact.public_id,
        Contact.time_zone,
        address.is_not(None).label("has_address"),
        Contact.unsubscribed_at.is_not(None).label("is_unsubscribed"),
        Contact.email_bounced_at.is_not(None).label("is_bounced"),
        Contact.complained_at.is_not(None).label("is_complained"),
        Contact.phone_stopped_at.is_not(None).label("is_stopped"),
    ).where(
        Contact.company_id == campaign.company_id,
        Contact.deleted_at.is_(None),
        *in_segment(campaign.segment, today=today),
    )
    if campaign.template == CampaignTemplate.LIFECYCLE:
        return contacts.add_columns(Contact.customer_since, Contact.created_at)
    return contacts


def never_to(row: ContactRow, channel: Channel) -> str:
    """Why the ledger would never ask this contact by this channel; empty when it would."""
    facts = (row.has_address, row.is_unsubscribed, row.is_bounced, row.is_complained, row.is_stopped)
    return _never(channel, facts)


@lru_cache(maxsize=256)
def _never(channel: Channel, facts: tuple[bool, ...]) -> str:
    has_address, is_unsubscribed, is_bounced, is_complained, is_stopped = facts
    standing = Standing(
        has_address=has_address,
        is_unsubscribed=is_unsubscribed,
        is_bounced=is_bounced,
        is_complained=is_complained,
        is_stopped=is_stopped,
    )
    return never_reason(channel, standing)


def happenings(
    session: Session, table: Timetable, contact_ids: Sequence[int], *, until: datetime | None = None
) -> dict[int, list[Happening]]:
    """Events of these contacts that the campaign waits for: noted since it started, and not too old to ask about."""
    campaign = table.campaign
    if campaign.template not in BY_EVENT or not contact_ids:
        return {}
    found = session.execute(
        select(CustomerEvent.contact_id, CustomerEvent.public_id, CustomerEvent.happened_at)
        .where(
            CustomerEvent.company_id == campaign.company_id,
            CustomerEvent.contact_id.in_(contact_ids),
            CustomerEvent.name == campaign.event_name,
            CustomerEvent.happened_at > table.now - LATEST - timedelta(days=campaign.delay_days),
            CustomerEvent.created_at >= table.started_at,
        )
        .order_by(CustomerEvent.happened_at, CustomerEvent.id)
    )
    by_contact: dict[int, list[Happening]] = {}
    for contact_id, public_id, happened_at in found:
        by_contact.setdefault(contact_id, []).append(Happening(public_id, happened_at))
    return by_contact


def invited_already(session: Session, campaign_id: int, contact_ids: Sequence[int]) -> dict[int, Invited]:
    """What the campaign has planned or asked these contacts already.

    Found by contact alone: a database that has no statistics yet of a campaign which is just being planned would
    rather read that campaign from the beginning, for every batch.
    """
    if not contact_ids:
        return {}
    found = session.execute(
        select(Invitation.contact_id, Invitation.campaign_id, Invitation.occasion, Invitation.state).where(
            Invitation.contact_id.in_(contact_ids)
        )
    )
    by_contact: dict[int, Invited] = {}
    for contact_id, of_campaign, occasion, state in found:
        if of_campaign != campaign_id:
            continue
        before = by_contact.get(contact_id, NOBODY)
        by_contact[contact_id] = Invited(before.occasions | {occasion}, before.is_waiting or state in WAITING)
    return by_contact


def next_occasion(
    table: Timetable, row: ContactRow, happened: Iterable[Happening], invited: Invited
) -> Occasion | None:
    """The one occasion for which this contact is to be invited now: it is in the sample, and no other one waits."""
    if invited.is_waiting:
        return None
    opened = open_occasions(table, row, happened, invited)
    return next((occasion for occasion in opened if is_chosen(table, row, occasion)), None)


def open_occasions(
    table: Timetable, row: ContactRow, happened: Iterable[Happening], invited: Invited, *, ahead: timedelta = AHEAD
) -> Iterator[Occasion]:
    """Occasions for which the contact was not invited yet, and that are not too late; earliest first."""
    for occasion in occasions(table, row, happened, ahead=ahead):
        if occasion.name not in invited.occasions and occasion.wanted_at > table.now - LATEST:
            yield occasion


def is_chosen(table: Timetable, row: ContactRow, occasion: Occasion) -> bool:
    """Whether the contact is in the campaign's sample on this occasion."""
    return is_sampled(row.public_id, table.key, occasion.name, table.sample_percent)


def occasions(
    table: Timetable, row: ContactRow, happened: Iterable[Happening] = (), *, ahead: timedelta = AHEAD
) -> Iterator[Occasion]:
    """What the campaign wants to ask this contact about now, and milestones up to `ahead` from now; earliest first.

    Occasions that were asked already are among them: the planner knows which.
    """
    zone = row.time_zone or table.zone
    template = table.template
    if template is CampaignTemplate.RELATIONSHIP:
        yield Occasion(round_occasion(table.round.first_on), _opening(_day_of_round(table, row), zone, table))
    elif template is CampaignTemplate.ONE_OFF:
        yield Occasion(ONCE, _opening(max(table.started_on, table.today), zone, table))
    elif template is CampaignTemplate.LIFECYCLE:
        yield from _milestones(table, row, zone, ahead)
    else:
        yield from _after_events(table, happened, zone)


def _day_of_round(table: Timetable, row: ContactRow) -> date:
    if not table.is_drip:
        return max(table.round.first_on, table.today)
    return place_in_round(table.days, row.public_id, table.key, table.today)


def _milestones(table: Timetable, row: ContactRow, zone: str, ahead: timedelta) -> Iterator[Occasion]:
    if row.customer_since is None:
        return
    since = max(table.started_on, local_day(row.created_at, table.zone)) - GRACE
    first = max(since, table.today - LATEST)
    for months, day in milestones_between(row.customer_since, table.milestones, first, table.today + ahead):
        yield Occasion(milestone_occasion(months), _opening(day, zone, table))


def _after_events(table: Timetable, happened: Iterable[Happening], zone: str) -> Iterator[Occasion]:
    for each in happened:
        wanted = each.happened_at + timedelta(days=table.campaign.delay_days)
        yield Occasion(each.public_id, next_open(wanted, zone, table.window))


def _opening(day: date, zone: str, table: Timetable) -> datetime:
    return _first_open(day, zone, table.window, table.started_at)


@lru_cache(maxsize=8192)
def _first_open(day: date, zone: str, window: Window, not_before: datetime) -> datetime:
    """When somebody there may first be asked on this day, or after it, and not before the campaign started."""
    return next_open(max(start_of_day(day, zone), not_before), zone, window)
