"""What the reader of the dashboard wants to see: read from the address; anything odd means the default."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from socialproof.domain.nps import Segment
from socialproof.domain.periods import Period, Span, Step, period_of
from socialproof.domain.survey import SurveyKind
from socialproof.surveys.models import Survey

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Filter:
    """One kind of survey always; a survey and a segment perhaps."""

    kind: SurveyKind
    survey: Survey | None
    segment: Segment | None
    span: Span
    step: Step
    period: Period
    before: str | None

    @property
    def survey_id(self) -> int | None:
        return self.survey.id if self.survey else None

    def query(self, **changes: object) -> dict[str, str]:
        """This choice as parameters of the address, changed; defaults are left out, so is the page."""
        wanted = replace(self, before=None, **changes)  # type: ignore[arg-type]
        said = {
            "kind": wanted.kind.value,
            "survey": wanted.survey.public_id if wanted.survey else "",
            "segment": wanted.segment.value if wanted.segment else "",
            "period": "" if wanted.span is Span.MONTHS_12 else wanted.span.value,
            "by": "" if wanted.step is Step.MONTH else wanted.step.value,
        }
        return {name: word for name, word in said.items() if word}


def read_filter(args: Mapping[str, str], surveys: Sequence[Survey], today: date) -> Filter:
    """The choice behind the address. A survey of another company or kind is no survey here."""
    named = next((survey for survey in surveys if survey.public_id == args.get("survey")), None)
    kind = _word(SurveyKind, args.get("kind")) or _usual_kind(named, surveys)
    span = _word(Span, args.get("period")) or Span.MONTHS_12
    before = args.get("before", "")
    return Filter(
        kind=kind,
        survey=named if named and named.kind == kind else None,
        segment=_word(Segment, args.get("segment")),
        span=span,
        step=_word(Step, args.get("by")) or Step.MONTH,
        period=period_of(span, today),
        before=before if is_public_id(before) else None,
    )


def is_public_id(said: str) -> bool:
    """Whether a row could have this public id at all; what could not is never asked of the database."""
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{1,22}", said))


def _usual_kind(named: Survey | None, surveys: Sequence[Survey]) -> SurveyKind:
    if named:
        return SurveyKind(named.kind)
    only_transactional = surveys and all(survey.kind == "transactional" for survey in surveys)
    return SurveyKind.TRANSACTIONAL if only_transactional else SurveyKind.RELATIONSHIP


def _word(words: type[Word], said: str | None) -> Word | None:
    try:
        return words(said or "")
    except ValueError:
        return None
