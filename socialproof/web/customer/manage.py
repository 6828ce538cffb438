"""The customer's own page for a testimonial, for ever: see, change, allow, take back, erase, take along."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as BaseResponse

from socialproof import clock
from socialproof.database import db, transaction
from socialproof.domain.captions import say_time
from socialproof.domain.consent import PURPOSES, standing
from socialproof.domain.errors import RuleBroken
from socialproof.domain.publication import REVIEWED, are_captioned
from socialproof.domain.testimonial import MOST_TEXT
from socialproof.domain.widget import monogram, shown_name
from socialproof.languages import known_language
from socialproof.media.models import Captions, Media
from socialproof.media.queries import source_kept_until
from socialproof.testimonials.erasing import erase_testimonial
from socialproof.testimonials.export import exported
from socialproof.testimonials.models import Testimonial
from socialproof.testimonials.queries import (
    captions_states,
    is_shown,
    media_of_testimonial,
    shown_media,
    testimonial_behind_link,
)
from socialproof.testimonials.service import (
    change_consents,
    change_photo,
    edit_testimonial,
    withdraw_testimonial,
)
from socialproof.testimonials.wording import consent_texts, purpose_name, seen_digest
from socialproof.tokens import Purpose
from socialproof.web import services
from socialproof.web.captions import FILE as CAPTIONS
from socialproof.web.captions import send_captions
from socialproof.web.customer.access import OWN_FILES, enter, limit_body, page_language, subject_of, unknown_link
from socialproof.web.customer.photo import WORDS_BYTES, allow_photo, sent_photo
from socialproof.web.customer.testimonial_form import TestimonialForm, filled_from
from socialproof.web.files import send_variant

blueprint = Blueprint("manage", __name__, url_prefix="/t/<token>")

NEWS = {
    "saved": _l("Your changes are saved."),
    "consent": _l("Your consent is saved as you chose it."),
    "photo": _l("Your photo is changed."),
    "withdrawn": _l("You took your testimonial back. It disappears everywhere within a minute."),
}


@blueprint.get("")
def show(token: str) -> BaseResponse:
    """Everything that is stored, and whether the world sees it."""
    testimonial = _testimonial(token)
    return _erased(testimonial) if testimonial.erased_at else _show(token, testimonial)


@blueprint.get("/edit")
def edit(token: str) -> BaseResponse:
    testimonial = _testimonial(token)
    if testimonial.state == "withdrawn":
        return _back(token)
    return _edit(token, testimonial, filled_from(testimonial))


@blueprint.post("/edit")
def save(token: str) -> BaseResponse:
    limit_body(WORDS_BYTES)
    testimonial = _testimonial(token)
    form = TestimonialForm(request.form)
    if not form.validate():
        return _edit(token, testimonial, form, 422)
    try:
        with transaction() as session:
            edit_testimonial(
                session,
                testimonial=testimonial,
                text=form.text.data,
                author=form.author,
                attribution=form.chosen_attribution,
                now=clock.now(),
            )
        return _back(token, "saved")
    except RuleBroken as broken:
        if broken.code == "withdrawn":
            return _back(token)
        form.refuse(broken)
        return _edit(token, testimonial, form, 422)


@blueprint.post("/consents")
def consents(token: str) -> BaseResponse:
    """Exactly the ticked purposes stand from now on."""
    limit_body()
    testimonial = _testimonial(token)
    wanted = set(request.form.getlist("purpose")) & set(PURPOSES)
    is_new = bool(wanted - standing(testimonial.consents))
    if is_new and request.form.get("consent_seen") != seen_digest(_texts(testimonial)):
        return _show(token, testimonial, status=422, is_stale=True)
    try:
        with transaction() as session:
            change_consents(
                session, testimonial=testimonial, purposes=wanted, language=page_language(), now=clock.now()
            )
    except RuleBroken:
        return _back(token)
    return _back(token, "consent")


@blueprint.post("/photo")
def photo(token: str) -> BaseResponse:
    """Another photo, or none."""
    allow_photo()
    testimonial = _testimonial(token)
    if testimonial.state == "withdrawn" or testimonial.response is None:
        return _back(token)
    sent = sent_photo(testimonial.response)
    if sent.error or (sent.media is None and "remove_photo" not in request.form):
        return _show(token, testimonial, status=422, photo_error=sent.error or "missing")
    with transaction() as session:
        change_photo(session, testimonial=testimonial, photo_media=sent.media, now=clock.now())
    return _back(token, "photo")


@blueprint.get("/withdraw")
def ask_withdraw(token: str) -> BaseResponse:
    """Are you sure? A page of its own, so that it works without JavaScript."""
    return _ask(token, "withdraw")


@blueprint.post("/withdraw")
def withdraw(token: str) -> BaseResponse:
    limit_body()
    testimonial = _testimonial(token)
    with transaction() as session:
        withdraw_testimonial(session, testimonial=testimonial, now=clock.now())
    return _back(token, "withdrawn")


@blueprint.get("/erase")
def ask_erase(token: str) -> BaseResponse:
    """Are you sure? There is no way back from this one."""
    return _ask(token, "erase")


@blueprint.post("/erase")
def erase(token: str) -> BaseResponse:
    limit_body()
    testimonial = _testimonial(token)
    with transaction() as session:
        erase_testimonial(session, testimonial=testimonial, now=clock.now())
    return _back(token)


@blueprint.get("/export")
def export(token: str) -> BaseResponse:
    """Everything as one JSON file."""
    testimonial = _testimonial(token)
    content = exported(testimonial, is_public=is_shown(testimonial), address=_address_of(token))
    answer = make_response(json.dumps(content, ensure_ascii=False, indent=2))
    answer.headers["Content-Type"] = "application/json; charset=utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="testimonial.json"'
    return answer


@blueprint.get("/media/<media_id>/<variant>")
def media(token: str, media_id: str, variant: str) -> BaseResponse:
    """The customer's own photo or video."""
    found = media_of_testimonial(db.session(), _testimonial(token), media_id)
    if found is not None and variant == CAPTIONS:
        return send_captions(_reviewed(found) or unknown_link(), caching=OWN_FILES)
    return send_variant(found, variant, caching=OWN_FILES) if found else unknown_link()


def _testimonial(token: str) -> Testimonial:
    """The testimonial of a manage link, or 404. The page speaks its language and may be framed where it says."""
    testimonial = testimonial_behind_link(db.session(), subject_of(Purpose.MANAGE, token))
    if testimonial is None:
        unknown_link()
    enter(testimonial.survey, known_language(testimonial.language))
    return testimonial


def _back(token: str, news: str = "") -> BaseResponse:
    linked = known_language(request.args.get("lang"))
    return redirect(url_for("customer.manage.show", token=token, lang=linked, news=news or None), 303)


def _show(
    token: str, testimonial: Testimonial, *, status: int = 200, is_stale: bool = False, photo_error: str = ""
) -> BaseResponse:
    texts = _texts(testimonial)
    language = page_language()
    shown = shown_name(testimonial.author_name, testimonial.attribution)
    words: dict[str, Any] = {
        **_frame(token, testimonial),
        "news": NEWS.get(request.args.get("news", ""), "") if status == 200 else "",
        "is_public": is_shown(testimonial),
        "shown_name": shown,
        "initials": monogram(shown),
        "photo": shown_media(testimonial, "photo"),
        **_film(testimonial),
        "photo_error": photo_error,
        "most_photo_bytes": services().settings.max_photo_bytes,
        "consents": [(each, purpose_name(each.purpose, language)) for each in texts],
        "consent_seen": seen_digest(texts),
        "is_stale": is_stale,
        "purposes": standing(testimonial.consents),
        "proposal": next((each for each in testimonial.proposals if each.state == "pending"), None),
        "sign_proposal": lambda proposal: services().tokens.sign(Purpose.PROPOSAL, proposal.public_id),
    }
    return make_response(render_template("customer/manage/show.html", **words), status)


def _film(testimonial: Testimonial) -> dict[str, Any]:
    """The recording, its captions if they were checked, and until when the file that was sent is kept."""
    video = shown_media(testimonial, "video")
    return {
        "video": video,
        "captions": _reviewed(video) if video else None,
        "captions_file": CAPTIONS,
        "waits_for_captions": bool(video) and not are_captioned(captions_states(testimonial)),
        "trim": _trim(video) if video else None,
        "kept_until": source_kept_until(video) if video else None,
    }


def _trim(media: Media) -> tuple[str, str] | None:
    """From where to where the customer cut it, in minutes and seconds of the whole recording."""
    start, end = media.trim_start_seconds, media.trim_end_seconds
    if start is None and end is None:
        return None
    start = start or 0.0
    end = end or media.recorded_seconds or start + (media.duration_seconds or 0.0)
    return say_time(start).removesuffix(".0"), say_time(end).removesuffix(".0")


def _reviewed(media: Media) -> Captions | None:
    return media.captions if media.captions and media.captions.state == REVIEWED else None


def _edit(token: str, testimonial: Testimonial, form: TestimonialForm, status: int = 200) -> BaseResponse:
    words = {**_frame(token, testimonial), "form": form, "most_text": MOST_TEXT}
    return make_response(render_template("customer/manage/edit.html", **words), status)


def _ask(token: str, act: str) -> BaseResponse:
    testimonial = _testimonial(token)
    if testimonial.erased_at or (act == "withdraw" and testimonial.state == "withdrawn"):
        return _back(token)
    return make_response(render_template(f"customer/manage/{act}.html", **_frame(token, testimonial)))


def _erased(testimonial: Testimonial) -> BaseResponse:
    return make_response(render_template("customer/manage/erased.html", testimonial=testimonial), 410)


def _frame(token: str, testimonial: Testimonial) -> dict[str, Any]:
    return {"token": token, "testimonial": testimonial, "survey": testimonial.survey}


def _texts(testimonial: Testimonial) -> list[Any]:
    return consent_texts(testimonial.survey.company.name, page_language())


def _address_of(token: str) -> Any:
    def address(media: Media, variant: str) -> str:
        path = url_for("customer.manage.media", token=token, media_id=media.public_id, variant=variant)
        return services().settings.base_url + path

    return address
