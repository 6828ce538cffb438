"""Widgets: the list, a new one, its settings with a live preview, and the one line to paste."""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from socialproof.clock import now
from socialproof.database import db, transaction
from socialproof.domain.roles import Role
from socialproof.web import services
from socialproof.web.marketer import widget_preview
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.widget_forms import WidgetForm
from socialproof.widgets import queries, service
from socialproof.widgets.models import Widget

blueprint = Blueprint("widgets", __name__, url_prefix="/widgets")


@blueprint.get("")
def overview() -> str:
    """Every widget of the company, with its line to paste."""
    company = current().company
    widgets = queries.widgets_of(db.session(), company.id)
    shown = queries.shown_counts(db.session(), company.id)
    return render_template("marketer/widgets/overview.html", widgets=widgets, shown=shown)


@blueprint.get("/new")
@role_required(Role.ADMIN)
def new() -> str:
    form = WidgetForm.of(db.session(), current().company, formdata=None)
    return _form_page(form)


@blueprint.post("")
@role_required(Role.ADMIN)
def create() -> Response:
    company = current().company
    form = WidgetForm.of(db.session(), company)
    if not form.validate():
        return make_response(_form_page(form), 422)
    with transaction() as session:
        widget = service.create_widget(session, company=company, look=form.look(), now=now())
    flash(_("The widget is published. Paste its line into your page."), "good")
    return redirect(url_for(".show", widget_id=widget.public_id), 303)


@blueprint.get("/<widget_id>")
def show(widget_id: str) -> str:
    """Its settings, a live preview and the line to paste."""
    widget = found(widget_id)
    return _form_page(WidgetForm.of(db.session(), current().company, widget), widget)


@blueprint.post("/<widget_id>")
@role_required(Role.ADMIN)
def update(widget_id: str) -> Response:
    widget = found(widget_id)
    form = WidgetForm.of(db.session(), current().company, widget)
    if not form.validate():
        return make_response(_form_page(form, widget), 422)
    with transaction() as session:
        service.edit_widget(session, widget=widget, look=form.look(), now=now())
    flash(_("Saved and published."), "good")
    return redirect(url_for(".show", widget_id=widget_id), 303)


@blueprint.post("/<widget_id>/delete")
@role_required(Role.ADMIN)
def delete(widget_id: str) -> Response:
    widget = found(widget_id)
    with transaction() as session:
        service.delete_widget(session, widget=widget)
    flash(_("The widget is gone. Pages that still have its line show a plain link."), "good")
    return redirect(url_for(".overview"), 303)


@blueprint.get("/preview")
def preview() -> Response:
    """The page in the editor's frame."""
    return widget_preview.framed_page()


@blueprint.get("/preview/<language>.json")
def preview_feed(language: str) -> Response:
    """The feed of settings that are not saved yet."""
    return widget_preview.feed(language)


def found(widget_id: str) -> Widget:
    """The company's widget; another company's and a missing one are the same 404."""
    return queries.widget_named(db.session(), current().company.id, widget_id) or abort(404)


def _form_page(form: WidgetForm, widget: Widget | None = None) -> str:
    company = current().company
    draft = widget or Widget(company_id=company.id, survey_id=None, tags=[], max_count=1)
    with db.session.no_autoflush:
        is_empty = not queries.public_testimonials(db.session(), draft)
    return render_template(
        "marketer/widgets/show.html",
        form=form,
        widget=widget,
        is_empty=is_empty,
        snippet=snippet(widget) if widget else "",
        reserve=service.RESERVED_HEIGHT,
    )


def snippet(widget: Widget) -> str:
    """One line of HTML: a real link, and the script that makes a widget of it."""
    base = services().settings.base_url
    with force_locale(widget.language):
        words = _("Customer stories of %(company)s", company=widget.company.name)
    return render_template(
        "marketer/widgets/_snippet.html",
        address=f"{base}/w/{widget.public_id}",
        script=f"{base}/w/widget.js",
        widget=widget,
        words=words,
        height=service.RESERVED_HEIGHT[widget.layout],
    ).strip()
