"""What needs the asking ledger's word before it goes out: its hours, its daily cap, and what that word does to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.occasions import window_of
from socialproof.campaigns.queries import asked_since, older_waiting
from socialproof.companies.models import Company
from socialproof.contacts.ledger import Asking, standing_of, take_many
from socialproof.domain.invitation import WAITING
from socialproof.domain.ledger import Channel, Decision, Kind, Verdict, never_reason
from socialproof.domain.schedule import local_day, next_open, start_of_day

ENDS = {"deleted": ("cancelled", "contact_deleted"), "unsubscribed": ("unsubscribed", "unsubscribed")}
"""State and reason of an invitation whose contact is never asked; of all other reasons it is cancelled."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An invitation that needs the ledger's word."""

    invitation: Invitation
    kind: Kind
    not_before: datetime | None
    reason: str = "outside_hours"

    @property
    def is_first(self) -> bool:
        """A second letter takes no place of a daily cap, and what it waits for does not change the state."""
        return self.kind is Kind.NPS

    @property
    def wanted_at(self) -> datetime:
        """Since when it is wanted: a request for a reference not since the first letter was."""
        wanted_at = self.invitation.wanted_at or self.invitation.created_at
        if self.kind is not Kind.TESTIMONIAL:
            return wanted_at
        return wanted_at + timedelta(days=campaign_of(self.invitation).reminder_after_days)


def rooms_today(session: Session, company: Company, now: datetime) -> dict[int, int]:
    """How many first letters each campaign with a daily cap may still send today.

    Such campaigns are held until the commit, so that two workers do not fill the same places. When there is no room,
    all that is due waits for the next morning at once: not one row more is looked at today.
    """
    capped = session.scalars(
        select(Campaign)
        .where(Campaign.company_id == company.id, Campaign.state == "running", Campaign.daily_cap.is_not(None))
        .order_by(Campaign.id)
        .with_for_update(of=Campaign, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    today = start_of_day(local_day(now, company.time_zone), company.time_zone)
    rooms = {}
    for campaign in capped:
        rooms[campaign.id] = max(0, (campaign.daily_cap or 0) - asked_since(session, campaign, today))
        if not rooms[campaign.id]:
            _wait_for_morning(session, campaign, company, now)
    return rooms


def _wait_for_morning(session: Session, campaign: Campaign, company: Company, now: datetime) -> None:
    session.execute(
        update(Invitation)
        .where(Invitation.company_id == campaign.company_id, Invitation.campaign_id == campaign.id)
        .where(Invitation.due_at <= now, Invitation.state.in_(WAITING), Invitation.asked_at.is_(None))
        .values(state="deferred", reason="daily_cap", due_at=_next_day(campaign, company.time_zone, company, now))
        .execution_options(synchronize_session=False)
    )


def _next_day(campaign: Campaign, zone: str, company: Company, now: datetime) -> datetime:
    """When the hours open on the company's next day, where the contact lives."""
    tomorrow = local_day(now, company.time_zone) + timedelta(days=1)
    return next_open(start_of_day(tomorrow, company.time_zone), zone, window_of(campaign))


def asked(
    session: Session, wishes: list[Wish], rooms: dict[int, int], company: Company, now: datetime
) -> list[tuple[Wish, Decision]]:
    """The ledger's word on each. Where a cap leaves room for few, only so many are asked about at a time:
    whom the ledger defers leaves its place to the next.
    """
    older = older_waiting(session, {wish.invitation.contact_id for wish in wishes}, now)
    answered: list[tuple[Wish, Decision]] = []
    while wishes:
        places, chosen, later = Counter(rooms), [], []
        for wish in wishes:
            campaign = campaign_of(wish.invitation)
            if campaign.id not in rooms or not wish.is_first or wish.not_before is not None:
                chosen.append(wish)
            elif rooms[campaign.id] <= 0:
                morning = _next_day(campaign, zone_at(wish.invitation, company), company, now)
                chosen.append(replace(wish, not_before=morning, reason="daily_cap"))
            elif places[campaign.id] > 0:
                places[campaign.id] -= 1
                chosen.append(wish)
            else:
                later.append(wish)
        decisions = take_many(session, [_asking(wish, older) for wish in chosen], now=now)
        for wish, decision in zip(chosen, decisions, strict=True):
            answered.append((wish, decision))
            campaign = campaign_of(wish.invitation)
            if decision.verdict is Verdict.ASKED and wish.is_first and campaign.id in rooms:
                rooms[campaign.id] -= 1
        wishes = later
    return answered


def _asking(wish: Wish, older: dict[int, list[tuple[datetime, int]]]) -> Asking:
    invitation = wish.invitation
    own = (wish.wanted_at, invitation.id)
    return Asking(
        contact=invitation.contact,
        kind=wish.kind,
        channel=Channel(invitation.channel),
        ask_key=invitation.public_id,
        wanted_at=wish.wanted_at,
        has_older_waiting=any(other < own for other in older.get(invitation.contact_id, ())),
        not_before=wish.not_before,
        not_before_reason=wish.reason if wish.not_before else "",
    )


def change_by(wish: Wish, decision: Decision, now: datetime) -> dict[str, Any]:
    """What the ledger's word does to the invitation."""
    invitation = wish.invitation
    if decision.verdict is Verdict.NEVER:
        return let_go(invitation, due_at=None, **(ended_by(decision.reason) if wish.is_first else {}))
    if decision.verdict is Verdict.DEFERRED:
        until = decision.until or now + timedelta(days=1)
        word = {"state": "deferred", "reason": decision.reason} if wish.is_first else {}
        return let_go(invitation, due_at=until, **word)
    if wish.is_first:
        return {"id": invitation.id, "asked_at": now}
    return {"id": invitation.id, "reminder_count": invitation.reminder_count + 1, "attempt_count": 0}


def let_go(invitation: Invitation, **values: Any) -> dict[str, Any]:
    """The change that ends the claim and keeps all but these values."""
    kept = {name: getattr(invitation, name) for name in ("state", "reason", "due_at")}
    return {"id": invitation.id, "claim": None, "claimed_until": None, **kept, **values}


def ended_by(reason: str) -> dict[str, Any]:
    """State and reason of an invitation that will not be sent, by the ledger's reason."""
    state, word = ENDS.get(reason, ("cancelled", reason))
    return {"state": state, "reason": word}


def refusal_of(invitation: Invitation) -> str:
    """Why its contact must not be written to as it stands now; empty when nothing is against it."""
    channel = Channel(invitation.channel)
    return never_reason(channel, standing_of(invitation.contact, channel))


def campaign_of(invitation: Invitation) -> Campaign:
    """The campaign that sends it; ValueError where nobody does."""
    if invitation.campaign is None:
        raise ValueError("only invitations of campaigns are sent")
    return invitation.campaign


def zone_at(invitation: Invitation, company: Company) -> str:
    """The time zone of its contact, or the company's where that is unknown."""
    return invitation.contact.time_zone or company.time_zone
