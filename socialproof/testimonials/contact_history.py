"""Everything that happened with one contact, from every room, in one order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from socialproof.campaigns.models import Invitation
from socialproof.contacts.models import Contact
from socialproof.contacts.queries import events_of, ledger_of
from socialproof.domain.invitation import WAITING
from socialproof.domain.ledger import Kind, Verdict
from socialproof.responses.models import Response
from socialproof.testimonials.models import Testimonial
from socialproof.testimonials.moderation_queries import LISTED_STATES

MOST = 300
"""Rows of each kind that are read: nobody is asked that often."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened; `about` is the row that tells the rest, `detail` a word of it."""

    at: datetime
    kind: str
    about: Any = None
    invitation: Invitation | None = None
    detail: str = ""


def history_of(session: Session, contact: Contact) -> list[Happening]:
    """The contact's whole history, the newest first.

    What still waits for its hours, a cap or its turn stands on top, at the moment when it is looked at again, unless
    the ledger named that moment already.
    Kinds: added; asked, deferred, never (about: LedgerEntry); linked, sent, reminded, referred, delivered, declined,
    bounced, expired, cancelled, waiting, reference_planned (about: Invitation); answered, changed (Response);
    testimonial, testimonial_withdrawn (Testimonial), consent, consent_withdrawn (ConsentRecord in the detail's
    purpose); event (CustomerEvent); unsubscribed, address_bounced, complained, stopped (the contact).
    """
    invitations, said = _invitations(session, contact), ledger_of(session, contact.id, limit=MOST)
    referred = {entry.ask_key for entry in said if (entry.kind, entry.verdict) == (Kind.TESTIMONIAL, Verdict.ASKED)}
    told = {(entry.ask_key, entry.reason, entry.until) for entry in said if entry.verdict == Verdict.DEFERRED}
    untold = [one for key, one in invitations.items() if (key, one.reason, one.due_at) not in told]
    found = [
        *_of_contact(contact),
        *(each for one in untold for each in _waiting(one)),
        *(Happening(each.decided_at, each.verdict, each, invitations.get(each.ask_key), each.reason) for each in said),
        *(each for key, invitation in invitations.items() for each in _of_invitation(invitation, key in referred)),
        *_of_responses(session, contact),
        *_of_testimonials(session, contact),
        *(Happening(event.happened_at, "event", event) for event in events_of(session, contact.id, limit=MOST)),
    ]
    return sorted(found, key=lambda happening: (happening.at, _RANK.get(happening.kind, len(_RANK))), reverse=True)


def kept_counts(session: Session, contact: Contact) -> tuple[int, int]:
    """How many answers and testimonials stay when the contact is deleted."""
    answers = select(func.count()).where(Response.company_id == contact.company_id, Response.contact_id == contact.id)
    stories = select(func.count()).where(*_listed(contact))
    return session.scalar(answers) or 0, session.scalar(stories) or 0


_ORDER = ("added", "event", "asked", "linked", "sent", "delivered", "answered", "testimonial", "consent")
_RANK = {kind: rank for rank, kind in enumerate(_ORDER)}
"""Of things of one moment the cause comes first."""


def _of_contact(contact: Contact) -> Iterator[Happening]:
    moments = {
        "added": contact.created_at,
        "unsubscribed": contact.unsubscribed_at,
        "address_bounced": contact.email_bounced_at,
        "complained": contact.complained_at,
        "stopped": contact.phone_stopped_at,
    }
    return (Happening(at, kind, contact) for kind, at in moments.items() if at)


def _invitations(session: Session, contact: Contact) -> dict[str, Invitation]:
    rows = session.scalars(
        select(Invitation)
        .where(Invitation.company_id == contact.company_id, Invitation.contact_id == contact.id)
        .options(joinedload(Invitation.survey), joinedload(Invitation.campaign), joinedload(Invitation.popup))
        .order_by(Invitation.id.desc())
        .limit(MOST)
    )
    return {row.public_id: row for row in rows}


def _of_invitation(invitation: Invitation, is_referred: bool) -> Iterator[Happening]:
    moments = {
        "linked": invitation.created_at if invitation.channel == "link" else None,
        "sent": invitation.sent_at if invitation.channel != "link" else None,
        "referred" if is_referred else "reminded": invitation.reminded_at,
        "delivered": invitation.delivered_at,
        "declined": invitation.declined_at,
        "bounced": invitation.bounced_at,
        "revoked": invitation.revoked_at,
        "expired": invitation.expires_at if invitation.state == "expired" else None,
    }
    return (Happening(at, kind, invitation, invitation) for kind, at in moments.items() if at)


def _waiting(invitation: Invitation) -> Iterator[Happening]:
    """An ask of a campaign on its way there. One that rests is told by the ledger."""
    if not (invitation.campaign and invitation.due_at):
        return
    if not invitation.asked_at and invitation.state in WAITING:
        yield Happening(invitation.due_at, "waiting", invitation, invitation)
    if invitation.state == "answered":
        yield Happening(invitation.due_at, "reference_planned", invitation, invitation)


def _of_responses(session: Session, contact: Contact) -> Iterator[Happening]:
    rows = session.scalars(
        select(Response)
        .where(Response.company_id == contact.company_id, Response.contact_id == contact.id)
        .options(joinedload(Response.survey), selectinload(Response.changes))
        .order_by(Response.id.desc())
        .limit(MOST)
    )
    for response in rows:
        yield Happening(response.answered_at, "answered", response)
        for change in response.changes:
            yield Happening(change.changed_at, "changed", response, detail=str(change.old_score))


def _of_testimonials(session: Session, contact: Contact) -> Iterator[Happening]:
    rows = session.scalars(
        select(Testimonial)
        .where(*_listed(contact))
        .options(joinedload(Testimonial.survey), selectinload(Testimonial.consents))
        .order_by(Testimonial.id.desc())
        .limit(MOST)
    )
    for testimonial in rows:
        yield Happening(testimonial.submitted_at or testimonial.created_at, "testimonial", testimonial)
        if testimonial.withdrawn_at:
            yield Happening(testimonial.withdrawn_at, "testimonial_withdrawn", testimonial)
        for consent in testimonial.consents:
            yield Happening(consent.granted_at, "consent", testimonial, detail=consent.purpose)
            if consent.withdrawn_at:
                yield Happening(consent.withdrawn_at, "consent_withdrawn", testimonial, detail=consent.purpose)


def _listed(contact: Contact) -> list[Any]:
    """Those that the team may see; a draft is still the customer's own."""
    return [
        Testimonial.company_id == contact.company_id,
        Testimonial.contact_id == contact.id,
        Testimonial.state.in_(LISTED_STATES),
    ]
