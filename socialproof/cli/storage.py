"""`flask storage check` tries the bucket as browsers and the worker do, `cors` sets its rules, `import` fills it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import AppGroup

from socialproof.backends.storage.local import LocalStorage
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


@storage.command("import")
def import_local() -> None:
    """Copy the media of the data folder into the bucket; what is there already is left, so it can be run again."""
    bucket, _site = _bucket()
    services: Services = current_app.extensions[EXTENSION]
    disk = LocalStorage(services.settings.data_dir / "media")
    copied = 0
    with click.progressbar(sorted(disk.keys()), label="Copying") as keys:
        for key in keys:
            copied += _copied(disk, bucket, key)
    click.echo(f"{copied} files were copied. The data folder still has its own; nothing reads them any more.")


def _copied(disk: LocalStorage, bucket: S3Storage, key: str) -> bool:
    """Whether this file had to be copied; one that went away meanwhile did not."""
    here, there = disk.stat(key), bucket.stat(key)
    if here is None or (there is not None and there.size == here.size):
        return False
    with disk.open(key) as source:
        bucket.put(key, source)
    return True


def _bucket() -> tuple[S3Storage, str]:
    """The bucket and the address of this installation; ends with a sentence where media are on a disk."""
    services: Services = current_app.extensions[EXTENSION]
    if services.settings.bucket is None:
        raise click.ClickException("Media are kept in the data folder: SOCIALPROOF_STORAGE_URL names no bucket.")
    from socialproof.backends.storage.s3 import S3Storage  # boto3 is large, and a disk does not need it

    found = services.backends.storage
    assert isinstance(found, S3Storage)
    return found, services.settings.base_url
