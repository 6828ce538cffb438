"""After the score: why, and thank you. The link to one's own response is the authority."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from socialproof import clock
from socialproof.database import db, transaction
from socialproof.domain.asking import Ask, is_comment_praise, skips_why
from socialproof.domain.errors import RuleBroken
from socialproof.domain.nps import Segment, segment_of
from socialproof.domain.responding import MAX_COMMENT_CHARACTERS, may_change, read_score
from socialproof.domain.text import clean_text
from socialproof.responses.models import Response
from socialproof.responses.service import add_comment, ask_for, change_score, note_ask
from socialproof.surveys.wording import wording_for
from socialproof.testimonials.queries import testimonial_of_response
from socialproof.testimonials.references import not_now
from socialproof.web.customer import answering
from socialproof.web.customer.access import (
    kept_in_links,
    limit_body,
    page_language,
    response_of,
    wants_json,
)
from socialproof.web.customer.refusals import no_room, sentence, status
from socialproof.web.customer.unsent import recorder_address, unsent_recording

blueprint = Blueprint("response", __name__, url_prefix="/r")

COMMENT_FORM_BYTES = 8 * 1024 * 1024
"""Far more than a comment may have: who pasted a book gets it back to shorten it."""


@blueprint.get("/<token>")
def show(token: str) -> str:
    """Why? One open question by the score."""
    return _why_page(response_of(token))


@blueprint.post("/<token>")
def comment(token: str) -> BaseResponse:
    limit_body(COMMENT_FORM_BYTES)
    text = clean_text(request.form.get("comment", ""))
    try:
        with transaction() as session:
            response = response_of(token)
            add_comment(session, response=response, comment=text, now=clock.now())
            if request.form.get("next") == "thanks":
                not_now(session, response=response, now=clock.now())
            # Counters come last everywhere, behind the invitation.
            note_ask(session, response=response, now=clock.now())
        return redirect(_after_comment(request.form.get("next", "")), 303)
    except RuleBroken as refusal:
        return _comment_refused(token, text, refusal)
    except OperationalError as error:
        return _comment_refused(token, text, no_room(error))


@blueprint.post("/<token>/score")
def change(token: str) -> BaseResponse:
    """Another score, for 24 hours."""
    limit_body()
    try:
        score = read_score(answering.read_sent().score)
        with transaction() as session:
            response = response_of(token)
            change_score(session, response=response, score=score, now=clock.now())
            if skips_why(score):
                note_ask(session, response=response, now=clock.now())
            address = answering.next_address(response)
        return answering.go_on(address, score)
    except RuleBroken as refusal:
        return _change_refused(token, refusal)
    except OperationalError as error:
        return _change_refused(token, no_room(error))


@blueprint.get("/<token>/score")
def changing(token: str) -> BaseResponse:
    """Whoever comes here by a language link or reload of a refused change: back to the page itself."""
    return redirect(url_for(".show", token=token, **kept_in_links()))


@blueprint.get("/<token>/thanks")
def thanks(token: str) -> str:
    """Thank you; and the ask, in the same visit."""
    return _thanks_page(response_of(token))


def _comment_refused(token: str, text: str, refusal: RuleBroken) -> BaseResponse:
    page = _thanks_page if request.form.get("from") == "thanks" else _why_page
    return make_response(page(response_of(token), typed=text, refusal=refusal), status(refusal))


def _change_refused(token: str, refusal: RuleBroken) -> BaseResponse:
    response = response_of(token)
    if wants_json():
        return answering.refused_as_json(refusal)
    return make_response(_why_page(response, refusal=refusal), status(refusal))


def _after_comment(wish: str) -> str:
    """Where the pressed button leads: to one of the three choices, or to the thank-you."""
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "quote": ("customer.testimonial.write", {"from": "comment"}),
        "write": ("customer.testimonial.write", {}),
        "record": ("customer.video.record", {}),
    }
    # Who pressed "Send only to …" has answered the ask: it is not put a second time.
    plain: dict[str, Any] = {"private": "1"} if wish == "thanks" else {}
    endpoint, extra = ways.get(wish, ("customer.response.thanks", plain))
    return url_for(endpoint, token=_token(), **kept_in_links(), **extra)


def _token() -> str:
    return str((request.view_args or {})["token"])


def _why_page(response: Response, *, typed: str | None = None, refusal: RuleBroken | None = None) -> str:
    return render_template("customer/response/show.html", **_words(response, typed, refusal))


def _thanks_page(response: Response, *, typed: str | None = None, refusal: RuleBroken | None = None) -> str:
    ask = Ask.NONE if testimonial_of_response(db.session(), response) else ask_for(response)
    if ask is Ask.AT_ONCE and request.args.get("private") == "1":
        ask = Ask.SMALL
    return render_template(
        "customer/response/thanks.html",
        **_words(response, typed, refusal),
        asks=ask is Ask.AT_ONCE,
        is_praise=is_comment_praise(response.score),
        may_write=ask is Ask.SMALL,
        may_record=response.survey.allows_video,
    )


def _words(response: Response, typed: str | None, refusal: RuleBroken | None) -> dict[str, object]:
    wording = wording_for(response.survey, page_language())
    return {
        "token": _token(),
        "response": response,
        "survey": response.survey,
        "why": wording.why(response.score),
        "thank_you": wording.thanks(response.score),
        "is_promoter": segment_of(response.score) is Segment.PROMOTER,
        "typed": response.comment if typed is None else typed,
        "unsent": unsent_recording(_token(), response),
        "recorder": recorder_address(_token(), response),
        "error": sentence(refusal) if refusal else "",
        "is_closed": response.survey.state != "open",
        "may_change": response.survey.state == "open" and may_change(response.answered_at, clock.now()),
        "most_characters": MAX_COMMENT_CHARACTERS,
    }
