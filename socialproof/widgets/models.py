"""What visitors see: a widget's settings and the snapshot that is published for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from socialproof.companies.models import Company
from socialproof.database import Base, Line, OfCompany, Public, Word
from socialproof.surveys.models import Survey


class Widget(Public, OfCompany, Base):
    __tablename__ = "widget"
    __table_args__ = (
        CheckConstraint("layout in ('wall', 'single', 'badge')", name="layout"),
        CheckConstraint("theme in ('light', 'dark', 'auto')", name="theme"),
    )

    name: Mapped[Line]
    layout: Mapped[Word] = mapped_column(default="wall")
    theme: Mapped[Word] = mapped_column(default="auto")
    accent: Mapped[str] = mapped_column(String(7), default="")
    """Empty: the company's colour."""
    language: Mapped[Word] = mapped_column(default="en")
    survey_id: Mapped[int | None] = mapped_column(ForeignKey("survey.id", ondelete="SET NULL"), index=True)
    """Only testimonials of this survey; None: of all."""
    tags: Mapped[list[str]] = mapped_column(default=list)
    max_count: Mapped[int] = mapped_column(default=30)
    shows_nps: Mapped[bool] = mapped_column(default=True)
    nps_kind: Mapped[Word] = mapped_column(default="relationship")
    created_at: Mapped[datetime]

    company: Mapped[Company] = relationship()
    survey: Mapped[Survey | None] = relationship()
    snapshots: Mapped[list[Snapshot]] = relationship(
        back_populates="widget", cascade="all, delete-orphan", passive_deletes=True
    )


class Snapshot(OfCompany, Base):
    """What is published now for one widget in one language: ready bytes and their version."""

    __tablename__ = "snapshot"
    __table_args__ = (UniqueConstraint("widget_id", "language"),)

    widget_id: Mapped[int] = mapped_column(ForeignKey("widget.id", ondelete="CASCADE"))
    language: Mapped[Word]
    version: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    gzip_body: Mapped[bytes] = mapped_column(LargeBinary)
    built_at: Mapped[datetime]

    widget: Mapped[Widget] = relationship(back_populates="snapshots")
