"""`flask storage check` tries the bucket as browsers and the worker use it; `flask storage cors` sets its rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import AppGroup

from socialproof.backends.storage.port import StorageError
from socialproof.web import EXTENSION, Services

if TYPE_CHECKING:
    from socialproof.backends.storage.s3 import S3Storage

storage = AppGroup("storage", help="Look after the bucket with the media.")


@storage.command()
def check() -> None:
    """Go once around: write, sign, send, join, play, delete. Says what to do about each step that fails."""
    bucket, site = _bucket()
    from socialproof.backends.storage.s3_check import round_trip

    failed = 0
    for step in round_trip(bucket, site):
        failed += not step.is_well and not step.is_warning
        mark = "ok" if step.is_well else "warning" if step.is_warning else "FAILED"
        click.echo(f"{mark:8}{step.name}{': ' + step.advice if step.advice else ''}")
    if failed:
        raise click.ClickException(f"{failed} of the steps failed: videos will not work as they should.")


@storage.command()
def cors() -> None:
    """Put the rules on the bucket that let our pages send videos and every page play them; prints them too."""
    bucket, site = _bucket()
    from socialproof.backends.storage.s3_check import cors_rules, set_cors

    click.echo(json.dumps({"CORSRules": cors_rules(site)}, indent=2))
    try:
        set_cors(bucket, site)
    except StorageError as error:
        raise click.ClickException(
            f"The store does not take rules by this way; give them to it by its own. ({error})"
        ) from error
    click.echo("The bucket has these rules now.")


def _bucket() -> tuple[S3Storage, str]:
    """The bucket and the address of this installation; ends with a sentence where media are on a disk."""
    services: Services = current_app.extensions[EXTENSION]
    if services.settings.bucket is None:
        raise click.ClickException("Media are kept in the data folder: SOCIALPROOF_STORAGE_URL names no bucket.")
    from socialproof.backends.storage.s3 import S3Storage  # boto3 is large, and a disk does not need it

    found = services.backends.storage
    assert isinstance(found, S3Storage)
    return found, services.settings.base_url
