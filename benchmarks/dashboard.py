"""What the dashboard's figures cost with 10,000 and with 1,000,000 answers, side by side in one run.

    python -m benchmarks.dashboard [answers few] [answers many]

Every figure is first compared with a full recount. The last line of each database is the growth exponent of the
slowest figure, log(time many / time few) / log(many / few): 0 is "costs the same", 1 is "grows with the answers".
PostgreSQL is measured when it is at hand.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import log
from statistics import median
from time import perf_counter
from zlib import crc32

from sqlalchemy import create_engine, func, insert, select, text
from sqlalchemy.orm import Session

from benchmarks.databases import databases
from socialproof.companies.models import Company
from socialproof.domain.nps import SCORES, Scores, Segment
from socialproof.domain.periods import Step
from socialproof.responses import insight
from socialproof.responses.counting import SLOTS
from socialproof.responses.models import Response, ScoreCount
from socialproof.surveys.models import Survey
from tests.parts import MissingPart

TODAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAYS = 365
ROUNDS = 15
WEIGHTS = [2, 1, 1, 2, 2, 5, 7, 15, 20, 22, 23]
LADDER = [score for score, weight in zip(SCORES, WEIGHTS, strict=True) for _ in range(weight)]
Figure = Callable[[], object]


@dataclass(frozen=True)
class Filled:
    """One company with one survey and so many answers."""

    session: Session
    company_id: int
    survey_id: int
    answers: int


def fill(url: str, answers: int) -> Filled:
    """Answers spread over a year, and the counters that the product would have kept for them."""
    session = Session(create_engine(url))
    company = Company(name="Nordlys Kaffe AB", created_at=TODAY)
    session.add(company)
    session.flush()
    survey = Survey(company_id=company.id, name="Yearly", kind="relationship", state="open", created_at=TODAY)
    session.add(survey)
    session.flush()
    slots = SLOTS if url.startswith("postgresql") else 1
    counted: Counter[tuple[date, int, int]] = Counter()
    for first in range(0, answers, 20_000):
        rows = [answer(number, company.id, survey.id) for number in range(first, min(first + 20_000, answers))]
        session.execute(insert(Response), rows)
        for row in rows:
            slot = crc32(str(row["answer_key"]).encode()) % slots
            counted[(row["answered_at"].date(), slot, row["score"])] += 1  # type: ignore[attr-defined,index]
    session.execute(insert(ScoreCount), counters(counted, company.id, survey.id))
    session.commit()
    session.execute(text("analyze"))
    session.commit()
    return Filled(session, company.id, survey.id, answers)


def answer(number: int, company_id: int, survey_id: int) -> dict[str, object]:
    key = f"answer-{number}"
    return {
        "public_id": f"r{number}",
        "company_id": company_id,
        "survey_id": survey_id,
        "answer_key": key,
        "score": LADDER[crc32(key.encode()) % len(LADDER)],
        "comment": "They answered within an hour.",
        "language": "en",
        "source": "link",
        "is_counted": True,
        "answered_at": TODAY - timedelta(days=number % DAYS, seconds=number % 40_000),
    }


def counters(counted: Counter[tuple[date, int, int]], company_id: int, survey_id: int) -> list[dict[str, object]]:
    rows: dict[tuple[date, int], dict[str, object]] = {}
    empty = {f"score_{score}": 0 for score in SCORES}
    for (day, slot, score), count in counted.items():
        row = rows.setdefault(
            (day, slot), {"company_id": company_id, "survey_id": survey_id, "day_on": day, "slot": slot} | empty
        )
        row[f"score_{score}"] = count
    return list(rows.values())


def figures(filled: Filled) -> dict[str, Figure]:
    """What the first page asks for, and for comparison the score by counting answers."""
    session, company = filled.session, filled.company_id
    first, today = (TODAY - timedelta(days=DAYS - 1)).date(), TODAY.date()
    kind = "relationship"
    return {
        "score": lambda: insight.score_counts(session, company, None, first, today, kind=kind),
        "trend by month": lambda: insight.trend(session, company, kind, Step.MONTH, first, today),
        "funnel": lambda: insight.response_funnel(session, company, kind, None, first, today),
        "newest answers": lambda: insight.newest_answers(session, company, kind, from_on=first, to_on=today),
        "newest detractors": lambda: insight.newest_answers(
            session, company, kind, segment=Segment.DETRACTOR, from_on=first, to_on=today
        ),
        "scan": lambda: recount(filled),
    }


def recount(filled: Filled) -> Scores:
    rows = filled.session.execute(
        select(Response.score, func.count()).where(Response.survey_id == filled.survey_id).group_by(Response.score)
    )
    found = {int(score): int(count) for score, count in rows}
    return Scores(tuple(found.get(score, 0) for score in SCORES))


def verify(filled: Filled) -> None:
    """The counters say exactly what the answers say."""
    found = insight.score_counts(filled.session, filled.company_id, filled.survey_id)
    assert found == recount(filled), "the counters differ from a full recount"
    assert found.answers == filled.answers


def measure(few: Filled, many: Filled) -> dict[str, tuple[float, float]]:
    """Median milliseconds with few and with many answers, in interleaved rounds."""
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in figures(few)}
    for turn in range(ROUNDS + 2):
        for place, filled in enumerate((few, many)):
            for name, figure in figures(filled).items():
                if name == "scan" and turn > 6:
                    continue
                filled.session.expunge_all()
                started = perf_counter()
                figure()
                if turn >= 2:
                    times[name][place].append((perf_counter() - started) * 1000)
    return {name: (median(small), median(large)) for name, (small, large) in times.items()}


def report(name: str, few_answers: int, many_answers: int) -> None:
    with databases(name) as (few_url, many_url):
        few, many = fill(few_url, few_answers), fill(many_url, many_answers)
        verify(few)
        verify(many)
        found = measure(few, many)
        for filled in (few, many):
            filled.session.close()
            filled.session.get_bind().engine.dispose()
    print(f"\n{name}: milliseconds with {few_answers:,} and {many_answers:,} answers, growth exponent")
    exponents = {}
    for figure, (small, large) in found.items():
        exponents[figure] = log(large / small) / log(many_answers / few_answers)
        print(f"  {figure:<18} {small:9.2f} {large:9.2f}   {exponents[figure]:+.3f}")
    print(f"  the score is {found['scan'][1] / found['score'][1]:,.0f} × faster than counting {many_answers:,} answers")
    worst = max((exponent, figure) for figure, exponent in exponents.items() if figure != "scan")
    print(f"{name} growth exponent {worst[0]:+.3f} ({worst[1]}; goal at most 0.1)", flush=True)


def main() -> None:
    few, many = ([int(word) for word in sys.argv[1:3]] + [10_000, 1_000_000][len(sys.argv[1:3]) :])[:2]
    for name in ("SQLite", "PostgreSQL"):
        try:
            report(name, few, many)
        except MissingPart as missing:
            print(f"\n{name} is not at hand: {missing}")


if __name__ == "__main__":
    main()
