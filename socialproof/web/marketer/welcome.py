"""The first run: make the first owner and company. Closed for ever once there is a user."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template, request
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError
from wtforms import Form, SubmitField

from socialproof import clock
from socialproof.companies import service
from socialproof.companies.emails import kept_email
from socialproof.companies.queries import anybody
from socialproof.database import db, transaction
from socialproof.domain.errors import Conflict
from socialproof.tokens import BadToken, Purpose
from socialproof.web import Services, services
from socialproof.web.marketer.access import anyone
from socialproof.web.marketer.entering import enter, new_session, see
from socialproof.web.marketer.fields import email_field, name_field, new_password_field

blueprint = Blueprint("welcome", __name__)


def _email_of(form: Form) -> str:
    return form.email.data or ""


class WelcomeForm(FlaskForm):  # type: ignore[misc]
    company = name_field(_l("Your company"))
    name = name_field(_l("Your name"))
    email = email_field(_l("Your e-mail address"))
    password = new_password_field(_l("Choose a password"), email=_email_of)
    send = SubmitField(_l("Make my company"))


FIRST_OWNER = "first-owner"


def welcome_link(services: Services) -> str:
    """The address by which the operator, and nobody else, makes the first owner."""
    key = services.tokens.sign(Purpose.WELCOME, FIRST_OWNER)
    return f"{services.settings.base_url}/app/welcome?key={key}"


def _is_operator() -> bool:
    """On a machine that only its own people reach, whoever comes; elsewhere who holds the operator's link."""
    if services().settings.is_local:
        return True
    try:
        return services().tokens.read(Purpose.WELCOME, request.args.get("key", "")) == FIRST_OWNER
    except BadToken:
        return False


@blueprint.get("/welcome")
@anyone
def show() -> Response:
    """The form of the first run; later only the way to the sign-in."""
    if anybody(db.session()):
        return see("/app/sign-in")
    if not _is_operator():
        return _waiting()
    return _page(WelcomeForm(formdata=None))


@blueprint.post("/welcome")
@anyone
def submit() -> Response:
    """Found the installation, once: of two at the same moment one wins."""
    if anybody(db.session()):
        abort(404)
    if not _is_operator():
        return _waiting()
    form = WelcomeForm()
    if not form.validate():
        return _page(form, 422)
    try:
        with transaction() as session:
            user = service.found_installation(
                session,
                company_name=form.company.data,
                user_name=form.name.data,
                email=kept_email(form.email.data) or "",
                password=form.password.data,
                language=str(get_locale()),
                now=clock.now(),
            )
            secret = new_session(session, user)
    except (Conflict, IntegrityError):
        abort(404)
    return enter(secret)


def _waiting() -> Response:
    return make_response(render_template("marketer/welcome/waiting.html"), 403)


def _page(form: WelcomeForm, status: int = 200) -> Response:
    return make_response(render_template("marketer/welcome/show.html", form=form), status)
