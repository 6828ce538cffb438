"""Contacts: the list, one of them with everything that happened, by hand added, changed and deleted; the file."""

from __future__ import annotations

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from socialproof.campaigns import leaving
from socialproof.clock import now
from socialproof.companies import audit
from socialproof.contacts import queries, service
from socialproof.contacts.export import DIVIDERS
from socialproof.contacts.export import export as export_lines
from socialproof.contacts.models import Contact
from socialproof.database import db, transaction
from socialproof.domain.errors import RuleBroken
from socialproof.domain.roles import Role
from socialproof.domain.schedule import zone_of
from socialproof.domain.searching import words_of
from socialproof.testimonials.contact_history import history_of, kept_counts
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.contact_forms import ContactForm, rows_of, time_zones
from socialproof.web.marketer.contact_standing import may_be_asked
from socialproof.web.marketer.contact_timeline import told
from socialproof.web.marketer.contact_words import contact_name, fault_words, register_contact_words

blueprint = Blueprint("contacts", __name__, url_prefix="/contacts")
register_contact_words(blueprint)


@blueprint.get("")
def overview() -> str:
    """Contacts as the address says: searched, of a segment, of a state; a page at a time."""
    company_id, wanted = current().company.id, _wanted()
    before = request.args.get("before", "")[:22]
    found = queries.contact_page(db.session(), company_id, wanted, before=before)
    return render_template(
        "marketer/contacts/overview.html",
        wanted=wanted,
        query=_query(wanted),
        counts=queries.contact_counts(db.session(), company_id, wanted),
        contacts=found[: queries.PAGE],
        has_more=len(found) > queries.PAGE,
        before=before,
        segments=queries.segments_of(db.session(), company_id),
        states=("", *queries.STATES),
    )


@blueprint.get("/new")
@role_required(Role.ADMIN)
def new() -> str:
    return _form_page(ContactForm.of(current().company, formdata=None))


@blueprint.post("")
@role_required(Role.ADMIN)
def create() -> Response:
    form = ContactForm.of(current().company)
    if "add" in request.form or not form.validate():
        return make_response(_form_page(form), 200 if "add" in request.form else 422)
    try:
        with transaction() as session:
            company, values = current().company, form.values
            contact_id = service.add_contact(session, company=company, values=values, now=now()).public_id
    except RuleBroken as broken:
        return _refused(form, broken)
    flash(_("The contact is added."), "good")
    return redirect(url_for(".show", contact_id=contact_id), 303)


@blueprint.get("/<contact_id>")
def show(contact_id: str) -> str:
    """Who it is, what the ledger says now, and everything that happened."""
    contact = found(contact_id)
    return render_template(
        "marketer/contacts/show.html",
        contact=contact,
        standing=may_be_asked(db.session(), contact, now()),
        history=[told(happening) for happening in history_of(db.session(), contact)],
        events=queries.events_of(db.session(), contact.id, limit=10),
        clock=zone_of(current().company.time_zone),
    )


@blueprint.get("/<contact_id>/edit")
@role_required(Role.ADMIN)
def edit(contact_id: str) -> str:
    contact = found(contact_id)
    return _form_page(ContactForm.of(current().company, contact, formdata=None), contact)


@blueprint.post("/<contact_id>")
@role_required(Role.ADMIN)
def update(contact_id: str) -> Response:
    contact = found(contact_id)
    form = ContactForm.of(current().company, contact)
    if "add" in request.form or not form.validate():
        return make_response(_form_page(form, contact), 200 if "add" in request.form else 422)
    try:
        with transaction() as session:
            contact = found(contact_id)
            service.change_contact(session, contact=contact, values=form.values, user=current().user, now=now())
    except RuleBroken as broken:
        return _refused(form, broken, found(contact_id))
    flash(_("Saved."), "good")
    return redirect(url_for(".show", contact_id=contact_id), 303)


@blueprint.get("/<contact_id>/delete")
@role_required(Role.ADMIN)
def ask_deletion(contact_id: str) -> str:
    """Really? And what stays."""
    contact = found(contact_id)
    answers, testimonials = kept_counts(db.session(), contact)
    return render_template(
        "marketer/contacts/ask_deletion.html", contact=contact, answers=answers, testimonials=testimonials
    )


@blueprint.post("/<contact_id>/delete")
@role_required(Role.ADMIN)
def delete(contact_id: str) -> Response:
    """Erase the person."""
    with transaction() as session:
        leaving.forget_contact(session, contact=found(contact_id), user=current().user, now=now())
    flash(_("The contact is deleted."), "good")
    return redirect(url_for(".overview"), 303)


@blueprint.post("/<contact_id>/unsubscribe")
@role_required(Role.MODERATOR)
def unsubscribe(contact_id: str) -> Response:
    """They told the team."""
    with transaction() as session:
        contact = found(contact_id)
        leaving.unsubscribe_for(session, contact=contact, user=current().user, now=now())
        name = contact_name(contact)
    flash(_("%(name)s will not be asked any more.", name=name), "good")
    return redirect(url_for(".show", contact_id=contact_id), 303)


@blueprint.post("/<contact_id>/resubscribe")
@role_required(Role.ADMIN)
def resubscribe(contact_id: str) -> Response:
    """They want to be asked again."""
    with transaction() as session:
        contact = found(contact_id)
        leaving.resubscribe_for(session, contact=contact, user=current().user, now=now())
        name = contact_name(contact)
    flash(_("%(name)s may be asked again.", name=name), "good")
    return redirect(url_for(".show", contact_id=contact_id), 303)


@blueprint.get("/export.csv")
@role_required(Role.ADMIN)
def export() -> Response:
    """The contacts of the list, all pages of it, as a file divided as `delimiter` names it. Who took it is noted."""
    acting, wanted = current(), _wanted()
    chosen = queries.conditions(acting.company.id, wanted)
    with transaction() as session:
        subject = wanted.segment.name if wanted.segment else ""
        audit.note(
            session, company=acting.company, user=acting.user, action="contacts.exported", subject=subject, now=now()
        )
    divider = DIVIDERS.get(request.args.get("delimiter", ""), DIVIDERS["comma"])
    lines = (piece.encode() for piece in export_lines(db.session(), chosen, divider))
    answer = Response(stream_with_context(lines), mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="contacts-{now():%Y-%m-%d}.csv"'
    return answer


def found(contact_id: str) -> Contact:
    """The company's contact; another company's, a deleted and a missing one are the same 404."""
    return queries.contact_of(db.session(), current().company.id, contact_id) or abort(404)


def _wanted() -> queries.Wanted:
    """The choice in the address; anything odd is no choice, a foreign segment is none either."""
    state, named = request.args.get("state", ""), request.args.get("segment", "")
    segment = queries.segment_of(db.session(), current().company.id, named[:22]) if named else None
    search = " ".join(words_of(request.args.get("search", "")))
    return queries.Wanted(now().date(), search, segment, state if state in queries.STATES else "")


def _query(wanted: queries.Wanted) -> dict[str, str]:
    segment = wanted.segment.public_id if wanted.segment else ""
    said = {"search": wanted.search, "segment": segment, "state": wanted.state}
    return {name: word for name, word in said.items() if word}


def _form_page(form: ContactForm, contact: Contact | None = None, taken: str = "") -> str:
    attributes = rows_of(form.attributes)
    return render_template(
        "marketer/contacts/form.html",
        form=form,
        contact=contact,
        attributes=attributes,
        time_zones=time_zones(),
        known_attributes=queries.attribute_names(db.session(), current().company.id),
        taken=taken,
    )


def _refused(form: ContactForm, broken: RuleBroken, contact: Contact | None = None) -> Response:
    form.refuse("email", fault_words(broken.code))
    return make_response(_form_page(form, contact, taken=str(broken.details["contact"])), 422)
