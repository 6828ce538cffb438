"""A contact's history in sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from socialproof.campaigns.models import Invitation
from socialproof.domain.ledger import Kind
from socialproof.domain.nps import Segment, segment_of
from socialproof.responses.models import Response
from socialproof.testimonials.contact_history import Happening
from socialproof.testimonials.models import Testimonial
from socialproof.web.language import day
from socialproof.web.marketer.moderation_words import PURPOSES
from socialproof.web.marketer.reach_words import capped_word, channel_word, reason_word


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the history; `quote` is the customer's own words."""

    at: datetime
    sign: str
    sentence: str
    note: str = ""
    quote: str = ""
    link: str = ""
    score: int | None = None
    segment: Segment | None = None
    colour: str = ""
    retract: str = ""
    """Where somebody of the team may take back what they noted."""


def told(happening: Happening) -> Told:
    """What happened, in words. A kind that has no words yet is shown by its name."""
    teller = _TELLERS.get(happening.kind)
    if teller:
        return teller(happening)
    sign, sentence = _plain(happening.kind)
    colour = "bad" if happening.kind in _BAD else ""
    return Told(happening.at, sign, sentence, _about(happening), colour=colour)


_BAD = ("unsubscribed", "address_bounced", "complained", "stopped", "bounced")


def _plain(kind: str) -> tuple[str, str]:
    """The sign and sentence of what needs no more than that."""
    words: dict[str, tuple[str, str]] = {
        "added": ("plus", _("Added to the contacts")),
        "linked": ("link", _("A personal link was made")),
        "sent": ("mail", _("The invitation was sent")),
        "reminded": ("mail", _("A reminder was sent")),
        "referred": ("mail", _("The request for a reference was sent")),
        "reference_planned": ("clock", _("A request for a reference is planned")),
        "delivered": ("check", _("The invitation was delivered")),
        "declined": ("close", _("Does not want to answer")),
        "bounced": ("warning", _("The invitation came back")),
        "revoked": ("undo", _("The personal link was taken back")),
        "expired": ("clock", _("The invitation ran out of time")),
        "address_bounced": ("warning", _("The e-mail address does not take letters")),
        "complained": ("warning", _("Reported a letter as spam")),
        "stopped": ("warning", _("Stopped text messages")),
    }
    return words.get(kind, ("info", kind))


def _about(happening: Happening) -> str:
    """The campaign or survey that it belongs to."""
    invitation = happening.invitation
    if invitation is None:
        return ""
    source = invitation.campaign or invitation.popup or invitation.survey
    return f"{source.name} · {channel_word(invitation.channel)}"


def _asked(happening: Happening) -> Told:
    entry = happening.about
    sentences = {"reminder": _("May be reminded"), "testimonial": _("Asked for a reference")}
    forced = _("Although it was too early: somebody of the team decided so.") if entry.forced_by_id else ""
    about = _about(happening) or channel_word(entry.channel)
    return Told(
        happening.at, "survey", sentences.get(entry.kind, _("Asked")), " · ".join(filter(None, (about, forced)))
    )


def _deferred(happening: Happening) -> Told:
    entry = happening.about
    about = _about(happening) or channel_word(entry.channel)
    if entry.until is None:
        sentence = _("Deferred: %(reason)s", reason=reason_word(entry.reason))
    else:
        until = day(entry.until.date())
        sentence = _deferred_words(until, entry.reason, happening.invitation)
        if entry.kind == Kind.TESTIMONIAL:
            words = _("The request for a reference is deferred until %(day)s: %(reason)s")
            sentence = words % {"day": until, "reason": reason_word(entry.reason)}
    return Told(happening.at, "clock", sentence, about, colour="caution")


def _deferred_words(until: str, reason: str, invitation: Invitation | None) -> str:
    """With a daily cap the day is only the earliest one."""
    campaign = invitation.campaign if invitation else None
    capped = capped_word(until, campaign.daily_cap, reason) if campaign else ""
    if capped:
        return str(_("Deferred: %(reason)s", reason=capped))
    return str(_("Deferred until %(day)s: %(reason)s", day=until, reason=reason_word(reason)))


def _waiting(happening: Happening) -> Told:
    invitation, about = happening.about, _about(happening)
    if invitation.campaign.state == "paused":
        about = " · ".join((about, _("Paused")))
    if invitation.state != "deferred":
        return Told(happening.at, "clock", _("Planned"), about)
    words = _deferred_words(day(happening.at.date()), invitation.reason, invitation)
    return Told(happening.at, "clock", words, about, colour="caution")


def _never(happening: Happening) -> Told:
    entry = happening.about
    about = _about(happening) or channel_word(entry.channel)
    return Told(
        happening.at, "close", _("Not asked: %(reason)s", reason=reason_word(entry.reason)), about, colour="bad"
    )


def _answered(happening: Happening) -> Told:
    response: Response = happening.about
    link = url_for("marketer.dashboard.show", survey=response.survey.public_id, kind=response.survey.kind)
    sentence = _("Answered %(score)s", score=response.score)
    uncounted = "" if response.is_counted else _("not counted: answered again later")
    note = " · ".join(filter(None, (response.survey.name, uncounted)))
    segment = segment_of(response.score)
    return Told(happening.at, "check", sentence, note, response.comment, f"{link}#answers", response.score, segment)


def _changed(happening: Happening) -> Told:
    response: Response = happening.about
    sentence = _("Changed the answer: before it was %(score)s", score=happening.detail)
    return Told(happening.at, "edit", sentence, response.survey.name)


def _testimonial(happening: Happening) -> Told:
    testimonial: Testimonial = happening.about
    is_gone = testimonial.withdrawn_at is not None
    words = {"text": _("Gave a testimonial"), "video": _("Gave a video testimonial")}
    link = "" if is_gone else url_for("marketer.moderation.show", testimonial_id=testimonial.public_id)
    sign = "video" if testimonial.kind == "video" else "quote"
    quote = "" if is_gone else testimonial.text
    return Told(happening.at, sign, words[testimonial.kind], testimonial.survey.name, quote, link, colour="good")


def _testimonial_withdrawn(happening: Happening) -> Told:
    return Told(happening.at, "undo", _("Took the testimonial back"), happening.about.survey.name)


def _consent(happening: Happening) -> Told:
    purpose = str(PURPOSES.get(happening.detail, happening.detail))
    if happening.kind == "consent":
        return Told(happening.at, "lock", _("Gave consent: %(purpose)s", purpose=purpose))
    return Told(happening.at, "lock", _("Took consent back: %(purpose)s", purpose=purpose), colour="caution")


def _event(happening: Happening) -> Told:
    event = happening.about
    if event.source == "api":
        return Told(happening.at, "star", event.name, _("told by another program"))
    at = {"contact_id": event.contact.public_id, "event_id": event.public_id}
    return Told(
        happening.at, "star", event.name, _("noted by hand"), retract=url_for("marketer.events.ask_retract", **at)
    )


def _unsubscribed(happening: Happening) -> Told:
    ways: dict[str, str] = {
        "link": _("by the link in a letter"),
        "one_click": _("by the button of the mail program"),
        "text_message": _("by a text message"),
        "team": _("they told the team"),
        "import": _("as a file said"),
    }
    note = ways.get(happening.about.unsubscribed_by, "")
    return Told(happening.at, "warning", _("Unsubscribed"), note, colour="bad")


_TELLERS: dict[str, Callable[[Happening], Told]] = {
    "asked": _asked,
    "deferred": _deferred,
    "never": _never,
    "waiting": _waiting,
    "answered": _answered,
    "changed": _changed,
    "testimonial": _testimonial,
    "testimonial_withdrawn": _testimonial_withdrawn,
    "consent": _consent,
    "consent_withdrawn": _consent,
    "event": _event,
    "unsubscribed": _unsubscribed,
}
