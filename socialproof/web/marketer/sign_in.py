"""Signing in and out."""

from __future__ import annotations

from math import ceil

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, SubmitField

from socialproof import clock
from socialproof.companies import accounts, attempts, sessions
from socialproof.companies.emails import kept_email
from socialproof.companies.queries import anybody
from socialproof.database import db, transaction
from socialproof.domain.addresses import safe_next
from socialproof.domain.errors import RuleBroken
from socialproof.web.marketer.access import anyone, current_session
from socialproof.web.marketer.cookie import take_cookie
from socialproof.web.marketer.entering import enter, new_session, see
from socialproof.web.marketer.fields import email_field, password_field

blueprint = Blueprint("sign_in", __name__)


class SignInForm(FlaskForm):  # type: ignore[misc]
    email = email_field()
    password = password_field()
    next = HiddenField()
    send = SubmitField(_l("Sign in"))


@blueprint.get("/sign-in")
@anyone
def show() -> Response:
    """The form; those who are in already go on."""
    if not anybody(db.session()):
        return see("/app/welcome")
    onwards = safe_next(request.args.get("next"))
    if current_session() is not None:
        return see(onwards)
    return _page(SignInForm(formdata=None, next=onwards))


@blueprint.post("/sign-in")
@anyone
def submit() -> Response:
    """Check the password within the limits; whether the address exists is not to be seen from the answer."""
    form, now = SignInForm(), clock.now()
    if not form.validate():
        return _page(form, 422)
    email = kept_email(form.email.data) or ""
    try:
        with transaction() as session:
            attempts.begin_attempt(session, email=email, address=request.remote_addr or "", now=now)
        with transaction() as session:
            user = accounts.user_with_password(session, email=email, password=form.password.data, now=now)
            secret = new_session(session, user)
    except RuleBroken as broken:
        return _refused(form, broken)
    return enter(secret, safe_next(form.next.data))


@blueprint.post("/sign-out")
@anyone
def sign_out() -> Response:
    """End the session itself, so that a copied cookie is worth nothing."""
    user_session = current_session()
    if user_session is not None:
        with transaction() as session:
            sessions.end_session(session, user_session=user_session, now=clock.now())
    return take_cookie(see("/app/sign-in"))


def waiting_words(broken: RuleBroken) -> tuple[str, int]:
    """When to try again after too many attempts: the sentence and the seconds."""
    seconds = max(1, ceil((broken.details["until"] - clock.now()).total_seconds()))  # type: ignore[operator]
    minutes = ceil(seconds / 60)
    sentence = ngettext(
        "Too many attempts. Please try again in %(num)s minute.",
        "Too many attempts. Please try again in %(num)s minutes.",
        minutes,
    )
    return sentence, seconds


def _refused(form: SignInForm, broken: RuleBroken) -> Response:
    if broken.code != "too_many_attempts":
        form.form_errors.append(_("E-mail address and password do not fit together."))
        return _page(form, 422)
    sentence, seconds = waiting_words(broken)
    form.form_errors.append(sentence)
    response = _page(form, 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _page(form: SignInForm, status: int = 200) -> Response:
    return make_response(render_template("marketer/sign_in/show.html", form=form), status)
