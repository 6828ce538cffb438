"""Personal links that somebody of the team makes and hands over, with the ledger's leave."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation
from socialproof.companies.models import User
from socialproof.contacts.ledger import take
from socialproof.contacts.models import Contact
from socialproof.database import new_public_id
from socialproof.domain.errors import RuleBroken
from socialproof.domain.invitation import LINK_LIFETIME
from socialproof.domain.ledger import Channel, Kind, Verdict
from socialproof.surveys.models import Survey


def personal_link(
    session: Session,
    *,
    survey: Survey,
    contact: Contact,
    user: User | None,
    now: datetime,
    force: bool = False,
    language: str = "",
) -> Invitation:
    """A link for this contact, which counts as an ask from now on; it waits as `pending` until somebody sends it.

    RuleBroken("survey_not_open"), or with the ledger's reason: `may_force` in its details says that the ledger only
    said not yet (`until` when); with `force` the link is made all the same and the ledger keeps who wanted it.
    Where the ledger says never, `force` changes nothing.
    """
    if survey.state == "closed":
        raise RuleBroken("survey_not_open")
    public_id = new_public_id()
    decision = take(
        session,
        contact=contact,
        kind=Kind.NPS,
        channel=Channel.LINK,
        ask_key=public_id,
        now=now,
        forced_by=user if force else None,
    )
    if decision.verdict is not Verdict.ASKED:
        raise RuleBroken(decision.reason, until=decision.until, may_force=decision.verdict is Verdict.DEFERRED)
    invitation = Invitation(
        public_id=public_id,
        company_id=survey.company_id,
        survey=survey,
        contact=contact,
        made_by_id=user.id if user else None,
        channel="link",
        state="pending",
        language=language or contact.language,
        created_at=now,
        asked_at=now,
        expires_at=now + LINK_LIFETIME,
    )
    session.add(invitation)
    session.flush()
    return invitation


def note_handed_over(session: Session, *, invitation: Invitation, now: datetime) -> None:
    """Somebody of the team has sent the link in their own way. Said twice it is the same as once."""
    if invitation.state == "pending" and invitation.channel == "link":
        invitation.state, invitation.sent_at = "sent", now
    session.flush()
