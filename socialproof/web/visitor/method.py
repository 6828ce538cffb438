"""How the public score and the selection come about: the page behind every widget's small print."""

from __future__ import annotations

from flask import Blueprint, Response

from socialproof.web.visitor.wall import page

blueprint = Blueprint("method", __name__)


@blueprint.get("/<widget_id>/method")
def show(widget_id: str) -> Response:
    """Who was asked, how the score and its margin are computed, who consented, who chose."""
    return page("visitor/method/show.html", widget_id)
