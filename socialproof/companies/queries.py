"""Finding companies, their teams, and the links that open a door once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from socialproof.companies.models import (
    AuditEntry,
    Company,
    Membership,
    PasswordReset,
    TeamInvitation,
    User,
)
from socialproof.domain.roles import Role
from socialproof.tokens import digest

AUDIT_PAGE = 50


def anybody(session: Session) -> bool:
    """Has this installation a first user? Until then it may be founded."""
    return session.scalar(select(User.id).limit(1)) is not None


def user_by_email(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == email))


def memberships_of(session: Session, user_id: int) -> Sequence[Membership]:
    """The user's companies by name."""
    return session.scalars(
        select(Membership)
        .join(Membership.company)
        .where(Membership.user_id == user_id)
        .options(joinedload(Membership.company))
        .order_by(func.lower(Company.name), Company.id)
    ).all()


def membership(session: Session, *, company_id: int, user_id: int) -> Membership | None:
    return session.scalar(
        select(Membership)
        .where(Membership.company_id == company_id, Membership.user_id == user_id)
        .options(joinedload(Membership.company))
    )


def membership_in(session: Session, *, company_public_id: str, user_id: int) -> Membership | None:
    """The user's membership of the company with that public id; None for a foreign and for a missing one."""
    return session.scalar(
        select(Membership)
        .join(Membership.company)
        .where(Company.public_id == company_public_id, Membership.user_id == user_id)
        .options(joinedload(Membership.company))
    )


def team(session: Session, company_id: int) -> Sequence[Membership]:
    """The company's members by name."""
    return session.scalars(
        select(Membership)
        .join(Membership.user)
        .where(Membership.company_id == company_id)
        .options(joinedload(Membership.user))
        .order_by(func.lower(User.name), User.id)
    ).all()


def team_member(session: Session, *, company_id: int, user_public_id: str) -> Membership | None:
    return session.scalar(
        select(Membership)
        .join(Membership.user)
        .where(Membership.company_id == company_id, User.public_id == user_public_id)
        .options(joinedload(Membership.user))
    )


def owner_count(session: Session, company_id: int) -> int:
    owners = select(func.count()).where(Membership.company_id == company_id, Membership.role == Role.OWNER)
    return session.scalar(owners) or 0


def open_invitations(session: Session, company_id: int) -> Sequence[TeamInvitation]:
    """Invitations neither accepted nor revoked, newest first; expired ones too, they can be sent again."""
    return session.scalars(
        select(TeamInvitation)
        .where(
            TeamInvitation.company_id == company_id,
            TeamInvitation.accepted_at.is_(None),
            TeamInvitation.revoked_at.is_(None),
        )
        .options(joinedload(TeamInvitation.invited_by))
        .order_by(TeamInvitation.created_at.desc(), TeamInvitation.id.desc())
    ).all()


def open_invitation(session: Session, *, company_id: int, public_id: str) -> TeamInvitation | None:
    return session.scalar(
        select(TeamInvitation).where(
            TeamInvitation.company_id == company_id,
            TeamInvitation.public_id == public_id,
            TeamInvitation.accepted_at.is_(None),
            TeamInvitation.revoked_at.is_(None),
        )
    )


def invitation_by_secret(session: Session, secret: str, *, now: datetime) -> TeamInvitation | None:
    """The invitation this link opens; None when it is unknown, used, revoked or too old."""
    return session.scalar(
        select(TeamInvitation)
        .where(
            TeamInvitation.secret_hash == digest(secret),
            TeamInvitation.accepted_at.is_(None),
            TeamInvitation.revoked_at.is_(None),
            TeamInvitation.expires_at > now,
        )
        .options(joinedload(TeamInvitation.company), joinedload(TeamInvitation.invited_by))
    )


def reset_by_secret(session: Session, secret: str, *, now: datetime) -> PasswordReset | None:
    """The password reset this link opens; None when it is unknown, used or too old."""
    return session.scalar(
        select(PasswordReset)
        .where(
            PasswordReset.secret_hash == digest(secret),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > now,
        )
        .options(joinedload(PasswordReset.user))
    )


def audit_entries(session: Session, company_id: int, *, before_id: int | None = None) -> Sequence[AuditEntry]:
    """One page of the company's trail, newest first, and one entry more when there is a next page."""
    query = select(AuditEntry).where(AuditEntry.company_id == company_id)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    query = query.options(joinedload(AuditEntry.user)).order_by(AuditEntry.id.desc()).limit(AUDIT_PAGE + 1)
    return session.scalars(query).all()
