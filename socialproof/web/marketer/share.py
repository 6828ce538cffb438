"""How a survey reaches customers: its link, its QR code, and personal links."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import segno
from flask import Blueprint, abort, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from socialproof.campaigns import links, queries, service
from socialproof.campaigns.models import Invitation
from socialproof.clock import now
from socialproof.companies.emails import kept_email
from socialproof.contacts.service import keep_contact
from socialproof.database import db, transaction
from socialproof.domain.errors import RuleBroken
from socialproof.domain.invitation import LinkState
from socialproof.surveys.models import Survey
from socialproof.web import services
from socialproof.web.marketer.access import current, may, role_required
from socialproof.web.marketer.contact_links import refusal_words
from socialproof.web.marketer.dashboard_words import register_words
from socialproof.web.marketer.filters import is_public_id
from socialproof.web.marketer.reach_words import state_word
from socialproof.web.marketer.survey_forms import PersonalLinkForm
from socialproof.web.marketer.survey_page import found, page, public_link

blueprint = Blueprint("share", __name__, url_prefix="/surveys/<survey_id>")
register_words(blueprint)

MOST_LINKS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class PersonalLink:
    """One row of the list. `address` is None for those who may not hand links out, and once it is of no use."""

    invitation: Invitation
    state: str
    address: str | None
    is_live: bool


@blueprint.get("/share")
def show(survey_id: str) -> Response:
    """Everything that brings customers to the question."""
    return _share_page(found(survey_id), PersonalLinkForm(formdata=None))


@blueprint.get("/qr.<any(svg, png):form>")
def qr(survey_id: str, form: str) -> Response:
    """The public link as a picture: SVG to print at any size, PNG for everything else."""
    survey = found(survey_id)
    picture = BytesIO()
    code = segno.make(public_link(survey, "?source=qr"), error="m", micro=False)
    code.save(picture, kind=form, scale=12 if form == "png" else 8, border=4)
    answer = make_response(picture.getvalue())
    answer.headers["Content-Type"] = "image/svg+xml" if form == "svg" else "image/png"
    if request.args.get("download"):
        name = f"survey-{survey.public_id}.{form}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.post("/invitations")
@role_required("moderator")
def invite(survey_id: str) -> Response:
    """A personal link for one customer."""
    survey = found(survey_id)
    form = PersonalLinkForm()
    if not form.validate():
        return _share_page(survey, form, 422)
    try:
        with transaction() as session:
            _make_link(session, survey, form)
    except RuleBroken as broken:
        form.form_errors.append(refusal_words(broken, form.person.data))
        return _share_page(found(survey_id), form, 422, may_force=bool(broken.details.get("may_force")))
    flash(_("The link is ready: copy it and send it to %(name)s.", name=form.person.data), "good")
    return redirect(url_for(".show", survey_id=survey.public_id, _anchor="links"), 303)


@blueprint.post("/invitations/<invitation_id>/revoke")
@role_required("moderator")
def revoke(survey_id: str, invitation_id: str) -> Response:
    """Take a personal link back."""
    survey = found(survey_id)
    invitation = None
    if is_public_id(invitation_id):
        invitation = queries.invitation_by_public_id(db.session(), current().company.id, invitation_id)
    if invitation is None or invitation.survey_id != survey.id:
        abort(404)
    with transaction() as session:
        service.revoke_invitation(session, invitation=invitation, now=now())
    flash(_("The link no longer takes an answer."), "good")
    return redirect(url_for(".show", survey_id=survey.public_id, _anchor="links"), 303)


def _make_link(session: Session, survey: Survey, form: PersonalLinkForm) -> None:
    """For a contact that is known by its address, or a new one; a refused link leaves no contact behind."""
    contact = keep_contact(
        session,
        company_id=survey.company_id,
        email=kept_email(form.email.data) if form.email.data else None,
        name=form.person.data,
        language=form.language.data,
        now=now(),
    )
    links.personal_link(
        session,
        survey=survey,
        contact=contact,
        user=current().user,
        now=now(),
        force=form.anyway.data,
        language=form.language.data,
    )


def _share_page(survey: Survey, form: PersonalLinkForm, status: int = 200, *, may_force: bool = False) -> Response:
    company_id = survey.company_id
    if not form.is_submitted():
        form.language.data = survey.default_language
    invitations = links.links_to(db.session(), survey, limit=MOST_LINKS_SHOWN)
    return page(
        "share/show",
        survey,
        status,
        form=form,
        may_force=may_force,
        link=public_link(survey),
        embed_link=public_link(survey, "?embed=1"),
        links=[_personal_link(invitation) for invitation in invitations],
        unconfirmed=queries.unconfirmed_click_count(db.session(), company_id, survey.id),
        link_state_word=link_state_word,
    )


def _personal_link(invitation: Invitation) -> PersonalLink:
    state = queries.state_of_link(invitation, now())
    is_live = state is LinkState.LIVE
    token = service.invitation_token(services().tokens, invitation)
    path = url_for("customer.invitation.show", token=token)
    address = services().settings.base_url + path if is_live and may("moderator") else None
    return PersonalLink(invitation, invitation.state if is_live else state.value, address, is_live)


def link_state_word(state: str) -> str:
    """The state of a personal link as the team reads it."""
    words: dict[str, str] = {
        "pending": _("Ready to send"),
        "sent": _("Link sent"),
        "answered": _("Answered"),
        "expired": _("Expired"),
        "revoked": _("Revoked"),
        "gone": _("Customer deleted"),
        "bounced": _("Bounced"),
    }
    return words.get(state) or state_word(state)
