"""A file of contacts on its way in: kept, looked into, its columns named by a person, then taken in by the worker.

An import is `uploaded` until a person starts it, `waiting` and `running` while the worker has it, then `done`, `failed`
or `cancelled`. Whoever writes a batch counts its rows in the same transaction, so that each row is taken once, also
when a worker is killed or two have the same job.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import BinaryIO

from sqlalchemy import ColumnElement, CursorResult, update
from sqlalchemy.orm import Session

from socialproof.backends.jobs.queue import enqueue
from socialproof.backends.storage.port import Storage
from socialproof.companies import audit
from socialproof.companies.models import Company, User
from socialproof.contacts.import_phones import CHOICES
from socialproof.contacts.models import ContactImport
from socialproof.database import new_public_id
from socialproof.domain.contact_cells import ORDERS
from socialproof.domain.contact_file import DELIMITERS, ENCODINGS, MOST_BYTES, Reading, heading_of, records, sniff
from socialproof.domain.contact_headings import check_fields
from socialproof.domain.errors import Conflict, RuleBroken
from socialproof.domain.text import clean_line

IMPORT, SWEEP = "contacts.import", "contacts.sweep_imports"
KEPT_FOR = timedelta(days=7)
"""A file that nobody started or that failed; one that is over goes at once."""
DATES, PHONES = "dates", "phones"
"""Among the numbers of the mapping: the order of days, and the country of numbers without one, where the file leaves it
open."""
LONGEST_FILE_NAME = 200
LIVING = ("uploaded", "waiting", "running")
OVER = ("done", "cancelled")

_HEAD_BYTES = 4_000_000
_NO_LETTER = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")
_LOOKED_AT = 1000
_SHOWN_FIRST, _SHOWN_LETTERS = 4, 4


@dataclass(frozen=True)
class Look:
    """What a person needs to see before a file is taken in. `rows` hold first rows, and some with letters beyond
    ASCII, with the line of each; `samples` the filled cells of every column, for guessing."""

    headings: list[str]
    rows: list[tuple[int, list[str]]]
    samples: list[list[str]]


def check_file(stream: BinaryIO, size: int) -> Reading:
    """How to read a file that was just sent. RuleBroken: empty, too_large, not_text, only_heading, and as heading_of.

    Leaves the stream at its beginning.
    """
    if size > MOST_BYTES:
        raise RuleBroken("too_large")
    reading = sniff(stream)
    stream.seek(0)
    with closing(records(BytesIO(stream.read(_HEAD_BYTES)), reading.encoding, reading.delimiter)) as rows:
        heading_of(rows)
        if next(rows, None) is None:
            raise RuleBroken("only_heading")
    stream.seek(0)
    return reading


def begin_import(
    session: Session, *, company: Company, user: User, file_name: str, size: int, reading: Reading, now: datetime
) -> ContactImport:
    """Note a file before it is stored under `storage_key`, so that no file is ever without a row.

    An encoding that is only a guess is kept as "": a person has to choose.
    """
    public_id = new_public_id()
    found = ContactImport(
        company_id=company.id,
        public_id=public_id,
        file_name=clean_line(file_name)[:LONGEST_FILE_NAME],
        storage_key=f"companies/{company.public_id}/imports/{public_id}.csv",
        byte_count=size,
        encoding=reading.encoding if reading.is_sure else "",
        delimiter=reading.delimiter,
        created_by_id=user.id,
        created_at=now,
    )
    session.add(found)
    session.flush()
    return found


def set_reading(session: Session, *, found: ContactImport, encoding: str, delimiter: str) -> None:
    """A person says how the file is to be read. RuleBroken: unknown_reading; Conflict when it was started already."""
    if encoding not in ENCODINGS or delimiter not in DELIMITERS:
        raise RuleBroken("unknown_reading")
    _require_uploaded(session, found)
    found.encoding, found.delimiter = encoding, delimiter


def start_import(
    session: Session,
    *,
    company: Company,
    user: User,
    found: ContactImport,
    mapping: Mapping[str, str],
    dates: str,
    now: datetime,
    phones: str = "",
) -> None:
    """Hand the file to the worker. `mapping`: field by column number; `dates`: one of ORDERS or ""; `phones`: the
    country of numbers without one, REFUSE, or "" to judge each by its contact's language.

    RuleBroken: unknown_encoding, unknown_dates, unknown_phones, and as check_fields; Conflict when it was started
    already.
    """
    if not found.encoding:
        raise RuleBroken("unknown_encoding")
    check_fields(list(mapping.values()))
    if dates not in ("", *ORDERS):
        raise RuleBroken("unknown_dates")
    if phones not in ("", *CHOICES):
        raise RuleBroken("unknown_phones")
    _require_uploaded(session, found)
    found.mapping = {**mapping, DATES: dates, PHONES: phones}
    found.state = "waiting"
    audit.note(session, company=company, user=user, action="contacts.imported", now=now, subject=found.file_name)
    enqueue(session, IMPORT, {"company_id": found.company_id, "import_id": found.id}, now=now)


def cancel_import(session: Session, *, found: ContactImport, now: datetime) -> bool:
    """Take no more rows; those that were taken stay. The file goes soon. False when the import was over already."""
    living = ContactImport.state.in_(LIVING)
    one = (found.company_id, found.id)
    is_cancelled = change_state(session, *one, living, state="cancelled", finished_at=now)
    if is_cancelled:
        enqueue(session, SWEEP, {}, now=now, key=SWEEP)
    return is_cancelled


def note_parked(session: Session, *, error: Exception, company_id: int, import_id: int) -> None:
    """The worker gave up: the page says so. What was taken stays, and the operator may let it go on."""
    is_living = ContactImport.state.in_(("waiting", "running"))
    change_state(session, company_id, import_id, is_living, state="failed", error="gave_up")


def note_revived(session: Session, *, now: datetime, company_id: int, import_id: int) -> None:
    """It goes on from where it stopped."""
    is_kept = ContactImport.storage_key != ""
    change_state(session, company_id, import_id, is_kept, ContactImport.error == "gave_up", state="waiting", error="")


def change_state(
    session: Session, company_id: int, import_id: int, *conditions: ColumnElement[bool], **values: object
) -> bool:
    """One conditional update; False when somebody else was first."""
    mine = (ContactImport.company_id == company_id, ContactImport.id == import_id)
    statement = update(ContactImport).where(*mine, *conditions).values(**values)
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return isinstance(result, CursorResult) and result.rowcount == 1


def look_into(storage: Storage, found: ContactImport, encoding: str) -> Look:
    """Read the beginning of the file. MissingObject when it is gone; RuleBroken as heading_of."""
    with storage.open(found.storage_key) as stream:
        head = BytesIO(stream.read(_HEAD_BYTES))
    with closing(records(head, encoding, found.delimiter)) as rows:
        headings = [showable(cell) for cell in heading_of(rows)]
        samples: list[list[str]] = [[] for _ in headings]
        shown: list[tuple[int, list[str]]] = []
        letters = 0
        for record, _ in zip(rows, range(_LOOKED_AT), strict=False):
            cells = [showable(cell) for cell in record.cells[: len(headings)]]
            for sample, cell in zip(samples, cells, strict=False):
                if cell.strip():
                    sample.append(cell)
            has_letters = not all(map(str.isascii, cells))
            letters += has_letters
            if len(shown) < _SHOWN_FIRST or (has_letters and letters <= _SHOWN_LETTERS):
                shown.append((record.line, cells))
    return Look(headings, shown, samples)


def showable(cell: str) -> str:
    """The beginning of a cell, with a sign in place of what is no letter."""
    return _NO_LETTER.sub("\ufffd", cell[:200]).strip()


def _require_uploaded(session: Session, found: ContactImport) -> None:
    session.refresh(found, with_for_update=True)
    if found.state != "uploaded":
        raise Conflict("started_already")
