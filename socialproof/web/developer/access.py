"""Whom the developer's room trusts: a program that shows an API token of the company, for what its scopes say.

No cookie is read or set and no other origin may read an answer, so that no browser can be made to act here. Every
answer is JSON. Requests are counted per token in the memory of the process: with several processes a token may do
that many in each of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, current_app, g, jsonify, make_response, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from socialproof import clock
from socialproof.companies.api_tokens import LONGEST, token_shown
from socialproof.companies.models import ApiToken
from socialproof.database import db
from socialproof.web.rate_limits import rate_limit

View = TypeVar("View", bound=Callable[..., Any])

MOST_BYTES = 16 * 1024
MOST_REQUESTS, WINDOW = 600, timedelta(minutes=1)
LONGEST_FIELD = 80
"""Of a field's name, where we say it back."""
LIMIT = "api requests"

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


class Unreadable(Exception):
    """What was sent cannot be taken. `faults` are sentences by the name of the field they are about."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


def scope_required(scope: str) -> Callable[[View], View]:
    """A view for tokens with this scope. A view that names none is for nobody."""

    def mark(view: View) -> View:
        view.__dict__["scope"] = scope
        return view

    return mark


def guard(room: Blueprint) -> None:
    """Put the door before every view of the room, and JSON behind it."""
    room.before_request(_admit)
    room.after_request(_set_headers)
    room.register_error_handler(HTTPException, _refused)
    room.register_error_handler(Unreadable, _unreadable)


def current_token() -> ApiToken:
    """The token that was shown."""
    token: ApiToken = g.api_token
    return token


def strict_json() -> dict[str, Any]:
    """The object that was sent. Unreadable when it is none, a name stands twice, or a number is not one of JSON."""
    if not request.is_json:
        abort(415)
    try:
        sent = json.loads(request.get_data(), object_pairs_hook=_each_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Unreadable({"body": _("This is not JSON.")}) from None
    if not isinstance(sent, dict):
        raise Unreadable({"body": _("This must be one JSON object.")})
    return sent


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _value in pairs]
    for name in names:
        if names.count(name) > 1:
            raise Unreadable({name[:LONGEST_FIELD]: _("This stands there twice.")})
    return dict(pairs)


def _no_number(_constant: str) -> float:
    raise ValueError("not a number of JSON")


def _admit() -> Response | None:
    request.max_content_length = request.max_form_memory_size = MOST_BYTES
    kind, _space, shown = request.headers.get("Authorization", "").partition(" ")
    # A text that could be no token is looked for like one that could: the answer comes after the same work.
    token = token_shown(db.session(), shown.strip() if kind.lower() == "bearer" and len(shown) < LONGEST else "")
    if token is None:
        return _answer(401, "unauthorized", _("Show an API token of your company: Authorization: Bearer …"))
    view = current_app.view_functions[request.endpoint or ""]
    if getattr(view, "scope", None) not in token.scopes:
        return _answer(403, "forbidden", _("This token may not do that."))
    left = rate_limit(LIMIT, MOST_REQUESTS, WINDOW).take(token.public_id, clock.now())
    if left:
        answer = _answer(429, "too_many_requests", _("Too many requests; please wait."))
        answer.headers["Retry-After"] = str(left)
        return answer
    g.api_token = token
    return None


def _answer(status: int, code: str, message: str) -> Response:
    answer = make_response(jsonify(error=code, message=message), status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _refused(error: HTTPException) -> Response:
    words = {413: _("That is too large."), 415: _("Please send JSON: Content-Type: application/json")}
    status = error.code or 500
    code = error.name.lower().replace(" ", "_")
    return _answer(status, code, words.get(status, error.name))


def _unreadable(error: Unreadable) -> Response:
    faults = [{"field": field, "message": message} for field, message in error.faults.items()]
    return make_response(jsonify(error="invalid", message=_("Please check what you sent."), fields=faults), 422)


def _set_headers(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer
