"""The company's logo on its survey's pages."""

from __future__ import annotations

from flask import Blueprint, abort, make_response, request
from werkzeug.wrappers import Response

from socialproof.backends.storage.port import MissingObject, content_type
from socialproof.web import services
from socialproof.web.customer.access import survey_of

blueprint = Blueprint("logo", __name__)

LOGO_SECONDS = 600


@blueprint.get("/<survey_id>/logo")
def show(survey_id: str) -> Response:
    """The logo of the survey's company; the address carries a version, so a new logo is seen at once."""
    key = survey_of(survey_id).company.logo_key
    if not key:
        abort(404)
    try:
        with services().backends.storage.open(key) as stream:
            picture = stream.read()
    except MissingObject:
        abort(404)
    answer = make_response(picture, {"Content-Type": content_type(key)})
    answer.headers["Cache-Control"] = f"public, max-age={LOGO_SECONDS}"
    answer.add_etag()
    return answer.make_conditional(request)
