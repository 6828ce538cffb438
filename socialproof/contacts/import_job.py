"""The worker's part of an import: rows in batches, from where it stopped, until the file or somebody ends it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socialproof.backends.jobs.port import JobContext
from socialproof.backends.storage.port import MissingObject
from socialproof.companies.models import Company, Membership, User
from socialproof.contacts.import_batches import take_rows
from socialproof.contacts.import_values import Problem, Row, RowReader
from socialproof.contacts.importing import DATES, KEPT_FOR, OVER, PHONES, change_state
from socialproof.contacts.models import ContactImport, ImportProblem
from socialproof.contacts.phones import home_of
from socialproof.domain.contact_file import MOST_ROWS, Record, count_lines, heading_of, records
from socialproof.domain.errors import RuleBroken

BATCH_ROWS = 1000
MOST_PROBLEMS = 5000
TRIES = 3
SWEPT_AT_ONCE = 100
VALUES_KEPT_FOR = timedelta(days=30)
"""What stood in a cell that was not taken: time to mend the file. It may be about somebody who is forgotten by now."""


class Lost(Exception):
    """Somebody cancelled the import, or another worker has it."""


@dataclass
class Task:
    """An import in hand, and how far it is."""

    company_id: int
    import_id: int
    storage_key: str
    encoding: str
    delimiter: str
    mapping: dict[str, str]
    row_count: int | None
    done_count: int
    home: str
    owners: dict[str, int]
    problem_count: int

    def records(self, context: JobContext) -> Generator[Record, None, None]:
        """All rows of the file, the heading first."""
        return records(context.backends.storage.open(self.storage_key), self.encoding, self.delimiter)

    def reader(self, headings: list[str]) -> RowReader:
        chosen = {"dates": self.mapping.get(DATES, ""), "phones": self.mapping.get(PHONES, "")}
        return RowReader(self.mapping, headings, language=self.home, owners=self.owners, **chosen)


def take_in(context: JobContext, *, company_id: int, import_id: int) -> None:
    """Take the rows of a file that are not taken yet. Safe to run twice, also at once."""
    task = _begin(context, company_id, import_id)
    if task is None:
        return
    try:
        state, error = _outcome(context, task)
        known = {"row_count": task.done_count} if state == "done" else {}
        _note(context, task, state=state, error=error, finished_at=context.now(), **known)
    except Lost:
        return
    _drop_file(context, company_id, import_id, task.storage_key)


def _begin(context: JobContext, company_id: int, import_id: int) -> Task | None:
    with context.transaction() as session:
        of_company = (ContactImport.company_id == company_id, ContactImport.id == import_id)
        found = session.scalar(select(ContactImport).where(*of_company).with_for_update())
        if found is None or found.state not in ("waiting", "running"):
            return None
        found.state, found.started_at = "running", found.started_at or context.now()
        company = session.get_one(Company, company_id)
        return Task(
            company_id,
            import_id,
            found.storage_key,
            found.encoding,
            found.delimiter,
            found.mapping,
            found.row_count,
            found.done_count,
            home=home_of(company.time_zone, company.default_language),
            owners=_owners(session, company_id),
            problem_count=session.scalar(select(func.count()).where(ImportProblem.import_id == import_id)) or 0,
        )


def _owners(session: Session, company_id: int) -> dict[str, int]:
    """The team by e-mail address."""
    members = select(User.email, User.id).join(Membership, Membership.user_id == User.id)
    return dict(session.execute(members.where(Membership.company_id == company_id)).all())


def _outcome(context: JobContext, task: Task) -> tuple[str, str]:
    """The state in which the import ends, and why. Raises Lost."""
    try:
        if task.row_count is None:
            _count(context, task)
        _take_all(context, task)
    except (RuleBroken, MissingObject) as broken:
        return "failed", broken.code
    return "done", ""


def _count(context: JobContext, task: Task) -> None:
    """About how many rows there are, so that progress can be shown. RuleBroken: too_many_rows."""
    with context.backends.storage.open(task.storage_key) as stream:
        count = count_lines(stream)
    if count > MOST_ROWS:  # perhaps they are line breaks in cells
        with closing(task.records(context)) as rows:
            heading_of(rows)
            count = sum(1 for _ in islice(rows, MOST_ROWS + 1))
    if count > MOST_ROWS:
        raise RuleBroken("too_many_rows")
    _note(context, task, row_count=count)


def _take_all(context: JobContext, task: Task) -> None:
    with closing(task.records(context)) as rows:
        reader = task.reader(heading_of(rows))
        remaining = islice(rows, task.done_count, MOST_ROWS)
        while batch := [reader.read(record) for record in islice(remaining, BATCH_ROWS)]:
            _take_surely(context, task, batch)


def _take_surely(context: JobContext, task: Task, batch: list[Row | Problem]) -> None:
    """Somebody else may add the same address at the same moment: then theirs is found the next time."""
    for left in reversed(range(TRIES)):
        try:
            _take(context, task, batch)
        except IntegrityError:
            if not left:
                raise
        else:
            return


def _take(context: JobContext, task: Task, batch: list[Row | Problem]) -> None:
    """One batch in one transaction, with the count of it. Raises Lost."""
    rows = [each for each in batch if isinstance(each, Row)]
    refused = [each for each in batch if isinstance(each, Problem)]
    with context.transaction() as session:
        _take_turn(session, task.company_id)
        tally = take_rows(session, company_id=task.company_id, rows=rows, now=context.now())
        counts = {
            "done_count": task.done_count + len(batch),
            "added_count": ContactImport.added_count + tally.added,
            "changed_count": ContactImport.changed_count + tally.changed,
            "same_count": ContactImport.same_count + tally.same,
            "refused_count": ContactImport.refused_count + len(refused),
        }
        if not change_state(session, task.company_id, task.import_id, *_mine(task), **counts):
            raise Lost
        kept = _keep_problems(session, task, refused + tally.problems)
    task.done_count += len(batch)
    task.problem_count += kept


def _mine(task: Task) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Nobody cancelled the import, and nobody else took a batch of it."""
    return ContactImport.state == "running", ContactImport.done_count == task.done_count


def _keep_problems(session: Session, task: Task, problems: list[Problem]) -> int:
    """Keep them by line, up to the most that are kept; returns how many."""
    rows = [
        {
            "import_id": task.import_id,
            "line": each.line,
            "code": each.code,
            "field": each.column,
            "value": each.value,
            "is_refused": each.is_refused,
        }
        for each in sorted(problems, key=lambda each: each.line)[: max(0, MOST_PROBLEMS - task.problem_count)]
    ]
    if rows:
        session.execute(insert(ImportProblem), rows)
    return len(rows)


def _take_turn(session: Session, company_id: int) -> None:
    """One import at a time per company and batch: a telephone number is in no index that would refuse it twice.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.scalar(select(Company.id).where(Company.id == company_id).with_for_update(key_share=True))


def _note(context: JobContext, task: Task, **values: object) -> None:
    with context.transaction() as session:
        if not change_state(session, task.company_id, task.import_id, *_mine(task), **values):
            raise Lost


def _drop_file(context: JobContext, company_id: int, import_id: int, key: str) -> None:
    """The bytes go first and the note of it follows: a kill between the two has them removed once more."""
    context.backends.storage.delete(key)
    with context.transaction() as session:
        change_state(session, company_id, import_id, storage_key="")


def sweep_imports(context: JobContext) -> None:
    """Delete the files of imports that are over or that nobody went on with for a week; a month later, cells too."""
    old = ContactImport.created_at < context.now() - KEPT_FOR
    is_left = ContactImport.state.in_(OVER) | (old & ContactImport.state.in_(("uploaded", "failed")))
    left = select(ContactImport).where(ContactImport.storage_key != "", is_left).limit(SWEPT_AT_ONCE)
    while True:
        with context.transaction() as session:
            batch = session.scalars(left).all()
            for found in batch:
                if found.state == "uploaded":
                    found.state, found.finished_at = "cancelled", context.now()
        for found in batch:
            _drop_file(context, found.company_id, found.id, found.storage_key)
        if len(batch) < SWEPT_AT_ONCE:
            break
    _forget_values(context)


def _forget_values(context: JobContext) -> None:
    """Lines and reasons stay, so that the report is still one."""
    with context.transaction() as session:
        old = select(ContactImport.id).where(ContactImport.created_at < context.now() - VALUES_KEPT_FOR)
        session.execute(
            update(ImportProblem)
            .where(ImportProblem.import_id.in_(old), ImportProblem.value != "")
            .values(value="")
            .execution_options(synchronize_session=False)
        )
