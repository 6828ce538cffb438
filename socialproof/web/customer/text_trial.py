"""Where the link of a test text leads: a page that says so, and records nothing."""

from __future__ import annotations

from flask import Blueprint, render_template

from socialproof.campaigns.texts import REFERENCE
from socialproof.campaigns.trying_text import TRIAL_CODE

blueprint = Blueprint("text_trial", __name__, url_prefix=f"/k/{TRIAL_CODE}")


@blueprint.get("")
@blueprint.get(f"/{REFERENCE}")
@blueprint.get("/stop")
def show() -> str:
    """The same page for each of the links that a text may hold."""
    return render_template("customer/text_trial/show.html")
