"""The company's logo on its survey's pages."""

from __future__ import annotations

from flask import Blueprint, Response

from socialproof.web.customer.access import survey_of
from socialproof.web.files import send_logo

blueprint = Blueprint("logo", __name__)

LOGO_SECONDS = 600


@blueprint.get("/<survey_id>/logo")
def show(survey_id: str) -> Response:
    """The logo of the survey's company; the address carries a version, so a new logo is seen at once."""
    return send_logo(survey_of(survey_id).company.logo_key, caching=f"public, max-age={LOGO_SECONDS}")
