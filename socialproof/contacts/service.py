"""Writing down whom the company may ask, and forgetting them."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socialproof.companies import audit
from socialproof.companies.models import Company, User
from socialproof.contacts.models import Contact, CustomerEvent
from socialproof.contacts.queries import contact_by_email
from socialproof.contacts.suppression import address_changed, apply_suppressions, remember
from socialproof.domain.contact import ContactValues
from socialproof.domain.errors import NotFound, RuleBroken

BLANK = ContactValues()
VALUES = tuple(field.name for field in fields(ContactValues))


def keep_contact(
    session: Session, *, company_id: int, email: str | None, name: str = "", language: str = "", now: datetime
) -> Contact:
    """The company's contact with this address, added when new. A newly given name or language replaces the old one.

    `email` is a checked address (the edge checks it), kept in lower case; None makes a contact without one.
    """
    email = email.strip().lower() if email else None
    new = Contact(company_id=company_id, email=email, name=name, language=language, created_at=now)
    if email is None:
        session.add(new)
        session.flush()
        return new
    known = contact_by_email(session, company_id, email)
    if known is None or not is_still_known(session, known):
        known = _add_unless_known(session, new)
    known.name = name or known.name
    known.language = language or known.language
    return known


def is_still_known(session: Session, contact: Contact) -> bool:
    """Read the contact anew and hold it until the commit; False when it was deleted in the meantime.

    Whoever writes about a person asks first: what is written into a deleted contact nobody would ever find again.
    """
    session.refresh(contact, with_for_update={"key_share": True})
    return contact.deleted_at is None


def add_contact(session: Session, *, company: Company, values: ContactValues, now: datetime) -> Contact:
    """A new contact with checked values. An address that said never is still one that said never.

    RuleBroken("email_taken", contact=its public id) when the company has a contact with this address.
    """
    new = Contact(company_id=company.id, created_at=now)
    _write(new, values)
    apply_suppressions(session, company.id, [new])
    _refuse_taken(session, new)
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:
        _refuse_taken(session, new)
        raise
    return new


def change_contact(
    session: Session, *, contact: Contact, values: ContactValues, user: User | None, now: datetime
) -> list[str]:
    """Write checked values over the contact's; returns the names of those that changed.

    Another address has not bounced, and may itself have said never. What the old one said is remembered.
    RuleBroken("email_taken", contact=its public id); NotFound when it was deleted in the meantime.
    """
    if not is_still_known(session, contact):
        raise NotFound
    changed = [name for name in VALUES if getattr(contact, name) != getattr(values, name)]
    is_new_address = bool({"email", "phone"} & set(changed))
    if is_new_address:
        _refuse_taken(session, contact, values.email)
        remember(session, contact=contact, now=now)
    _write(contact, values)
    if is_new_address:
        address_changed(session, contact=contact)
        _note(session, contact, user, now)
    session.flush()
    return changed


def delete_contact(session: Session, *, contact: Contact, now: datetime) -> None:
    """Take the person out of the row; its links say goodbye from now on, its answers keep counting without a name.

    What its addresses said never to is kept as keyed hashes, for the day when somebody adds them again.
    """
    is_still_known(session, contact)  # also what somebody is writing at this moment goes
    remember(session, contact=contact, now=now)
    _write(contact, BLANK)
    contact.email_bounce_reason = ""
    contact.deleted_at = contact.deleted_at or now
    session.execute(delete(CustomerEvent).where(CustomerEvent.contact_id == contact.id))
    session.flush()


def _write(contact: Contact, values: ContactValues) -> None:
    for name in VALUES:
        value = getattr(values, name)
        setattr(contact, name, dict(value) if name == "attributes" else value)


def _refuse_taken(session: Session, contact: Contact, email: str | None = None) -> None:
    email = email or contact.email
    if email is None:
        return
    with session.no_autoflush:
        known = contact_by_email(session, contact.company_id, email)
    if known is not None and known is not contact:
        raise RuleBroken("email_taken", contact=known.public_id)


def _note(session: Session, contact: Contact, user: User | None, now: datetime) -> None:
    """Without whom it was about: the trail outlives the person."""
    if user is not None:
        company = session.get_one(Company, contact.company_id)
        audit.note(session, company=company, user=user, action="contact.address_changed", now=now)


def _add_unless_known(session: Session, new: Contact) -> Contact:
    """Somebody else may add the same address at the same moment: then theirs is the contact."""
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:
        known = contact_by_email(session, new.company_id, str(new.email))
        if known is None:
            raise
        return known
    apply_suppressions(session, new.company_id, [new])
    return new
