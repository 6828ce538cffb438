"""The words of a survey in one language: the company's own where there are any, else the product's standard words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from socialproof.domain.nps import Segment, segment_of
from socialproof.languages import translations
from socialproof.surveys.models import Survey


@dataclass(frozen=True, slots=True)
class Wording:
    """Every sentence that a survey says to its customer. Plain text; templates escape it."""

    question: str
    low_label: str
    high_label: str
    why_detractor: str
    why_passive: str
    why_nine: str
    why_ten: str
    thanks_detractor: str
    thanks_passive: str
    thanks_promoter: str
    testimonial_prompts: list[str]

    def why(self, score: int) -> str:
        """The open question that follows this score; a 9 is not a 10."""
        if score == 9:
            return self.why_nine
        return {
            Segment.DETRACTOR: self.why_detractor,
            Segment.PASSIVE: self.why_passive,
            Segment.PROMOTER: self.why_ten,
        }[segment_of(score)]

    def thanks(self, score: int) -> str:
        """The thank-you of this score's segment."""
        return {
            Segment.DETRACTOR: self.thanks_detractor,
            Segment.PASSIVE: self.thanks_passive,
            Segment.PROMOTER: self.thanks_promoter,
        }[segment_of(score)]


WORDING_FIELDS = tuple(field.name for field in fields(Wording))
"""Names of all wordings, in the order of the customer's walk."""


def wording_for(survey: Survey, language: str) -> Wording:
    """What this survey says in `language`; an empty field falls back to the standard words in that language."""
    own = next((wording for wording in survey.wordings if wording.language == language), None)
    return wording_from(survey, language, {name: getattr(own, name) for name in WORDING_FIELDS} if own else {})


def wording_from(survey: Survey, language: str, own: Mapping[str, Any]) -> Wording:
    """The standard words in `language`, replaced by each field of `own` that says something; for previews too."""
    standard = standard_wording(survey.kind, survey.company.name, language)
    return Wording(**{name: own.get(name) or getattr(standard, name) for name in WORDING_FIELDS})


def standard_wording(kind: str, company_name: str, language: str) -> Wording:
    """The product's own words in `language` for a relationship or a transactional survey."""
    _ = translations(language).gettext
    if kind == "transactional":
        question = _("After this experience, how likely are you to recommend %(company)s to a friend or colleague?")
    else:
        question = _("How likely are you to recommend %(company)s to a friend or colleague?")
    return Wording(
        question=question % {"company": company_name},
        low_label=_("Not at all likely"),
        high_label=_("Extremely likely"),
        why_detractor=_("What went wrong, and how may we help?"),
        why_passive=_("What would have made it a 10?"),
        why_nine=_("What was missing for a 10?"),
        why_ten=_("What do you like most?"),
        thanks_detractor=_("Thank you for telling us. We read every answer and want to make this right."),
        thanks_passive=_("Thank you. Your answer shows us what to improve next."),
        thanks_promoter=_("Thank you! It means a lot to us."),
        testimonial_prompts=[
            _("What was it like before you found us?"),
            _("What has changed since then?"),
            _("Whom would you recommend us to, and why?"),
        ],
    )
