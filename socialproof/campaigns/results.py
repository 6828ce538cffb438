"""What became of letters that were handed over, written down soon after: a kill forgets only the last few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, case, select, update
from sqlalchemy.orm import Session

from socialproof.campaigns import texts
from socialproof.campaigns.models import Invitation
from socialproof.campaigns.outcomes import note_bounced
from socialproof.campaigns.sending import Outgoing
from socialproof.contacts.models import Contact
from socialproof.domain.invitation import LINK_LIFETIME, ON_ITS_WAY, WAITING
from socialproof.domain.letter import Part

BACK_OFF = (
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(days=1),
    timedelta(days=1),
    timedelta(days=1),
)
"""How long a letter waits after each try that its server put off; after the last it has bounced."""
AFTER_OUTAGE = timedelta(minutes=5)
LONGEST_ERROR = 320

_TABLE = cast(Table, Invitation.__table__)
_IN_HAND = update(_TABLE).where(
    _TABLE.c.id.in_(bindparam("ids", expanding=True)), _TABLE.c.claim == bindparam("of_claim")
)
_DONE: dict[str, Any] = {"attempt_count": 0, "error": "", "claim": None, "claimed_until": None}
_WAS_WAITING = _TABLE.c.state.in_((*WAITING, "cancelled"))
"""A campaign that was stopped while the letter was on its way: it went out all the same."""
# Made once: a few letters are a commit, and to make these anew for each takes three times as long as to run them.
_SENT = _IN_HAND.values(
    state=case((_WAS_WAITING, "sent"), else_=_TABLE.c.state),
    reason=case((_WAS_WAITING, ""), else_=_TABLE.c.reason),
    # Who has answered meanwhile is not reminded; the request for a reference keeps its day.
    due_at=case(
        (_TABLE.c.state.in_(ON_ITS_WAY), bindparam("reminder_at", type_=_TABLE.c.due_at.type)), else_=_TABLE.c.due_at
    ),
    sent_at=bindparam("at"),
    expires_at=bindparam("until"),
    **_DONE,
)
_SECOND = _IN_HAND.values(reminded_at=bindparam("at"), due_at=None, **_DONE)


class Outcome(StrEnum):
    """Taken; put off; refused for good, by the address's fault or not; nobody there; or not tried at all."""

    SENT = "sent"
    PUT_OFF = "put_off"
    DEAD_ADDRESS = "dead_address"
    REFUSED = "refused"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True)
class Result:
    """One try. `words` are the other server's, without addresses; `provider_key` is a text message service's number."""

    outgoing: Outgoing
    outcome: Outcome
    words: str = ""
    provider_key: str = ""


def record_results(session: Session, results: Sequence[Result], *, claim: str, now: datetime) -> None:
    """Write down tries that were not refused for good; those go to `record_refusal`, one by one.

    An answer, a "no" or a report that came in the meantime is stronger than our note.
    """
    taken: dict[tuple[int, Part], list[Result]] = defaultdict(list)
    for result in results:
        if result.outcome is Outcome.SENT:
            taken[result.outgoing.campaign.id, result.outgoing.part].append(result)
        elif result.outcome in (Outcome.PUT_OFF, Outcome.UNREACHABLE):
            _put_off(session, result, claim, now)
    for (_campaign_id, part), group in taken.items():
        (_note_sent if part is Part.FIRST else _note_second)(session, group, claim, now)


def is_refusal(result: Result) -> bool:
    """Whether there will be no other try."""
    is_last = result.outcome is Outcome.PUT_OFF and result.outgoing.attempt_count >= len(BACK_OFF)
    return is_last or result.outcome in (Outcome.DEAD_ADDRESS, Outcome.REFUSED, Outcome.STOPPED)


def record_refusal(session: Session, result: Result, *, now: datetime) -> None:
    """Refused for good. Only an address that is at fault takes no more letters; its owner in the team is told."""
    invitation = session.get_one(Invitation, result.outgoing.invitation_id, with_for_update=True)
    invitation.claim = invitation.claimed_until = None
    session.flush()
    if result.outcome is Outcome.DEAD_ADDRESS:
        to = result.outgoing.reader.to
        note_bounced(session, invitation=invitation, reason=result.words, is_permanent=True, now=now, address=to)
        return
    is_erased = session.get_one(Contact, invitation.contact_id).deleted_at is not None
    invitation.error, invitation.due_at = "" if is_erased else result.words[:LONGEST_ERROR], None
    if invitation.state in WAITING:
        invitation.state, invitation.reason, invitation.bounced_at = "bounced", "refused", now
    session.flush()
    if result.outcome is Outcome.STOPPED:
        phone = session.get_one(Contact, invitation.contact_id).phone
        if phone:
            texts.stop(session, company_id=invitation.company_id, phone=phone, now=now)


def _note_sent(session: Session, group: list[Result], claim: str, now: datetime) -> None:
    campaign = group[0].outgoing.campaign
    reminder_at = now + timedelta(days=campaign.reminder_after_days) if campaign.most_reminders else None
    times = {"at": now, "until": now + LINK_LIFETIME, "reminder_at": reminder_at}
    session.execute(_SENT, {"ids": _ids(group), "of_claim": claim, **times})
    _keep_provider_keys(session, group)


def _note_second(session: Session, group: list[Result], claim: str, now: datetime) -> None:
    session.execute(_SECOND, {"ids": _ids(group), "of_claim": claim, "at": now})
    _keep_provider_keys(session, group)


def _put_off(session: Session, result: Result, claim: str, now: datetime) -> None:
    is_counted = result.outcome is Outcome.PUT_OFF
    tries = result.outgoing.attempt_count
    wait = BACK_OFF[min(tries, len(BACK_OFF) - 1)] if is_counted else AFTER_OUTAGE
    was_waiting = Invitation.state.in_(WAITING)
    is_wanted: ColumnElement[bool] = Invitation.state.in_(ON_ITS_WAY)
    if result.outgoing.part is Part.REFERENCE:
        # Whoever called it off while it was on its way has taken its day, and "not now" has put it later.
        is_wanted = Invitation.due_at <= now
    of_invitation = (Contact.id == Invitation.contact_id, Contact.deleted_at.is_not(None))
    is_erased = select(Contact.id).where(*of_invitation).exists()
    session.execute(
        update(Invitation)
        .where(Invitation.id == result.outgoing.invitation_id, Invitation.claim == claim)
        .values(
            state=case((was_waiting, "deferred"), else_=Invitation.state),
            reason=case((was_waiting, "put_off"), else_=Invitation.reason),
            due_at=case((is_wanted, now + wait), else_=Invitation.due_at),
            attempt_count=tries + is_counted,
            # Servers name people in their words: of one who was erased while the letter was on its way nothing is kept.
            error=case((is_erased, ""), else_=result.words[:LONGEST_ERROR]),
            claim=None,
            claimed_until=None,
        )
        .execution_options(synchronize_session=False)
    )


def _keep_provider_keys(session: Session, group: Iterable[Result]) -> None:
    keys = [
        {"id": result.outgoing.invitation_id, "provider_key": result.provider_key}
        for result in group
        if result.provider_key
    ]
    if keys:
        session.execute(update(Invitation), keys)


def _ids(group: Iterable[Result]) -> list[int]:
    return [result.outgoing.invitation_id for result in group]
