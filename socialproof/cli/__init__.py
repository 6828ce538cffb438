"""Commands for the operator: thin calls into services."""

from flask import Flask

from socialproof.cli import demo, mailbox, status, storage, welcome, work


def init_app(app: Flask) -> None:
    """Make the commands known to `flask`."""
    app.cli.add_command(work.worker)
    app.cli.add_command(work.jobs)
    app.cli.add_command(status.status)
    app.cli.add_command(demo.demo)
    app.cli.add_command(welcome.welcome)
    app.cli.add_command(storage.storage)
    app.cli.add_command(mailbox.mailbox)
    app.cli.add_command(mailbox.bounce)
    app.cli.add_command(mailbox.hooks)
