"""Invitations are planned ahead of sending: for each contact one per occasion, in batches.

A batch is one short transaction. Planning may be killed, run twice or by two workers at once: what is there already is
passed over, and what two write at the same moment the database keeps once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, func, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from socialproof.campaigns.awaiting import AWAITING
from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.occasions import (
    NOBODY,
    ContactRow,
    Contacts,
    Occasion,
    Timetable,
    contacts_of,
    happenings,
    invited_already,
    never_to,
    next_occasion,
    timetable,
)
from socialproof.contacts.models import Contact, CustomerEvent
from socialproof.database import insert_into
from socialproof.domain.campaign import CampaignTemplate
from socialproof.domain.invitation import LINK_LIFETIME
from socialproof.domain.ledger import Channel

BATCH = 2_000
"""Contacts in one transaction: some tens of milliseconds, in which nobody else writes to SQLite."""

Place = tuple[str, int]
"""Up to which contact planning has come: its address and its row."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch did. `after` is where the next one begins; None: there are no more contacts."""

    looked_at: int
    planned: int
    after: Place | None


OVER = Step(0, 0, None)


def begin(session: Session, *, company_id: int, campaign_id: int, now: datetime) -> bool:
    """Count whom the planning will look at; False when the campaign is not running and nothing is to be planned."""
    campaign = _hold(session, company_id, campaign_id, planning_count=0)
    if campaign is None:
        return False
    table = timetable(campaign, now)
    reachable = _contacts(table).where(_address(campaign).is_not(None))
    campaign.planning_total = session.scalar(select(func.count()).select_from(reachable.subquery())) or 0
    session.flush()
    return True


def plan_batch(
    session: Session,
    *,
    company_id: int,
    campaign_id: int,
    after: Place | None,
    now: datetime,
    limit: int = BATCH,
) -> Step:
    """Plan what is wanted for the next `limit` contacts after `after`. A campaign that was paused meanwhile is left."""
    campaign = _hold(session, company_id, campaign_id)
    if campaign is None:
        return OVER
    table, address = timetable(campaign, now), _address(campaign)
    rows = session.execute(_next(_contacts(table), address, after, limit)).all()
    planned = _plan_rows(session, table, rows)
    campaign.planning_count += len(rows)
    session.flush()
    if len(rows) < limit:
        return Step(len(rows), planned, None)
    return Step(len(rows), planned, (rows[-1].address, rows[-1].id))


def finish(session: Session, *, company_id: int, campaign_id: int, now: datetime) -> None:
    """The planner has come to the end of the contacts, or the campaign was paused or stopped meanwhile."""
    session.execute(
        update(Campaign)
        .where(Campaign.company_id == company_id, Campaign.id == campaign_id)
        .values(planning_count=0, planning_total=0)
        .execution_options(synchronize_session=False)
    )
    campaign = _hold(session, company_id, campaign_id, planned_at=now)
    if campaign is not None and campaign.template == CampaignTemplate.RELATIONSHIP:
        campaign.round_on = timetable(campaign, now).round.first_on
        session.flush()


def plan_event(session: Session, *, company_id: int, customer_event_id: int, now: datetime) -> int:
    """Let every running campaign that waits for this event plan its contact; returns how many invitations that made."""
    event = session.scalar(
        select(CustomerEvent).where(CustomerEvent.company_id == company_id, CustomerEvent.id == customer_event_id)
    )
    if event is None:
        return 0
    waiting = session.scalars(
        select(Campaign.id)
        .where(Campaign.company_id == company_id, Campaign.event_name == event.name, *AWAITING)
        .order_by(Campaign.id)
    ).all()
    return sum(_plan_contact(session, company_id, campaign_id, event.contact_id, now) for campaign_id in waiting)


def finish_one_off(session: Session, *, company_id: int, campaign_id: int) -> bool:
    """End a one-off campaign that is planned to the end and has nothing left to send; False when it goes on."""
    campaign = _hold(session, company_id, campaign_id)
    if campaign is None or campaign.template != CampaignTemplate.ONE_OFF:
        return False
    is_planned = campaign.planned_at is not None and campaign.planned_at >= (campaign.started_at or campaign.created_at)
    left = select(Invitation.id).where(Invitation.campaign_id == campaign.id, Invitation.due_at.is_not(None)).limit(1)
    if not is_planned or session.scalar(left) is not None:
        return False
    campaign.state = "finished"
    session.flush()
    return True


def _hold(session: Session, company_id: int, campaign_id: int, **values: Any) -> Campaign | None:
    """The campaign as it is now, if it runs and its survey is open, held until the commit.

    Whoever pauses or stops it waits that long, and then also finds what this batch planned.
    """
    held = session.execute(
        update(Campaign)
        .where(Campaign.company_id == company_id, Campaign.id == campaign_id, Campaign.state == "running")
        .values(values or {"planning_count": Campaign.planning_count})
        .execution_options(synchronize_session=False)
    )
    if not isinstance(held, CursorResult) or held.rowcount != 1:
        return None
    campaign = session.get_one(Campaign, campaign_id, populate_existing=True)
    return campaign if campaign.survey.state == "open" else None


def _address(campaign: Campaign) -> InstrumentedAttribute[str | None]:
    return Contact.email if campaign.channel == "mail" else Contact.phone


def _contacts(table: Timetable) -> Contacts:
    contacts: Contacts = contacts_of(table.campaign, today=table.today)
    return contacts.add_columns(Contact.language, _address(table.campaign).label("address"))


def _next(contacts: Contacts, address: InstrumentedAttribute[str | None], after: Place | None, limit: int) -> Contacts:
    """In the order of the address, which has an index that begins with the company; the row's number has none."""
    rows = contacts.where(address.is_not(None)).order_by(address, Contact.id).limit(limit)
    if after is None:
        return rows
    return rows.where(address >= after[0], tuple_(address, Contact.id) > after)


def _plan_contact(session: Session, company_id: int, campaign_id: int, contact_id: int, now: datetime) -> int:
    campaign = _hold(session, company_id, campaign_id)
    if campaign is None:
        return 0
    table = timetable(campaign, now)
    rows = session.execute(_contacts(table).where(Contact.id == contact_id)).all()
    return _plan_rows(session, table, rows)


def _plan_rows(session: Session, table: Timetable, rows: Sequence[ContactRow]) -> int:
    channel = Channel(table.campaign.channel)
    askable = [row for row in rows if not never_to(row, channel)]
    ids = [row.id for row in askable]
    invited, happened = invited_already(session, table.campaign.id, ids), happenings(session, table, ids)
    nexts = ((row, next_occasion(table, row, happened.get(row.id, ()), invited.get(row.id, NOBODY))) for row in askable)
    wanted = [_invitation(table, row, occasion) for row, occasion in nexts if occasion is not None]
    return _add(session, wanted)


def _invitation(table: Timetable, row: ContactRow, occasion: Occasion) -> dict[str, Any]:
    campaign = table.campaign
    return {
        "company_id": campaign.company_id,
        "survey_id": campaign.survey_id,
        "contact_id": row.id,
        "campaign_id": campaign.id,
        "occasion": occasion.name,
        "state": "pending",
        "channel": campaign.channel,
        "language": row.language,
        "created_at": table.now,
        "wanted_at": occasion.wanted_at,
        "due_at": occasion.wanted_at,
        "expires_at": occasion.wanted_at + LINK_LIFETIME,
    }


def _add(session: Session, rows: list[dict[str, Any]]) -> int:
    """Store what nobody else has stored at this moment; returns how many were wanted."""
    if rows:
        insert = insert_into(Invitation.__table__, session.get_bind().dialect.name)
        unique = ["campaign_id", "contact_id", "occasion"]
        session.execute(insert.on_conflict_do_nothing(index_elements=unique), rows)
    return len(rows)
