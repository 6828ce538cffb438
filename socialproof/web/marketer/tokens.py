"""API tokens of the company: made and seen once, listed, revoked; and how a program uses one."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SubmitField

from socialproof import clock
from socialproof.companies import api_tokens
from socialproof.companies.models import ApiToken
from socialproof.database import db, transaction
from socialproof.domain.errors import NotFound, RuleBroken
from socialproof.domain.roles import Role
from socialproof.web import services
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.entering import see
from socialproof.web.marketer.fields import name_field
from socialproof.web.marketer.filters import is_public_id

blueprint = Blueprint("tokens", __name__, url_prefix="/tokens")


class TokenForm(FlaskForm):  # type: ignore[misc]
    name = name_field(_l("What is it for?"))
    send = SubmitField(_l("Make a token"))


@blueprint.get("")
@role_required(Role.ADMIN)
def show() -> Response:
    """The tokens that work, and an example of using one."""
    return _page(TokenForm(formdata=None))


@blueprint.post("")
@role_required(Role.ADMIN)
def make() -> Response:
    """A new token. Its secret stands in this answer and nowhere else, so no other page can follow."""
    form = TokenForm()
    if not form.validate():
        return _page(form, status=422)
    try:
        with transaction() as session:
            me = current()
            _token, shown = api_tokens.make_token(
                session,
                company=me.company,
                name=form.name.data,
                scopes=[api_tokens.EVENTS],
                user=me.user,
                now=clock.now(),
            )
    except RuleBroken as broken:
        form.name.errors = [_("At most %(count)s tokens; revoke one first.", count=broken.details["most"])]
        return _page(form, status=422)
    return _page(TokenForm(formdata=None), shown=shown, name=form.name.data)


@blueprint.post("/<token_id>/revoke")
@role_required(Role.ADMIN)
def revoke(token_id: str) -> Response:
    """It is refused from now on."""
    with transaction() as session:
        token = _found(token_id)
        api_tokens.revoke_token(session, token=token, user=current().user, now=clock.now())
        name = token.name
    flash(_("%(name)s no longer works.", name=name), "good")
    return see("/app/tokens")


def _found(token_id: str) -> ApiToken:
    found = api_tokens.token_of(db.session(), current().company.id, token_id) if is_public_id(token_id) else None
    if found is None:
        raise NotFound
    return found


def _page(form: TokenForm, *, status: int = 200, shown: str = "", name: str = "") -> Response:
    session = db.session()
    html = render_template(
        "marketer/tokens/show.html",
        form=form,
        shown=shown,
        name=name,
        tokens=[(token, api_tokens.maker_may(session, token)) for token in _tokens()],
        address=services().settings.base_url + url_for("developer.events.note"),
    )
    return make_response(html, status)


def _tokens() -> list[ApiToken]:
    return list(api_tokens.tokens_of(db.session(), current().company.id))
