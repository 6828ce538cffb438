"""The team of a company: inviting, joining, changing roles, leaving."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from socialproof.backends.jobs.queue import enqueue
from socialproof.companies import audit, sessions
from socialproof.companies.models import Company, Membership, TeamInvitation, User
from socialproof.companies.queries import (
    invitation_by_secret,
    membership,
    open_invitations,
    owner_count,
    user_by_email,
)
from socialproof.domain.errors import Forbidden, NotFound, RuleBroken
from socialproof.domain.roles import Role, grantable, leaves_an_owner, may_manage
from socialproof.tokens import digest, new_secret

INVITATION_LIFETIME = timedelta(days=7)
OPEN_INVITATIONS = 200


def invite(
    session: Session, *, company: Company, by: Membership, email: str, role: Role, now: datetime
) -> TeamInvitation:
    """Invite an address to the team; an open invitation to it is replaced. The mail goes out by a job."""
    _require_grantable(by, role)
    invited = user_by_email(session, email)
    if invited and membership(session, company_id=company.id, user_id=invited.id):
        raise RuleBroken("already_member", email=email)
    waiting = open_invitations(session, company.id)
    if len(waiting) >= OPEN_INVITATIONS:
        raise RuleBroken("too_many_invitations")
    for older in waiting:
        if older.email == email:
            _require_manageable(by, Role(older.role))
            older.revoked_at = now
    invitation = TeamInvitation(
        company=company,
        email=email,
        role=role,
        secret_hash=digest(new_secret()),  # opens nothing: the job makes the real one when it writes the mail
        invited_by=by.user,
        created_at=now,
        expires_at=now + INVITATION_LIFETIME,
        accepted_at=None,
        revoked_at=None,
    )
    session.add(invitation)
    session.flush()
    _mail(session, invitation, now)
    _note(session, by, "member.invited", email, now, role=role)
    return invitation


def resend(session: Session, *, invitation: TeamInvitation, by: Membership, now: datetime) -> None:
    """Mail the invitation again with a new link and a new week to accept it; the old link ends."""
    _require_manageable(by, Role(invitation.role))
    invitation.expires_at = now + INVITATION_LIFETIME
    invitation.invited_by = by.user
    _mail(session, invitation, now)
    _note(session, by, "invitation.resent", invitation.email, now)


def revoke(session: Session, *, invitation: TeamInvitation, by: Membership, now: datetime) -> None:
    """Take an invitation back."""
    _require_manageable(by, Role(invitation.role))
    invitation.revoked_at = now
    _note(session, by, "invitation.revoked", invitation.email, now)


def new_invitation_secret(session: Session, *, invitation: TeamInvitation, now: datetime) -> str | None:
    """A new secret for the mailed link, ending the former one; None when the invitation is no longer open."""
    if invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= now:
        return None
    secret = new_secret()
    invitation.secret_hash = digest(secret)
    return secret


def join(session: Session, *, secret: str, user: User, now: datetime) -> Membership:
    """Accept an invitation, once, as the user it was sent to; NotFound when the link opens nothing."""
    invitation = invitation_by_secret(session, secret, now=now)
    if invitation is None:
        raise NotFound
    if invitation.email != user.email:
        raise Forbidden("other_address")
    _take(session, invitation, now)
    session.flush()
    joined = membership(session, company_id=invitation.company_id, user_id=user.id)
    if joined is None:
        joined = _add(session, invitation.company, user, Role(invitation.role), now)
    return joined


def change_role(session: Session, *, member: Membership, by: Membership, role: Role, now: datetime) -> None:
    """Give a member another role. Nobody gives or takes above their own, and an owner always stays."""
    was = Role(member.role)
    if was is role:
        return
    _require_manageable(by, was)
    _require_grantable(by, role)
    _keep_an_owner(session, member, role)
    member.role = role
    if not role.covers(Role.ADMIN):
        _revoke_invitations_by(session, member, now)
    details = {"from": was.value, "to": role.value}
    _note(session, by, "member.role_changed", member.user.email, now, **details)


def remove(session: Session, *, member: Membership, by: Membership, now: datetime) -> None:
    """End a membership, or one's own. Open sessions lose the company with their next request."""
    leaving = member.user_id == by.user_id
    if not leaving:
        _require_manageable(by, Role(member.role))
    _keep_an_owner(session, member, None)
    _note(session, by, "member.left" if leaving else "member.removed", member.user.email, now)
    _revoke_invitations_by(session, member, now)
    sessions.leave_company(session, user_id=member.user_id, company_id=member.company_id)
    session.delete(member)
    session.flush()


def _keep_an_owner(session: Session, member: Membership, becomes: Role | None) -> None:
    """Two owners may demote each other at once: the company's row is the lock that lets one be first."""
    if Role(member.role) is not Role.OWNER:
        return
    touch = update(Company).where(Company.id == member.company_id).values(id=Company.id)
    session.execute(touch, execution_options={"synchronize_session": False})
    session.refresh(member)
    if not leaves_an_owner(owner_count(session, member.company_id), Role(member.role), becomes):
        raise RuleBroken("last_owner")


def _add(session: Session, company: Company, user: User, role: Role, now: datetime) -> Membership:
    joined = Membership(company=company, user=user, role=role, created_at=now)
    session.add(joined)
    session.flush()
    audit.note(session, company=company, user=user, action="member.joined", subject=user.email, now=now, role=role)
    return joined


def _take(session: Session, invitation: TeamInvitation, now: datetime) -> None:
    still_open = (
        TeamInvitation.id == invitation.id,
        TeamInvitation.accepted_at.is_(None),
        TeamInvitation.revoked_at.is_(None),
    )
    taking = update(TeamInvitation).where(*still_open).values(accepted_at=now)
    result = session.execute(taking, execution_options={"synchronize_session": False})
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise NotFound


def _revoke_invitations_by(session: Session, member: Membership, now: datetime) -> None:
    mine = select(TeamInvitation).where(
        TeamInvitation.company_id == member.company_id,
        TeamInvitation.invited_by_id == member.user_id,
        TeamInvitation.accepted_at.is_(None),
        TeamInvitation.revoked_at.is_(None),
    )
    for invitation in session.scalars(mine):
        invitation.revoked_at = now


def _require_grantable(by: Membership, role: Role) -> None:
    if role not in grantable(Role(by.role)):
        raise Forbidden("role_above_own")


def _require_manageable(by: Membership, role: Role) -> None:
    if not may_manage(Role(by.role), role):
        raise Forbidden("role_above_own")


def _mail(session: Session, invitation: TeamInvitation, now: datetime) -> None:
    enqueue(session, "companies.send_team_invitation", {"team_invitation_id": invitation.id}, now=now)


def _note(session: Session, by: Membership, action: str, subject: str, now: datetime, **details: object) -> None:
    audit.note(session, company=by.company, user=by.user, action=action, subject=subject, now=now, **details)
