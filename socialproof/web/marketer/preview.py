"""The customer's pages with words that are not saved yet: the real templates, but nothing is recorded or sent."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from socialproof.domain.asking import Ask, ask_of
from socialproof.domain.colour import brand_colour
from socialproof.domain.nps import SCORES, Segment, segment_of
from socialproof.domain.responding import MAX_COMMENT_CHARACTERS
from socialproof.languages import known_language
from socialproof.surveys.models import Survey
from socialproof.surveys.wording import Wording, wording_for, wording_from
from socialproof.web.customer.access import is_embedded
from socialproof.web.customer.survey import brand_sheet
from socialproof.web.marketer.access import role_required
from socialproof.web.marketer.headers import policy
from socialproof.web.marketer.survey_forms import WordingForm
from socialproof.web.marketer.survey_page import found

blueprint = Blueprint("preview", __name__, url_prefix="/surveys/<survey_id>")

LOOKS = {
    "question": _l("The question"),
    "why-3": _l("After 0 to 6: why?"),
    "why-8": _l("After 7 or 8: why?"),
    "why-9": _l("After 9: why?"),
    "thanks-10": _l("After 10: thank you"),
    "thanks-9": _l("Thank you after 9"),
    "thanks-8": _l("Thank you after 7 or 8"),
    "thanks-3": _l("Thank you after 0 to 6"),
}
"""The pages of a customer's walk and a score that leads there."""


@blueprint.get("/preview")
def show(survey_id: str) -> Response:
    """As it is saved. ?lang= and ?score= choose the page, ?look= names it."""
    survey = found(survey_id)
    language = known_language(request.args.get("lang")) or survey.default_language
    return _render(survey, language, wording_for(survey, language), _look(request.args))


@blueprint.post("/preview")
@role_required("admin")
def typed(survey_id: str) -> Response:
    """As it would be with the words in the form; also the plain Preview button comes here."""
    survey = found(survey_id)
    language = known_language(request.form.get("language")) or survey.default_language
    form = WordingForm.of(survey, language)
    return _render(survey, language, wording_from(survey, language, form.words()), _look(request.form))


@blueprint.get("/brand.css")
def brand(survey_id: str) -> Response:
    """The survey's colour for the preview; ?color= tries another one. A draft has no public sheet yet."""
    survey = found(survey_id)
    tried = brand_colour(request.args.get("color", ""))
    colour = tried or survey.brand_color or survey.company.brand_color
    answer = make_response(brand_sheet(colour))
    answer.headers["Content-Type"] = "text/css; charset=utf-8"
    return answer


def _look(said: Any) -> tuple[str, int]:
    """Which page, and after which score. A lone score means the page that it leads to."""
    look = said.get("look", "")
    score = said.get("score", "")
    if look not in LOOKS and score in map(str, SCORES):
        return ("thanks", 10) if score == "10" else ("why", int(score))
    name, _dash, after = (look if look in LOOKS else "question").partition("-")
    return name, int(after or 10)


def _render(survey: Survey, language: str, wording: Wording, look: tuple[str, int]) -> Response:
    name, score = look
    template = "customer/survey/show.html" if name == "question" else f"customer/response/{_FILES[name]}.html"
    with force_locale(language):
        html = render_template(template, **_frame(survey, language), **_visit(survey, wording, score))
    answer = make_response(_SCRIPTS.sub("", html))
    answer.headers["Content-Security-Policy"] = policy(
        script_src="'self'" if is_embedded() else "'none'",
        connect_src="'none'",
        form_action="'none'",
        frame_ancestors="'self'",
    )
    return answer


_SCRIPTS = re.compile(r"<script\b(?![^>]*customer/embedded\.js)[^>]*></script>")
"""A preview is a picture: nothing in it runs, so nothing is asked for; in a popup's frame it tells its height."""
_FILES = {"why": "show", "thanks": "thanks"}


def _frame(survey: Survey, language: str) -> dict[str, Any]:
    """What the customer's layout shows around the page."""
    return {
        "language": language,
        "embedded": is_embedded(),
        "company_name": survey.company.name,
        "company_logo": logo_address(survey),
        "brand_url": url_for(".brand", survey_id=survey.public_id),
        "kept": {},
    }


def logo_address(survey: Survey) -> str | None:
    """The company's logo, as the customer will see it."""
    return url_for("marketer.company.logo") if survey.company.logo_key else None


def _visit(survey: Survey, wording: Wording, score: int) -> dict[str, Any]:
    """A customer who gave this score; nobody did, and nothing of it reaches the database."""
    ask = ask_of(score, asks_for_testimonial=survey.asks_for_testimonial, promoters_only=survey.promoters_only)
    return {
        "survey": survey,
        "wording": wording,
        "action": "#",
        "answer_key": "",
        "source": "link",
        "chosen": None,
        "confirm": "send",
        "error": "",
        "token": "preview",
        "response": SimpleNamespace(score=score, comment="", changed_at=None),
        "why": wording.why(score),
        "thank_you": wording.thanks(score),
        "is_promoter": segment_of(score) is Segment.PROMOTER,
        "typed": "",
        "most_characters": MAX_COMMENT_CHARACTERS,
        "may_change": False,
        "is_closed": False,
        "asks": ask is Ask.AT_ONCE,
        "may_write": ask is Ask.SMALL,
        "may_record": survey.allows_video,
    }
