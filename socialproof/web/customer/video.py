"""The page where a customer records a video, or chooses a file, and sends it; and how they see it themselves."""

from __future__ import annotations

from io import BytesIO

import segno
from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from socialproof.database import db
from socialproof.media.models import Media
from socialproof.media.queries import media_of_response
from socialproof.responses import models as responses
from socialproof.surveys.wording import wording_for
from socialproof.testimonials.recording import may_record
from socialproof.web import services
from socialproof.web.customer import access
from socialproof.web.files import send_variant

blueprint = Blueprint("video", __name__, url_prefix="/r/<token>/video")

WITH_CAMERA = "camera=(self), microphone=(self), geolocation=(), payment=()"
OWN_VARIANTS = ("video.mp4", "video-360.mp4", "poster.webp", "preview.webp")


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


@blueprint.get("/qr.svg")
def qr(token: str) -> AnyResponse:
    """The address of the recorder as a picture for another device's camera, black on white also on a dark page."""
    access.response_of(token)
    picture = BytesIO()
    code = segno.make(_phone_url(token), error="l", micro=False)
    code.save(picture, kind="svg", border=4, light="#ffffff", omitsize=True)
    answer = make_response(picture.getvalue())
    answer.headers["Content-Type"] = "image/svg+xml"
    return answer


@blueprint.get("/media/<media_id>/<variant>")
def media(token: str, media_id: str, variant: str) -> AnyResponse:
    """A finished file of the customer's own video, for nobody else's eyes."""
    found = _own(token, media_id)
    if found is None or variant not in OWN_VARIANTS:
        access.unknown_link()
    return send_variant(found, variant, caching=access.OWN_FILES)


@blueprint.get("/media/<media_id>")
def prepared(token: str, media_id: str) -> AnyResponse:
    """The piece of the written page that shows the video, or how far it is; 404 with words once it is not here."""
    found = _own(token, media_id)
    words = {"token": token, "video": found, "record_url": _own_url("record", token)}
    return make_response(render_template("customer/video/prepared.html", **words), 200 if found else 404)


def _own(token: str, media_id: str) -> Media | None:
    return media_of_response(db.session(), access.response_of(token), media_id, "video")


def _page(token: str, response: responses.Response) -> dict[str, object]:
    settings = services().settings
    return {
        "token": token,
        "prompts": wording_for(response.survey, access.page_language()).testimonial_prompts,
        "max_seconds": min(settings.max_video_seconds, response.survey.max_video_seconds),
        "max_bytes": settings.max_video_bytes,
        "begin_url": url_for("customer.uploads.begin", token=token, **access.kept_in_links()),
        "done_url": url_for("customer.testimonial.done", token=token, **access.kept_in_links()),
        "qr_url": url_for("customer.video.qr", token=token, lang=access.page_language()),
        "phone_url": _phone_url(token),
    }


def _own_url(view: str, token: str) -> str:
    return url_for(f"customer.video.{view}", token=token, **access.kept_in_links())


def _phone_url(token: str) -> str:
    """Absolute; without the frame that this page may stand in, and in the language that is read here."""
    path = url_for("customer.video.record", token=token, lang=access.page_language())
    return services().settings.base_url + path
