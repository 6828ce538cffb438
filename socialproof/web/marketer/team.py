"""The team of the company: who is in it, who is invited, who may do what, and the trail of it all."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, SubmitField

from socialproof import clock
from socialproof.companies import queries, team
from socialproof.companies.emails import kept_email
from socialproof.companies.models import Membership, TeamInvitation
from socialproof.database import db, transaction
from socialproof.domain.errors import Forbidden, NotFound, RuleBroken
from socialproof.domain.roles import Role, grantable, may_manage, role_named
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.audit_words import role_word, told
from socialproof.web.marketer.entering import see
from socialproof.web.marketer.fields import email_field

blueprint = Blueprint("team", __name__, url_prefix="/team")


class InviteForm(FlaskForm):  # type: ignore[misc]
    email = email_field()
    role = SelectField(_l("Role"), default=Role.MODERATOR)
    send = SubmitField(_l("Invite"))


@blueprint.get("")
@role_required(Role.VIEWER)
def show() -> Response:
    """Members and open invitations."""
    return _page(_invite_form(formdata=None))


@blueprint.post("/invitations")
@role_required(Role.ADMIN)
def invite() -> Response:
    """Invite an address. Whether it has an account here already is not to be seen from the answer."""
    form = _invite_form()
    if not form.validate():
        return _page(form, status=422)
    email = kept_email(form.email.data) or ""
    try:
        with transaction() as session:
            me = current()
            role = Role(form.role.data)
            team.invite(session, company=me.company, by=me.membership, email=email, role=role, now=clock.now())
    except RuleBroken as broken:
        form.email.errors = [_refusal(broken)]
        return _page(form, status=422)
    flash(_("An invitation is on its way to %(email)s.", email=email), "good")
    return see("/app/team")


@blueprint.post("/invitations/<invitation_id>/resend")
@role_required(Role.ADMIN)
def resend(invitation_id: str) -> Response:
    """Mail an invitation again, with a new link."""
    with transaction() as session:
        invitation = _invitation(invitation_id)
        team.resend(session, invitation=invitation, by=current().membership, now=clock.now())
        email = invitation.email
    flash(_("A new link is on its way to %(email)s.", email=email), "good")
    return see("/app/team")


@blueprint.post("/invitations/<invitation_id>/revoke")
@role_required(Role.ADMIN)
def revoke(invitation_id: str) -> Response:
    """Take an invitation back."""
    with transaction() as session:
        invitation = _invitation(invitation_id)
        team.revoke(session, invitation=invitation, by=current().membership, now=clock.now())
        email = invitation.email
    flash(_("The invitation of %(email)s no longer works.", email=email), "good")
    return see("/app/team")


@blueprint.post("/<member_id>/role")
@role_required(Role.ADMIN)
def change_role(member_id: str) -> Response:
    """Give a member another role."""
    role = role_named(request.form.get("role"))
    try:
        with transaction() as session:
            member = _member(member_id)
            if role is None:
                raise RuleBroken("unknown_role")
            me = current().membership
            team.change_role(session, member=member, by=me, role=role, now=clock.now())
            name = member.user.name
    except RuleBroken as broken:
        return _refused(broken)
    flash(_("%(name)s is now: %(role)s.", name=name, role=role_word(role)), "good")
    return see("/app/team")


@blueprint.get("/<member_id>/remove")
@role_required(Role.VIEWER)
def ask_removal(member_id: str) -> Response:
    """Really? Others are removed by an admin; leaving is open to everybody."""
    member = _member(member_id)
    leaving = member.user_id == current().user.id
    if not leaving and not may_manage(current().role, Role(member.role)):
        raise Forbidden
    return make_response(render_template("marketer/team/ask_removal.html", member=member, leaving=leaving))


@blueprint.post("/<member_id>/remove")
@role_required(Role.VIEWER)
def remove(member_id: str) -> Response:
    """Remove a member, or leave."""
    try:
        with transaction() as session:
            member = _member(member_id)
            leaving, name = member.user_id == current().user.id, member.user.name
            team.remove(session, member=member, by=current().membership, now=clock.now())
    except RuleBroken as broken:
        return _refused(broken)
    if leaving:
        return see("/app/switch")
    flash(_("%(name)s is no longer in the team.", name=name), "good")
    return see("/app/team")


@blueprint.get("/audit")
@role_required(Role.ADMIN)
def audit() -> Response:
    """Who did what, newest first."""
    before_id = request.args.get("before", type=int)
    if before_id is not None and not 0 < before_id < 2**31:
        raise NotFound
    found = list(queries.audit_entries(db.session(), current().company.id, before_id=before_id))
    entries, more = found[: queries.AUDIT_PAGE], found[queries.AUDIT_PAGE :]
    html = render_template(
        "marketer/team/audit.html",
        entries=[(entry, told(entry)) for entry in entries],
        before=entries[-1].id if more else None,
        is_first=before_id is None,
    )
    return make_response(html)


def _invite_form(**options: object) -> InviteForm:
    form = InviteForm(**options)
    form.role.choices = [SelectChoice(role.value, role_word(role)) for role in grantable(current().role)]
    return form


def _member(member_id: str) -> Membership:
    found = queries.team_member(db.session(), company_id=current().company.id, user_public_id=member_id)
    if found is None:
        raise NotFound
    return found


def _invitation(invitation_id: str) -> TeamInvitation:
    found = queries.open_invitation(db.session(), company_id=current().company.id, public_id=invitation_id)
    if found is None:
        raise NotFound
    return found


def _refused(broken: RuleBroken) -> Response:
    """Missing and forbidden have pages of their own; what is against a rule is said on the team's page."""
    if isinstance(broken, NotFound | Forbidden):
        raise broken
    flash(_refusal(broken), "bad")
    return _page(_invite_form(formdata=None), status=422)


def _refusal(broken: RuleBroken) -> str:
    words: dict[str, str] = {
        "already_member": _("This person is in the team already."),
        "too_many_invitations": _("Too many invitations are open. Take some back first."),
        "last_owner": _("A company needs an owner. Make somebody else an owner first."),
        "unknown_role": _("There is no such role."),
        "role_above_own": _("You cannot give or take a role above your own."),
    }
    return words[broken.code]


def _page(form: InviteForm, *, status: int = 200) -> Response:
    me, now = current(), clock.now()
    is_admin = me.role.covers(Role.ADMIN)
    invitations = queries.open_invitations(db.session(), me.company.id) if is_admin else []
    html = render_template(
        "marketer/team/show.html",
        form=form,
        me=me,
        now=now,
        members=queries.team(db.session(), me.company.id),
        invitations=invitations,
        roles=grantable(me.role),
        may_manage=lambda member: may_manage(me.role, Role(member.role)),
    )
    return make_response(html, status)
