"""Accepting a team invitation: as a new user, or as one who is signed in with the invited address."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, make_response, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError
from wtforms import SubmitField

from socialproof import clock
from socialproof.companies import accounts, attempts, service, team
from socialproof.companies.models import Membership, TeamInvitation, User
from socialproof.companies.queries import invitation_by_secret, user_by_email
from socialproof.database import db, transaction
from socialproof.domain import passwords
from socialproof.domain.errors import NotFound, RuleBroken
from socialproof.web.marketer.access import anyone, current_session
from socialproof.web.marketer.entering import enter, new_session
from socialproof.web.marketer.fields import name_field, new_password_field, password_field, password_words
from socialproof.web.marketer.sign_in import waiting_words

blueprint = Blueprint("join", __name__, url_prefix="/join")


class NewUserForm(FlaskForm):  # type: ignore[misc]
    name = name_field(_l("Your name"))
    password = new_password_field(_l("Choose a password"))
    send = SubmitField(_l("Join the team"))


class KnownUserForm(FlaskForm):  # type: ignore[misc]
    password = password_field()
    send = SubmitField(_l("Sign in and join"))


class SignedInForm(FlaskForm):  # type: ignore[misc]
    send = SubmitField(_l("Join the team"))


@blueprint.get("/<secret>")
@anyone
def show(secret: str) -> Response:
    """Who invites whom to what. Looking at it accepts nothing: mail scanners look too."""
    invitation = invitation_by_secret(db.session(), secret, now=clock.now())
    if invitation is None:
        return _gone()
    return _page(_form_for(invitation)(formdata=None), invitation, secret)


@blueprint.post("/<secret>")
@anyone
def accept(secret: str) -> Response:
    """Join, once, and stand in the new company."""
    invitation = invitation_by_secret(db.session(), secret, now=clock.now())
    if invitation is None:
        return _gone()
    form = _form_for(invitation)()
    if not form.validate() or _like_email(form, invitation):
        return _page(form, invitation, secret, 422)
    try:
        started, company_name = _join(form, secret, invitation.email)
    except NotFound:
        return _gone()
    except RuleBroken as broken:
        return _refused(form, invitation, secret, broken)
    except IntegrityError:
        abort(409)
    response = enter(started)
    flash(_("Welcome to the team of %(company)s.", company=company_name), "good")
    return response


def _join(form: FlaskForm, secret: str, email: str) -> tuple[str, str]:
    if isinstance(form, KnownUserForm):
        with transaction() as session:
            attempts.begin_attempt(session, email=email, address=request.remote_addr or "", now=clock.now())
    with transaction() as session:
        joined: Membership = team.join(session, secret=secret, user=_user(form, email), now=clock.now())
        started = new_session(session, joined.user, company_id=joined.company_id)
        return started, joined.company.name


def _user(form: FlaskForm, email: str) -> User:
    """Whoever is joining: made now, proven by the password, or signed in."""
    session, now = db.session(), clock.now()
    if isinstance(form, NewUserForm):
        name, password = form.name.data, form.password.data
        language = str(get_locale())
        return service.create_user(session, email=email, name=name, password=password, language=language, now=now)
    if isinstance(form, KnownUserForm):
        return accounts.user_with_password(session, email=email, password=form.password.data, now=now)
    user_session = current_session()
    if user_session is None:
        raise NotFound
    return user_session.user


def _form_for(invitation: TeamInvitation) -> type[FlaskForm]:
    user_session = current_session()
    if user_session is not None and user_session.user.email == invitation.email:
        return SignedInForm
    known = user_by_email(db.session(), invitation.email)
    return KnownUserForm if known else NewUserForm


def _like_email(form: FlaskForm, invitation: TeamInvitation) -> bool:
    if not isinstance(form, NewUserForm):
        return False
    why = passwords.fault(form.password.data, email=invitation.email)
    if why:
        form.password.errors = [password_words(why)]
    return why is not None


def _refused(form: FlaskForm, invitation: TeamInvitation, secret: str, broken: RuleBroken) -> Response:
    if broken.code == "too_many_attempts":
        sentence, seconds = waiting_words(broken)
        form.form_errors.append(sentence)
        response = _page(form, invitation, secret, 429)
        response.headers["Retry-After"] = str(seconds)
        return response
    form.form_errors.append(_("E-mail address and password do not fit together."))
    return _page(form, invitation, secret, 422)


def _page(form: FlaskForm, invitation: TeamInvitation, secret: str, status: int = 200) -> Response:
    return make_response(
        render_template("marketer/join/show.html", form=form, invitation=invitation, secret=secret), status
    )


def _gone() -> Response:
    """Used, revoked, replaced, too old or never there: the same words for all."""
    return make_response(render_template("marketer/join/gone.html"), 404)
