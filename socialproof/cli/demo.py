"""`flask demo seed` makes the sample company; `flask demo site` shows its website and its mail."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from socialproof import clock
from socialproof.companies.queries import anybody
from socialproof.database import db, transaction
from socialproof.demo.reach import show_popup_on
from socialproof.demo.seed import OWNER_EMAIL, PASSWORD, Seed, sample_company
from socialproof.demo.site import create_site
from socialproof.surveys.models import Survey
from socialproof.web import EXTENSION, Services

demo = AppGroup("demo", help="The sample company.")


def _product() -> tuple[Flask, Services]:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app, app.extensions[EXTENSION]


@demo.command()
def seed() -> None:
    """Make the sample company, unless somebody is there already."""
    _, services = _product()
    if anybody(db.session()):
        return
    click.echo("Planting the sample company …")
    with transaction() as session:
        Seed(session, services.backends, clock.now()).plant()


@demo.command()
@click.option("--port", type=int, required=True)
def site(port: int) -> None:
    """Serve the sample website and the outbox on this machine only."""
    product, _ = _product()
    with transaction() as session:
        company = sample_company(session)
        if company is not None:
            show_popup_on(session, company, f"http://localhost:{port}")
    make_server("127.0.0.1", port, create_site(product), threaded=True, request_handler=_Quiet).serve_forever()


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@demo.command()
@click.option("--port", type=int, required=True)
def addresses(port: int) -> None:
    """Print where everything is."""
    base_url = _product()[1].settings.base_url
    company = sample_company(db.session())
    survey = (
        company
        and db.session.scalars(select(Survey).where(Survey.company_id == company.id).order_by(Survey.id)).first()
    )
    if company is None or survey is None:
        click.echo(f"\n  Dashboard        {base_url}/app/")
        return
    click.echo(f"""
  Answer a survey  {base_url}/s/{survey.public_id}
  Dashboard        {base_url}/app/
                   sign in as {OWNER_EMAIL} with {PASSWORD}
  Company website  http://localhost:{port}/        (the widgets, on another origin)
  Mail outbox      http://localhost:{port}/outbox
""")
