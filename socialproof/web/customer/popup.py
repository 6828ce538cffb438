"""The popup on the company's own site asks here whether it may show itself, and what to show.

Only the sites that the survey lists can read the answer. Everybody else gets the same "no", without a word why.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, make_response, request, url_for

from socialproof import clock
from socialproof.campaigns.models import Popup
from socialproof.campaigns.popup_asks import Answer, Visit
from socialproof.campaigns.popup_asks import ask as ask_for
from socialproof.campaigns.popup_identity import Person, TokenRefused, identify_secret, read_token
from socialproof.campaigns.popup_queries import popup_behind_script
from socialproof.campaigns.service import invitation_token
from socialproof.companies.attempts import network_of
from socialproof.database import db, transaction
from socialproof.domain.popup import TokenFault, path_of
from socialproof.languages import known_language
from socialproof.seal import Seal
from socialproof.web import services
from socialproof.web.customer.access import is_public_id, limit_body
from socialproof.web.customer.answering import json_fields
from socialproof.web.rate_limits import rate_limit

blueprint = Blueprint("popup", __name__, url_prefix="/p/<popup_id>")

PREFLIGHT_SECONDS = 7200
MOST_ASKS, WINDOW = 120, timedelta(minutes=1)
"""From one network: far above what forty people behind one address do. A program that asks without end costs no row
and no write.
"""
LIMIT = "popup asks"


@blueprint.route("/ask", methods=["OPTIONS"], provide_automatic_options=False)
def preflight(popup_id: str) -> Response:
    """May a page of this origin ask? A browser's question; nothing is written."""
    answer = make_response("", 204)
    _allow(answer, _popup(popup_id))
    answer.headers["Access-Control-Allow-Methods"] = "POST"
    answer.headers["Access-Control-Allow-Headers"] = "Content-Type"
    answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return answer


@blueprint.post("/ask")
def ask(popup_id: str) -> Response:
    """{"page", "token", "lang", "opened"} → {"show": true, "frame": address}, or {"show": false}."""
    limit_body()
    fields, now = json_fields(), clock.now()
    if rate_limit(LIMIT, MOST_ASKS, WINDOW).take(network_of(request.remote_addr or ""), now):
        return _allow(make_response({"show": False}), _popup(popup_id))
    with transaction() as session:
        popup = _popup(popup_id)
        given = ask_for(session, popup=popup, visit=_visit(popup, fields), now=now)
        said = _said(popup, given, known_language(_word(fields, "lang")))
    return _allow(make_response(said), popup)


def _popup(popup_id: str) -> Popup:
    return (popup_behind_script(db.session(), popup_id) if is_public_id(popup_id) else None) or abort(404)


def _visit(popup: Popup, fields: dict[str, Any]) -> Visit:
    person, fault = _person(popup, fields.get("token"))
    return Visit(
        origin=request.headers.get("Origin", ""),
        path=path_of(_word(fields, "page")),
        visitor=_visitor(),
        person=person,
        fault=fault,
        language=known_language(_word(fields, "lang")) or "",
        is_own_act=fields.get("opened") is True,
    )


def _person(popup: Popup, token: object) -> tuple[Person | None, TokenFault | None]:
    """Whom the token names; no token is nobody, and a wrong one is nobody too."""
    if not token:
        return None, None
    secret = identify_secret(popup.survey.company, Seal(services().settings.secret_keys))
    try:
        return read_token(token, secret, now=clock.now()), None
    except TokenRefused as refused:
        return None, refused.fault


def _visitor() -> str:
    """The same word for the same browser, without storing anything there or here: it only decides the sample."""
    said = f"{request.remote_addr} {request.headers.get('User-Agent', '')}"
    return hmac.new(services().settings.secret_keys[0].encode(), said.encode(), hashlib.sha256).hexdigest()


def _said(popup: Popup, given: Answer, language: str | None) -> dict[str, object]:
    if not given.may_show:
        return {"show": False}
    kept: dict[str, Any] = {"embed": "1", "source": "popup"} | ({"lang": language} if language else {})
    if given.invitation is None:
        path = url_for("customer.survey.show", survey_id=popup.survey.public_id, **kept)
    else:
        token = invitation_token(services().tokens, given.invitation)
        path = url_for("customer.invitation.show", token=token, embed="1")
    return {"show": True, "frame": services().settings.base_url + path}


def _allow(answer: Response, popup: Popup) -> Response:
    """Let the page read it, if its site is on the survey's list. Never with cookies."""
    origin = request.headers.get("Origin")
    answer.vary.add("Origin")
    if origin in popup.survey.embed_domains:
        answer.headers["Access-Control-Allow-Origin"] = origin
    return answer


def _word(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
