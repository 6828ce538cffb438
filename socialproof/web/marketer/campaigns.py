"""Campaigns: ready-made templates to switch on, their settings, and what became of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from socialproof.campaigns import campaigning, catalogue, insight
from socialproof.campaigns.awaiting import BY_EVENT, known_names
from socialproof.campaigns.models import Campaign
from socialproof.campaigns.pacing import expected_queue, pace_in
from socialproof.campaigns.references import asked_among
from socialproof.clock import now
from socialproof.database import db, transaction
from socialproof.domain.campaign import KINDS, CampaignTemplate, asks_for_reference, is_over, unhappy_per_day
from socialproof.domain.errors import RuleBroken
from socialproof.responses.insight import response_funnel, score_counts
from socialproof.testimonials.references import reference_counts
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.campaign_forms import CampaignForm
from socialproof.web.marketer.campaign_page import found, is_planning, next_round_on, page
from socialproof.web.marketer.campaign_words import DONE, REFUSALS, register_campaign_words
from socialproof.web.marketer.dashboard_words import number, percent
from socialproof.web.marketer.filters import is_public_id
from socialproof.web.marketer.reach_words import STATES, register_reach_words, template_word

blueprint = Blueprint("campaigns", __name__, url_prefix="/campaigns")
register_reach_words(blueprint)
register_campaign_words(blueprint)
blueprint.context_processor(lambda: {"number": number, "percent": percent})

ENOUGH_ANSWERS = 20
USUAL_RESPONSE_RATE, USUAL_DETRACTOR_SHARE = 0.3, 0.15
"""Reckoned with while a survey has too few answers for shares of its own."""


@blueprint.get("")
def overview() -> str:
    """The company's campaigns, and the gallery of templates."""
    company = current().company
    campaigns = catalogue.campaigns_of(db.session(), company.id)
    return render_template(
        "marketer/campaigns/overview.html",
        campaigns=campaigns,
        reach=insight.reach_by_campaign(db.session(), company.id),
        next_rounds={each.id: next_round_on(each) for each in campaigns},
        templates=list(CampaignTemplate),
        has_survey={each: bool(catalogue.surveys_for(db.session(), company.id, each)) for each in CampaignTemplate},
        kinds=KINDS,
    )


@blueprint.post("")
@role_required("admin")
def create() -> Response:
    """A draft out of one template, in one click."""
    template = request.form.get("template", "")
    if template not in list(CampaignTemplate):
        abort(400)
    acting = current()
    surveys = catalogue.surveys_for(db.session(), acting.company.id, template)
    if not surveys:
        flash(_("Make the survey first that this campaign shall ask."))
        return redirect(url_for("marketer.surveys.new", kind=KINDS[CampaignTemplate(template)][0].value), 303)
    with transaction() as session:
        campaign = campaigning.create_campaign(
            session,
            company=acting.company,
            user=acting.user,
            name=template_word(template),
            template=template,
            survey=surveys[0],
            now=now(),
        )
    flash(_("The campaign is a draft: adjust it, look whom it asks, then start it."), "good")
    return redirect(url_for(".settings", campaign_id=campaign.public_id), 303)


@blueprint.get("/<campaign_id>")
def show(campaign_id: str) -> Response:
    """What became of it so far."""
    campaign = found(campaign_id)
    state = request.args.get("state", "")
    after = request.args.get("after", "")
    chosen, session, asks = state if state in STATES else None, db.session(), asks_for_reference(campaign.template)
    invitations = insight.invitations_page(
        session, campaign, state=chosen, after=after if is_public_id(after) else None
    )
    return page(
        "campaigns/show",
        campaign,
        reach=insight.funnel(session, campaign),
        unconfirmed=insight.unconfirmed_clicks(session, campaign),
        chosen=chosen,
        invitations=invitations,
        references=reference_counts(session, campaign) if asks else None,
        referred=asked_among(session, campaign.company_id, invitations.invitations) if asks else set(),
    )


@blueprint.get("/<campaign_id>/progress")
def progress(campaign_id: str) -> Response:
    """How far the planner is, for the page that waits for it."""
    campaign = found(campaign_id)
    done = {"is_planning": is_planning(campaign), "count": campaign.planning_count, "total": campaign.planning_total}
    return jsonify(done)


@blueprint.get("/<campaign_id>/settings")
def settings(campaign_id: str) -> Response:
    campaign = found(campaign_id)
    return _settings_page(campaign, CampaignForm.of(db.session(), campaign))


@blueprint.post("/<campaign_id>/settings")
@role_required("admin")
def change(campaign_id: str) -> Response:
    campaign = found(campaign_id)
    form = CampaignForm.of(db.session(), campaign)
    if not form.validate():
        return _settings_page(campaign, form, 422)
    settings = form.settings()
    try:
        with transaction() as session:
            campaigning.change_campaign(session, campaign=campaign, settings=settings, user=current().user, now=now())
    except RuleBroken as broken:
        return _refused(broken, "settings", campaign_id)
    flash(_("Saved."), "good")
    return redirect(url_for(".settings", campaign_id=campaign_id), 303)


@blueprint.post("/<campaign_id>/start")
@role_required("admin")
def start(campaign_id: str) -> Response:
    return _act(campaign_id, "start", campaigning.start)


@blueprint.post("/<campaign_id>/pause")
@role_required("admin")
def pause(campaign_id: str) -> Response:
    return _act(campaign_id, "pause", campaigning.pause)


@blueprint.post("/<campaign_id>/resume")
@role_required("admin")
def resume(campaign_id: str) -> Response:
    return _act(campaign_id, "resume", campaigning.resume)


@blueprint.get("/<campaign_id>/stop")
@role_required("admin")
def ask_stop(campaign_id: str) -> Response:
    """What stopping does, before it is done."""
    campaign = found(campaign_id)
    return page("campaigns/ask_stop", campaign, total=insight.funnel(db.session(), campaign).total)


@blueprint.post("/<campaign_id>/stop")
@role_required("admin")
def stop(campaign_id: str) -> Response:
    return _act(campaign_id, "stop", campaigning.stop)


@blueprint.post("/<campaign_id>/discard")
@role_required("admin")
def discard(campaign_id: str) -> Response:
    """Delete a draft."""
    campaign = found(campaign_id)
    try:
        with transaction() as session:
            campaigning.discard(session, campaign=campaign, user=current().user, now=now())
    except RuleBroken as broken:
        return _refused(broken, "show", campaign_id)
    flash(_("The draft is deleted."), "good")
    return redirect(url_for(".overview"), 303)


def _act(campaign_id: str, act: str, do: Callable[..., object]) -> Response:
    campaign = found(campaign_id)
    try:
        with transaction() as session:
            do(session, campaign=campaign, user=current().user, now=now())
    except RuleBroken as broken:
        return _refused(broken, "show", campaign_id)
    flash(str(DONE[act]), "good")
    return redirect(url_for(".show", campaign_id=campaign_id), 303)


def _refused(broken: RuleBroken, view: str, campaign_id: str) -> Response:
    """Back to the page, which tells what is in the way."""
    flash(str(REFUSALS.get(broken.code) or _("This could not be done.")), "bad")
    return redirect(url_for("." + view, campaign_id=campaign_id), 303)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a survey's own answers say about the next ones; usual shares while it has too few."""

    response_rate: float
    detractor_share: float
    is_own: bool

    def unhappy(self, asked: int) -> float:
        return unhappy_per_day(asked, response_rate=self.response_rate, detractor_share=self.detractor_share)


def _expected(campaign: Campaign) -> Expected:
    survey = campaign.survey
    scores = score_counts(db.session(), campaign.company_id, survey.id)
    asked = response_funnel(db.session(), campaign.company_id, survey.kind, survey.id)
    if scores.answers < ENOUGH_ANSWERS or asked.invited < ENOUGH_ANSWERS:
        return Expected(USUAL_RESPONSE_RATE, USUAL_DETRACTOR_SHARE, is_own=False)
    return Expected(asked.invited_answered / asked.invited, scores.detractors / scores.answers, is_own=True)


def _settings_page(campaign: Campaign, form: CampaignForm, status: int = 200) -> Response:
    queue = expected_queue(db.session(), campaign, now=now()) if not is_over(campaign.state) else None
    pacing = {"queue": queue, "pace": pace_in(campaign, queue)}
    context = pacing | {"expected": _expected(campaign), "event_names": _event_names(campaign)}
    return page("campaigns/settings", campaign, status, form=form, **context)


def _event_names(campaign: Campaign) -> list[str]:
    """Words that the company uses for events already, then some to begin with."""
    if campaign.template not in BY_EVENT:
        return []
    usual = (_("deal won"), _("delivered"), _("meeting held"), _("support solved"))
    return list(dict.fromkeys([*known_names(db.session(), campaign.company_id), *usual]))
