"""Letters that leave the house: one port, a real SMTP server or a folder of .eml files, chosen by one setting."""

from __future__ import annotations

from pathlib import Path

from socialproof.backends.mail.outbox import OutboxMailer
from socialproof.backends.mail.port import (
    Letter,
    MailDelayed,
    Mailer,
    MailRefused,
    MailUnreachable,
    Message,
    MessageMalformed,
)
from socialproof.backends.mail.render import Rendered, render
from socialproof.backends.mail.smtp import SmtpMailer

__all__ = [
    "Letter",
    "MailDelayed",
    "MailRefused",
    "MailUnreachable",
    "Mailer",
    "Message",
    "MessageMalformed",
    "OutboxMailer",
    "Rendered",
    "SmtpMailer",
    "build_mailer",
    "render",
]


def build_mailer(mail_url: str, *, sender: str, outbox_dir: Path) -> Mailer:
    """Make the mail backend that the setting names: `outbox:`, `smtp://`, `smtps://` or `smtp+starttls://`."""
    if mail_url == "outbox:":
        return OutboxMailer(outbox_dir, sender=sender)
    return SmtpMailer.from_url(mail_url, sender=sender)
