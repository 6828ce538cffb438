"""What is due is taken in hand: claimed so that nobody else has it, allowed by the ledger, inside hours and caps.

Locks are taken in one order everywhere: campaigns, invitations, contacts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from socialproof.backends.sms.port import SmsMessage
from socialproof.campaigns.letters import Addressee
from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.occasions import window_of
from socialproof.campaigns.queries import asked_since, language_of, older_waiting
from socialproof.campaigns.texts import text_for
from socialproof.companies.models import Company
from socialproof.contacts.ledger import Asking, standing_of, take_many
from socialproof.contacts.models import Contact
from socialproof.domain.invitation import ON_ITS_WAY, WAITING
from socialproof.domain.ledger import Channel, Decision, Kind, Verdict, never_reason
from socialproof.domain.schedule import local_day, next_open, start_of_day
from socialproof.settings import Settings

LEASE = timedelta(minutes=2)
"""How long a claim holds without being renewed; then whoever had it counts as dead."""
ENDS = {"deleted": ("cancelled", "contact_deleted"), "unsubscribed": ("unsubscribed", "unsubscribed")}
"""State and reason of an invitation whose contact is never asked; of all other reasons it is cancelled."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One letter or text that may go out now."""

    invitation_id: int
    campaign: Campaign
    language: str
    reader: Addressee
    attempt_count: int
    text: SmsMessage | None = None
    """None: it is a letter."""

    @property
    def is_reminder(self) -> bool:
        return self.reader.number > 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """What came of one look at what is due. `taken_count` are all rows that were looked at, sent or not."""

    outgoing: list[Outgoing]
    taken_count: int


@dataclass(frozen=True, slots=True)
class _Wish:
    """An invitation that needs the ledger's word."""

    invitation: Invitation
    kind: Kind
    not_before: datetime | None
    reason: str = "outside_hours"


def claim_due(
    session: Session, company_id: int, *, claim: str, limit: int, now: datetime, settings: Settings
) -> Claimed:
    """Take up to `limit` due invitations of running campaigns in hand, those that were wanted first before others.

    Each is then let out, put off until its time with a reason, or ended. The caller commits before anything is sent.
    """
    company = session.get_one(Company, company_id)
    room = _rooms(session, company, now)
    invitations = _take(session, company_id, claim, limit, now)
    changes: list[dict[str, Any]] = []
    going: list[Invitation] = []
    wishes: list[_Wish] = []
    for invitation in invitations:
        _sort(invitation, company, now, changes, going, wishes)
    for wish, decision in _asked(session, wishes, room, company, now):
        changes.append(_change(wish, decision, now))
        if decision.verdict is Verdict.ASKED:
            going.append(wish.invitation)
    if changes:
        session.execute(update(Invitation), changes)
    order = {invitation.id: number for number, invitation in enumerate(invitations)}
    going.sort(key=lambda invitation: order[invitation.id])
    return Claimed([_outgoing(session, each, settings) for each in going], len(invitations))


def renew(session: Session, claim: str, ids: Iterable[int], now: datetime) -> set[int]:
    """Hold on to those that are still in hand; returns which they are."""
    held = session.execute(
        update(Invitation)
        .where(Invitation.id.in_(list(ids)), Invitation.claim == claim)
        .values(claimed_until=now + LEASE)
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    return {row.id for row in held}


def release(session: Session, claim: str, ids: Iterable[int]) -> None:
    """Let go of what was not begun; it stays due."""
    session.execute(
        update(Invitation)
        .where(Invitation.id.in_(list(ids)), Invitation.claim == claim)
        .values(claim=None, claimed_until=None)
        .execution_options(synchronize_session=False)
    )


def _take(session: Session, company_id: int, claim: str, limit: int, now: datetime) -> Sequence[Invitation]:
    """Rows that another sender holds are passed over. A claim from a clock that ran wrong does not hold for ever."""
    is_free = or_(
        Invitation.claimed_until.is_(None), Invitation.claimed_until < now, Invitation.claimed_until > now + 2 * LEASE
    )
    ids = session.scalars(
        select(Invitation.id)
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .where(Invitation.company_id == company_id, Invitation.due_at <= now, Invitation.state.in_(ON_ITS_WAY))
        .where(Invitation.channel.in_(("mail", "sms")), Campaign.state == "running", is_free)
        .order_by(Invitation.wanted_at, Invitation.id)
        .limit(limit)
        .with_for_update(of=Invitation, skip_locked=True)
    ).all()
    session.execute(
        update(Invitation)
        .where(Invitation.id.in_(ids), is_free)
        .values(claim=claim, claimed_until=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    return session.scalars(
        select(Invitation)
        .where(Invitation.id.in_(ids), Invitation.claim == claim)
        .options(joinedload(Invitation.contact, innerjoin=True))
        .order_by(Invitation.wanted_at, Invitation.id)
        .execution_options(populate_existing=True)
    ).all()


def _sort(
    invitation: Invitation,
    company: Company,
    now: datetime,
    changes: list[dict[str, Any]],
    going: list[Invitation],
    wishes: list[_Wish],
) -> None:
    """Is it over, may it go again, or must the ledger be asked?"""
    over = _over(invitation, now)
    opens_at = next_open(now, _zone(invitation, company), window_of(_campaign(invitation)))
    not_before = opens_at if opens_at > now else None
    if over is not None:
        changes.append(_let_go(invitation, **over))
    elif not _is_repeat(invitation):
        kind = Kind.REMINDER if invitation.sent_at is not None else Kind.NPS
        wishes.append(_Wish(invitation, kind, not_before))
    elif not_before is not None:
        changes.append(_let_go(invitation, due_at=not_before))
    else:
        going.append(invitation)


def _over(invitation: Invitation, now: datetime) -> dict[str, Any] | None:
    """What ends it, whatever the ledger would say; None: nothing does."""
    campaign, contact = _campaign(invitation), invitation.contact
    is_waiting = invitation.state in WAITING
    if contact.deleted_at is not None:
        ended = {"state": "cancelled", "reason": "contact_deleted"}
    elif invitation.survey.state != "open":
        ended = {"state": "cancelled", "reason": "survey_closed"}
    elif invitation.sent_at is not None and (
        invitation.reminded_at is not None or not campaign.most_reminders or invitation.expires_at <= now
    ):
        ended = {}
    elif _is_repeat(invitation) and (never := never_reason(*_channel_and_standing(invitation))):
        ended = _never(never)
    else:
        return None
    # A letter that went out stays sent, also when its reminder will not follow.
    return {"due_at": None} | (ended if is_waiting else {})


def _is_repeat(invitation: Invitation) -> bool:
    """The ledger said yes to this letter before: its server put it off, or its sender died with it in hand."""
    if invitation.sent_at is None:
        return invitation.asked_at is not None
    return invitation.reminder_count > 0 and invitation.reminded_at is None


def _rooms(session: Session, company: Company, now: datetime) -> dict[int, int]:
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


def _asked(
    session: Session, wishes: list[_Wish], rooms: dict[int, int], company: Company, now: datetime
) -> list[tuple[_Wish, Decision]]:
    """The ledger's word on each. Where a cap leaves room for few, only so many are asked about at a time:
    whom the ledger defers leaves its place to the next.
    """
    older = older_waiting(session, {wish.invitation.contact_id for wish in wishes}, now)
    answered: list[tuple[_Wish, Decision]] = []
    while wishes:
        places, chosen, later = Counter(rooms), [], []
        for wish in wishes:
            campaign = _campaign(wish.invitation)
            if campaign.id not in rooms or wish.kind is Kind.REMINDER or wish.not_before is not None:
                chosen.append(wish)
            elif rooms[campaign.id] <= 0:
                morning = _next_day(campaign, _zone(wish.invitation, company), company, now)
                chosen.append(replace(wish, not_before=morning, reason="daily_cap"))
            elif places[campaign.id] > 0:
                places[campaign.id] -= 1
                chosen.append(wish)
            else:
                later.append(wish)
        decisions = take_many(session, [_asking(wish, older) for wish in chosen], now=now)
        for wish, decision in zip(chosen, decisions, strict=True):
            answered.append((wish, decision))
            campaign = _campaign(wish.invitation)
            if decision.verdict is Verdict.ASKED and wish.kind is not Kind.REMINDER and campaign.id in rooms:
                rooms[campaign.id] -= 1
        wishes = later
    return answered


def _asking(wish: _Wish, older: dict[int, list[tuple[datetime, int]]]) -> Asking:
    invitation = wish.invitation
    own = (invitation.wanted_at or invitation.created_at, invitation.id)
    return Asking(
        contact=invitation.contact,
        kind=wish.kind,
        channel=Channel(invitation.channel),
        ask_key=invitation.public_id,
        wanted_at=invitation.wanted_at,
        has_older_waiting=any(other < own for other in older.get(invitation.contact_id, ())),
        not_before=wish.not_before,
        not_before_reason=wish.reason if wish.not_before else "",
    )


def _change(wish: _Wish, decision: Decision, now: datetime) -> dict[str, Any]:
    """What the ledger's word does to the invitation."""
    invitation, is_reminder = wish.invitation, wish.kind is Kind.REMINDER
    if decision.verdict is Verdict.NEVER:
        return _let_go(invitation, due_at=None, **({} if is_reminder else _never(decision.reason)))
    if decision.verdict is Verdict.DEFERRED:
        until = decision.until or now + timedelta(days=1)
        word = {} if is_reminder else {"state": "deferred", "reason": decision.reason}
        return _let_go(invitation, due_at=until, **word)
    if is_reminder:
        return {"id": invitation.id, "reminder_count": invitation.reminder_count + 1, "attempt_count": 0}
    return {"id": invitation.id, "asked_at": now}


def _let_go(invitation: Invitation, **values: Any) -> dict[str, Any]:
    kept = {name: getattr(invitation, name) for name in ("state", "reason", "due_at")}
    return {"id": invitation.id, "claim": None, "claimed_until": None, **kept, **values}


def _never(reason: str) -> dict[str, Any]:
    state, word = ENDS.get(reason, ("cancelled", reason))
    return {"state": state, "reason": word}


def _outgoing(session: Session, invitation: Invitation, settings: Settings) -> Outgoing:
    campaign, contact = _campaign(invitation), invitation.contact
    number = 0
    if invitation.sent_at is not None:
        number = max(1, invitation.reminder_count)
    text = None
    if invitation.channel == "sms":
        session.refresh(invitation, ["reminder_count"])
        text = text_for(session, campaign, invitation, settings)
    return Outgoing(
        invitation_id=invitation.id,
        campaign=campaign,
        language=language_of(invitation),
        reader=_reader(invitation, contact, number),
        attempt_count=invitation.attempt_count if _is_repeat(invitation) else 0,
        text=text,
    )


def _reader(invitation: Invitation, contact: Contact, number: int) -> Addressee:
    return Addressee(
        invitation.public_id, contact.public_id, contact.email or "", contact.name, contact.organisation, number
    )


def _channel_and_standing(invitation: Invitation) -> tuple[Channel, Any]:
    channel = Channel(invitation.channel)
    return channel, standing_of(invitation.contact, channel)


def _campaign(invitation: Invitation) -> Campaign:
    if invitation.campaign is None:
        raise ValueError("only invitations of campaigns are sent")
    return invitation.campaign


def _zone(invitation: Invitation, company: Company) -> str:
    return invitation.contact.time_zone or company.time_zone
