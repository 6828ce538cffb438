"""Personal links: opened, answered, taken back, out of time. They are made in links, planning and popup_asks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation, LinkOpening
from socialproof.campaigns.references import reference_due_at
from socialproof.tokens import Purpose, Tokens

MOST_OPENINGS_KEPT = 200
"""Per link. A machine that comes back for ever must not fill the table."""


def invitation_token(tokens: Tokens, invitation: Invitation) -> str:
    """The signed part of the personal link /s/i/<token>; the same each time it is asked for."""
    return tokens.sign(Purpose.INVITATION, invitation.public_id)


def revoke_invitation(session: Session, *, invitation: Invitation, now: datetime) -> None:
    """The link stops working at once, and no letter with it follows; what was answered by it stays."""
    invitation.revoked_at, invitation.due_at = invitation.revoked_at or now, None
    session.flush()


def mark_answered(session: Session, *, invitation: Invitation, now: datetime, is_glad: bool = False) -> None:
    """The invitation has done its work; later changes of the answer do not move the time. No reminder follows.

    `is_glad`: this answer is one after which a testimonial is asked for at once. Then the request for a reference may
    follow as the second letter.
    """
    due_at = reference_due_at(session, invitation, now) if is_glad else None
    invitation.state, invitation.due_at, invitation.reason = "answered", due_at, ""
    invitation.answered_at = invitation.answered_at or now


def expire_invitations(session: Session, *, now: datetime) -> int:
    """Give unanswered invitations whose time is over their word; returns how many. Safe to run at any time.

    What a campaign has still to send is not over: its time begins when it is sent.
    """
    is_out = or_(Invitation.campaign_id.is_(None), Invitation.sent_at.is_not(None))
    expired = session.execute(
        update(Invitation)
        .where(Invitation.state.in_(("pending", "sent", "delivered")), Invitation.expires_at <= now, is_out)
        .values(state="expired", due_at=None)
        .returning(Invitation.id)
        .execution_options(synchronize_session="fetch")
    )
    return len(expired.all())


def note_opening(session: Session, *, invitation: Invitation, score: int, now: datetime) -> None:
    """A link with a score in it was opened by something: a click that is not confirmed, and no answer."""
    kept = session.scalar(select(func.count(LinkOpening.id)).where(LinkOpening.invitation_id == invitation.id))
    if (kept or 0) < MOST_OPENINGS_KEPT:
        session.add(LinkOpening(invitation_id=invitation.id, score=score, opened_at=now))
        session.flush()
