"""Surveys are made, worded, opened and closed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from socialproof.companies import audit
from socialproof.companies.models import Company, User
from socialproof.database import record
from socialproof.domain.errors import RuleBroken
from socialproof.domain.events import SurveyChanged
from socialproof.domain.survey import SurveyKind, checked_name, checked_retention, state_after
from socialproof.languages import LANGUAGES
from socialproof.surveys.models import Survey, SurveyWording
from socialproof.surveys.wording import WORDING_FIELDS

ASKED_IN_THE_SCORE = ("question", "low_label", "high_label")
"""Words that every counted answer was given to: changing them changes what the figures mean."""


@dataclass(frozen=True, slots=True)
class SurveySettings:
    """Everything about a survey but its words and its state."""

    name: str
    default_language: str = "en"
    brand_color: str = ""
    asks_for_testimonial: bool = True
    allows_video: bool = True
    promoters_only: bool = False
    max_video_seconds: int = 120
    video_retention_days: int = 180
    reward_text: str = ""
    embed_domains: list[str] = field(default_factory=list)


def create_survey(
    session: Session, *, company: Company, user: User, name: str, kind: str, language: str, now: datetime
) -> Survey:
    """A new draft. Its kind stays for ever, because answers of different kinds are never one figure."""
    survey = Survey(
        company_id=company.id,
        company=company,
        name=checked_name(name),
        kind=SurveyKind(kind).value,
        default_language=language if language in LANGUAGES else company.default_language,
        created_at=now,
    )
    session.add(survey)
    session.flush()
    _note(session, survey, user, "survey.created", now)
    return survey


def change_settings(session: Session, *, survey: Survey, settings: SurveySettings, user: User, now: datetime) -> None:
    """Keep the settings; values are checked before, only rules that protect something stand here again.

    RuleBroken("retention") when originals would be kept for no time or for ever.
    """
    checked_name(settings.name)
    checked_retention(settings.video_retention_days)
    before = {name: getattr(survey, name) for name in SurveySettings.__slots__}
    changed = [name for name, old in before.items() if getattr(settings, name) != old]
    for name in changed:
        setattr(survey, name, getattr(settings, name))
    if changed:
        _note(session, survey, user, "survey.changed", now, fields=changed)


def change_wording(
    session: Session,
    *,
    survey: Survey,
    language: str,
    words: Mapping[str, Any],
    answers: int,
    is_understood: bool,
    user: User,
    now: datetime,
) -> bool:
    """Keep the company's own words in one language; an empty field goes back to the standard words.

    RuleBroken("comparability") when the question or its scale changes after `answers` were given and the
    person has not said that they know what that does to the figures. Returns whether anything changed.
    """
    if language not in LANGUAGES:
        raise RuleBroken("unknown_language")
    own = next((wording for wording in survey.wordings if wording.language == language), None)
    empty: dict[str, Any] = {name: [] if name == "testimonial_prompts" else "" for name in WORDING_FIELDS}
    before = {name: getattr(own, name) for name in WORDING_FIELDS} if own else empty
    changed = [name for name in WORDING_FIELDS if words.get(name, before[name]) != before[name]]
    if answers and not is_understood and any(name in ASKED_IN_THE_SCORE for name in changed):
        raise RuleBroken("comparability", answers=answers)
    if not changed:
        return False
    if own is None:
        own = SurveyWording(language=language, **empty)
        survey.wordings.append(own)
    for name in changed:
        setattr(own, name, words[name])
    old = {name: before[name] for name in changed}
    _note(session, survey, user, "survey.reworded", now, language=language, before=old, answers=answers)
    return True


def open_survey(session: Session, *, survey: Survey, user: User, now: datetime) -> None:
    """Take answers from now on; also opens a closed survey again. RuleBroken("already_open")."""
    survey.state = state_after(survey.state, "open").value
    survey.opened_at = survey.opened_at or now
    survey.closed_at = None
    _note(session, survey, user, "survey.opened", now)


def close_survey(session: Session, *, survey: Survey, user: User, now: datetime) -> None:
    """Take no more answers; links stay and explain. RuleBroken("already_closed") or ("never_opened")."""
    survey.state = state_after(survey.state, "close").value
    survey.closed_at = now
    _note(session, survey, user, "survey.closed", now)


def _note(session: Session, survey: Survey, user: User, action: str, now: datetime, **details: Any) -> None:
    about = {"survey": survey.public_id, **details}
    audit.note(session, company=survey.company, user=user, action=action, subject=survey.name, now=now, **about)
    record(session, SurveyChanged(company_id=survey.company_id, survey_id=survey.id))
