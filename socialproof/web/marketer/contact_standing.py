"""What the asking ledger says about a contact now, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from socialproof.contacts.ledger import decide_for
from socialproof.contacts.models import Contact
from socialproof.domain.ledger import Channel, Decision, Kind, Verdict
from socialproof.web.language import day
from socialproof.web.marketer.reach_words import reason_word


@dataclass(frozen=True, slots=True)
class Standing:
    """The sentence and its colour: good, caution, bad."""

    colour: str
    sentence: str
    more: str = ""


def may_be_asked(session: Session, contact: Contact, now: datetime) -> Standing:
    """By mail if the contact has an address that takes it, else by text message."""
    channels = [Channel.MAIL, Channel.SMS] if contact.email else [Channel.SMS, Channel.MAIL]
    words = [
        (channel, decide_for(session, contact=contact, kind=Kind.NPS, channel=channel, now=now)) for channel in channels
    ]
    channel, word = next((each for each in words if each[1].verdict is not Verdict.NEVER), words[0])
    return _said(contact, channel, word)


def _said(contact: Contact, channel: Channel, word: Decision) -> Standing:
    if word.verdict is Verdict.ASKED:
        by_text = _("By text message only: there is no e-mail address that takes letters.")
        return Standing("good", _("May be asked today."), by_text if channel is Channel.SMS else "")
    if word.verdict is Verdict.DEFERRED:
        until = day(word.until.date()) if word.until else ""
        return Standing("caution", _("Not before %(day)s: %(reason)s.", day=until, reason=reason_word(word.reason)))
    if word.reason == "no_address":
        return Standing("caution", _("Cannot be written to: there is no e-mail address and no phone number."))
    since = _since(contact, word.reason)
    if since is None:
        more = contact.email_bounce_reason if word.reason == "bounced" else ""
        return Standing("bad", _("Never: %(reason)s.", reason=reason_word(word.reason)), more)
    when = day(since.date())
    return Standing("bad", _("Never: %(reason)s on %(day)s.", reason=reason_word(word.reason), day=when))


def _since(contact: Contact, reason: str) -> datetime | None:
    moments = {
        "unsubscribed": contact.unsubscribed_at,
        "complained": contact.complained_at,
        "stopped": contact.phone_stopped_at,
    }
    return moments.get(reason)
