"""When and whom: today the personal link, an invitation of one contact to one survey."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from socialproof.contacts.models import Contact
from socialproof.database import Base, LedByCompany, Public, Word
from socialproof.surveys.models import Survey


class Invitation(Public, LedByCompany, Base):
    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'sent', 'answered', 'expired', 'bounced')", name="state"),
        # The dashboard's funnel counts from this index alone, without a look at the rows.
        Index("ix_invitation_funnel", "company_id", "survey_id", "created_at", "answered_at"),
    )

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    state: Mapped[Word] = mapped_column(default="pending")
    language: Mapped[Word] = mapped_column(default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    survey: Mapped[Survey] = relationship()
    contact: Mapped[Contact] = relationship()


class LinkOpening(Base):
    """A link with a score in it was opened by something, human or machine: a click that is not confirmed yet."""

    __tablename__ = "link_opening"
    __table_args__ = (Index(None, "invitation_id", "opened_at"),)

    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"))
    score: Mapped[int]
    opened_at: Mapped[datetime]
