"""What customers gave, with their consent, its media, and what was decided about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from socialproof.companies.models import User
from socialproof.contacts.models import Contact
from socialproof.database import Base, LedByCompany, Line, LongText, OfCompany, Public, Word
from socialproof.media.models import Media
from socialproof.responses.models import Response
from socialproof.surveys.models import Survey


class Testimonial(Public, LedByCompany, Base):
    """A customer's testimonial. `version` grows with every decision, so that of two deciders one wins."""

    __tablename__ = "testimonial"
    __table_args__ = (
        CheckConstraint(
            "state in ('draft', 'submitted', 'approved', 'rejected', 'withdrawn', 'archived')", name="state"
        ),
        CheckConstraint("attribution in ('full_name', 'first_name', 'initials', 'anonymous')", name="attribution"),
        Index(None, "company_id", "state", "submitted_at"),
    )

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"), index=True)
    response_id: Mapped[int | None] = mapped_column(ForeignKey("response.id", ondelete="SET NULL"), unique=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"), index=True)
    state: Mapped[Word] = mapped_column(default="draft")
    kind: Mapped[Word] = mapped_column(default="text")
    """text or video."""
    text: Mapped[LongText] = mapped_column(default="")
    """The words the customer wrote or approved: the only words that may be published."""
    original_text: Mapped[LongText] = mapped_column(default="")
    """The words as first submitted, kept when the customer approves a shorter text."""
    best_line: Mapped[LongText] = mapped_column(default="")
    language: Mapped[Word]
    author_name: Mapped[Line] = mapped_column(default="")
    author_role: Mapped[Line] = mapped_column(default="")
    author_organisation: Mapped[Line] = mapped_column(default="")
    author_email: Mapped[Line] = mapped_column(default="")
    attribution: Mapped[Word] = mapped_column(default="full_name")
    is_verified: Mapped[bool] = mapped_column(default=False)
    """The response came by a personal link."""
    is_rewarded: Mapped[bool] = mapped_column(default=False)
    is_featured: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    """Order on the wall: larger is earlier, ties by submitted_at."""
    rejection_reason: Mapped[Word] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]

    survey: Mapped[Survey] = relationship()
    response: Mapped[Response | None] = relationship()
    contact: Mapped[Contact | None] = relationship()
    decided_by: Mapped[User | None] = relationship()
    consents: Mapped[list[ConsentRecord]] = relationship(order_by="ConsentRecord.id", passive_deletes=True)
    media: Mapped[list[Media]] = relationship(order_by="Media.id")
    tags: Mapped[list[TestimonialTag]] = relationship(
        order_by="TestimonialTag.name", cascade="all, delete-orphan", passive_deletes=True
    )
    history: Mapped[list[ModerationEntry]] = relationship(order_by="ModerationEntry.id", passive_deletes=True)
    proposals: Mapped[list[ProposedEdit]] = relationship(order_by="ProposedEdit.id", passive_deletes=True)


class ConsentRecord(OfCompany, Base):
    """One purpose, granted by the customer: the exact text, its version, language, hash and time."""

    __tablename__ = "consent_record"

    testimonial_id: Mapped[int] = mapped_column(ForeignKey("testimonial.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[Word]
    text_version: Mapped[Word]
    language: Mapped[Word]
    text: Mapped[LongText]
    text_sha256: Mapped[str] = mapped_column(String(64))
    granted_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class TestimonialTag(LedByCompany, Base):
    __tablename__ = "testimonial_tag"
    __table_args__ = (UniqueConstraint("testimonial_id", "name"), Index(None, "company_id", "name"))

    testimonial_id: Mapped[int] = mapped_column(ForeignKey("testimonial.id", ondelete="CASCADE"))
    name: Mapped[Word]


class ModerationEntry(OfCompany, Base):
    """One act of a moderator, or of the customer (user is None)."""

    __tablename__ = "moderation_entry"

    testimonial_id: Mapped[int] = mapped_column(ForeignKey("testimonial.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    action: Mapped[Word]
    old_state: Mapped[Word]
    new_state: Mapped[Word]
    reason: Mapped[Word] = mapped_column(default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    happened_at: Mapped[datetime]

    user: Mapped[User | None] = relationship()


class ProposedEdit(Public, OfCompany, Base):
    """A shorter text that a moderator proposes; only the customer can make it the text."""

    __tablename__ = "proposed_edit"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'approved', 'declined', 'superseded', 'cancelled')", name="state"),
    )

    testimonial_id: Mapped[int] = mapped_column(ForeignKey("testimonial.id", ondelete="CASCADE"), index=True)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    old_text: Mapped[LongText]
    new_text: Mapped[LongText]
    state: Mapped[Word] = mapped_column(default="pending")
    proposed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]

    testimonial: Mapped[Testimonial] = relationship(back_populates="proposals")
    proposed_by: Mapped[User | None] = relationship()
