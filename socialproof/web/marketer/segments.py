"""Segments: contacts with something in common, by rules that are tried while they are written."""

from __future__ import annotations

from collections import defaultdict

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from socialproof.campaigns.catalogue import campaigns_of
from socialproof.campaigns.models import Campaign
from socialproof.clock import now
from socialproof.contacts import queries, segmenting
from socialproof.contacts.models import ContactSegment
from socialproof.database import db, transaction
from socialproof.domain.errors import RuleBroken
from socialproof.domain.roles import Role
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.contact_words import fault_words, register_contact_words
from socialproof.web.marketer.segment_page import Draft, is_only_looking, page

blueprint = Blueprint("segments", __name__, url_prefix="/segments")
register_contact_words(blueprint)


@blueprint.get("")
def overview() -> str:
    """Every segment with its rules and the campaigns that ask by it."""
    segments = queries.segments_of(db.session(), current().company.id)
    used: dict[int | None, list[Campaign]] = defaultdict(list)
    for campaign in campaigns_of(db.session(), current().company.id):
        used[campaign.segment_id].append(campaign)
    return render_template("marketer/segments/overview.html", segments=segments, used=used)


@blueprint.get("/new")
@role_required(Role.ADMIN)
def new() -> str:
    return page(Draft.of(None), None)


@blueprint.post("")
@role_required(Role.ADMIN)
def create() -> Response:
    draft = Draft.sent()
    if is_only_looking():
        return make_response(page(draft, None))
    rules = draft.checked()
    try:
        if rules is None:
            raise RuleBroken("rules")
        with transaction() as session:
            me = current()
            segmenting.create_segment(
                session, company=me.company, user=me.user, name=draft.name, rules=rules, now=now()
            )
    except RuleBroken as broken:
        return _refused(draft, broken, None)
    flash(_("The segment is saved."), "good")
    return redirect(url_for(".overview"), 303)


@blueprint.get("/<segment_id>")
def show(segment_id: str) -> str:
    """Its rules, and who is in it today."""
    segment = found(segment_id)
    return page(Draft.of(segment), segment, _used_by(segment))


@blueprint.post("/<segment_id>")
@role_required(Role.ADMIN)
def update(segment_id: str) -> Response:
    segment = found(segment_id)
    draft = Draft.sent()
    if is_only_looking():
        return make_response(page(draft, segment, _used_by(segment)))
    rules = draft.checked()
    try:
        if rules is None:
            raise RuleBroken("rules")
        with transaction() as session:
            segment, user = found(segment_id), current().user
            segmenting.change_segment(session, segment=segment, user=user, name=draft.name, rules=rules, now=now())
    except RuleBroken as broken:
        return _refused(draft, broken, found(segment_id))
    flash(_("The segment is saved."), "good")
    return redirect(url_for(".overview"), 303)


@blueprint.post("/<segment_id>/delete")
@role_required(Role.ADMIN)
def delete(segment_id: str) -> Response:
    """A segment by which a campaign asks stays, and the answer says which campaign that is."""
    try:
        with transaction() as session:
            segmenting.delete_segment(session, segment=found(segment_id), user=current().user, now=now())
    except RuleBroken:
        segment = found(segment_id)
        names = ", ".join(campaign.name for campaign in _used_by(segment))
        flash(_("The segment is used by: %(campaigns)s. Choose another segment there first.", campaigns=names), "bad")
        return make_response(page(Draft.of(segment), segment, _used_by(segment)), 422)
    flash(_("The segment is deleted. Its contacts stay."), "good")
    return redirect(url_for(".overview"), 303)


def found(segment_id: str) -> ContactSegment:
    """The company's segment; another company's and a missing one are the same 404."""
    return queries.segment_of(db.session(), current().company.id, segment_id) or abort(404)


def _used_by(segment: ContactSegment) -> list[Campaign]:
    campaigns = campaigns_of(db.session(), segment.company_id)
    return [campaign for campaign in campaigns if campaign.segment_id == segment.id]


def _refused(draft: Draft, broken: RuleBroken, segment: ContactSegment | None) -> Response:
    if broken.code != "rules":
        draft.name_error = (
            _("Another segment has this name.")
            if broken.code == "name_taken"
            else fault_words(broken.code, broken.details.get("most"))
        )
    return make_response(page(draft, segment, _used_by(segment) if segment else ()), 422)
