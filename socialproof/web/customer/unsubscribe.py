"""Saying no: "no more questions from this company" for good, and "not this time" for one question.

GET shows a page and changes nothing, whoever opens it. POST does it: by the page's own button, or by the reader's
mail program in one click (RFC 8058), which brings neither a cookie nor anything but one word.
"""

from __future__ import annotations

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from socialproof import clock
from socialproof.campaigns import outcomes
from socialproof.campaigns.models import Invitation
from socialproof.campaigns.queries import survey_last_asked
from socialproof.campaigns.refusing import refuse
from socialproof.companies.models import Company
from socialproof.contacts.models import Contact
from socialproof.contacts.suppression import address_behind_link, contact_behind_link, has_refused
from socialproof.database import db, transaction
from socialproof.languages import known_language
from socialproof.tokens import Purpose
from socialproof.web import services
from socialproof.web.customer.access import (
    kept_in_links,
    limit_body,
    living_invitation,
    subject_of,
    unknown_link,
)

blueprint = Blueprint("unsubscribe", __name__)

ONE_CLICK = "one-click"
STOP, AGAIN = "stop", "again"


@blueprint.get("/u/<token>")
def show(token: str) -> str:
    """Whose questions end here, and how it stands. Nothing about the reader."""
    return _page(token)


@blueprint.post("/u/<token>")
def change(token: str) -> BaseResponse:
    """End the questions, or take that back. Said again it is the same."""
    limit_body()
    choice = request.form.get("choice", "")
    is_one_click = request.form.get("List-Unsubscribe", "").strip().lower() == ONE_CLICK
    if not is_one_click and choice not in (STOP, AGAIN):
        return make_response(_page(token), 422)
    with transaction() as session:
        (contact, hashed), now = _contact(token), clock.now()
        if not is_one_click and choice == AGAIN:
            outcomes.note_resubscribed(session, contact=contact, now=now)
        else:
            by = "one_click" if is_one_click else "link"
            outcomes.note_unsubscribed(session, contact=contact, by=by, now=now)
            if contact.deleted_at is not None and hashed:
                refuse(session, company_id=contact.company_id, hashed=hashed, by=by, now=now)
    if is_one_click:
        return Response("", mimetype="text/plain")
    return redirect(url_for(".show", token=token, **kept_in_links()), 303)


@blueprint.get("/i/<token>/decline")
def ask_decline(token: str) -> str:
    """Not this time: what that means, and the button."""
    invitation = living_invitation(token)
    return render_template("customer/unsubscribe/decline.html", token=token, **_ways(invitation))


@blueprint.post("/i/<token>/decline")
def decline(token: str) -> BaseResponse:
    """No reminder follows; the link stays good."""
    limit_body()
    with transaction() as session:
        outcomes.decline(session, invitation=living_invitation(token), now=clock.now())
    return redirect(url_for(".ask_decline", token=token, **kept_in_links()), 303)


def unsubscribe_path(contact: Contact) -> str:
    """The page where this contact ends all questions of the company."""
    return url_for("customer.unsubscribe.show", token=services().tokens.sign(Purpose.UNSUBSCRIBE, contact.public_id))


def _contact(token: str) -> tuple[Contact, str]:
    """Whom the link names, and the hash of the address that its letter went to, if it says that."""
    subject = subject_of(Purpose.UNSUBSCRIBE, token)
    contact = contact_behind_link(db.session(), subject)
    return (contact, address_behind_link(subject)) if contact is not None else unknown_link()


def _page(token: str) -> str:
    contact, hashed = _contact(token)
    company = db.session().get_one(Company, contact.company_id)
    g.survey = survey_last_asked(db.session(), contact)
    g.default_language = company.default_language
    g.language = known_language(contact.language) or g.get("language")
    return render_template(
        "customer/unsubscribe/show.html",
        token=token,
        company_name=company.name,
        is_ended=_is_ended(contact, hashed),
        may_undo=contact.deleted_at is None,
    )


def _is_ended(contact: Contact, hashed: str) -> bool:
    """An erased contact is asked nothing; the address may be here anew, unless its reader said never to that too."""
    if contact.deleted_at is None or not hashed:
        return contact.unsubscribed_at is not None or contact.deleted_at is not None
    return has_refused(db.session(), company_id=contact.company_id, hashed=hashed)


def _ways(invitation: Invitation) -> dict[str, object]:
    """What the page about one question needs: how it stands, and the ways on."""
    return {
        "state": invitation.state,
        "is_answered": invitation.answered_at is not None,
        "answer_url": url_for("customer.invitation.show", token=(request.view_args or {})["token"], **kept_in_links()),
        "unsubscribe_url": unsubscribe_path(invitation.contact),
    }
