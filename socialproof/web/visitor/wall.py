"""The hosted page of a widget: the same snapshot, rendered here, so that it reads without any script."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template
from flask_babel import force_locale, get_locale

from socialproof.database import db
from socialproof.widgets import queries

blueprint = Blueprint("wall", __name__)


@blueprint.get("/<widget_id>")
def show(widget_id: str) -> Response:
    """All testimonials of the widget's snapshot, with the score and the disclosure."""
    return page("visitor/wall/show.html", widget_id)


@blueprint.get("/<widget_id>/accent.css")
def accent(widget_id: str) -> Response:
    """The widget's colour as a style sheet of its own: our pages have no inline styles."""
    colour = published_content(widget_id)["widget"]["accent"]
    return Response(f":root{{--wall-accent:{colour}}}\n", mimetype="text/css")


def page(template: str, widget_id: str) -> Response:
    """A page about the snapshot, in the visitor's language as far as the product speaks it."""
    content = published_content(widget_id)
    with force_locale(content["language"]):
        html = render_template(
            template,
            content=content,
            widget_id=widget_id,
            language=content["language"],
            company_name=content["company"]["name"],
        )
    response = make_response(html)
    response.headers["Content-Language"] = content["language"]
    response.vary.update(("Accept-Language", "Accept-Encoding"))
    return response


def published_content(widget_id: str) -> dict[str, Any]:
    """What is published now, in the language that the link or the browser asks for; 404 when nothing is."""
    widget = queries.public_widget(db.session(), widget_id)
    if widget is None:
        abort(404)
    g.default_language = widget.language
    snapshot = queries.published(db.session(), widget_id, str(get_locale()))
    if snapshot is None:
        abort(404)
    content: dict[str, Any] = json.loads(snapshot.body)
    return content
