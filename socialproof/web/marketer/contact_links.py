"""Personal links from a contact's page: made with the ledger's leave, copied, shown as a QR code, handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import segno
from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import HiddenField, SelectChoice, SelectField, SubmitField
from wtforms.validators import InputRequired

from socialproof.campaigns import links, queries, service
from socialproof.campaigns.awaiting import known_names
from socialproof.campaigns.models import Invitation
from socialproof.clock import now
from socialproof.contacts.models import Contact
from socialproof.contacts.queries import contact_of
from socialproof.database import db, transaction
from socialproof.domain.errors import RuleBroken
from socialproof.domain.invitation import LinkState
from socialproof.domain.roles import Role
from socialproof.surveys.catalogue import survey_of, surveys_of
from socialproof.surveys.models import Survey
from socialproof.web import services
from socialproof.web.language import day
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.event_form import EventForm
from socialproof.web.marketer.filters import is_public_id
from socialproof.web.marketer.reach_words import reason_word

blueprint = Blueprint("contact_links", __name__, url_prefix="/contacts/<contact_id>/links")

MOST_LINKS_SHOWN = 5


class LinkForm(FlaskForm):  # type: ignore[misc]
    survey = SelectField(_l("Survey"), [InputRequired(_l("Please choose one."))])
    anyway = HiddenField()
    send = SubmitField(_l("Make a personal link"))

    @classmethod
    def of(cls, surveys: Sequence[Survey], **options: object) -> LinkForm:
        form = cls(**options)
        form.survey.choices = [SelectChoice(survey.public_id, survey.name) for survey in surveys]
        return form


@dataclass(frozen=True, slots=True)
class Boxes:
    """What the boxes "personal link" and "note what happened" on a contact's page need."""

    contact: Contact
    surveys: Sequence[Survey]
    link_form: LinkForm
    links: Sequence[Invitation]
    event_form: EventForm
    event_names: Sequence[str]


@blueprint.app_template_global("contact_boxes")
def boxes_for(contact: Contact) -> Boxes:
    """The boxes as they are before anything was typed."""
    surveys, session = _open_surveys(), db.session()
    return Boxes(
        contact=contact,
        surveys=surveys,
        link_form=LinkForm.of(surveys, formdata=None),
        links=links.open_links_of(session, contact, now=now(), limit=MOST_LINKS_SHOWN),
        event_form=EventForm.at(now(), current().company.time_zone),
        event_names=known_names(session, contact.company_id),
    )


@blueprint.post("")
@role_required(Role.MODERATOR)
def make(contact_id: str) -> Response:
    """A link for this contact, if the ledger says yes; "not yet" is asked about once more, "never" is final."""
    contact = _contact(contact_id)
    form = LinkForm.of(_open_surveys())
    survey = survey_of(db.session(), contact.company_id, form.survey.data) if form.validate() else None
    if survey is None:
        return _make_page(contact, form)
    try:
        with transaction() as session:
            made = links.personal_link(
                session,
                survey=survey,
                contact=contact,
                user=current().user,
                now=now(),
                force=form.anyway.data == "yes",
            )
            invitation_id = made.public_id
    except RuleBroken as broken:
        return _make_page(_contact(contact_id), form, broken)
    return redirect(url_for(".show", contact_id=contact_id, contact_invitation_id=invitation_id), 303)


@blueprint.get("/<contact_invitation_id>")
@role_required(Role.MODERATOR)
def show(contact_id: str, contact_invitation_id: str) -> str:
    """The link to copy, and its code for a telephone at the table."""
    invitation = _invitation(contact_id, contact_invitation_id)
    return render_template(
        "marketer/contact_links/show.html",
        contact=invitation.contact,
        invitation=invitation,
        address=_address(invitation) if _is_live(invitation) else "",
    )


@blueprint.get("/<contact_invitation_id>/qr.svg")
@role_required(Role.MODERATOR)
def qr(contact_id: str, contact_invitation_id: str) -> Response:
    """The link as a picture."""
    invitation = _invitation(contact_id, contact_invitation_id)
    picture = BytesIO()
    segno.make(_address(invitation), error="m", micro=False).save(picture, kind="svg", scale=8, border=4)
    answer = make_response(picture.getvalue())
    answer.headers["Content-Type"] = "image/svg+xml"
    return answer


@blueprint.post("/<contact_invitation_id>/sent")
@role_required(Role.MODERATOR)
def note_sent(contact_id: str, contact_invitation_id: str) -> Response:
    """Somebody has sent it in their own way."""
    with transaction() as session:
        invitation = _invitation(contact_id, contact_invitation_id)
        links.note_handed_over(session, invitation=invitation, now=now())
    flash(_("Noted: the link is on its way."), "good")
    return redirect(url_for("marketer.contacts.show", contact_id=contact_id), 303)


def refusal_words(broken: RuleBroken, name: str) -> str:
    """Why there is no link, in one sentence."""
    if broken.code == "survey_not_open":
        return str(_("The survey is closed. Open it again, then make the link."))
    reason, until = reason_word(broken.code), broken.details.get("until")
    if isinstance(until, datetime):
        return str(
            _("%(name)s is not to be asked before %(day)s: %(reason)s.", name=name, day=day(until), reason=reason)
        )
    return str(_("%(name)s is not asked any more: %(reason)s.", name=name, reason=reason))


def _make_page(contact: Contact, form: LinkForm, broken: RuleBroken | None = None) -> Response:
    """What was chosen, and why it did not become a link yet."""
    html = render_template(
        "marketer/contact_links/make.html",
        contact=contact,
        form=form,
        surveys=_open_surveys(),
        refusal=refusal_words(broken, contact.name or contact.email or _("This contact")) if broken else "",
        may_force=bool(broken and broken.details.get("may_force")),
    )
    return make_response(html, 422)


def _contact(contact_id: str) -> Contact:
    found = contact_of(db.session(), current().company.id, contact_id) if is_public_id(contact_id) else None
    return found or abort(404)


def _invitation(contact_id: str, invitation_id: str) -> Invitation:
    contact = _contact(contact_id)
    found = None
    if is_public_id(invitation_id):
        found = queries.invitation_by_public_id(db.session(), contact.company_id, invitation_id)
    if found is None or found.contact_id != contact.id or found.channel != "link":
        abort(404)
    return found


def _open_surveys() -> list[Survey]:
    return [survey for survey in surveys_of(db.session(), current().company.id) if survey.state == "open"]


def _is_live(invitation: Invitation) -> bool:
    return queries.state_of_link(invitation, now()) is LinkState.LIVE


def _address(invitation: Invitation) -> str:
    token = service.invitation_token(services().tokens, invitation)
    return services().settings.base_url + url_for("customer.invitation.show", token=token)
