"""Popups: the list, settings, on and off, what to paste, the try-out page, and "why was it not shown?"."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from socialproof.campaigns import popup_identity, popups
from socialproof.campaigns.models import Popup
from socialproof.campaigns.popup_queries import counts_by_reason, popup_of, popups_of, shown_counts
from socialproof.clock import now
from socialproof.database import db, transaction
from socialproof.domain.roles import Role
from socialproof.languages import known_language
from socialproof.seal import Seal
from socialproof.web import services
from socialproof.web.marketer import popup_samples
from socialproof.web.marketer.access import current, may, role_required
from socialproof.web.marketer.dashboard_words import register_words
from socialproof.web.marketer.filters import is_public_id
from socialproof.web.marketer.popup_forms import PopupForm, WhyForm
from socialproof.web.marketer.popup_inspector import explained
from socialproof.web.marketer.popup_words import register_popup_words
from socialproof.web.visitor.popup import appearance

blueprint = Blueprint("popups", __name__, url_prefix="/popups")
register_words(blueprint)
register_popup_words(blueprint)


@blueprint.get("")
def overview() -> str:
    """Every popup of the company, and how often it was shown."""
    company = current().company
    shown = shown_counts(db.session(), company.id, now().date())
    return render_template("marketer/popups/overview.html", popups=popups_of(db.session(), company.id), shown=shown)


@blueprint.get("/new")
@role_required(Role.ADMIN)
def new() -> str:
    form = PopupForm.of(db.session(), current().company, formdata=None)
    return render_template("marketer/popups/new.html", form=form)


@blueprint.post("")
@role_required(Role.ADMIN)
def create() -> BaseResponse:
    acting = current()
    form = PopupForm.of(db.session(), acting.company)
    if not form.validate():
        return make_response(render_template("marketer/popups/new.html", form=form), 422)
    with transaction() as session:
        survey, settings = form.surveys[form.survey.data], form.settings()
        popup = popups.create_popup(session, survey=survey, settings=settings, user=acting.user, now=now())
    flash(_("The popup is made, and still off. Paste its line into your page, try it, then switch it on."), "good")
    return redirect(url_for(".install", popup_id=popup.public_id), 303)


@blueprint.get("/<popup_id>")
def show(popup_id: str) -> BaseResponse:
    """Its settings."""
    popup = found(popup_id)
    return _page("show", popup, form=PopupForm.of(db.session(), current().company, popup))


@blueprint.post("/<popup_id>")
@role_required(Role.ADMIN)
def update(popup_id: str) -> BaseResponse:
    popup, acting = found(popup_id), current()
    form = PopupForm.of(db.session(), acting.company, popup)
    if not form.validate():
        return _page("show", popup, 422, form=form)
    with transaction() as session:
        survey, settings = form.surveys[form.survey.data], form.settings()
        popups.change_popup(session, popup=popup, survey=survey, settings=settings, user=acting.user, now=now())
    flash(_("Saved. Pages that hold its line follow within a minute."), "good")
    return redirect(url_for(".show", popup_id=popup_id), 303)


@blueprint.post("/<popup_id>/on")
@role_required(Role.ADMIN)
def turn_on(popup_id: str) -> BaseResponse:
    return _turn(popup_id, is_on=True, words=_("The popup is on."))


@blueprint.post("/<popup_id>/off")
@role_required(Role.ADMIN)
def turn_off(popup_id: str) -> BaseResponse:
    return _turn(popup_id, is_on=False, words=_("The popup is off. Open pages follow within a minute."))


@blueprint.post("/<popup_id>/delete")
@role_required(Role.ADMIN)
def delete(popup_id: str) -> BaseResponse:
    popup = found(popup_id)
    with transaction() as session:
        popups.delete_popup(session, popup=popup, user=current().user, now=now())
    flash(_("The popup is gone. Its line in your pages does nothing any more."), "good")
    return redirect(url_for(".overview"), 303)


@blueprint.get("/<popup_id>/install")
def install(popup_id: str) -> BaseResponse:
    """What to paste, what a strict page must allow, and how the company's server names the person."""
    popup, base = found(popup_id), services().settings.base_url
    place = f'<div data-socialproof-popup="{popup.public_id}"></div>' if popup.mode == "inline" else ""
    return _page(
        "install",
        popup,
        snippet=f'{place}<script async src="{base}/w/popup.js" data-popup="{popup.public_id}"></script>',
        host=base,
        samples=popup_samples.SAMPLES,
        page_sample=popup_samples.PAGE,
        calls=popup_samples.CALLS,
        secret=popup_identity.identify_secret(popup.survey.company, _seal()) if may(Role.ADMIN) else "",
        has_secret=bool(popup.survey.company.identify_secret),
    )


@blueprint.post("/<popup_id>/secret")
@role_required(Role.ADMIN)
def renew_secret(popup_id: str) -> BaseResponse:
    """A new secret of the company; the one before stops at once."""
    popup, acting = found(popup_id), current()
    with transaction() as session:
        popup_identity.replace_identify_secret(
            session, company=popup.survey.company, user=acting.user, seal=_seal(), now=now()
        )
    flash(_("The new secret is in force. Tokens signed with another one name nobody."), "good")
    return redirect(url_for(".install", popup_id=popup_id, _anchor="identify"), 303)


@blueprint.get("/<popup_id>/why")
def why(popup_id: str) -> BaseResponse:
    """The inspector, and the counts of 30 days."""
    return _why_page(found(popup_id), WhyForm(formdata=None))


@blueprint.post("/<popup_id>/why")
@role_required(Role.VIEWER)
def explain(popup_id: str) -> BaseResponse:
    """Every rule's word on one visit. Nothing is changed; sent as a form, so that no address keeps the token."""
    popup, form = found(popup_id), WhyForm()
    if not form.validate():
        return _why_page(popup, form, 422)
    said = explained(db.session(), popup, form, _seal(), now())
    return _why_page(popup, form, said=said)


@blueprint.get("/<popup_id>/trial")
def trial(popup_id: str) -> str:
    """A sample page with the popup on it; nothing is counted, asked or recorded."""
    popup = found(popup_id)
    return render_template("marketer/popups/trial.html", popup=popup)


@blueprint.get("/<popup_id>/trial.json")
def trial_settings(popup_id: str) -> Response:
    """The popup's settings for the sample page: on in any case, and with a picture of the survey in its frame."""
    popup = found(popup_id)
    language = known_language(request.args.get("lang")) or popup.survey.default_language
    frame = url_for("marketer.preview.show", survey_id=popup.survey.public_id, embed=1, lang=language)
    return jsonify({**appearance(popup, language), "frame": frame})


def found(popup_id: str) -> Popup:
    """The company's popup; another company's and a missing one are the same 404."""
    popup = popup_of(db.session(), current().company.id, popup_id) if is_public_id(popup_id) else None
    return popup or abort(404)


def _turn(popup_id: str, *, is_on: bool, words: str) -> BaseResponse:
    popup = found(popup_id)
    with transaction() as session:
        popups.turn(session, popup=popup, is_on=is_on, user=current().user, now=now())
    flash(words, "good")
    return redirect(url_for(".show", popup_id=popup_id), 303)


def _why_page(popup: Popup, form: WhyForm, status: int = 200, **context: Any) -> BaseResponse:
    counts = counts_by_reason(db.session(), popup, now().date())
    return _page("why", popup, status, form=form, counts=counts, **context)


def _page(name: str, popup: Popup, status: int = 200, **context: Any) -> BaseResponse:
    html = render_template(f"marketer/popups/{name}.html", popup=popup, here=name, **context)
    return make_response(html, status)


def _seal() -> Seal:
    return Seal(services().settings.secret_keys)
