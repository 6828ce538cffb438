"""The widget's script, for requests that the shield leaves to us (HEAD, and servers without it)."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from socialproof.web.visitor.answers import script_answer
from socialproof.web.visitor.feed import respond

blueprint = Blueprint("script", __name__)


@blueprint.get("/widget.js")
def show() -> Response:
    """One file for all layouts; it names nobody and asks only the host it came from."""
    return respond(script_answer(current_app))
