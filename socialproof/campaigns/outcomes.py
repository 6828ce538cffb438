"""What became of an invitation on its way: it arrived, came back, was called spam, or its reader said not now or never.

Reports come late, twice and in any order; each function is safe to call again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation
from socialproof.contacts import suppression
from socialproof.contacts.models import Contact
from socialproof.domain.invitation import ON_ITS_WAY, WAITING


def note_delivered(session: Session, *, invitation: Invitation, now: datetime) -> None:
    """The reader's server has it. A report that comes before our own note of sending only leaves its time."""
    _hold(session, invitation)
    invitation.delivered_at = invitation.delivered_at or now
    if invitation.state == "sent":
        invitation.state = "delivered"
    session.flush()


def note_bounced(
    session: Session,
    *,
    invitation: Invitation,
    reason: str,
    is_permanent: bool,
    now: datetime,
    address: str | None = None,
) -> None:
    """The letter came back. For good: its address takes no more letters; for now: only the words are noted.

    `reason` is the other server's words without addresses. `address` is the one that the report names, when it is
    known to be the one that we wrote to: a contact that has another address by now keeps getting letters.
    """
    _hold(session, invitation)
    # Servers write names and halves of addresses into their reasons: of somebody deleted they are not kept.
    invitation.error = reason[: suppression.LONGEST_REASON] if invitation.contact.deleted_at is None else ""
    if is_permanent:
        _end(invitation, "bounced", "bounced")
        if invitation.answered_at is None:  # else it was the request for a reference, which the figures do not know
            invitation.bounced_at = invitation.bounced_at or now
        _suppress(session, invitation.contact, address, reason, now)
    session.flush()


def note_complained(session: Session, *, invitation: Invitation, now: datetime) -> None:
    """The reader called it spam: no more letters, also none that wait already."""
    _hold(session, invitation)
    _end(invitation, "unsubscribed", suppression.COMPLAINED)
    _end_open(session, invitation.contact, suppression.COMPLAINED, channels=("mail",))
    suppression.note_complaint(session, contact=invitation.contact, now=now)


def note_unsubscribed(session: Session, *, contact: Contact, by: str, now: datetime) -> None:
    """The contact wants no more questions: it is never asked again, and what waits or could be repeated ends."""
    # Invitations first, then the contact: whoever sends takes them in this order too.
    _end_open(session, contact, suppression.UNSUBSCRIBED, channels=("mail", "sms", "popup", "link"))
    suppression.unsubscribe(session, contact=contact, by=by, now=now)


def note_resubscribed(session: Session, *, contact: Contact, now: datetime) -> None:
    """The contact took its "never" back: what had not been asked yet waits again, what was asked is not repeated."""
    ended = session.scalars(
        select(Invitation).where(
            Invitation.company_id == contact.company_id,
            Invitation.contact_id == contact.id,
            Invitation.state == "unsubscribed",
            Invitation.reason == suppression.UNSUBSCRIBED,
        )
    )
    for invitation in ended:
        invitation.state, invitation.reason = _state_before(invitation), ""
        if invitation.state == "pending" and invitation.campaign_id is not None:
            invitation.due_at = now
    session.flush()
    suppression.resubscribe(session, contact=contact)


def decline(session: Session, *, invitation: Invitation, now: datetime) -> None:
    """Not this time: no reminder follows. The link stays good for whoever thinks again; an answer stays one."""
    _hold(session, invitation)
    if invitation.state in (*ON_ITS_WAY, "declined") and invitation.answered_at is None:
        invitation.state, invitation.due_at = "declined", None
        invitation.declined_at = invitation.declined_at or now
    session.flush()


def cancel(session: Session, *which: ColumnElement[bool], reason: str, are_many: bool = False) -> int:
    """Send none of these any more; what went out stays sent, but no reminder follows. Returns how many were cancelled.

    `are_many`: no row is read back, and objects in the session do not follow.
    """
    return _send_no_more(session, *which, of_states=WAITING, state="cancelled", reason=reason, are_many=are_many)


def end_unwanted(session: Session, *which: ColumnElement[bool], reason: str) -> None:
    """Their readers want no more: whatever a report could still change ends as unsubscribed, and no letter follows."""
    _send_no_more(session, *which, of_states=ON_ITS_WAY, state="unsubscribed", reason=reason)


def _send_no_more(
    session: Session,
    *which: ColumnElement[bool],
    of_states: tuple[str, ...],
    state: str,
    reason: str,
    are_many: bool = False,
) -> int:
    """Those in one of these states get another, all others only lose the letter that was to come."""
    options = {"synchronize_session": False if are_many else "fetch"}
    ended = update(Invitation).where(*which, Invitation.state.in_(of_states))
    count = session.execute(ended.values(state=state, reason=reason, due_at=None), execution_options=options)
    others = update(Invitation).where(*which, Invitation.due_at.is_not(None))
    session.execute(others.values(due_at=None), execution_options=options)
    return int(getattr(count, "rowcount", 0))


def _hold(session: Session, invitation: Invitation) -> None:
    """As it is now, and nobody else's until the commit: the sender writes its result at the same moment."""
    session.refresh(invitation, with_for_update=True)


def _end(invitation: Invitation, state: str, reason: str) -> None:
    invitation.due_at = None
    if invitation.state in ON_ITS_WAY:
        invitation.state, invitation.reason = state, reason


def _end_open(session: Session, contact: Contact, reason: str, *, channels: tuple[str, ...]) -> None:
    of_contact = (
        Invitation.company_id == contact.company_id,
        Invitation.contact_id == contact.id,
        Invitation.channel.in_(channels),
    )
    end_unwanted(session, *of_contact, reason=reason)
    session.flush()


def _suppress(session: Session, contact: Contact, address: str | None, reason: str, now: datetime) -> None:
    if contact.deleted_at is not None or (address and contact.email != address.strip().lower()):
        if address:
            suppression.remember_address(
                session, company_id=contact.company_id, address=address, reason=suppression.BOUNCED, now=now
            )
        return
    suppression.note_bounce(session, contact=contact, reason=reason, now=now)


def _state_before(invitation: Invitation) -> str:
    if invitation.delivered_at is not None:
        return "delivered"
    return "sent" if invitation.sent_at is not None else "pending"
