"""Contacts as a file that spreadsheets open and the import takes back."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from socialproof.companies.models import User
from socialproof.contacts.models import Contact
from socialproof.domain.contact import ATTRIBUTE, FIELDS, guard

BATCH = 500
BOM = "\ufeff"
"""Without it spreadsheets read Windows-1252."""
DIVIDERS = {"comma": ",", "semicolon": ";"}
"""What may stand between two cells, by its name in addresses."""
HEADINGS = (*FIELDS, "unsubscribed")
"""The import knows these, and "attributes.<name>", in whatever language it is used."""

_COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (
    Contact.email,
    Contact.phone,
    Contact.name,
    Contact.role,
    Contact.organisation,
    Contact.language,
    Contact.time_zone,
    Contact.customer_since,
    User.email,
    Contact.unsubscribed_at,
)


def export(session: Session, found: Sequence[ColumnElement[bool]], delimiter: str = ",") -> Iterator[str]:
    """The contacts that fulfil the conditions, oldest first, as pieces of CSV: UTF-8 with a mark, CRLF.

    Read in batches: only eight bytes per contact are kept in memory. One column per free attribute. What would begin
    a formula has a ' before it, see `domain.contact.guard`.
    """
    ids = array(
        "q", session.scalars(select(Contact.id).where(*found).order_by(Contact.id).execution_options(yield_per=BATCH))
    )
    names = _attribute_names(session, ids)
    yield BOM + lines([[*HEADINGS, *(ATTRIBUTE + name for name in names)]], delimiter)
    for rows in _batches(session, ids, *_COLUMNS):
        yield lines([_cells(row, names) for row in rows], delimiter)


def _attribute_names(session: Session, ids: array[int]) -> list[str]:
    names: set[str] = set()
    for rows in _batches(session, ids):
        names.update(name for row in rows for name in row.attributes)
    return sorted(names)


def _batches(session: Session, ids: array[int], *columns: InstrumentedAttribute[Any]) -> Iterator[Sequence[Row[Any]]]:
    """Plain rows by their numbers, never more than BATCH at once: a row of the session would be kept until its end."""
    for start in range(0, len(ids), BATCH):
        chosen = select(Contact.id, Contact.attributes, *columns).where(Contact.id.in_(ids[start : start + BATCH]))
        owned = chosen.outerjoin(User, User.id == Contact.owner_id) if columns else chosen
        # Who was deleted meanwhile is no line of the file.
        yield session.execute(owned.where(Contact.deleted_at.is_(None)).order_by(Contact.id)).all()


def _cells(row: Row[Any], names: Sequence[str]) -> list[str]:
    *values, unsubscribed_at = list(row)[2:]
    fixed = ["" if value is None else str(value) for value in values]
    return [*fixed, "yes" if unsubscribed_at else "", *(row.attributes.get(name, "") for name in names)]


def lines(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    """Rows as CSV in which no cell is a formula, see `domain.contact.guard`."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([guard(cell) for cell in row] for row in rows)
    return text.getvalue()
