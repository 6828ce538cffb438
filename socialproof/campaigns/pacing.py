"""Whom a campaign with a daily cap asks in one go, and from which day: what its cap is reckoned with."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.occasions import Timetable, contacts_of, timetable
from socialproof.campaigns.queries import asked_since
from socialproof.contacts.queries import REACHABLE
from socialproof.domain.campaign import CampaignTemplate
from socialproof.domain.invitation import WAITING
from socialproof.domain.pace import Pace, Queue, pace_of, sampled
from socialproof.domain.schedule import local_day, next_open, start_of_day

IN_ONE_GO = (CampaignTemplate.RELATIONSHIP, CampaignTemplate.ONE_OFF)
"""The others ask each contact on a day of its own."""


def expected_queue(session: Session, campaign: Campaign, *, now: datetime) -> Queue | None:
    """Who waits in a campaign that is planned, else about everybody whom it will ask; None: it asks nobody in one go.

    Between two rounds it is everybody in the next one.
    """
    if campaign.template not in IN_ONE_GO:
        return None
    if campaign.planned_at is None:
        return queue_of(session, campaign, contacts=_everybody(session, campaign, now), now=now)
    of_campaign = (Invitation.company_id == campaign.company_id, Invitation.campaign_id == campaign.id)
    waiting = session.scalar(select(func.count()).where(*of_campaign, Invitation.state.in_(WAITING))) or 0
    if waiting or campaign.template == CampaignTemplate.ONE_OFF:
        return queue_of(session, campaign, contacts=waiting, now=now)
    contacts, next_on = _everybody(session, campaign, now), timetable(campaign, now).round.until_on
    return queue_of(session, campaign, contacts=contacts, now=start_of_day(next_on, campaign.survey.company.time_zone))


def pace_in(campaign: Campaign, queue: Queue | None) -> Pace | None:
    """How long its cap makes them take, on its weekdays; None when nobody waits for it."""
    return pace_of(queue, daily_cap=campaign.daily_cap, weekdays=campaign.weekdays) if queue else None


def queue_of(session: Session, campaign: Campaign, *, contacts: int, now: datetime) -> Queue | None:
    """So many contacts from the next sending day on; None for a campaign that asks nobody in one go."""
    if campaign.template not in IN_ONE_GO:
        return None
    table = timetable(campaign, now)
    has_rounds = table.template is CampaignTemplate.RELATIONSHIP
    return Queue(
        contacts=contacts,
        first_on=_first_on(session, table),
        next_round_on=table.round.until_on if has_rounds else None,
        is_spread=has_rounds and table.is_drip,
    )


def _first_on(session: Session, table: Timetable) -> date:
    """Today when it is a sending day whose hours are not over and whose places are not taken."""
    daily_cap = table.campaign.daily_cap
    asked = asked_since(session, table.campaign, start_of_day(table.today, table.zone))
    is_full = daily_cap is not None and asked >= daily_cap
    begins = start_of_day(table.today + timedelta(days=1), table.zone) if is_full else table.now
    return local_day(next_open(begins, table.zone, table.window), table.zone)


def _everybody(session: Session, campaign: Campaign, now: datetime) -> int:
    """Whom its channel may reach, as far as the lot chooses them."""
    today = local_day(now, campaign.survey.company.time_zone)
    found = contacts_of(campaign, today=today).with_only_columns(func.count()).where(REACHABLE[campaign.channel])
    return sampled(session.scalar(found) or 0, campaign.sample_percent)
