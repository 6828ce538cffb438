"""Reading an answer from a request, and sending its customer on: for the public and the personal link."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from socialproof.domain.asking import skips_why
from socialproof.domain.errors import RuleBroken
from socialproof.domain.responding import ScoreRefused, read_score
from socialproof.responses.models import Response
from socialproof.surveys.models import Survey
from socialproof.tokens import BadToken, Purpose
from socialproof.web import services
from socialproof.web.customer.access import kept_in_links, response_token, wants_json
from socialproof.web.customer.refusals import sentence, status

KEY_LIFETIME_SECONDS = 14 * 24 * 3600
SOURCES = ("link", "qr", "embed", "popup")

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with a POST, not yet judged."""

    score: object
    answer_key: str
    source: str
    is_gesture: bool
    """A trusted event on the page confirmed a score from the link; nobody pressed anything."""


def read_sent() -> Sent:
    """The fields of a form or of a strict JSON object; RuleBroken("bad_request") for anything else."""
    fields: dict[str, Any] = json_fields() if request.is_json else _form_fields()
    source = fields.get("source")
    return Sent(
        score=fields.get("score"),
        answer_key=str(fields.get("answer_key") or ""),
        source=source if source in SOURCES else "link",
        is_gesture=fields.get("act") == "gesture",
    )


def _form_fields() -> dict[str, Any]:
    return {name: values[0] if len(values) == 1 else values for name, values in request.form.lists()}


def json_fields() -> dict[str, Any]:
    """The request's strict JSON object; RuleBroken("bad_request") for anything else."""
    try:
        fields = json.loads(request.get_data(), object_pairs_hook=_without_doubles, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RuleBroken("bad_request") from error
    if not isinstance(fields, dict):
        raise RuleBroken("bad_request")
    return fields


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _value in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def new_answer_key(survey: Survey) -> str:
    """What makes this page, sent however often, one answer."""
    subject = f"{survey.public_id}.{secrets.token_urlsafe(18)}"
    return services().tokens.sign_timed(Purpose.ANSWER_KEY, subject)


def read_answer_key(survey_id: str, answer_key: str) -> str:
    """The page's nonce; RuleBroken("page_too_old") when the key is of another survey, forged or too old."""
    try:
        subject = services().tokens.read_timed(Purpose.ANSWER_KEY, answer_key, KEY_LIFETIME_SECONDS)
    except BadToken as error:
        raise RuleBroken("page_too_old") from error
    of_survey, _dot, nonce = subject.partition(".")
    if of_survey != survey_id or not _NONCE.match(nonce):
        raise RuleBroken("page_too_old")
    return nonce


def linked_score(raw: object) -> int | None:
    """A score worth showing as chosen, or None."""
    try:
        return read_score(raw)
    except ScoreRefused:
        return None


def next_address(response: Response) -> str:
    """After the score: a 10 goes straight to the thank-you with the ask, everybody else is asked why."""
    endpoint = "customer.response.thanks" if skips_why(response.score) else "customer.response.show"
    return url_for(endpoint, token=response_token(response), **kept_in_links())


def go_on(address: str, score: int) -> BaseResponse:
    """Onward: a redirect for the browser, the address for the page's own script."""
    if wants_json():
        return make_response({"next": address, "score": score})
    return redirect(address, 303)


def refused_as_json(refusal: RuleBroken) -> BaseResponse:
    """The refusal for the page's own script: the code and the words."""
    return make_response({"error": refusal.code, "message": sentence(refusal)}, status(refusal))
