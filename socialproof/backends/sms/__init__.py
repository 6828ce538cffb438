"""Text messages that leave the house: one port, a Twilio-compatible service or the log, chosen by one setting."""

from __future__ import annotations

from socialproof.backends.sms.console import ConsoleSms
from socialproof.backends.sms.port import SmsDelayed, SmsMalformed, SmsMessage, SmsRefused, SmsSender
from socialproof.backends.sms.twilio import TwilioSms
from socialproof.settings import Settings
from socialproof.tokens import Purpose, Tokens

__all__ = [
    "ConsoleSms",
    "SmsDelayed",
    "SmsMalformed",
    "SmsMessage",
    "SmsRefused",
    "SmsSender",
    "TwilioSms",
    "build_sms",
    "hook_url",
]


def build_sms(settings: Settings) -> SmsSender:
    """Make the backend that the setting names: `console:` or `twilio://ACCOUNT:TOKEN@host`."""
    if settings.sms_url == "console:":
        return ConsoleSms(settings.data_dir / "outbox", sender=settings.sms_from)
    # A service far away cannot report to this machine's own name, and refuses messages that say so.
    hook = "" if settings.is_local else hook_url(settings)
    return TwilioSms.from_url(settings.sms_url, sender=settings.sms_from, hook_url=hook)


def hook_url(settings: Settings) -> str:
    """Where the service reports, and hands over texts that people send back: the operator sets it there, too."""
    return f"{settings.base_url}/hooks/sms/{Tokens(settings.secret_keys).sign(Purpose.HOOK, 'sms')}"
