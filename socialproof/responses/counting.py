"""The score counters: every write is one upsert statement in the transaction of the answer itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, cast
from zlib import crc32

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from socialproof.database import insert_into
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
    """Apply the steps: one upsert for each row they touch, which is one row for one answer.

    Rows are touched in one order, so that two writers never wait for each other in a circle.
    """
    dialect = session.get_bind().dialect.name
    rows: dict[tuple[int, date, int], dict[str, Any]] = {}
    for one in steps:
        slot = crc32(one.answer_key.encode()) % SLOTS if dialect == "postgresql" else 0
        row = rows.setdefault((one.survey_id, one.day_on, slot), _empty(one, slot))
        row[one.counter] += one.by
    for key in sorted(rows):
        session.execute(_upsert(dialect), rows[key])


@cache
def _upsert(dialect: str) -> postgresql.Insert | sqlite.Insert:
    """Built once: building it costs as much as running it."""
    insert = insert_into(_TABLE, dialect)
    raised = {name: _TABLE.c[name] + insert.excluded[name] for name in _COUNTERS}
    return insert.on_conflict_do_update(index_elements=_ROW, set_=raised)


def _empty(one: Step, slot: int) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(_COUNTERS, 0)
    row.update(company_id=one.company_id, survey_id=one.survey_id, day_on=one.day_on, slot=slot)
    return row
