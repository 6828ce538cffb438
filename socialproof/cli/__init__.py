"""Commands for the operator: thin calls into services."""

from flask import Flask

from socialproof.cli import demo, storage, welcome, work


def init_app(app: Flask) -> None:
    """Make the commands known to `flask`."""
    app.cli.add_command(work.worker)
    app.cli.add_command(work.jobs)
    app.cli.add_command(demo.demo)
    app.cli.add_command(welcome.welcome)
    app.cli.add_command(storage.storage)
