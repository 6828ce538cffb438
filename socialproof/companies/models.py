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
    time_zone: Mapped[Word] = mapped_column(default="UTC", server_default="UTC")
    """IANA name; where contacts live whose own time zone is unknown."""
    rest_days: Mapped[int] = mapped_column(default=30, server_default="30")
    """Least number of days between any two asks of one contact, over all surveys and channels."""
    nps_rest_days: Mapped[int] = mapped_column(default=90, server_default="90")
    """Least number of days between two NPS asks of one contact."""
    identify_secret: Mapped[LongText] = mapped_column(default="", server_default="")
    """Sealed; the company's own server signs with it who stands before a popup. Empty until it is made."""
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


class MailSender(LedByCompany, Base):
    """From whom the company's letters to its customers come, and what signs them."""

    __tablename__ = "mail_sender"
    __table_args__ = (UniqueConstraint("company_id"),)

    from_name: Mapped[Line] = mapped_column(default="")
    from_address: Mapped[Line] = mapped_column(default="")
    """Empty: the installation's own address, under the company's name."""
    reply_to: Mapped[Line] = mapped_column(default="")
    postal_address: Mapped[LongText] = mapped_column(default="")
    dkim_selector: Mapped[Word] = mapped_column(default="")
    dkim_private_key: Mapped[LongText] = mapped_column(default="")
    """Sealed PEM (RSA 2048); empty: the relay signs, or nobody does."""
    dkim_public_key: Mapped[LongText] = mapped_column(default="")
    """Base64 of the DER form, as it stands in the DNS record."""
    is_dkim_on: Mapped[bool] = mapped_column(default=False)
    """Letters are signed only once the record was found."""
    dkim_next_selector: Mapped[Word] = mapped_column(default="", server_default="")
    dkim_next_private_key: Mapped[LongText] = mapped_column(default="", server_default="")
    """The key that takes over once its record is found; until then the one above goes on signing."""
    dkim_next_public_key: Mapped[LongText] = mapped_column(default="", server_default="")
    updated_at: Mapped[datetime]


class ApiToken(Public, OfCompany, Base):
    """What another program of the company shows instead of a person; only the hash of its secret is kept."""

    __tablename__ = "api_token"

    name: Mapped[Line]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(default=list)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    company: Mapped[Company] = relationship()


class AuditEntry(OfCompany, Base):
    """Who did what in the company's administration."""

    __tablename__ = "audit_entry"

    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    action: Mapped[Word]
    subject: Mapped[Line] = mapped_column(default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    happened_at: Mapped[datetime]

    user: Mapped[User | None] = relationship()
