"""What customers said, and the counters that every figure is read from."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from socialproof.campaigns.models import Invitation
from socialproof.contacts.models import Contact
from socialproof.database import Base, LedByCompany, LongText, Public, Word
from socialproof.surveys.models import Survey


class Response(Public, LedByCompany, Base):
    """One answer, 0–10. `answer_key` makes the same page sent twice one answer."""

    __tablename__ = "response"
    __table_args__ = (
        CheckConstraint("score between 0 and 10", name="score"),
        Index(None, "company_id", "answered_at", "id"),
        Index(None, "survey_id", "answered_at", "score"),
    )

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id", ondelete="SET NULL"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(ForeignKey("invitation.id", ondelete="SET NULL"), unique=True)
    answer_key: Mapped[str] = mapped_column(String(64), unique=True)
    counted_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    """survey:contact:period of a known contact; an earlier answer in the same period gives it up and is not counted."""
    score: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[LongText] = mapped_column(default="")
    language: Mapped[Word]
    source: Mapped[Word]
    """Where the link stood: link, qr, invitation, embed or popup."""
    is_counted: Mapped[bool] = mapped_column(default=True)
    answered_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    asked_for_testimonial_at: Mapped[datetime | None]

    survey: Mapped[Survey] = relationship()
    contact: Mapped[Contact | None] = relationship()
    invitation: Mapped[Invitation | None] = relationship()
    changes: Mapped[list[ResponseChange]] = relationship(order_by="ResponseChange.id", passive_deletes=True)


class ResponseChange(Base):
    """What an answer was before its customer changed it."""

    __tablename__ = "response_change"

    response_id: Mapped[int] = mapped_column(ForeignKey("response.id", ondelete="CASCADE"), index=True)
    old_score: Mapped[int] = mapped_column(SmallInteger)
    old_comment: Mapped[LongText]
    changed_at: Mapped[datetime]


class ScoreCount(LedByCompany, Base):
    """Counted answers of one survey on one UTC day, by score. `slot` spreads writers; readers add the slots up."""

    __tablename__ = "score_count"
    __table_args__ = (
        UniqueConstraint("survey_id", "day_on", "slot"),
        Index(None, "company_id", "day_on"),
    )

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"))
    day_on: Mapped[date]
    slot: Mapped[int] = mapped_column(SmallInteger, default=0)
    score_0: Mapped[int] = mapped_column(default=0)
    score_1: Mapped[int] = mapped_column(default=0)
    score_2: Mapped[int] = mapped_column(default=0)
    score_3: Mapped[int] = mapped_column(default=0)
    score_4: Mapped[int] = mapped_column(default=0)
    score_5: Mapped[int] = mapped_column(default=0)
    score_6: Mapped[int] = mapped_column(default=0)
    score_7: Mapped[int] = mapped_column(default=0)
    score_8: Mapped[int] = mapped_column(default=0)
    score_9: Mapped[int] = mapped_column(default=0)
    score_10: Mapped[int] = mapped_column(default=0)
    asked_count: Mapped[int] = mapped_column(default=0)
    """Responses of that day whose customer was shown the testimonial ask."""
