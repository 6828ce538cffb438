"""Figures about answers. All of them come from the counters, so they cost the same at any number of answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, extract, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from socialproof.campaigns.models import Invitation
from socialproof.domain.nps import SCORES, Scores, Segment
from socialproof.domain.periods import Step, starts, step_start, year_before
from socialproof.responses.models import Response, ScoreCount
from socialproof.surveys.models import Survey

_COUNTERS = tuple(getattr(ScoreCount, f"score_{score}") for score in SCORES)


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One month or quarter, by its first day, and what was answered in it."""

    start_on: date
    scores: Scores


@dataclass(frozen=True, slots=True)
class ResponseFunnel:
    """From personal links to the ask. `invited_answered` are the invited who answered; open links bring the rest."""

    invited: int
    invited_answered: int
    answered: int
    asked: int


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """Some answers, newest first; `before` asks for the page that follows, None on the last one."""

    responses: Sequence[Response]
    before: str | None


def _counters_of(
    company_id: int, kind: str | None, survey_id: int | None, from_on: date | None, to_on: date | None
) -> list[ColumnElement[bool]]:
    chosen = [ScoreCount.company_id == company_id]
    if survey_id is not None:
        chosen.append(ScoreCount.survey_id == survey_id)
    if kind is not None:
        chosen.append(ScoreCount.survey_id.in_(_surveys_of(company_id, kind)))
    if from_on is not None:
        chosen.append(ScoreCount.day_on >= from_on)
    if to_on is not None:
        chosen.append(ScoreCount.day_on <= to_on)
    return chosen


def _surveys_of(company_id: int, kind: str) -> Select[int]:
    return select(Survey.id).where(Survey.company_id == company_id, Survey.kind == kind)


def _scores(sums: Sequence[Any]) -> Scores:
    return Scores(tuple(int(total or 0) for total in sums))


def score_counts(
    session: Session,
    company_id: int,
    survey_id: int | None = None,
    from_on: date | None = None,
    to_on: date | None = None,
    *,
    kind: str | None = None,
) -> Scores:
    """Counted answers by score, both days included. Give `survey_id` or `kind`: kinds are never mixed in one figure."""
    sums = select(*(func.sum(counter) for counter in _COUNTERS))
    return _scores(session.execute(sums.where(*_counters_of(company_id, kind, survey_id, from_on, to_on))).one())


def answers_by_survey(session: Session, company_id: int) -> dict[int, Scores]:
    """Counted answers of each survey by its row id; a survey without answers is missing."""
    sums = select(ScoreCount.survey_id, *(func.sum(counter) for counter in _COUNTERS))
    rows = session.execute(sums.where(ScoreCount.company_id == company_id).group_by(ScoreCount.survey_id))
    return {survey_id: _scores(counts) for survey_id, *counts in rows}


def first_day(session: Session, company_id: int, kind: str, survey_id: int | None = None) -> date | None:
    """The first day with an answer to this kind of survey, None before there is one."""
    days = select(func.min(ScoreCount.day_on)).where(*_counters_of(company_id, kind, survey_id, None, None))
    return session.scalar(days)


def trend(
    session: Session,
    company_id: int,
    kind: str,
    step: Step,
    from_on: date,
    to_on: date,
    survey_id: int | None = None,
) -> list[TrendPoint]:
    """Every month or quarter that touches the stretch, oldest first, also those without answers."""
    year, month = extract("year", ScoreCount.day_on), extract("month", ScoreCount.day_on)
    months = (
        select(year, month, *(func.sum(counter) for counter in _COUNTERS))
        .where(*_counters_of(company_id, kind, survey_id, step_start(from_on, step), to_on))
        .group_by(year, month)
    )
    by_start: defaultdict[date, Scores] = defaultdict(Scores)
    for in_year, in_month, *sums in session.execute(months):
        by_start[step_start(date(int(in_year), int(in_month), 1), step)] += _scores(sums)
    return [TrendPoint(start, by_start[start]) for start in starts(from_on, to_on, step)]


def response_funnel(
    session: Session,
    company_id: int,
    kind: str,
    survey_id: int | None = None,
    from_on: date | None = None,
    to_on: date | None = None,
) -> ResponseFunnel:
    """How many were invited by a personal link, how many answered, how many of them saw the testimonial ask."""
    chosen = _counters_of(company_id, kind, survey_id, from_on, to_on)
    totals = session.execute(
        select(*(func.sum(counter) for counter in _COUNTERS), func.sum(ScoreCount.asked_count)).where(*chosen)
    ).one()
    invitations = select(func.count(), func.count(Invitation.answered_at)).where(
        Invitation.company_id == company_id,
        Invitation.survey_id.in_(_surveys_of(company_id, kind)),
        Invitation.asked_at.is_not(None),
    )
    if survey_id is not None:
        invitations = invitations.where(Invitation.survey_id == survey_id)
    invited, invited_answered = session.execute(invitations.where(*within(Invitation.asked_at, from_on, to_on))).one()
    return ResponseFunnel(invited, invited_answered, _scores(totals[:-1]).answers, int(totals[-1] or 0))


def newest_answers(
    session: Session,
    company_id: int,
    kind: str,
    *,
    survey_id: int | None = None,
    segment: Segment | None = None,
    from_on: date | None = None,
    to_on: date | None = None,
    before: str | None = None,
    limit: int = 20,
) -> AnswerPage:
    """One page of answers. `before` is the public id of the last answer already seen; an unknown one means page one."""
    # The ids themselves, not a subquery: so both databases walk the index by time and stop after one page.
    of_kind = session.scalars(_surveys_of(company_id, kind))
    asked = [each for each in of_kind if survey_id in (None, each)]
    answers = (
        select(Response)
        .options(joinedload(Response.survey), joinedload(Response.contact))
        .where(Response.company_id == company_id, Response.survey_id.in_(asked))
        .order_by(Response.answered_at.desc(), Response.id.desc())
        .limit(limit + 1)
    )
    if segment is not None:
        answers = answers.where(Response.score.between(segment.scores[0], segment.scores[-1]))
    last_seen = _response_named(session, company_id, before)
    if last_seen is not None:
        answers = answers.where(tuple_(Response.answered_at, Response.id) < (last_seen.answered_at, last_seen.id))
    found = session.scalars(answers.where(*within(Response.answered_at, from_on, to_on))).all()
    return AnswerPage(found[:limit], found[limit - 1].public_id if len(found) > limit else None)


def _response_named(session: Session, company_id: int, public_id: str | None) -> Response | None:
    if not public_id:
        return None
    named = select(Response).where(Response.company_id == company_id, Response.public_id == public_id)
    return session.scalar(named)


def within(moment: Any, from_on: date | None, to_on: date | None) -> list[ColumnElement[bool]]:
    """Conditions that keep a column of moments inside these UTC days, both included."""
    limits = []
    if from_on is not None:
        limits.append(moment >= datetime.combine(from_on, time(), UTC))
    if to_on is not None:
        limits.append(moment < datetime.combine(to_on + timedelta(days=1), time(), UTC))
    return limits


def public_scores(session: Session, company_id: int, kind: str, now: datetime, survey_id: int | None = None) -> Scores:
    """What may be told in public: of each contact the latest counted answer in the twelve months up to `now`.

    Answers without a contact count one by one. Only surveys of `kind`; a survey of the other kind gives nothing.
    This one reads answers, not counters: it runs when a widget is published, never when a page is shown.
    """
    since = datetime.combine(year_before(now.date()), now.timetz())
    newest_first = func.row_number().over(
        partition_by=func.coalesce(Response.contact_id, -Response.id),
        order_by=(Response.answered_at.desc(), Response.id.desc()),
    )
    answers = select(Response.score, newest_first.label("place")).where(
        Response.company_id == company_id,
        Response.survey_id.in_(_surveys_of(company_id, kind)),
        Response.is_counted,
        Response.answered_at > since,
        Response.answered_at <= now,
    )
    if survey_id is not None:
        answers = answers.where(Response.survey_id == survey_id)
    latest = answers.subquery()
    by_score = select(latest.c.score, func.count()).where(latest.c.place == 1).group_by(latest.c.score)
    found = {int(score): int(count) for score, count in session.execute(by_score)}
    return Scores(tuple(found.get(score, 0) for score in SCORES))
