"""Contacts as a file that spreadsheets open and the import takes back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from socialproof.companies.models import User
from socialproof.contacts.models import Contact
from socialproof.domain.contact import ATTRIBUTE, FIELDS, guard

BATCH = 1000
BOM = "\ufeff"
"""Without it spreadsheets read Windows-1252."""
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


def export(session: Session, found: Sequence[ColumnElement[bool]]) -> Iterator[str]:
    """The contacts that fulfil the conditions, oldest first, as pieces of CSV: UTF-8 with a mark, CRLF, commas.

    Read in batches, so that the memory is the same for any number of contacts; one column per free attribute.
    What would begin a formula has a ' before it, see `domain.contact.guard`.
    """
    names = _attribute_names(session, found)
    yield BOM + _lines([[*HEADINGS, *(ATTRIBUTE + name for name in names)]])
    for rows in _batches(session, found, *_COLUMNS):
        yield _lines([_cells(row, names) for row in rows])


def _attribute_names(session: Session, found: Sequence[ColumnElement[bool]]) -> list[str]:
    names: set[str] = set()
    for rows in _batches(session, found):
        names.update(name for row in rows for name in row.attributes)
    return sorted(names)


def _batches(
    session: Session, found: Sequence[ColumnElement[bool]], *columns: InstrumentedAttribute[Any]
) -> Iterator[Sequence[Row[Any]]]:
    """Plain rows, and never more than BATCH of them: a row of the session would be kept until its end."""
    last = 0
    while True:
        chosen = select(Contact.id, Contact.attributes, *columns).outerjoin(User, User.id == Contact.owner_id)
        rows = session.execute(chosen.where(*found, Contact.id > last).order_by(Contact.id).limit(BATCH)).all()
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        last = rows[-1].id


def _cells(row: Row[Any], names: Sequence[str]) -> list[str]:
    *values, unsubscribed_at = list(row)[2:]
    fixed = ["" if value is None else str(value) for value in values]
    return [*fixed, "yes" if unsubscribed_at else "", *(row.attributes.get(name, "") for name in names)]


def _lines(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([guard(cell) for cell in row] for row in rows)
    return text.getvalue()
