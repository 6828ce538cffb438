"""Figures and state words as the reader says them: template filters for the pages that show scores."""

from __future__ import annotations

from datetime import date

from flask import Blueprint
from flask_babel import format_date, format_decimal, format_percent
from flask_babel import gettext as _

from socialproof.domain.nps import Band, Scores, Segment, band_of, signed
from socialproof.domain.periods import Span, Step
from socialproof.domain.statistics import may_show, shown_margin
from socialproof.domain.survey import SurveyKind, SurveyState


def score_word(scores: Scores) -> str:
    """The score with its margin, or that there are too few answers for one."""
    if not may_show(scores):
        return str(_("collecting answers"))
    return f"{signed(scores.nps())} ± {shown_margin(scores)}"


def number(count: int) -> str:
    return str(format_decimal(count))


def percent(share: float) -> str:
    """A share as a whole per cent; a part that is there but rounds to none says so."""
    if 0 < share < 0.005:
        return str(_("under %(least)s", least=format_percent(0.01)))
    return str(format_percent(share))


def step_label(start: date, step: Step) -> str:
    """The full name of a month or quarter."""
    return str(format_date(start, "LLLL yyyy" if step is Step.MONTH else "QQQ yyyy"))


def step_short(start: date, step: Step) -> str:
    """A name that fits under a mark; the year stands where it begins."""
    if step is Step.QUARTER:
        return str(format_date(start, "QQQ yy"))
    return str(format_date(start, "yyyy" if start.month == 1 else "LLL")).rstrip(".")


def segment_word(segment: Segment) -> str:
    words: dict[Segment, str] = {
        Segment.PROMOTER: _("Promoters"),
        Segment.PASSIVE: _("Passives"),
        Segment.DETRACTOR: _("Detractors"),
    }
    return words[Segment(segment)]


def one_segment_word(segment: Segment) -> str:
    words: dict[Segment, str] = {
        Segment.PROMOTER: _("Promoter"),
        Segment.PASSIVE: _("Passive"),
        Segment.DETRACTOR: _("Detractor"),
    }
    return words[Segment(segment)]


def band_word(score: int) -> str:
    words: dict[Band, str] = {
        Band.ROOM_TO_GROW: _("Room to grow"),
        Band.GOOD: _("Good"),
        Band.EXCELLENT: _("Excellent"),
        Band.WORLD_CLASS: _("World class"),
    }
    return words[band_of(score)]


def is_good(score: int) -> bool:
    """Whether the band is worth a green badge."""
    return band_of(score) is not Band.ROOM_TO_GROW


def span_word(span: Span) -> str:
    words: dict[Span, str] = {
        Span.DAYS_30: _("Last 30 days"),
        Span.DAYS_90: _("Last 90 days"),
        Span.MONTHS_12: _("Last 12 months"),
        Span.ALL: _("Since the beginning"),
    }
    return words[span]


def kind_word(kind: str) -> str:
    return str(_("Transactional") if kind == SurveyKind.TRANSACTIONAL else _("Relationship"))


def state_word(state: str) -> str:
    words: dict[SurveyState, str] = {
        SurveyState.DRAFT: _("Draft"),
        SurveyState.OPEN: _("Open"),
        SurveyState.CLOSED: _("Closed"),
    }
    return words[SurveyState(state)]


def register_words(blueprint: Blueprint) -> None:
    """Give the templates of this page these words; names are the functions' own."""
    words = (
        signed, score_word, number, percent, step_label, step_short, segment_word, one_segment_word, band_word, is_good,
        span_word, kind_word, state_word,
    )  # fmt: skip
    blueprint.context_processor(lambda: {word.__name__: word for word in words})
