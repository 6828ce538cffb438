"""Standing in another of one's companies, and making one more."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, make_response, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SubmitField

from socialproof import clock
from socialproof.companies import service
from socialproof.companies.queries import membership_in, memberships_of
from socialproof.database import db, transaction
from socialproof.domain.errors import NotFound
from socialproof.domain.roles import Role
from socialproof.web.marketer.access import current_session, current_user, signed_in
from socialproof.web.marketer.entering import see
from socialproof.web.marketer.fields import name_field

blueprint = Blueprint("switch", __name__, url_prefix="/switch")


class CompanyForm(FlaskForm):  # type: ignore[misc]
    name = name_field(_l("Name of the company"))
    send = SubmitField(_l("Make the company"))


@blueprint.get("")
@signed_in
def show() -> Response:
    """My companies, and a form for another one."""
    return _page(CompanyForm(formdata=None))


@blueprint.post("")
@signed_in
def switch() -> Response:
    """Stand in another company; a foreign one and a missing one are the same."""
    wanted = request.form.get("company", "")
    with transaction() as session:
        member = membership_in(session, company_public_id=wanted, user_id=current_user().id)
        if member is None:
            raise NotFound
        _stand_in(member.company_id)
    return see("/app/")


@blueprint.post("/new")
@signed_in
def create() -> Response:
    """Make another company and stand in it. Only who owns one already: the others were invited to help."""
    if not _may_create():
        abort(403)
    form = CompanyForm()
    if not form.validate():
        return _page(form, 422)
    with transaction() as session:
        name, language = form.name.data, str(get_locale())
        company = service.create_company(session, name=name, owner=current_user(), language=language, now=clock.now())
        _stand_in(company.id)
    flash(_("%(company)s is ready. Its first survey is the next step.", company=form.name.data), "good")
    return see("/app/")


def _stand_in(company_id: int) -> None:
    user_session = current_session()
    if user_session is not None:
        user_session.company_id = company_id


def _may_create() -> bool:
    mine = memberships_of(db.session(), current_user().id)
    return any(member.role == Role.OWNER for member in mine)


def _page(form: CompanyForm, status: int = 200) -> Response:
    mine = memberships_of(db.session(), current_user().id)
    html = render_template("marketer/switch/show.html", form=form, memberships=mine, may_create=_may_create())
    return make_response(html, status)
