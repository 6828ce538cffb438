"""Letters that come back, and complaints: whom they are about, and what becomes of that.

Nobody is believed by their word. Whose letter it was is said by the mark in the address that it came back to, which
only we can make, or by a note that the mail service has signed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.mail.bounces import (
    BOUNCED,
    COMPLAINED,
    DELAYED,
    DELIVERED,
    Report,
    read_report,
    without_addresses,
)
from socialproof.backends.mail.compose import message_id
from socialproof.campaigns import outcomes
from socialproof.campaigns.models import Invitation
from socialproof.campaigns.queries import invitation_behind_link
from socialproof.contacts.suppression import contact_behind_link
from socialproof.tokens import MARK_LENGTH, BadToken, Purpose, Tokens

MOST_MARKS = 20
MOST_INVITATIONS = 50
_MARK = re.compile(rb"\+([a-z2-7]{%d})@" % MARK_LENGTH, re.IGNORECASE)


def is_ours(recipient: str, bounce_address: str) -> bool:
    """Whether a letter to this address may be one that came back: our address itself, or with something behind a +."""
    name, _at, host = bounce_address.lower().partition("@")
    local, _at, domain = recipient.strip().lower().rpartition("@")
    return bool(name) and domain == host and (local == name or local.startswith(f"{name}+"))


def take_letter(session: Session, *, tokens: Tokens, recipient: str, content: bytes, now: datetime) -> str:
    """Do what a letter says that came back to this address, and say what kind it was: "unmarked" when it names none
    of ours.
    """
    report = read_report(content)
    invitation = _marked(session, tokens, recipient.encode("utf-8", "replace"), content)
    if invitation is None:
        return "unmarked"
    is_permanent = report.is_permanent and _names(content, invitation.contact.email)
    _note(session, invitation, report, now, is_permanent=is_permanent)
    return report.kind


def _names(content: bytes, email: str | None) -> bool:
    """Whether the letter speaks of the address that the contact has now: servers give up after days, and by then a
    misspelt address may have been put right. One beyond ASCII is written in more ways than one.
    """
    return email is None or not email.isascii() or email.encode("ascii") in content.lower()


def take_note(session: Session, *, tokens: Tokens, message: Mapping[str, Any], now: datetime) -> str:
    """Do what a signed note of Amazon's mail service says; says the kind, "unmarked", or "other"."""
    kind = str(message.get("notificationType") or message.get("eventType") or "").lower()
    read = _NOTES.get(kind)
    mail = _dict(message.get("mail"))
    if read is None:
        return "other"
    invitation = _named(session, tokens, mail)
    if invitation is None:
        return "unmarked"
    report, address = read(_dict(message.get(kind)))
    # Which of its bounces are for good, and the mailbox's fault, the service has found out itself.
    _note(session, invitation, report, now, is_permanent=report.kind == BOUNCED, address=address)
    return report.kind


def _note(
    session: Session,
    invitation: Invitation,
    report: Report,
    now: datetime,
    *,
    is_permanent: bool,
    address: str | None = None,
) -> None:
    if report.kind == COMPLAINED:
        outcomes.note_complained(session, invitation=invitation, now=now)
    elif report.kind == DELIVERED:
        outcomes.note_delivered(session, invitation=invitation, now=now)
    elif report.kind in (BOUNCED, DELAYED):
        reason = " ".join(filter(None, (report.status, report.reason)))
        outcomes.note_bounced(
            session, invitation=invitation, reason=reason, is_permanent=is_permanent, now=now, address=address
        )


def _marked(session: Session, tokens: Tokens, *places: bytes) -> Invitation | None:
    """The invitation that the first true mark in these texts names."""
    for place in places:
        for number, found in enumerate(_MARK.finditer(place)):
            if number == MOST_MARKS:
                break
            try:
                public_id = tokens.read_bounce_mark(found.group(1).decode("ascii").lower())
            except BadToken:
                continue
            invitation = invitation_behind_link(session, public_id)
            if invitation is not None:
                return invitation
    return None


def _named(session: Session, tokens: Tokens, mail: Mapping[str, Any]) -> Invitation | None:
    """By the mark in the envelope; else by the headers of our own that the service quotes."""
    source = str(mail.get("source", "")).encode("utf-8", "replace")[:1000]
    return _marked(session, tokens, source) or _by_headers(session, tokens, _headers(mail))


def _by_headers(session: Session, tokens: Tokens, headers: Mapping[str, str]) -> Invitation | None:
    """The contact from the link to unsubscribe, the letter from its number."""
    link = re.search(r"/s/u/([^/>?\s]{1,300})", headers.get("list-unsubscribe", ""))
    try:
        subject = tokens.read(Purpose.UNSUBSCRIBE, link.group(1)) if link else ""
    except BadToken:
        return None
    contact = contact_behind_link(session, subject) if subject else None
    if contact is None:
        return None
    sent = session.scalars(
        select(Invitation)
        .where(
            Invitation.company_id == contact.company_id,
            Invitation.contact_id == contact.id,
            Invitation.channel == "mail",
        )
        .order_by(Invitation.id.desc())
        .limit(MOST_INVITATIONS)
    ).all()
    number = headers.get("message-id", "").strip().lstrip("<").partition("@")[0]
    return next((each for each in sent if number in _numbers(each)), None)


def _numbers(invitation: Invitation) -> set[str]:
    """What stands before the @ in the Message-ID of its letters."""
    return {_number(f"invitation:{invitation.public_id}:{count}") for count in range(invitation.reminder_count + 2)}


def _number(key: str) -> str:
    return message_id(key, "x").lstrip("<").partition("@")[0]


def _headers(mail: Mapping[str, Any]) -> dict[str, str]:
    listed = mail.get("headers")
    pairs = [_dict(each) for each in listed[:200]] if isinstance(listed, list) else []
    return {str(pair.get("name", "")).lower(): str(pair.get("value", "")) for pair in pairs}


def _bounce(said: Mapping[str, Any]) -> tuple[Report, str | None]:
    recipient = _first(said.get("bouncedRecipients"))
    reason = without_addresses(str(recipient.get("diagnosticCode", ""))[:2000])
    status = re.match(r"[245]\.\d{1,3}\.\d{1,3}", str(recipient.get("status", "")))
    kind = BOUNCED if said.get("bounceType") == "Permanent" else DELAYED
    return Report(kind, status.group() if status else "", reason), _address(recipient)


def _complaint(said: Mapping[str, Any]) -> tuple[Report, str | None]:
    return Report("other" if said.get("complaintFeedbackType") == "not-spam" else COMPLAINED), None


def _delivery(_said: Mapping[str, Any]) -> tuple[Report, str | None]:
    return Report(DELIVERED), None


_NOTES: dict[str, Callable[[Mapping[str, Any]], tuple[Report, str | None]]] = {
    "bounce": _bounce,
    "complaint": _complaint,
    "delivery": _delivery,
}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(values: object) -> dict[str, Any]:
    return _dict(values[0]) if isinstance(values, list) and values else {}


def _address(recipient: Mapping[str, Any]) -> str | None:
    said = recipient.get("emailAddress")
    return said if isinstance(said, str) and "@" in said else None
