"""Whom the company may ask, what became of asking them, and how they came here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from socialproof.companies.models import User
from socialproof.database import Base, LedByCompany, Line, LongText, OfCompany, Public, Word


class Contact(Public, LedByCompany, Base):
    """A customer of the company. A deleted contact keeps its row, without a person in it."""

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("company_id", "email"),
        Index(None, "company_id", "phone"),
        Index(None, "company_id", "customer_since"),
    )

    email: Mapped[Line | None]
    """Lower case; None when unknown."""
    phone: Mapped[str | None] = mapped_column(String(20))
    """E.164, such as +46701234567; None when unknown."""
    name: Mapped[Line] = mapped_column(default="")
    role: Mapped[Line] = mapped_column(default="")
    organisation: Mapped[Line] = mapped_column(default="")
    language: Mapped[Word] = mapped_column(default="")
    time_zone: Mapped[Word] = mapped_column(default="", server_default="")
    """IANA name; empty: the company's."""
    customer_since: Mapped[date | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"), index=True)
    attributes: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    """Free fields of the company's own, text by name."""
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    last_asked_at: Mapped[datetime | None]
    """When the ledger last said yes, whatever was asked; only contacts/ledger.py writes it."""
    last_nps_asked_at: Mapped[datetime | None]
    unsubscribed_at: Mapped[datetime | None]
    unsubscribed_by: Mapped[Word] = mapped_column(default="", server_default="")
    """link, one_click, text_message, team or import."""
    email_bounced_at: Mapped[datetime | None]
    email_bounce_reason: Mapped[Line] = mapped_column(default="", server_default="")
    """The other server's words, without addresses."""
    complained_at: Mapped[datetime | None]
    phone_stopped_at: Mapped[datetime | None]
    bounce_told_at: Mapped[datetime | None]
    """When the contact's owner in the team was told of the bounce."""

    owner: Mapped[User | None] = relationship()


class ContactSegment(Public, LedByCompany, Base):
    """Contacts with something in common, by rules and not by list: who is in it is found out each time."""

    __tablename__ = "contact_segment"
    __table_args__ = (UniqueConstraint("company_id", "name"),)

    name: Mapped[Line]
    rules: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """All must be true: {"field", "op", "value"}; see domain/segments.py."""
    created_at: Mapped[datetime]


class Suppression(LedByCompany, Base):
    """An address that said never. Kept as a keyed hash after its contact is gone, for the day it is imported again."""

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("company_id", "address_hash", "reason"),)

    address_hash: Mapped[str] = mapped_column(String(64))
    reason: Mapped[Word]
    """unsubscribed, bounced, complained or stopped (text messages)."""
    created_at: Mapped[datetime]


class LedgerEntry(LedByCompany, Base):
    """One word of the asking ledger about one contact: asked, deferred (until when, and why), or never (and why)."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("verdict in ('asked', 'deferred', 'never')", name="verdict"),
        Index(None, "contact_id", "decided_at"),
        Index(None, "company_id", "decided_at"),
    )

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    ask_key: Mapped[Word] = mapped_column(default="")
    """Public id of the invitation that it is about."""
    kind: Mapped[Word]
    """nps, reminder or testimonial."""
    channel: Mapped[Word]
    verdict: Mapped[Word]
    reason: Mapped[Word] = mapped_column(default="")
    until: Mapped[datetime | None]
    forced_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    """Who of the team asked although the ledger said not yet."""
    decided_at: Mapped[datetime]


class CustomerEvent(Public, LedByCompany, Base):
    """Something happened with a contact: a deal was won, goods were delivered, support solved the case."""

    __tablename__ = "customer_event"
    __table_args__ = (
        UniqueConstraint("company_id", "key"),
        Index(None, "contact_id", "happened_at"),
        CheckConstraint("source in ('hand', 'api')", name="source"),
    )

    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    name: Mapped[Line]
    """Lower case, words separated by one space."""
    key: Mapped[str | None] = mapped_column(String(120))
    """The sender's own number of it, so that the same event told twice is one."""
    source: Mapped[Word]
    happened_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))

    contact: Mapped[Contact] = relationship()


class ContactImport(Public, OfCompany, Base):
    """One file of contacts: uploaded, its columns named by a person, then taken in row by row by the worker."""

    __tablename__ = "contact_import"
    __table_args__ = (
        CheckConstraint("state in ('uploaded', 'waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
    )

    state: Mapped[Word] = mapped_column(default="uploaded")
    file_name: Mapped[Line]
    storage_key: Mapped[LongText]
    byte_count: Mapped[int]
    encoding: Mapped[Word]
    """utf-8, utf-16 or windows-1252."""
    delimiter: Mapped[str] = mapped_column(String(1))
    mapping: Mapped[dict[str, str]] = mapped_column(default=dict)
    """Field by column number from 0, as text; a free attribute is "attributes.<name>". Also "dates" and "phones",
    see `importing.start_import`."""
    row_count: Mapped[int | None]
    """Rows of the file under the heading; None until they were counted."""
    done_count: Mapped[int] = mapped_column(default=0)
    added_count: Mapped[int] = mapped_column(default=0)
    changed_count: Mapped[int] = mapped_column(default=0)
    same_count: Mapped[int] = mapped_column(default=0)
    refused_count: Mapped[int] = mapped_column(default=0)
    error: Mapped[Word] = mapped_column(default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    problems: Mapped[list[ImportProblem]] = relationship(order_by="ImportProblem.line", passive_deletes=True)


class ImportProblem(Base):
    """Why one row of a file was not taken, or not whole. Only so many are kept; the count is exact."""

    __tablename__ = "import_problem"
    __table_args__ = (Index(None, "import_id", "line"),)

    import_id: Mapped[int] = mapped_column(ForeignKey("contact_import.id", ondelete="CASCADE"))
    line: Mapped[int]
    """Line of the file, from 1, where the row begins."""
    code: Mapped[Word]
    field: Mapped[Line] = mapped_column(default="")
    value: Mapped[Line] = mapped_column(default="")
    is_refused: Mapped[bool] = mapped_column(default=True)
    """False: the row was taken without this one value."""
