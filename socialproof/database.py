"""The database: one declarative base, aware UTC times, public ids, one commit at the edge."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, Engine, ForeignKey, MetaData, String, Text, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import JSON, TypeDecorator

from socialproof.domain.events import Event

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored as UTC; SQLite would otherwise give naive datetimes back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime must not reach the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Word = Annotated[str, mapped_column(String(40))]
Line = Annotated[str, mapped_column(String(320))]
LongText = Annotated[str, mapped_column(Text)]


class Base(DeclarativeBase):
    """The parent of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        dict[str, str]: JSON(),
        list[str]: JSON(),
        list[int]: JSON(),
        list[dict[str, Any]]: JSON(),
    }

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-10)


def new_public_id() -> str:
    """What the outside sees instead of a row's number: 16 random URL-safe characters, the first a letter or digit."""
    while True:
        candidate = secrets.token_urlsafe(12)
        if candidate[0].isalnum():
            return candidate


class Public:
    """A row that the outside may name."""

    public_id: Mapped[str] = mapped_column(String(22), unique=True, default=new_public_id, sort_order=-9)


class OfCompany:
    """A row that belongs to one company; every query of it starts from that company."""

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"), index=True, sort_order=-8)


class LedByCompany(OfCompany):
    """The same where the table has an index that begins with the company: one more would only make writing dearer."""

    company_id: Mapped[int] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"), sort_order=-8)


SQLITE_WAIT_SECONDS = 15
DISK_FULL = "53100"
"""What PostgreSQL calls it."""
_sqlite_writer = threading.RLock()

db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True)


def record(session: Session, fact: Event) -> None:
    """Note that something happened; whoever `wiring` names hears it before the commit."""
    session.info.setdefault("events", []).append(fact)


@contextmanager
def transaction(session: Session | None = None) -> Iterator[Session]:
    """One business transaction: commits once at the end, rolls everything back on any error."""
    session = db.session() if session is None else session
    with _turn(session):
        try:
            _begin_write(session)
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            session.info.pop("events", None)
            raise


def insert_into(target: Any, dialect: str) -> postgresql.Insert | sqlite.Insert:
    """An INSERT into a table or mapped class that knows ON CONFLICT, which each database has in words of its own."""
    return postgresql.insert(target) if dialect == "postgresql" else sqlite.insert(target)


def is_full(error: Exception) -> bool:
    """Whether the database refused because there is no room: on its disk, or up to a limit that was set for it."""
    cause = getattr(error, "orig", error)
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return getattr(cause, "sqlstate", None) == DISK_FULL


@contextmanager
def _turn(session: Session) -> Iterator[None]:
    """SQLite has one writer. Threads of this process queue here; at the file itself they would sleep and try again."""
    if session.get_bind().dialect.name != "sqlite":
        yield
        return
    has_turn = _sqlite_writer.acquire(timeout=SQLITE_WAIT_SECONDS)
    try:
        yield
    finally:
        if has_turn:
            _sqlite_writer.release()


def _begin_write(session: Session) -> None:
    """SQLite refuses to turn a reader into a writer once somebody else wrote, so a writer says so from the start."""
    if session.get_bind().dialect.name != "sqlite" or session.new or session.dirty or session.deleted:
        return
    session.rollback()
    session.connection(execution_options={"writes": True})


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    wait = f"busy_timeout={SQLITE_WAIT_SECONDS * 1000}"
    for pragma in (wait, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
