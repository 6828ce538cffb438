"""Whom the customer's room trusts: whoever holds the link. States it once, for every page below /s.

No cookie is read or set, so there is nothing that another site could ride on: instead of a CSRF token each
form posts to an address, or carries a signed answer key, that only the holder of the page knows.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from flask_babel import get_locale

from socialproof import clock
from socialproof.campaigns.models import Invitation
from socialproof.campaigns.queries import invitation_behind_link, state_of_link
from socialproof.database import db
from socialproof.domain.invitation import LinkState
from socialproof.languages import DEFAULT, known_language
from socialproof.responses import models as responses
from socialproof.responses.queries import response_behind_link
from socialproof.surveys.models import Survey
from socialproof.surveys.queries import survey_behind_link
from socialproof.tokens import BadToken, Purpose
from socialproof.web import services

SMALL_FORM_BYTES = 64 * 1024
"""A score, an answer key and a few words. Pages that take more say so themselves."""

POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob: {storage}; connect-src 'self' {storage}; "
    "frame-ancestors {frames}"
)
"""`storage`: where parts of videos are sent and videos are read, if that is another origin."""
NOWHERE = "'none'"
OWN_FILES = "private, no-store"
"""Caching of a customer's own photo and video: for nobody else's eyes."""
HEADERS = {
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}

_PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,22}\Z")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?\Z", re.IGNORECASE)


class LinkEnded(Exception):
    """The link was good once: expired, revoked, or its customer was deleted. Never says whose it was."""

    def __init__(self, state: LinkState) -> None:
        super().__init__(state)
        self.state = state


def guard(room: Blueprint) -> None:
    """Put the room's headers and its layout's words on every page; say goodbye to links that have ended."""
    room.after_request(_set_headers)
    room.register_error_handler(LinkEnded, _link_ended)
    room.context_processor(_layout)


def limit_body(most_bytes: int = SMALL_FORM_BYTES) -> None:
    """This request may carry so much and no more; larger is answered with 413."""
    request.max_content_length = most_bytes
    request.max_form_memory_size = most_bytes


def is_public_id(said: str) -> bool:
    """Whether a row could have this public id at all; what could not is never asked of the database."""
    return _PUBLIC_ID.match(said) is not None


def unknown_link() -> NoReturn:
    """One answer for forged, foreign, damaged and missing."""
    abort(404)


def subject_of(purpose: Purpose, token: str) -> str:
    """What a signed link of this purpose names, or 404."""
    try:
        return services().tokens.read(purpose, token)
    except BadToken:
        unknown_link()


def survey_of(public_id: str) -> Survey:
    """The survey of a public link, or 404. The page speaks its language and may be framed where it says."""
    survey = survey_behind_link(db.session(), public_id) if is_public_id(public_id) else None
    if survey is None:
        unknown_link()
    enter(survey)
    return survey


def invitation_of(token: str) -> Invitation:
    """The invitation of a personal link, or 404; also when it is expired, revoked or of a deleted contact."""
    invitation = invitation_behind_link(db.session(), subject_of(Purpose.INVITATION, token))
    if invitation is None or invitation.survey.state == "draft":
        unknown_link()
    enter(invitation.survey, known_language(invitation.language))
    return invitation


def living_invitation(token: str) -> Invitation:
    """The invitation of a link that still answers, else LinkEnded; its customer may look at an answer also later."""
    invitation = invitation_of(token)
    state = state_of_link(invitation, clock.now())
    if state in (LinkState.GONE, LinkState.REVOKED, LinkState.EXPIRED):
        raise LinkEnded(state)
    return invitation


def response_of(token: str) -> responses.Response:
    """The customer's own response, or 404 when there is none; LinkEnded when its customer was deleted."""
    response = response_behind_link(db.session(), subject_of(Purpose.RESPONSE, token))
    if response is None:
        unknown_link()
    enter(response.survey, known_language(response.language))
    if response.contact is not None and response.contact.deleted_at is not None:
        raise LinkEnded(LinkState.GONE)
    return response


def response_token(response: responses.Response) -> str:
    """The signed part of the customer's own link to this response."""
    return services().tokens.sign(Purpose.RESPONSE, response.public_id)


def enter(survey: Survey, language: str | None = None) -> None:
    """From here the page is this survey's: its company, its frames, its language if the link names none."""
    g.survey = survey
    g.frame_ancestors = _frame_ancestors(survey)
    g.default_language = survey.default_language
    if language:
        g.language = language


def page_language() -> str:
    """The language that this page is written in."""
    return str(get_locale() or DEFAULT)


def is_embedded() -> bool:
    """Whether the page stands in a frame of the company's own site, by its link."""
    return request.args.get("embed") == "1"


def kept_in_links() -> dict[str, Any]:
    """What every next address of this visit carries on: the frame, and the language if the link chose one."""
    kept = {"embed": "1"} if is_embedded() else {}
    linked = known_language(request.args.get("lang"))
    return {**kept, "lang": linked} if linked else kept


def kept_in_form() -> dict[str, Any]:
    """What the address of a form carries on: the language too, so that a refusal comes back in it."""
    return {**kept_in_links(), "lang": page_language()}


def wants_json() -> bool:
    """Whether the page's own script asks, not the browser."""
    return request.accept_mimetypes.best == "application/json"


def _link_ended(ended: LinkEnded) -> tuple[str, int]:
    return render_template("customer/invitation/ended.html", state=ended.state), 410


def _set_headers(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    policy = POLICY.format(storage=services().backends.storage.origin, frames=g.get("frame_ancestors", NOWHERE))
    answer.headers.setdefault("Content-Security-Policy", policy)
    return answer


def _frame_ancestors(survey: Survey) -> str:
    return " ".join(origin for origin in survey.embed_domains if _ORIGIN.match(origin)) or NOWHERE


def _layout() -> dict[str, Any]:
    survey: Survey | None = g.get("survey")
    return {
        "embedded": is_embedded(),
        "company_name": survey.company.name if survey else "",
        "company_logo": _logo(survey) if survey else None,
        "brand_url": url_for("customer.survey.brand", survey_id=survey.public_id) if survey else None,
        "kept": kept_in_links(),
    }


def _logo(survey: Survey) -> str | None:
    key = survey.company.logo_key
    return url_for("customer.logo.show", survey_id=survey.public_id, v=key[-13:-5]) if key else None
