"""The page where a customer records a video, or chooses a file, and sends it."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from socialproof.database import db
from socialproof.responses import models as responses
from socialproof.surveys.wording import wording_for
from socialproof.testimonials.recording import may_record
from socialproof.web import services
from socialproof.web.customer import access

blueprint = Blueprint("video", __name__, url_prefix="/r/<token>/video")

WITH_CAMERA = "camera=(self), microphone=(self), geolocation=(), payment=()"


@blueprint.get("")
def record(token: str) -> AnyResponse:
    """The recorder; who may not record goes to the written testimonial."""
    response = access.response_of(token)
    write_url = url_for("customer.testimonial.write", token=token, **access.kept_in_links())
    if not may_record(db.session(), response=response):
        return redirect(write_url, 303)
    answer = make_response(render_template("customer/video/record.html", write_url=write_url, **_page(token, response)))
    answer.headers["Permissions-Policy"] = WITH_CAMERA
    return answer


def _page(token: str, response: responses.Response) -> dict[str, object]:
    settings = services().settings
    return {
        "prompts": wording_for(response.survey, access.page_language()).testimonial_prompts,
        "max_seconds": min(settings.max_video_seconds, response.survey.max_video_seconds),
        "max_bytes": settings.max_video_bytes,
        "begin_url": url_for("customer.uploads.begin", token=token, **access.kept_in_links()),
    }
