"""The first page of the team: where the score stands, how sure that is, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from socialproof.clock import now
from socialproof.companies.models import Company
from socialproof.database import db
from socialproof.domain.nps import Scores, segment_of
from socialproof.domain.periods import Period, Span, Step, next_start, year_before
from socialproof.domain.statistics import Change, change, may_show, shown_margin
from socialproof.responses import insight
from socialproof.surveys.catalogue import surveys_of
from socialproof.surveys.models import Survey
from socialproof.testimonials.insight import proof_funnel
from socialproof.web.marketer import access, charts
from socialproof.web.marketer.dashboard_words import register_words
from socialproof.web.marketer.filters import Filter, read_filter

blueprint = Blueprint("dashboard", __name__)
register_words(blueprint)

MOST_TREND_POINTS = 36
CHARTS = (charts.WIDE, charts.NARROW)
BARS = (charts.BARS_WIDE, charts.BARS_NARROW)


@blueprint.get("/")
def show() -> str:
    """The dashboard; everything it says can be shared as an address."""
    company, today = access.current().company, now().date()
    surveys = surveys_of(db.session(), company.id)
    chosen = read_filter(request.args, surveys, today)
    score = score_of(db.session(), company, chosen)
    return render_template(
        "marketer/dashboard/show.html",
        chosen=chosen,
        surveys=surveys,
        score=score,
        step=next_step(surveys, chosen, score),
        trends=trends(db.session(), company, chosen, today),
        bars=[(size, charts.distribution_bars(score.scores, size)) for size in BARS],
        slices=charts.segment_slices(score.scores),
        funnel=funnel(db.session(), company.id, chosen),
        answers=newest(db.session(), company.id, chosen),
        shared=chosen.survey or next((survey for survey in surveys if can_share(survey, chosen)), None),
        on_meter=charts.on_meter,
        segment_of=segment_of,
        spans=list(Span),
        steps=Step,
    )


def can_share(survey: Survey, chosen: Filter) -> bool:
    return survey.kind == chosen.kind and survey.state == "open"


@dataclass(frozen=True, slots=True)
class ScoreNow:
    """One figure with all that keeps it honest. Without `nps` there are too few answers for a number."""

    scores: Scores
    period: Period
    population: int | None
    nps: int | None
    margin: int | None
    low: int
    high: int
    change: Change | None
    ever_answered: bool


def population_of(company: Company, chosen: Filter) -> int | None:
    """The customer base that a relationship survey samples; events have no base that is known."""
    return company.customer_count if chosen.kind == "relationship" else None


def score_of(session: Session, company: Company, chosen: Filter) -> ScoreNow:
    """The score of the chosen period and its step from the one before."""

    def counts(period: Period) -> Scores:
        return insight.score_counts(
            session, company.id, chosen.survey_id, period.from_on, period.to_on, kind=chosen.kind
        )

    scores, population = counts(chosen.period), population_of(company, chosen)
    previous = chosen.period.previous
    shown = may_show(scores, population)
    nps, wide = (scores.nps(), shown_margin(scores, population) or 0) if shown else (0, 0)
    first = insight.first_day(session, company.id, chosen.kind, chosen.survey_id)
    return ScoreNow(
        scores=scores,
        period=Period(chosen.period.from_on or first, chosen.period.to_on),
        population=population,
        nps=nps if shown else None,
        margin=wide if shown else None,
        low=max(-100, nps - wide),
        high=min(100, nps + wide),
        change=change(counts(previous), scores, population) if previous else None,
        ever_answered=first is not None,
    )


def next_step(surveys: Sequence[Survey], chosen: Filter, score: ScoreNow) -> str:
    """What stands between the company and its figures: a word that the template turns into advice."""
    of_kind = [survey for survey in surveys if survey.kind == chosen.kind]
    if not of_kind:
        return "create" if not surveys else "create_kind"
    if score.scores.answers:
        return ""
    if score.ever_answered:
        return "widen"
    asked = [chosen.survey] if chosen.survey else of_kind
    return "share" if any(survey.state == "open" for survey in asked) else "open"


def trends(session: Session, company: Company, chosen: Filter, today: date) -> list[charts.TrendChart]:
    """The trend drawn twice, for a desk and for a phone: twelve months, or all there is up to three years."""
    start = year_before(next_start(today.replace(day=1), Step.MONTH))
    if chosen.period.from_on is None or chosen.step is Step.QUARTER:
        first = insight.first_day(session, company.id, chosen.kind, chosen.survey_id) or start
        start = max(min(first, start), date(today.year - 3, today.month, 1))
    points = insight.trend(session, company.id, chosen.kind, chosen.step, start, today, chosen.survey_id)
    points = points[-MOST_TREND_POINTS:]
    return [charts.trend_chart(points, size, population_of(company, chosen)) for size in CHARTS]


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step; `share` is its part of the widest step, `of_previous` of the one before, or None."""

    name: str
    label: str
    count: int
    share: float
    of_previous: float | None


def funnel(session: Session, company_id: int, chosen: Filter) -> list[FunnelStep]:
    """invited → answered → asked → submitted → published."""
    span = (chosen.kind, chosen.survey_id, chosen.period.from_on, chosen.period.to_on)
    replies = insight.response_funnel(session, company_id, *span)
    gifts = proof_funnel(session, company_id, *span)
    counts = {
        "invited": (_("Invited by personal link"), replies.invited),
        "answered": (_("Answered"), replies.answered),
        "asked": (_("Asked for a testimonial"), replies.asked),
        "submitted": (_("Testimonial sent in"), gifts.submitted),
        "published": (_("Published"), gifts.published),
    }
    widest = max(count for _label, count in counts.values()) or 1
    steps: list[FunnelStep] = []
    for name, (label, count) in counts.items():
        before = steps[-1].count if steps else 0
        part = count / before if before and count <= before else None
        if name == "answered":
            part = replies.invited_answered / replies.invited if replies.invited else None
        steps.append(FunnelStep(name, label, count, count / widest, part))
    return steps


def newest(session: Session, company_id: int, chosen: Filter) -> insight.AnswerPage:
    return insight.newest_answers(
        session,
        company_id,
        chosen.kind,
        survey_id=chosen.survey_id,
        segment=chosen.segment,
        from_on=chosen.period.from_on,
        to_on=chosen.period.to_on,
        before=chosen.before,
        limit=10,
    )
