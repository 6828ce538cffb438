"""Surveys: the list, a new one, its words with a live preview, its settings, open and closed, and how to share it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from socialproof.clock import now
from socialproof.database import db, transaction
from socialproof.domain.errors import RuleBroken
from socialproof.languages import LANGUAGES
from socialproof.responses.insight import answers_by_survey
from socialproof.surveys import service
from socialproof.surveys.catalogue import surveys_of
from socialproof.surveys.models import Survey
from socialproof.surveys.wording import standard_wording
from socialproof.web import services
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.dashboard_words import register_words
from socialproof.web.marketer.preview import LOOKS
from socialproof.web.marketer.survey_forms import NewSurveyForm, SettingsForm, WordingForm
from socialproof.web.marketer.survey_page import answers_to, found, page

blueprint = Blueprint("surveys", __name__, url_prefix="/surveys")
register_words(blueprint)


@blueprint.get("")
def overview() -> str:
    """Every survey of the company with its state and score."""
    company = current().company
    surveys = surveys_of(db.session(), company.id)
    scores = answers_by_survey(db.session(), company.id)
    return render_template("marketer/surveys/overview.html", surveys=surveys, scores=scores)


@blueprint.get("/new")
@role_required("admin")
def new() -> str:
    company = current().company
    kind = request.args.get("kind", "")
    form = NewSurveyForm(formdata=None, language=company.default_language)
    form.kind.data = kind if kind == "transactional" else "relationship"
    return render_template("marketer/surveys/new.html", form=form)


@blueprint.post("")
@role_required("admin")
def create() -> Response:
    form = NewSurveyForm()
    if not form.validate():
        return make_response(render_template("marketer/surveys/new.html", form=form), 422)
    acting = current()
    with transaction() as session:
        survey = service.create_survey(
            session,
            company=acting.company,
            user=acting.user,
            name=form.name.data,
            kind=form.kind.data,
            language=form.language.data,
            now=now(),
        )
    flash(_("The survey is a draft: read its words, then open it."), "good")
    return redirect(url_for(".show", survey_id=survey.public_id), 303)


@blueprint.get("/<survey_id>")
def show(survey_id: str) -> Response:
    """Its words in its main language."""
    survey = found(survey_id)
    return _words_page(survey, survey.default_language)


@blueprint.get("/<survey_id>/words/<language>")
def words(survey_id: str, language: str) -> Response:
    """Its words in another language."""
    survey = found(survey_id)
    if language not in LANGUAGES:
        abort(404)
    return _words_page(survey, language)


@blueprint.post("/<survey_id>/words/<language>")
@role_required("admin")
def reword(survey_id: str, language: str) -> Response:
    """Keep the words. A changed question is kept only by somebody who knows what that does to the figures."""
    survey = found(survey_id)
    if language not in LANGUAGES:
        abort(404)
    form = WordingForm.of(survey, language)
    if not form.validate():
        return _words_page(survey, language, form, 422)
    try:
        with transaction() as session:
            service.change_wording(
                session,
                survey=survey,
                language=language,
                words=form.words(),
                answers=answers_to(survey).answers,
                is_understood=form.is_understood.data,
                user=current().user,
                now=now(),
            )
    except RuleBroken:
        form.is_understood.errors = [_("Please tick this, because the question or its scale has changed.")]
        return _words_page(survey, language, form, 422)
    flash(_("Saved."), "good")
    return redirect(url_for(".words", survey_id=survey.public_id, language=language), 303)


@blueprint.get("/<survey_id>/settings")
def settings(survey_id: str) -> Response:
    survey = found(survey_id)
    return page("surveys/settings", survey, form=SettingsForm.of(survey, longest_video(survey)))


@blueprint.post("/<survey_id>/settings")
@role_required("admin")
def change(survey_id: str) -> Response:
    survey = found(survey_id)
    form = SettingsForm.of(survey, longest_video(survey))
    if not form.validate():
        return page("surveys/settings", survey, 422, form=form)
    with transaction() as session:
        service.change_settings(session, survey=survey, settings=form.settings(), user=current().user, now=now())
    flash(_("Saved."), "good")
    return redirect(url_for(".settings", survey_id=survey.public_id), 303)


@blueprint.post("/<survey_id>/open")
@role_required("admin")
def open(survey_id: str) -> Response:
    survey = found(survey_id)
    try:
        with transaction() as session:
            service.open_survey(session, survey=survey, user=current().user, now=now())
    except RuleBroken:
        flash(_("The survey is open already."))
    else:
        flash(_("The survey is open: it takes answers from now on."), "good")
    return redirect(url_for("marketer.share.show", survey_id=survey.public_id), 303)


@blueprint.post("/<survey_id>/close")
@role_required("admin")
def close(survey_id: str) -> Response:
    survey = found(survey_id)
    try:
        with transaction() as session:
            service.close_survey(session, survey=survey, user=current().user, now=now())
    except RuleBroken:
        flash(_("The survey takes no answers as it is."))
    else:
        flash(_("The survey is closed. Its links stay and say so; you may open it again."), "good")
    return redirect(url_for(".show", survey_id=survey.public_id), 303)


def longest_video(survey: Survey) -> int:
    """The installation's limit, but never less than what the survey was allowed before."""
    return max(services().settings.max_video_seconds, survey.max_video_seconds)


def _words_page(survey: Survey, language: str, form: WordingForm | None = None, status: int = 200) -> Response:
    return page(
        "surveys/show",
        survey,
        status,
        form=form or WordingForm.of(survey, language),
        words_language=language,
        standard=standard_wording(survey.kind, survey.company.name, language),
        looks=LOOKS,
    )
