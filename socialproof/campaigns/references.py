"""The request for a reference: the second letter of an invitation that was answered gladly.

It is planned when the answer is kept, as the `due_at` of an invitation in the state `answered`. Whoever learns that it
is not wanted any more says so here, and when its time comes everything is looked at once more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.wishes import refusal_of
from socialproof.contacts.models import LedgerEntry
from socialproof.domain.campaign import asks_for_reference, is_over
from socialproof.domain.ledger import Kind, Verdict
from socialproof.domain.reference import LATEST, dismissed_until, reference_due
from socialproof.surveys.models import Survey

StillGlad = Callable[[Session, int, Collection[int]], set[int]]
"""Which of these invitations of a company were answered by somebody who is to be asked for a testimonial, and has given
none. Only what lies downstream knows; `wiring` brings the two together.
"""


def reference_due_at(session: Session, invitation: Invitation, answered_at: datetime) -> datetime | None:
    """When somebody who answered gladly at this moment is asked for a reference; None: never.

    One that was reminded is not: nobody gets more than two letters. Nor is one who must not be written to any more,
    and answers an old letter. The row is held, because the sender may be taking it in hand for the reminder.
    """
    campaign = invitation.campaign
    if campaign is None or invitation.channel not in ("mail", "sms") or not _asks(campaign):
        return None
    session.refresh(invitation, ["asked_at", "sent_at", "reminder_count", "revoked_at"], with_for_update=True)
    if invitation.reminder_count or invitation.revoked_at is not None or refusal_of(invitation):
        return None
    return reference_due(
        begun_at=_begun_at(invitation),
        answered_at=answered_at,
        after_days=campaign.reminder_after_days,
        rest_days=session.get_one(Survey, invitation.survey_id).company.rest_days,
    )


def weigh_again(session: Session, *, invitation: Invitation, is_glad: bool, now: datetime) -> None:
    """The answer was changed from a glad one to another, or the other way round."""
    # As it is now: of two changes at once the later one decides.
    session.refresh(invitation, ["state", "due_at", "answered_at"], with_for_update=True)
    if invitation.state == "answered":
        due_at = reference_due_at(session, invitation, invitation.answered_at or now) if is_glad else None
        invitation.due_at = due_at
        session.flush()


def call_off(session: Session, *, invitation_id: int) -> None:
    """A testimonial was given: nobody asks for it again."""
    _change(session, invitation_id, due_at=None)


def put_aside(session: Session, *, invitation_id: int, now: datetime) -> None:
    """The customer said "not now" on the page: the letter waits at least as long as that holds."""
    due_at = session.scalar(select(Invitation.due_at).where(*_planned(invitation_id)))
    if due_at is not None:
        _change(session, invitation_id, due_at=dismissed_until(due_at, now))


def is_called_off(invitation: Invitation, campaign: Campaign, now: datetime) -> bool:
    """Whether something upstream of the answer stands against the request that is due now."""
    return (
        not _asks(campaign)
        or invitation.contact.deleted_at is not None
        or invitation.survey.state != "open"
        or invitation.revoked_at is not None
        or invitation.reminded_at is not None
        or _begun_at(invitation) + LATEST <= now
    )


def was_asked() -> ColumnElement[bool]:
    """Of an invitation: the ledger let its request for a reference go out."""
    return exists().where(
        LedgerEntry.contact_id == Invitation.contact_id,
        LedgerEntry.ask_key == Invitation.public_id,
        LedgerEntry.kind == Kind.TESTIMONIAL.value,
        LedgerEntry.verdict == Verdict.ASKED.value,
    )


def asked_among(session: Session, company_id: int, invitations: Sequence[Invitation]) -> set[int]:
    """Which of these were asked for a reference, by their rows."""
    ids = [each.id for each in invitations if each.reminder_count and each.answered_at is not None]
    if not ids:
        return set()
    asked = select(Invitation.id).where(Invitation.company_id == company_id, Invitation.id.in_(ids), was_asked())
    return set(session.scalars(asked))


def _asks(campaign: Campaign) -> bool:
    return asks_for_reference(campaign.template) and campaign.most_reminders > 0 and not is_over(campaign.state)


def _begun_at(invitation: Invitation) -> datetime:
    return invitation.sent_at or invitation.asked_at or invitation.created_at


def _planned(invitation_id: int) -> tuple[ColumnElement[bool], ...]:
    return Invitation.id == invitation_id, Invitation.state == "answered", Invitation.due_at.is_not(None)


def _change(session: Session, invitation_id: int, *, due_at: datetime | None) -> None:
    session.execute(
        update(Invitation)
        .where(*_planned(invitation_id))
        .values(due_at=due_at)
        .execution_options(synchronize_session="fetch")
    )
