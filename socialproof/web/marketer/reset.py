"""A forgotten password: ask for a link by mail, then choose another one with it, once."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SubmitField

from socialproof import clock
from socialproof.companies import accounts
from socialproof.companies.emails import kept_email
from socialproof.companies.queries import reset_by_secret
from socialproof.database import db, transaction
from socialproof.domain import passwords
from socialproof.domain.errors import NotFound
from socialproof.web.marketer.access import anyone
from socialproof.web.marketer.entering import enter, new_session
from socialproof.web.marketer.fields import email_field, new_password_field, password_words

blueprint = Blueprint("reset", __name__, url_prefix="/reset")


class AskForm(FlaskForm):  # type: ignore[misc]
    email = email_field()
    send = SubmitField(_l("Send me a link"))


class ChooseForm(FlaskForm):  # type: ignore[misc]
    password = new_password_field()
    send = SubmitField(_l("Set the password and sign in"))


@blueprint.get("")
@anyone
def ask() -> Response:
    """Where should the link go?"""
    return _ask_page(AskForm(formdata=None))


@blueprint.post("")
@anyone
def send() -> Response:
    """The same answer, and the same work, whether or not somebody has this address: a job writes the mail."""
    form = AskForm()
    if not form.validate():
        return _ask_page(form, 422)
    email = kept_email(form.email.data) or ""
    with transaction() as session:
        accounts.request_password_reset(session, email=email, now=clock.now())
    return make_response(render_template("marketer/reset/sent.html", email=email))


@blueprint.get("/<secret>")
@anyone
def choose(secret: str) -> Response:
    """The form of the mailed link. Looking at it uses nothing up: mail scanners look too."""
    if reset_by_secret(db.session(), secret, now=clock.now()) is None:
        return _gone()
    return _choose_page(ChooseForm(formdata=None), secret)


@blueprint.post("/<secret>")
@anyone
def set_password(secret: str) -> Response:
    """Set the password, end every session of the account, and sign this browser in."""
    form, now = ChooseForm(), clock.now()
    reset = reset_by_secret(db.session(), secret, now=now)
    if reset is None:
        return _gone()
    why = passwords.fault(form.password.data or "", email=reset.user.email)
    if not form.validate():
        return _choose_page(form, secret, 422)
    if why:
        form.password.errors = [password_words(why)]
        return _choose_page(form, secret, 422)
    try:
        with transaction() as session:
            user = accounts.use_password_reset(session, secret=secret, password=form.password.data, now=now)
            started = new_session(session, user)
    except NotFound:
        return _gone()
    response = enter(started)
    flash(_("Your password is changed. Every other browser was signed out."), "good")
    return response


def _ask_page(form: AskForm, status: int = 200) -> Response:
    return make_response(render_template("marketer/reset/ask.html", form=form), status)


def _choose_page(form: ChooseForm, secret: str, status: int = 200) -> Response:
    return make_response(render_template("marketer/reset/choose.html", form=form, secret=secret), status)


def _gone() -> Response:
    """Used, replaced, too old or never there: the same words for all, and the way to a new link."""
    return make_response(render_template("marketer/reset/gone.html"), 404)
