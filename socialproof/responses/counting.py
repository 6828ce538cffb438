"""The score counters: every write is one upsert statement in the transaction of the answer itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import cast
from zlib import crc32

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from socialproof.domain.nps import SCORES
from socialproof.responses.models import Response, ScoreCount

SLOTS = 16
"""On PostgreSQL writers of one survey and day are spread over so many rows; one row would make them queue."""

_COUNTERS = (*(f"score_{score}" for score in SCORES), "asked_count")
_ROW = ("survey_id", "day_on", "slot")
_TABLE = cast(Table, ScoreCount.__table__)


@dataclass(frozen=True, slots=True)
class Step:
    """One counter of one answer goes up or down by `by`."""

    company_id: int
    survey_id: int
    day_on: date
    answer_key: str
    counter: str
    by: int


def step(response: Response, *, score: int | None = None, by: int) -> Step:
    """The counter of this answer's score (or of `score`) on the day it was given."""
    counted = response.score if score is None else score
    return Step(
        response.company_id,
        response.survey_id,
        response.answered_at.date(),
        response.answer_key,
        f"score_{counted}",
        by,
    )


def asked_step(response: Response) -> Step:
    """The counter of asks on the day of this answer."""
    return Step(
        response.company_id,
        response.survey_id,
        response.answered_at.date(),
        response.answer_key,
        "asked_count",
        1,
    )


def count(session: Session, steps: Iterable[Step]) -> None:
    """Apply the steps in one statement. Rows are touched in one order, so that two writers never wait for each other."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    rows: dict[tuple[int, date, int], dict[str, object]] = {}
    for one in steps:
        slot = crc32(one.answer_key.encode()) % SLOTS if on_postgresql else 0
        row = rows.setdefault((one.survey_id, one.day_on, slot), _empty(one, slot))
        row[one.counter] = int(str(row[one.counter])) + one.by
    if not rows:
        return
    insert = (postgresql.insert if on_postgresql else sqlite.insert)(_TABLE)
    upsert = insert.values([rows[key] for key in sorted(rows)]) if len(rows) > 1 else insert
    raised = {name: _TABLE.c[name] + upsert.excluded[name] for name in _COUNTERS}
    statement = upsert.on_conflict_do_update(index_elements=_ROW, set_=raised)
    session.execute(statement, None if len(rows) > 1 else next(iter(rows.values())))


def _empty(one: Step, slot: int) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(_COUNTERS, 0)
    row.update(company_id=one.company_id, survey_id=one.survey_id, day_on=one.day_on, slot=slot)
    return row
