"""What the company asks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from socialproof.companies.models import Company
from socialproof.database import Base, Line, LongText, OfCompany, Public, Word


class Survey(Public, OfCompany, Base):
    """An NPS survey: draft until it is opened, closed when it takes no more answers."""

    __tablename__ = "survey"
    __table_args__ = (
        CheckConstraint("kind in ('relationship', 'transactional')", name="kind"),
        CheckConstraint("state in ('draft', 'open', 'closed')", name="state"),
    )

    name: Mapped[Line]
    kind: Mapped[Word]
    state: Mapped[Word] = mapped_column(default="draft")
    default_language: Mapped[Word] = mapped_column(default="en")
    brand_color: Mapped[str] = mapped_column(String(7), default="")
    """Empty: the company's colour."""
    asks_for_testimonial: Mapped[bool] = mapped_column(default=True)
    allows_video: Mapped[bool] = mapped_column(default=True)
    promoters_only: Mapped[bool] = mapped_column(default=False)
    max_video_seconds: Mapped[int] = mapped_column(default=120)
    video_retention_days: Mapped[int] = mapped_column(default=180)
    """How long the file that a customer sent is kept, privately, after the playable video was made of it."""
    reward_text: Mapped[LongText] = mapped_column(default="")
    """What is given to everybody who answers, whatever the score; empty: nothing."""
    embed_domains: Mapped[list[str]] = mapped_column(default=list)
    """Origins that may show the survey in a frame, such as https://www.example.com."""
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    company: Mapped[Company] = relationship()
    wordings: Mapped[list[SurveyWording]] = relationship(
        back_populates="survey", cascade="all, delete-orphan", passive_deletes=True
    )


class SurveyWording(Base):
    """The company's own words in one language; an empty field means the product's standard words."""

    __tablename__ = "survey_wording"
    __table_args__ = (UniqueConstraint("survey_id", "language"),)

    survey_id: Mapped[int] = mapped_column(ForeignKey("survey.id", ondelete="CASCADE"))
    language: Mapped[Word]
    question: Mapped[LongText] = mapped_column(default="")
    low_label: Mapped[Line] = mapped_column(default="")
    high_label: Mapped[Line] = mapped_column(default="")
    why_detractor: Mapped[LongText] = mapped_column(default="")
    why_passive: Mapped[LongText] = mapped_column(default="")
    why_nine: Mapped[LongText] = mapped_column(default="")
    why_ten: Mapped[LongText] = mapped_column(default="")
    thanks_detractor: Mapped[LongText] = mapped_column(default="")
    thanks_passive: Mapped[LongText] = mapped_column(default="")
    thanks_promoter: Mapped[LongText] = mapped_column(default="")
    testimonial_prompts: Mapped[list[str]] = mapped_column(default=list)

    survey: Mapped[Survey] = relationship(back_populates="wordings")
