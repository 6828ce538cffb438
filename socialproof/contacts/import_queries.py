"""Imports of one company, found; and what they say about their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.contacts.models import ContactImport, ImportProblem

PAGE = 50
RECENT = 10


def import_of(session: Session, company_id: int, public_id: str) -> ContactImport | None:
    """The company's import with this id."""
    return session.scalar(
        select(ContactImport).where(ContactImport.company_id == company_id, ContactImport.public_id == public_id)
    )


def recent_imports(session: Session, company_id: int) -> Sequence[ContactImport]:
    """The newest imports of the company."""
    of_company = select(ContactImport).where(ContactImport.company_id == company_id)
    return session.scalars(of_company.order_by(ContactImport.id.desc()).limit(RECENT)).all()


def problems_of(session: Session, found: ContactImport, *, after: int = 0, limit: int = PAGE) -> list[ImportProblem]:
    """What is wrong with its rows, from the first line on; `after` is the id of the last one on the page before.

    They are written from the first line on, so that their ids stand in the order of lines.
    """
    of_import = select(ImportProblem).where(ImportProblem.import_id == found.id, ImportProblem.id > after)
    return list(session.scalars(of_import.order_by(ImportProblem.id).limit(limit)))


def all_problems(session: Session, found: ContactImport) -> Iterator[list[ImportProblem]]:
    """The same in pages, until the end."""
    after = 0
    while page := problems_of(session, found, after=after, limit=500):
        yield page
        after = page[-1].id


def problem_count(session: Session, found: ContactImport) -> int:
    """How many of them are kept."""
    return session.scalar(select(func.count()).where(ImportProblem.import_id == found.id)) or 0
