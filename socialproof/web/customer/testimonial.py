"""Give a testimonial: one's own words or a recording, who says so, and where it may be shown."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from socialproof import clock
from socialproof.database import db, transaction
from socialproof.domain.asking import Ask, is_comment_praise
from socialproof.domain.consent import PURPOSES
from socialproof.domain.errors import RuleBroken
from socialproof.domain.testimonial import MOST_TEXT
from socialproof.media.models import Media
from socialproof.media.queries import media_of_response
from socialproof.responses.models import Response
from socialproof.responses.service import ask_for
from socialproof.surveys.wording import wording_for
from socialproof.testimonials.models import Testimonial
from socialproof.testimonials.queries import testimonial_of_response
from socialproof.testimonials.references import not_now
from socialproof.testimonials.service import submit_testimonial
from socialproof.testimonials.wording import consent_texts, purpose_name, seen_digest
from socialproof.tokens import Purpose
from socialproof.web import services
from socialproof.web.customer.access import (
    OWN_FILES,
    kept_in_links,
    limit_body,
    page_language,
    response_of,
    unknown_link,
)
from socialproof.web.customer.photo import SentPhoto, allow_photo, sent_photo
from socialproof.web.customer.refusals import no_room, sentence
from socialproof.web.customer.testimonial_form import TestimonialForm
from socialproof.web.files import send_variant

blueprint = Blueprint("testimonial", __name__, url_prefix="/r/<token>/testimonial")


@blueprint.get("")
def write(token: str) -> BaseResponse:
    """The form, with what is known already."""
    response = response_of(token)
    elsewhere = _elsewhere(token, response)
    if elsewhere:
        return redirect(elsewhere, 303)
    return _page(token, response, TestimonialForm(data=_known(response)), SentPhoto(), set())


@blueprint.post("")
def submit(token: str) -> BaseResponse:
    """Keep everything at once; a second sending changes nothing and arrives at the same thanks."""
    allow_photo()
    response = response_of(token)
    elsewhere = _elsewhere(token, response)
    if elsewhere:
        return redirect(elsewhere, 303)
    form, photo = TestimonialForm(request.form), sent_photo(response)
    purposes = set(request.form.getlist("purpose")) & set(PURPOSES)
    is_stale = bool(purposes) and request.form.get("consent_seen") != _seen_now(response)
    # Who removes a photo, or read consents that have changed since, sees the page again with everything typed.
    if not form.validate() or photo.error or is_stale or "remove_photo" in request.form:
        purposes = set() if is_stale else purposes
        return _page(token, response, form, photo, purposes, status=422, is_stale=is_stale)
    return _keep(token, response, form, photo, purposes)


@blueprint.post("/later")
def put_aside(token: str) -> BaseResponse:
    """Not now: nothing is kept of the page, and no letter asks again too soon."""
    limit_body()
    with transaction() as session:
        not_now(session, response=response_of(token), now=clock.now())
    # Whoever has just answered the ask is not asked a second time on the next page.
    return redirect(url_for("customer.response.thanks", token=token, **kept_in_links(), private="1"), 303)


@blueprint.get("/done")
def done(token: str) -> BaseResponse:
    """Thank you, what happens next, and the link by which everything can be taken back."""
    response = response_of(token)
    testimonial = testimonial_of_response(db.session(), response)
    if testimonial is None:
        return redirect(_address("customer.testimonial.write", token), 303)
    link = _manage_link(testimonial)
    words = {"testimonial": testimonial, "manage_url": link, "survey": response.survey}
    return make_response(render_template("customer/testimonial/done.html", **words))


@blueprint.get("/photo/<media_id>")
def photo(token: str, media_id: str) -> BaseResponse:
    """The customer's own photo, for nobody else's eyes yet."""
    media = media_of_response(db.session(), response_of(token), media_id, "photo")
    return send_variant(media, "192.webp", caching=OWN_FILES) if media else unknown_link()


def _keep(token: str, response: Response, form: TestimonialForm, photo: SentPhoto, purposes: set[str]) -> BaseResponse:
    try:
        with transaction() as session:
            submit_testimonial(
                session,
                response=response,
                text=form.text.data,
                author=form.author,
                attribution=form.chosen_attribution,
                purposes=purposes,
                language=page_language(),
                photo_media=photo.media,
                video_media=_video(response),
                now=clock.now(),
            )
        return redirect(_address("customer.testimonial.done", token), 303)
    except RuleBroken as broken:
        form.refuse(broken)
        return _page(token, response, form, photo, purposes, status=422)
    except OperationalError as error:
        refusal = no_room(error)
        return _page(token, response, form, photo, purposes, status=507, trouble=sentence(refusal))


def _page(
    token: str,
    response: Response,
    form: TestimonialForm,
    photo: SentPhoto,
    purposes: set[str],
    *,
    status: int = 200,
    is_stale: bool = False,
    trouble: str = "",
) -> BaseResponse:
    language = page_language()
    texts = consent_texts(response.survey.company.name, language)
    words = {
        "token": token,
        "form": form,
        "survey": response.survey,
        "prompts": wording_for(response.survey, language).testimonial_prompts,
        "is_quote": _asked_for("from") == "comment" and bool(response.comment),
        "video": _video(response),
        "video_was_lost": bool(_asked_for("video")) and _video(response) is None,
        "record_url": _record_url(token, response),
        "photo": photo,
        "most_photo_bytes": services().settings.max_photo_bytes,
        "photo_endpoint": "customer.testimonial.photo",
        "consents": [(each, purpose_name(each.purpose, language)) for each in texts],
        "consent_seen": seen_digest(texts),
        "is_stale": is_stale,
        "trouble": trouble,
        "purposes": purposes,
        "most_text": MOST_TEXT,
        "headings": _headings(response),
    }
    return make_response(render_template("customer/testimonial/write.html", **words), status)


def _headings(response: Response) -> tuple[str, str]:
    if _video(response):
        return _("Your recording is saved"), _("Who is speaking, and where may it be shown? Then it is sent.")
    if _asked_for("from") == "comment" and response.comment:
        return _("May we quote you?"), _("These are your words. Change them as you like.")
    return _("In your own words"), _("A few honest sentences help others most. You decide where they are shown.")


def _known(response: Response) -> dict[str, str]:
    """What the customer wrote a minute ago, and what the company knew before it asked."""
    contact = response.contact
    is_wished = _asked_for("from") == "comment" or is_comment_praise(response.score)
    return {
        "text": response.comment if is_wished and not _video(response) else "",
        "name": contact.name if contact else "",
        "role": contact.role if contact else "",
        "organisation": contact.organisation if contact else "",
        "email": (contact.email or "") if contact else "",
    }


def _elsewhere(token: str, response: Response) -> str:
    """Where this customer belongs instead: it is given already, or this survey does not ask them."""
    if testimonial_of_response(db.session(), response) is not None:
        return _address("customer.testimonial.done", token)
    if ask_for(response) is Ask.NONE:
        return _address("customer.response.thanks", token)
    return ""


def _asked_for(name: str) -> str:
    return request.form.get(name, "") or request.args.get(name, "")


def _video(response: Response) -> Media | None:
    return media_of_response(db.session(), response, _asked_for("video")[:22], "video")


def _record_url(token: str, response: Response) -> str:
    if not response.survey.allows_video:
        return ""
    return _address("customer.video.record", token)


def _address(endpoint: str, token: str) -> str:
    kept: dict[str, Any] = {**kept_in_links()}
    return url_for(endpoint, token=token, **kept)


def _seen_now(response: Response) -> str:
    return seen_digest(consent_texts(response.survey.company.name, page_language()))


def _manage_link(testimonial: Testimonial) -> str:
    token = services().tokens.sign(Purpose.MANAGE, testimonial.public_id)
    return services().settings.base_url + url_for("customer.manage.show", token=token)
