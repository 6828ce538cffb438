"""Whom the company may ask."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from socialproof.database import Base, LedByCompany, Line, Public, Word


class Contact(Public, LedByCompany, Base):
    """A customer of the company. A deleted contact keeps its row, without a person in it."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("company_id", "email"),)

    email: Mapped[Line | None]
    """Lower case; None when unknown."""
    name: Mapped[Line] = mapped_column(default="")
    role: Mapped[Line] = mapped_column(default="")
    organisation: Mapped[Line] = mapped_column(default="")
    language: Mapped[Word] = mapped_column(default="")
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
