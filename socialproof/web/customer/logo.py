"""The company's logo on its survey's pages."""

from __future__ import annotations

from flask import Blueprint, abort, request, send_file
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
        stream = services().backends.storage.open(key)
    except MissingObject:
        abort(404)
    answer = send_file(stream, content_type(key), etag=key.rpartition("/")[2], max_age=LOGO_SECONDS)
    answer.headers["Cache-Control"] = f"public, max-age={LOGO_SECONDS}"
    return answer.make_conditional(request)
