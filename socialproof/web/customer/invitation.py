"""The personal link: the same question, answered once by one person, changed for a day."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from socialproof import clock
from socialproof.campaigns.models import Invitation
from socialproof.campaigns.queries import is_opened_by_machine
from socialproof.campaigns.service import note_opening
from socialproof.database import db, transaction
from socialproof.domain.asking import skips_why
from socialproof.domain.errors import RuleBroken
from socialproof.domain.responding import may_change, read_score
from socialproof.responses.models import Response
from socialproof.responses.queries import response_to_invitation
from socialproof.responses.service import note_ask, record_response
from socialproof.surveys.wording import wording_for
from socialproof.web.customer import answering
from socialproof.web.customer.access import (
    kept_in_form,
    kept_in_links,
    limit_body,
    living_invitation,
    page_language,
    response_token,
    wants_json,
)
from socialproof.web.customer.refusals import no_room, sentence, status
from socialproof.web.customer.unsubscribe import unsubscribe_path

blueprint = Blueprint("invitation", __name__, url_prefix="/i")


@blueprint.get("/<token>")
def show(token: str) -> str | BaseResponse:
    invitation = living_invitation(token)
    given = response_to_invitation(db.session(), invitation.id)
    if invitation.survey.state == "closed":
        return _closed(invitation)
    if given is not None and not may_change(given.answered_at, clock.now()):
        return _answered(given)
    chosen = answering.linked_score(request.args.get("score"))
    if chosen is not None:
        _note_opening(invitation, chosen)
    confirm = "send" if chosen is None or _suspects_machine(invitation, given) else "gesture"
    return _page(invitation, given, chosen=chosen, confirm=confirm)


@blueprint.post("/<token>")
def submit(token: str) -> BaseResponse:
    limit_body()
    chosen = None
    try:
        sent = answering.read_sent()
        chosen = answering.linked_score(sent.score)
        score = read_score(sent.score)
        address = _record(token, score, is_gesture=sent.is_gesture)
        return answering.go_on(address, score)
    except RuleBroken as refusal:
        return _refused(living_invitation(token), refusal, chosen)
    except OperationalError as error:
        return _refused(living_invitation(token), no_room(error), chosen)


@blueprint.get("/<token>/testimonial")
def testimonial(token: str) -> BaseResponse:
    """From the request for a reference straight to the form of the answer; to the question where there is none yet."""
    given = response_to_invitation(db.session(), living_invitation(token).id)
    if given is None:
        return redirect(url_for(".show", token=token, **kept_in_links()))
    return redirect(url_for("customer.testimonial.write", token=response_token(given), **kept_in_links()))


def _record(token: str, score: int, *, is_gesture: bool) -> str:
    """Keep the answer in one transaction, and say where its customer goes next."""
    with transaction() as session:
        invitation, now = living_invitation(token), clock.now()
        if is_gesture and _suspects_machine(invitation, response_to_invitation(session, invitation.id)):
            raise RuleBroken("press_send")
        given = record_response(
            session,
            survey=invitation.survey,
            score=score,
            source="invitation",
            answer_key=f"invitation.{invitation.public_id}",
            language=page_language(),
            invitation=invitation,
            now=now,
        )
        if skips_why(given.score):
            note_ask(session, response=given, now=now)
        return answering.next_address(given)


def _note_opening(invitation: Invitation, score: int) -> None:
    """Only a real GET is an opening: HEAD and prefetch change nothing."""
    purposes = (request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"))
    if request.method == "GET" and not any("pre" in purpose.lower() for purpose in purposes):
        with transaction() as session:
            note_opening(session, invitation=invitation, score=score, now=clock.now())


def _suspects_machine(invitation: Invitation, given: Response | None) -> bool:
    last_act_at = (given.changed_at or given.answered_at) if given else None
    return is_opened_by_machine(db.session(), invitation, last_act_at=last_act_at)


def _page(
    invitation: Invitation,
    given: Response | None,
    *,
    chosen: int | None,
    confirm: str = "send",
    refusal: RuleBroken | None = None,
) -> str:
    return render_template(
        "customer/invitation/show.html",
        survey=invitation.survey,
        wording=wording_for(invitation.survey, page_language()),
        action=url_for(".submit", token=_token(), **kept_in_form()),
        chosen=chosen if chosen is not None else given.score if given else None,
        given=given,
        confirm=confirm,
        error=sentence(refusal) if refusal else "",
        decline_url=url_for("customer.unsubscribe.ask_decline", token=_token(), **kept_in_links()),
        unsubscribe_url=unsubscribe_path(invitation.contact),
    )


def _token() -> str:
    return str((request.view_args or {})["token"])


def _answered(given: Response) -> BaseResponse:
    page = render_template("customer/invitation/answered.html", given=given)
    return make_response(page, 409 if request.method == "POST" else 200)


def _closed(invitation: Invitation, chosen: int | None = None) -> BaseResponse:
    was_sent = request.method == "POST"
    page = render_template("customer/survey/closed.html", survey=invitation.survey, chosen=chosen, was_sent=was_sent)
    return make_response(page, 409 if was_sent else 410)


def _refused(invitation: Invitation, refusal: RuleBroken, chosen: int | None) -> BaseResponse:
    if wants_json():
        return answering.refused_as_json(refusal)
    if refusal.code == "survey_not_open":
        return _closed(invitation, chosen)
    given = response_to_invitation(db.session(), invitation.id)
    if refusal.code == "edit_window_over" and given is not None:
        return _answered(given)
    return make_response(_page(invitation, given, chosen=chosen, refusal=refusal), status(refusal))
