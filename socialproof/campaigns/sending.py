"""What is due is taken in hand: claimed so that nobody else has it, and let out, put off or ended.

Locks are taken in one order everywhere: campaigns, invitations, contacts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, true, update
from sqlalchemy.orm import Session, joinedload

from socialproof.backends.sms.port import SmsMessage
from socialproof.campaigns.letters import Addressee
from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.occasions import window_of
from socialproof.campaigns.queries import TO_SEND, language_of
from socialproof.campaigns.references import StillGlad, is_called_off
from socialproof.campaigns.texts import text_for
from socialproof.campaigns.wishes import (
    Wish,
    asked,
    campaign_of,
    change_by,
    ended_by,
    let_go,
    refusal_of,
    rooms_today,
    zone_at,
)
from socialproof.companies.models import Company
from socialproof.contacts.models import Contact
from socialproof.contacts.suppression import address_hash
from socialproof.domain.invitation import WAITING, part_of
from socialproof.domain.ledger import Kind, Verdict
from socialproof.domain.letter import Part
from socialproof.domain.schedule import next_open
from socialproof.settings import Settings

LEASE = timedelta(minutes=2)
"""How long a claim holds without being renewed; then whoever had it counts as dead."""
KINDS = {Part.FIRST: Kind.NPS, Part.REMINDER: Kind.REMINDER, Part.REFERENCE: Kind.TESTIMONIAL}
"""What the ledger calls each letter."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One letter or text that may go out now."""

    invitation_id: int
    campaign: Campaign
    language: str
    reader: Addressee
    attempt_count: int
    part: Part = Part.FIRST
    text: SmsMessage | None = None
    """None: it is a letter."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What came of one look at what is due. `taken_count` are all rows that were looked at, sent or not."""

    outgoing: list[Outgoing]
    taken_count: int


def claim_due(
    session: Session,
    company_id: int,
    *,
    claim: str,
    limit: int,
    now: datetime,
    settings: Settings,
    still_glad: StillGlad | None = None,
) -> Claimed:
    """Take up to `limit` due invitations of running campaigns in hand, those that were wanted first before others.

    Each is then let out, put off until its time with a reason, or ended. The caller commits before anything is sent.
    Without `still_glad` requests for a reference are left where they are.
    """
    company = session.get_one(Company, company_id)
    room = rooms_today(session, company, now)
    invitations = _take(session, company_id, claim, limit, now, with_references=still_glad is not None)
    answered = [each.id for each in invitations if each.state == "answered"]
    glad = still_glad(session, company_id, answered) if still_glad and answered else set()
    changes: list[dict[str, Any]] = []
    going: list[Invitation] = []
    wishes: list[Wish] = []
    for invitation in invitations:
        over = _reference_over(invitation, glad, now) if invitation.state == "answered" else _over(invitation, now)
        if over is not None:
            changes.append(let_go(invitation, **over))
        else:
            _sort(invitation, company, now, changes, going, wishes)
    for wish, decision in asked(session, wishes, room, company, now):
        changes.append(change_by(wish, decision, now))
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


def _take(
    session: Session, company_id: int, claim: str, limit: int, now: datetime, *, with_references: bool
) -> Sequence[Invitation]:
    """Rows that another sender holds are passed over. A claim from a clock that ran wrong does not hold for ever."""
    is_free = or_(
        Invitation.claimed_until.is_(None), Invitation.claimed_until < now, Invitation.claimed_until > now + 2 * LEASE
    )
    ids = session.scalars(
        select(Invitation.id)
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .where(*TO_SEND, Invitation.company_id == company_id, Invitation.due_at <= now, is_free)
        .where(true() if with_references else Invitation.state != "answered")
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
    wishes: list[Wish],
) -> None:
    """May it go again, or must the ledger be asked?"""
    opens_at = next_open(now, zone_at(invitation, company), window_of(campaign_of(invitation)))
    not_before = opens_at if opens_at > now else None
    if not _is_repeat(invitation):
        wishes.append(Wish(invitation, KINDS[part_of(invitation.state, invitation.sent_at)], not_before))
    elif not_before is not None:
        changes.append(let_go(invitation, due_at=not_before))
    else:
        going.append(invitation)


def _over(invitation: Invitation, now: datetime) -> dict[str, Any] | None:
    """What ends one that was not answered, whatever the ledger would say; None: nothing does."""
    campaign, contact = campaign_of(invitation), invitation.contact
    is_waiting = invitation.state in WAITING
    if contact.deleted_at is not None:
        ended = {"state": "cancelled", "reason": "contact_deleted"}
    elif invitation.survey.state != "open":
        ended = {"state": "cancelled", "reason": "survey_closed"}
    elif invitation.sent_at is not None and (
        invitation.reminded_at is not None or not campaign.most_reminders or invitation.expires_at <= now
    ):
        ended = {}
    elif _is_repeat(invitation) and (reason := refusal_of(invitation)):
        ended = ended_by(reason)
    else:
        return None
    # A letter that went out stays sent, also when its reminder will not follow.
    return {"due_at": None} | (ended if is_waiting else {})


def _reference_over(invitation: Invitation, glad: Collection[int], now: datetime) -> dict[str, Any] | None:
    """The same of a request for a reference: the answer stays one, whatever becomes of the letter."""
    is_over = invitation.id not in glad or is_called_off(invitation, campaign_of(invitation), now)
    if is_over or (_is_repeat(invitation) and refusal_of(invitation)):
        return {"due_at": None}
    return None


def _is_repeat(invitation: Invitation) -> bool:
    """The ledger said yes to this letter before: its server put it off, or its sender died with it in hand."""
    if part_of(invitation.state, invitation.sent_at) is Part.FIRST:
        return invitation.asked_at is not None
    return invitation.reminder_count > 0 and invitation.reminded_at is None


def _outgoing(session: Session, invitation: Invitation, settings: Settings) -> Outgoing:
    campaign, contact = campaign_of(invitation), invitation.contact
    part = part_of(invitation.state, invitation.sent_at)
    number = 0 if part is Part.FIRST else max(1, invitation.reminder_count)
    text = None
    if invitation.channel == "sms":
        session.refresh(invitation, ["reminder_count"])
        text = text_for(session, campaign, invitation, settings, part)
    return Outgoing(
        invitation_id=invitation.id,
        campaign=campaign,
        language=language_of(invitation),
        reader=_reader(invitation, contact, number),
        attempt_count=invitation.attempt_count if _is_repeat(invitation) else 0,
        part=part,
        text=text,
    )


def _reader(invitation: Invitation, contact: Contact, number: int) -> Addressee:
    return Addressee(
        invitation.public_id,
        contact.public_id,
        contact.email or "",
        contact.name,
        contact.organisation,
        number,
        address_hash(campaign_of(invitation).survey.company, contact.email) if contact.email else "",
    )
