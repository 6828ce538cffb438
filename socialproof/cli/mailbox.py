"""Letters that come back: `flask mailbox` takes them by SMTP, `flask bounce` one from standard input.

`flask hooks` prints the addresses at which services tell the same over HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from socialproof.backends.mail.bounces import MOST_BYTES
from socialproof.backends.sms import hook_url
from socialproof.campaigns.returned import is_ours, take_letter
from socialproof.cli.work import job_context
from socialproof.tokens import Purpose
from socialproof.web import services

log = logging.getLogger(__name__)

TOO_LARGE, NO_SUCH_MAILBOX, TRY_AGAIN = 65, 67, 75
"""Exit codes that mail servers know from sysexits.h."""


@click.command()
@click.option("--listen", default="127.0.0.1:2525", show_default=True, help="Where to take letters, as address:port.")
@with_appcontext
def mailbox(listen: str) -> None:
    """Take letters that come back, until told to stop."""
    from socialproof.backends.mail.mailbox import Mailbox  # its library takes a while, and only this command needs it

    address = services().settings.bounce_address
    host, _colon, port = listen.rpartition(":")
    if not address:
        raise click.ClickException("SOCIALPROOF_BOUNCE_ADDRESS is not set: letters come back to their sender.")
    if not host or not (port.isascii() and port.isdigit()):
        raise click.BadParameter("must be like 127.0.0.1:2525", param_hint="--listen")
    server = Mailbox(lambda recipient: is_ours(recipient, address), taking())
    asyncio.run(_serve(server.serve, host.strip("[]"), int(port)))


@click.command()
@click.argument("recipient")
@with_appcontext
def bounce(recipient: str) -> None:
    """Take one letter that came back to RECIPIENT from standard input; for a mail server's pipe."""
    if not is_ours(recipient, services().settings.bounce_address):
        click.echo("There is no such mailbox here.", err=True)
        sys.exit(NO_SUCH_MAILBOX)
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        click.echo("The letter is too large.", err=True)
        sys.exit(TOO_LARGE)
    try:
        click.echo(taking()(recipient, content))
    except SQLAlchemyError:
        log.exception("a letter that came back could not be kept")
        sys.exit(TRY_AGAIN)


@click.command()
@with_appcontext
def hooks() -> None:
    """Print the secret addresses to enter at the services that carry letters and text messages."""
    settings, mail = services().settings, services().tokens.sign(Purpose.HOOK, "mail")
    click.echo(f"letters, Amazon SES by SNS\t{settings.base_url}/hooks/mail/{mail}")
    click.echo(f"text messages\t{hook_url(settings)}")


def taking() -> Callable[[str, bytes], str]:
    """What keeps the word of one letter, in one transaction; for any thread."""
    context = job_context(current_app._get_current_object())  # type: ignore[attr-defined]

    def take(recipient: str, content: bytes) -> str:
        with context.transaction() as session:
            return take_letter(session, tokens=context.tokens, recipient=recipient, content=content, now=context.now())

    return take


async def _serve(serve: Callable[..., Awaitable[None]], host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(host, port, stop=stop, ready=lambda found: click.echo(f"Letters are taken at {host}:{found}."))
