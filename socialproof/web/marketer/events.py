"""A member of the team notes what happened with a contact: delivered, met, deal won."""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from socialproof.campaigns import retracting
from socialproof.campaigns.awaiting import awaiting_count, known_names
from socialproof.campaigns.retracting import has_gone_out, noted_by_hand
from socialproof.clock import now
from socialproof.contacts.events import note_event
from socialproof.contacts.models import Contact, CustomerEvent
from socialproof.contacts.queries import contact_of
from socialproof.database import db, transaction
from socialproof.domain.errors import RuleBroken
from socialproof.domain.roles import Role
from socialproof.domain.schedule import zone_of
from socialproof.web.event_words import event_words
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.event_form import EventForm
from socialproof.web.marketer.filters import is_public_id

blueprint = Blueprint("events", __name__, url_prefix="/contacts/<contact_id>/events")


@blueprint.post("")
@role_required(Role.MODERATOR)
def note(contact_id: str) -> Response:
    """Note one event; campaigns that wait for it begin."""
    contact, form = _contact(contact_id), EventForm()
    if not form.validate():
        return _again(contact, form)
    try:
        with transaction() as session:
            contact, me = _contact(contact_id), current()
            noted = note_event(
                session,
                contact=contact,
                name=form.name.data,
                happened_at=form.happened_at(me.company.time_zone),
                source="hand",
                user=me.user,
                now=now(),
            )
            count = awaiting_count(session, me.company.id, noted.name if noted else "")
    except RuleBroken as broken:
        field = form.name if broken.code.startswith("event_name") else form.day
        field.errors = [event_words(broken)]
        return _again(_contact(contact_id), form)
    flash(_told(form.name.data, count), "good")
    return redirect(url_for("marketer.contacts.show", contact_id=contact_id), 303)


@blueprint.get("/<event_id>/retract")
@role_required(Role.MODERATOR)
def ask_retract(contact_id: str, event_id: str) -> str:
    """Noted by mistake? What taking it back does, before it is done."""
    contact = _contact(contact_id)
    event = _event(contact, event_id)
    return render_template(
        "marketer/events/ask_retract.html",
        contact=contact,
        event=event,
        is_out=has_gone_out(db.session(), event),
        clock=zone_of(current().company.time_zone),
    )


@blueprint.post("/<event_id>/retract")
@role_required(Role.MODERATOR)
def retract(contact_id: str, event_id: str) -> Response:
    """Take it back, unless a letter because of it has gone out."""
    try:
        with transaction() as session:
            event = _event(_contact(contact_id), event_id)
            retracting.retract(session, event=event, user=current().user, now=now())
    except RuleBroken as broken:
        if broken.code == "event_gone":
            abort(404)
        return redirect(url_for(".ask_retract", contact_id=contact_id, event_id=event_id), 303)
    flash(_("Undone."), "good")
    return redirect(url_for("marketer.contacts.show", contact_id=contact_id), 303)


def _told(name: str, count: int) -> str:
    if not count:
        return str(_("Noted: %(name)s. No running campaign waits for it.", name=name))
    return str(
        ngettext(
            "Noted: %(name)s. %(num)s campaign waits for it.",
            "Noted: %(name)s. %(num)s campaigns wait for it.",
            count,
            name=name,
        )
    )


def _again(contact: Contact, form: EventForm) -> Response:
    names = known_names(db.session(), contact.company_id)
    return make_response(
        render_template("marketer/events/note.html", contact=contact, form=form, event_names=names), 422
    )


def _contact(contact_id: str) -> Contact:
    found = contact_of(db.session(), current().company.id, contact_id) if is_public_id(contact_id) else None
    return found or abort(404)


def _event(contact: Contact, event_id: str) -> CustomerEvent:
    found = noted_by_hand(db.session(), contact, event_id) if is_public_id(event_id) else None
    return found or abort(404)
