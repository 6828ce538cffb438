"""What the pages of one survey share: finding it, its frame, its answers so far."""

from __future__ import annotations

from typing import Any

from flask import abort, make_response, render_template, url_for
from werkzeug.wrappers import Response

from socialproof.database import db
from socialproof.domain.nps import Scores
from socialproof.responses.insight import score_counts
from socialproof.surveys.catalogue import survey_of
from socialproof.surveys.models import Survey
from socialproof.web import services
from socialproof.web.marketer.access import current
from socialproof.web.marketer.filters import is_public_id


def found(survey_id: str) -> Survey:
    """The survey in the company of the session; missing and foreign are the same 404."""
    survey = survey_of(db.session(), current().company.id, survey_id) if is_public_id(survey_id) else None
    if survey is None:
        abort(404)
    return survey


def answers_to(survey: Survey) -> Scores:
    """The counted answers to this survey so far."""
    return score_counts(db.session(), survey.company_id, survey.id)


def page(name: str, survey: Survey, status: int = 200, **context: Any) -> Response:
    """A page of one survey: template `marketer/<name>.html` inside the survey's own frame."""
    html = render_template(f"marketer/{name}.html", survey=survey, here=name, scores=answers_to(survey), **context)
    return make_response(html, status)


def public_link(survey: Survey, query: str = "") -> str:
    """The address that customers open; `query` such as "?source=qr" goes at its end."""
    return services().settings.base_url + url_for("customer.survey.show", survey_id=survey.public_id) + query
