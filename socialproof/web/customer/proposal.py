"""A shorter text that the company proposes: the difference, and the customer's yes or no."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from socialproof import clock
from socialproof.database import db, transaction
from socialproof.domain.errors import RuleBroken
from socialproof.domain.moderation import difference
from socialproof.languages import known_language
from socialproof.testimonials.models import ProposedEdit
from socialproof.testimonials.queries import proposal_behind_link
from socialproof.testimonials.service import decide_proposal
from socialproof.tokens import Purpose
from socialproof.web import services
from socialproof.web.customer.access import enter, limit_body, subject_of, unknown_link

blueprint = Blueprint("proposal", __name__, url_prefix="/p/<token>")

DECISIONS = {"approve": True, "decline": False}


@blueprint.get("")
def show(token: str) -> BaseResponse:
    """Both texts as one, with what would go and what would be new; or what became of it."""
    return _page(token, _proposal(token))


@blueprint.post("")
def decide(token: str) -> BaseResponse:
    """Yes or no, once."""
    limit_body()
    proposal = _proposal(token)
    decision = request.form.get("decision", "")
    if decision not in DECISIONS:
        return _page(token, proposal, 422, _("Please choose one of the two answers."))
    try:
        with transaction() as session:
            decide_proposal(session, proposal=proposal, is_approved=DECISIONS[decision], now=clock.now())
    except RuleBroken:
        return _page(token, _proposal(token), 409)
    return redirect(url_for("customer.proposal.show", token=token, lang=known_language(request.args.get("lang"))), 303)


def _proposal(token: str) -> ProposedEdit:
    proposal = proposal_behind_link(db.session(), subject_of(Purpose.PROPOSAL, token))
    if proposal is None:
        unknown_link()
    enter(proposal.testimonial.survey, known_language(proposal.testimonial.language))
    return proposal


def _page(token: str, proposal: ProposedEdit, status: int = 200, error: str = "") -> BaseResponse:
    testimonial = proposal.testimonial
    state = proposal.state
    if state == "pending" and testimonial.text != proposal.old_text:
        state = "superseded"
    if state == "pending" and testimonial.state == "withdrawn":
        state = "cancelled"
    words = {
        "token": token,
        "proposal": proposal,
        "state": state,
        "parts": difference(proposal.old_text, proposal.new_text),
        "error": error,
        "manage_url": url_for(
            "customer.manage.show", token=services().tokens.sign(Purpose.MANAGE, testimonial.public_id)
        ),
    }
    return make_response(render_template("customer/proposal/show.html", **words), status)
