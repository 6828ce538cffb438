"""For the operator: is it alive, is it ready; and what the bare address shows."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, url_for
from sqlalchemy import text
from werkzeug.wrappers import Response as BaseResponse

from socialproof.database import db

blueprint = Blueprint("operator", __name__)


@blueprint.get("/")
def front() -> BaseResponse:
    """Whoever types only the host belongs to a team: customers and visitors come by whole links."""
    return redirect(url_for("marketer.dashboard.show"))


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return make_response({"status": "alive"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """The process can serve: the database answers and holds its tables."""
    db.session.execute(text("select version_num from alembic_version")).scalar_one()
    return make_response({"status": "ready"})
