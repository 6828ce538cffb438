"""The public link: one question, eleven answers."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from socialproof import clock
from socialproof.database import transaction
from socialproof.domain.asking import skips_why
from socialproof.domain.colour import ink_on, is_colour, mixed, seen_on
from socialproof.domain.errors import RuleBroken
from socialproof.domain.responding import read_score
from socialproof.responses.service import note_ask, record_response
from socialproof.surveys.models import Survey
from socialproof.surveys.wording import wording_for
from socialproof.web.customer import answering
from socialproof.web.customer.access import (
    is_embedded,
    kept_in_form,
    limit_body,
    page_language,
    survey_of,
    wants_json,
)
from socialproof.web.customer.refusals import no_room, sentence, status

blueprint = Blueprint("survey", __name__)

BRAND_SECONDS = 600
LIGHT_SURFACE, DARK_SURFACE = "#ffffff", "#1a2320"


@blueprint.get("/<survey_id>")
def show(survey_id: str) -> str | BaseResponse:
    survey = survey_of(survey_id)
    if survey.state == "closed":
        return _closed(survey)
    return _page(survey, chosen=answering.linked_score(request.args.get("score")), confirm="gesture")


@blueprint.post("/<survey_id>")
def submit(survey_id: str) -> BaseResponse:
    limit_body()
    chosen, key = None, ""
    try:
        sent = answering.read_sent()
        chosen, key = answering.linked_score(sent.score), sent.answer_key
        score = read_score(sent.score)
        nonce = answering.read_answer_key(survey_id, key)
        address = _record(survey_id, score, nonce, sent.source)
        return answering.go_on(address, score)
    except RuleBroken as refusal:
        return _refused(survey_of(survey_id), refusal, chosen, key)
    except OperationalError as error:
        return _refused(survey_of(survey_id), no_room(error), chosen, key)


def _record(survey_id: str, score: int, nonce: str, source: str) -> str:
    """Keep the answer in one transaction, and say where its customer goes next."""
    with transaction() as session:
        survey, now = survey_of(survey_id), clock.now()
        given = record_response(
            session,
            survey=survey,
            score=score,
            source=source,
            answer_key=nonce,
            language=page_language(),
            now=now,
        )
        if skips_why(given.score):
            note_ask(session, response=given, now=now)
        return answering.next_address(given)


@blueprint.get("/<survey_id>/brand.css")
def brand(survey_id: str) -> BaseResponse:
    """The company's colour as custom properties, with an ink that can be read on it, by day and by night."""
    survey = survey_of(survey_id)
    colour = next((c for c in (survey.brand_color, survey.company.brand_color) if is_colour(c)), "")
    answer = make_response(brand_sheet(colour) if colour else "")
    answer.headers["Content-Type"] = "text/css; charset=utf-8"
    answer.headers["Cache-Control"] = f"public, max-age={BRAND_SECONDS}"
    answer.add_etag()
    return answer.make_conditional(request)


def brand_sheet(colour: str) -> str:
    """The style sheet of one colour; previews use it too."""
    day, night = seen_on(colour, LIGHT_SURFACE), seen_on(colour, DARK_SURFACE)
    return f"body{{{_roles(day)}}}\n@media (prefers-color-scheme:dark){{body{{{_roles(night)}}}}}\n"


def _roles(action: str) -> str:
    ink = ink_on(action)
    hover = mixed(action, ink_on(ink), 0.14)
    return f"--action:{action};--action-hover:{hover};--action-ink:{ink}"


def _page(
    survey: Survey,
    *,
    chosen: int | None = None,
    confirm: str = "send",
    answer_key: str = "",
    refusal: RuleBroken | None = None,
) -> str:
    source = request.values.get("source", "")
    return render_template(
        "customer/survey/show.html",
        survey=survey,
        wording=wording_for(survey, page_language()),
        action=url_for(".submit", survey_id=survey.public_id, **kept_in_form()),
        answer_key=answer_key or answering.new_answer_key(survey),
        source=source if source in answering.SOURCES else "embed" if is_embedded() else "link",
        chosen=chosen,
        confirm=confirm,
        error=sentence(refusal) if refusal else "",
    )


def _refused(survey: Survey, refusal: RuleBroken, chosen: int | None, answer_key: str) -> BaseResponse:
    if wants_json():
        return answering.refused_as_json(refusal)
    if refusal.code == "survey_not_open":
        return _closed(survey, chosen=chosen, was_sent=True)
    kept_key = "" if refusal.code == "page_too_old" else answer_key
    return make_response(_page(survey, chosen=chosen, answer_key=kept_key, refusal=refusal), status(refusal))


def _closed(survey: Survey, chosen: int | None = None, was_sent: bool = False) -> BaseResponse:
    page = render_template("customer/survey/closed.html", survey=survey, chosen=chosen, was_sent=was_sent)
    return make_response(page, 409 if was_sent else 410)
