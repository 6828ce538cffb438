"""The tenant, its team, and how the team signs in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from socialproof.database import Base, LedByCompany, Line, LongText, OfCompany, Public, Word


class Company(Public, Base):
    __tablename__ = "company"

    name: Mapped[Line]
    website_url: Mapped[LongText] = mapped_column(default="")
    brand_color: Mapped[str] = mapped_column(String(7), default="#1f5c4d")
    logo_key: Mapped[LongText] = mapped_column(default="")
    default_language: Mapped[Word] = mapped_column(default="en")
    customer_count: Mapped[int | None] = mapped_column(default=None)
    """How many customers there are in all: N of the finite-population correction; unknown is None."""
    created_at: Mapped[datetime]


class User(Public, Base):
    """A team member; never a customer. `email` is kept in lower case."""

    __tablename__ = "user_account"

    email: Mapped[Line] = mapped_column(unique=True)
    name: Mapped[Line]
    password_hash: Mapped[LongText]
    language: Mapped[Word] = mapped_column(default="")
    created_at: Mapped[datetime]

    memberships: Mapped[list[Membership]] = relationship(back_populates="user", passive_deletes=True)


class Membership(LedByCompany, Base):
    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("company_id", "user_id"),
        CheckConstraint("role in ('owner', 'admin', 'moderator', 'viewer')", name="role"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    role: Mapped[Word]
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(back_populates="memberships")
    company: Mapped[Company] = relationship()


class UserSession(Public, Base):
    """One signed-in browser. The cookie holds the secret, the table only its hash."""

    __tablename__ = "user_session"

    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id", ondelete="SET NULL"), index=True)
    user_agent: Mapped[Line] = mapped_column(default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class SignInFailure(Base):
    """A failed sign-in, counted per account (hash of the address) and per network."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index(None, "account_hash", "failed_at"), Index(None, "network", "failed_at"))

    account_hash: Mapped[str] = mapped_column(String(64))
    network: Mapped[Word]
    failed_at: Mapped[datetime]


class TeamInvitation(Public, OfCompany, Base):
    __tablename__ = "team_invitation"
    __table_args__ = (CheckConstraint("role in ('owner', 'admin', 'moderator', 'viewer')", name="role"),)

    email: Mapped[Line]
    role: Mapped[Word]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    company: Mapped[Company] = relationship()
    invited_by: Mapped[User | None] = relationship()


class PasswordReset(Base):
    __tablename__ = "password_reset"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class AuditEntry(OfCompany, Base):
    """Who did what in the company's administration."""

    __tablename__ = "audit_entry"

    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    action: Mapped[Word]
    subject: Mapped[Line] = mapped_column(default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    happened_at: Mapped[datetime]

    user: Mapped[User | None] = relationship()
