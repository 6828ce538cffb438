"""`flask welcome` prints the address by which the first owner moves in."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from socialproof.companies.queries import anybody
from socialproof.database import db
from socialproof.web import EXTENSION
from socialproof.web.marketer.welcome import welcome_link


@click.command()
@with_appcontext
def welcome() -> None:
    """Print the address for the first owner; it works until there is one."""
    if anybody(db.session()):
        raise click.ClickException("There is an owner already.")
    click.echo(welcome_link(current_app.extensions[EXTENSION]))
