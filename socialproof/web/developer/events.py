"""POST /api/v1/events: something happened with a contact, told by the company's own program."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, make_response
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from socialproof import clock
from socialproof.campaigns.awaiting import awaiting_count
from socialproof.companies.api_tokens import EVENTS, note_use
from socialproof.companies.models import Company
from socialproof.contacts.checking import Fault, Reading, checked
from socialproof.contacts.events import contact_with_phone, event_by_key, note_event
from socialproof.contacts.models import Contact, CustomerEvent
from socialproof.contacts.queries import contact_by_email, contact_of
from socialproof.contacts.service import add_contact
from socialproof.database import transaction
from socialproof.domain.contact import ContactValues
from socialproof.domain.customer_event import MOST_KEY_LETTERS, check_happened_at, event_name
from socialproof.domain.errors import RuleBroken
from socialproof.domain.text import clean_line
from socialproof.web.developer.access import LONGEST_FIELD, Unreadable, current_token, scope_required, strict_json
from socialproof.web.event_words import event_words

Checked = TypeVar("Checked")

blueprint = Blueprint("events", __name__, url_prefix="/events")

WHO = ("contact", "email", "phone")
OF_CONTACT = ("email", "phone", "name", "language", "organisation", "customer_since")
KNOWN = ("event", "happened_at", "key", "contact", *OF_CONTACT)


@blueprint.post("")
@scope_required(EVENTS)
def note() -> Response:
    """Take one event; the contact is added when it is new. The same key again is the same event."""
    sent, now = _read(strict_json()), clock.now()
    name = _checked("event", lambda: event_name(sent.get("event", "")))
    happened_at = _happened_at(sent.get("happened_at"), now)
    values, key = _values(sent), sent.get("key", "")
    with transaction() as session:
        company = current_token().company
        event = event_by_key(session, company.id, key) if key else None
        if event is None:
            contact = _contact(session, company, sent.get("contact"), values, now)
            event = _noted(session, contact, name, happened_at, key, now)
        note_use(session, token=current_token(), now=now)
        answer = {"event": event.public_id, "campaigns": awaiting_count(session, company.id, event.name)}
    return make_response(jsonify(answer), 202)


def _noted(
    session: Session, contact: Contact, name: str, happened_at: datetime, key: str, now: datetime
) -> CustomerEvent:
    """The event: this one, or the same one that was told at the very same moment."""
    new = note_event(
        session, contact=contact, name=name, happened_at=happened_at, source="api", key=key or None, now=now
    )
    event = new or event_by_key(session, contact.company_id, key)
    assert event is not None
    return event


def _read(sent: dict[str, Any]) -> dict[str, str]:
    """Only fields that we know, and only text in them; what is null was not sent."""
    faults = {name: _("There is no such field.") for name in sent if name not in KNOWN}
    told = {name: value for name, value in sent.items() if value is not None}
    faults |= {name: _("This must be text.") for name, value in told.items() if not isinstance(value, str)}
    if not faults and not any(told.get(name) for name in WHO):
        faults = {"contact": _("Please say whom it is about: contact, email or phone.")}
    if not faults and "contact" in told and any(name in told for name in OF_CONTACT):
        faults = {"contact": _("Please name the contact by its id alone.")}
    key = told.get("key", "-")
    if not faults and (not isinstance(key, str) or clean_line(key) != key or not 0 < len(key) <= MOST_KEY_LETTERS):
        faults = {"key": _("This must be one line of at most %(count)s characters.", count=MOST_KEY_LETTERS)}
    if faults:
        raise Unreadable({name[:LONGEST_FIELD]: message for name, message in faults.items()})
    return told


def _happened_at(typed: str | None, now: datetime) -> datetime:
    """The moment as ISO 8601 with its zone; now when none was sent."""
    if typed is None:
        return now
    try:
        moment = datetime.fromisoformat(typed)
        if moment.tzinfo is None:
            raise Unreadable({"happened_at": _("Please add the zone, such as 2026-11-21T10:00:00+01:00.")})
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        message = _("This is no moment; write it like 2026-11-21T10:00:00+01:00.")
        raise Unreadable({"happened_at": message}) from None
    return _checked("happened_at", lambda: check_happened_at(moment, now=now))


def _checked(field: str, check: Callable[[], Checked]) -> Checked:
    """What the rule returns; what it refuses is said of this field."""
    try:
        return check()
    except RuleBroken as broken:
        raise Unreadable({field: event_words(broken)}) from None


def _values(sent: dict[str, str]) -> ContactValues:
    """The fields of the contact, checked as the team's own form checks them; numbers in their international form."""
    values, faults = checked({name: sent[name] for name in OF_CONTACT if name in sent}, Reading())
    if faults:
        raise Unreadable({fault.field: _fault_words(fault) for fault in faults})
    return ContactValues(**values)


def _fault_words(fault: Fault) -> str:
    words: dict[str, str] = {
        "line_break": _("This must be a single line."),
        "too_long": _("That is too long: at most %(count)s characters.", count=fault.most),
        "not_an_email": _("This does not look like an e-mail address."),
        "not_a_phone": _("This is no telephone number in its international form, such as +46701234567."),
        "unknown_language": _("This language is not known; write it like sv."),
        "not_a_day": _("This is no day; write it like 2024-03-01."),
    }
    return words.get(fault.code, fault.code)


def _contact(
    session: Session, company: Company, public_id: str | None, values: ContactValues, now: datetime
) -> Contact:
    """Whom it is about. A contact that is known keeps its fields: telling what happened is no correction."""
    if public_id is not None:
        named = contact_of(session, company.id, public_id) if re.fullmatch(r"[\w-]{1,22}", public_id, re.A) else None
        if named is None:
            raise Unreadable({"contact": _("There is no such contact.")})
        return named
    known = _known(session, company.id, values)
    if known is not None:
        return known
    try:
        return add_contact(session, company=company, values=values, now=now)
    except RuleBroken:  # email_taken: somebody else added it at this very moment
        known = _known(session, company.id, values)
        if known is None:
            raise
        return known


def _known(session: Session, company_id: int, values: ContactValues) -> Contact | None:
    if values.email:
        return contact_by_email(session, company_id, values.email)
    return contact_with_phone(session, company_id, values.phone or "")
