"""My own account: name, language, password, and the browsers I am signed in with."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, flash, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Form, SubmitField

from socialproof import clock
from socialproof.companies import accounts, attempts, sessions
from socialproof.companies.models import UserSession
from socialproof.database import db, transaction
from socialproof.domain.errors import NotFound, RuleBroken
from socialproof.web.marketer.access import current_session, current_user, signed_in
from socialproof.web.marketer.cookie import take_cookie
from socialproof.web.marketer.entering import enter, new_session, see
from socialproof.web.marketer.fields import language_field, name_field, new_password_field, password_field
from socialproof.web.marketer.sign_in import waiting_words

blueprint = Blueprint("account", __name__, url_prefix="/account")


def _my_email(_form: Form) -> str:
    return current_user().email


class AccountForm(FlaskForm):  # type: ignore[misc]
    name = name_field(_l("Your name"))
    language = language_field(_l("Language of these pages"), follow_browser=True)
    send = SubmitField(_l("Save"))


class PasswordForm(FlaskForm):  # type: ignore[misc]
    current_password = password_field(_l("Present password"))
    new_password = new_password_field(email=_my_email)
    change = SubmitField(_l("Change the password"))


@blueprint.get("")
@signed_in
def show() -> Response:
    """The forms of my account."""
    return _page()


@blueprint.post("")
@signed_in
def change() -> Response:
    """Change name and language."""
    form = AccountForm()
    if not form.validate():
        return _page(about=form, status=422)
    name, language = form.name.data, form.language.data
    with transaction() as session:
        accounts.change_account(session, user=current_user(), name=name, language=language, now=clock.now())
    flash(_("Saved."), "good")
    return see("/app/account")


@blueprint.post("/password")
@signed_in
def change_password() -> Response:
    """Change the password; it needs the present one, within the same limits as signing in."""
    form = PasswordForm()
    if not form.validate():
        return _page(password=form, status=422)
    try:
        secret = _changed(form)
    except RuleBroken as broken:
        return _refused(form, broken)
    response = enter(secret, "/app/account")
    flash(_("Your password is changed. Every other browser was signed out."), "good")
    return response


@blueprint.post("/sessions/end")
@signed_in
def sign_out_everywhere() -> Response:
    """End every session, this one too."""
    with transaction() as session:
        sessions.end_sessions(session, user=current_user(), now=clock.now())
    return take_cookie(see("/app/sign-in"))


@blueprint.post("/sessions/<session_id>/end")
@signed_in
def end_session(session_id: str) -> Response:
    """End one of my sessions; somebody else's does not exist for me."""
    now = clock.now()
    with transaction() as session:
        mine = sessions.sessions_of(session, current_user().id, now=now)
        wanted = next((each for each in mine if each.public_id == session_id), None)
        if wanted is None:
            raise NotFound
        sessions.end_session(session, user_session=wanted, now=now)
    flash(_("That browser is signed out."), "good")
    return see("/app/account")


@dataclass(frozen=True)
class Browser:
    """One session as its owner knows it."""

    session: UserSession
    name: str
    is_this: bool


def browser_name(agent: str) -> str:
    """What a person calls their browser, from what it calls itself; '' when it says nothing known."""
    programs = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    machines = (
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    )
    found = [next((name for mark, name in names if mark in agent), "") for names in (programs, machines)]
    return ", ".join(filter(None, found))


def _changed(form: PasswordForm) -> str:
    user, now = current_user(), clock.now()
    with transaction() as session:
        attempts.begin_attempt(session, email=user.email, address=request.remote_addr or "", now=now)
    user_session = current_session()
    stands_in = user_session.company_id if user_session else None
    with transaction() as session:
        accounts.user_with_password(session, email=user.email, password=form.current_password.data, now=now)
        accounts.change_password(session, user=user, password=form.new_password.data, now=now)
        return new_session(session, user, company_id=stands_in)


def _refused(form: PasswordForm, broken: RuleBroken) -> Response:
    if broken.code != "too_many_attempts":
        form.current_password.errors = [_("This is not your present password.")]
        return _page(password=form, status=422)
    sentence, seconds = waiting_words(broken)
    form.form_errors.append(sentence)
    response = _page(password=form, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _page(*, about: AccountForm | None = None, password: PasswordForm | None = None, status: int = 200) -> Response:
    user, here = current_user(), current_session()
    mine = sessions.sessions_of(db.session(), user.id, now=clock.now())
    html = render_template(
        "marketer/account/show.html",
        about=about or AccountForm(formdata=None, obj=user),
        password=password or PasswordForm(formdata=None),
        browsers=[Browser(one, browser_name(one.user_agent), one is here) for one in mine],
    )
    return make_response(html, status)
