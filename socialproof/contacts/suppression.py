"""Who must not be asked: those who said never, and addresses that take nothing or whose owner complained.

Each word stands on the contact, and as a keyed hash of the address that outlives the contact: the same address in
next year's file is still the one that said never.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from socialproof.companies.models import Company
from socialproof.contacts.models import Contact, Suppression
from socialproof.database import insert_into, record
from socialproof.domain.events import AddressSuppressed

UNSUBSCRIBED, BOUNCED, COMPLAINED, STOPPED = "unsubscribed", "bounced", "complained", "stopped"
BATCH = 500
"""Hashes asked about at once: databases limit the values of one statement."""
LONGEST_REASON = 300


def link_subject(public_id: str, hashed: str) -> str:
    """What the way out of a letter names: its contact and, in 43 letters, the hash of the address that it went to."""
    return f"{public_id}.{urlsafe_b64encode(bytes.fromhex(hashed)).decode().rstrip('=')}" if hashed else public_id


def address_behind_link(subject: str) -> str:
    """The hash of the address that a signed link's letter went to; empty for links that name only a contact."""
    encoded = subject.partition(".")[2]
    return urlsafe_b64decode(f"{encoded}=").hex() if encoded else ""


def contact_behind_link(session: Session, subject: str) -> Contact | None:
    """The contact that a signed link names, also a deleted one. The link is the authority."""
    return session.scalar(select(Contact).where(Contact.public_id == subject.partition(".")[0]))


def unsubscribe(session: Session, *, contact: Contact, by: str, now: datetime) -> None:
    """Never ask this contact again, on any channel. `by`: link, one_click, text_message, team or import.

    Said twice it is the same as once: the first time and way stay.
    """
    if contact.unsubscribed_at is None:
        contact.unsubscribed_at, contact.unsubscribed_by = now, by
    remember(session, contact=contact, now=now)


def resubscribe(session: Session, *, contact: Contact) -> None:
    """Take the contact's own "never" back. An address that bounced or complained stays what it is."""
    contact.unsubscribed_at, contact.unsubscribed_by = None, ""
    _forget(session, contact.company_id, (contact.email, contact.phone), UNSUBSCRIBED)
    session.flush()


def note_bounce(session: Session, *, contact: Contact, reason: str, now: datetime) -> None:
    """The contact's mail server refuses the address for good; letters end, and its owner in the team is told.

    `reason` is the server's words without addresses, shortened here.
    """
    if contact.email_bounced_at is not None or contact.email is None:
        return
    contact.email_bounced_at, contact.email_bounce_reason = now, reason[:LONGEST_REASON]
    remember(session, contact=contact, now=now)
    record(session, AddressSuppressed(contact.company_id, contact.id))


def note_complaint(session: Session, *, contact: Contact, now: datetime) -> None:
    """The contact called a letter spam; letters end, and its owner in the team is told."""
    if contact.complained_at is not None or contact.email is None:
        return
    contact.complained_at = now
    remember(session, contact=contact, now=now)
    record(session, AddressSuppressed(contact.company_id, contact.id))


def stop_texts(session: Session, *, company_id: int, phone: str, now: datetime) -> int:
    """No more text messages to this number (E.164); returns how many contacts have it. Remembered also for none."""
    stopped = session.execute(
        update(Contact)
        .where(Contact.company_id == company_id, Contact.phone == phone, Contact.phone_stopped_at.is_(None))
        .values(phone_stopped_at=now)
        .returning(Contact.id)
        .execution_options(synchronize_session="fetch")
    ).all()
    remember_address(session, company_id=company_id, address=phone, reason=STOPPED, now=now)
    return len(stopped)


def resume_texts(session: Session, *, company_id: int, phone: str) -> None:
    """The number's owner wants text messages again."""
    session.execute(
        update(Contact)
        .where(Contact.company_id == company_id, Contact.phone == phone)
        .values(phone_stopped_at=None)
        .execution_options(synchronize_session="fetch")
    )
    _forget(session, company_id, (phone,), STOPPED)


def remember(session: Session, *, contact: Contact, now: datetime) -> None:
    """Keep the hashes of everything that this contact said never to; call it before its addresses are cleared."""
    rows = [
        {"company_id": contact.company_id, "address_hash": hashed, "reason": reason, "created_at": now}
        for hashed, reason in _hashes_to_keep(session, contact)
    ]
    _insert(session, rows)
    session.flush()


def remember_address(session: Session, *, company_id: int, address: str, reason: str, now: datetime) -> None:
    """Keep the hash of an address that no contact has (any more)."""
    hashed = address_hash(session.get_one(Company, company_id), address)
    remember_hash(session, company_id=company_id, hashed=hashed, reason=reason, now=now)


def remember_hash(session: Session, *, company_id: int, hashed: str, now: datetime, reason: str = UNSUBSCRIBED) -> None:
    """The same of an address that nobody here knows: only its hash."""
    _insert(session, [{"company_id": company_id, "address_hash": hashed, "reason": reason, "created_at": now}])


def has_refused(session: Session, *, company_id: int, hashed: str, reasons: Collection[str] = (UNSUBSCRIBED,)) -> bool:
    """Whether one of these reasons is kept of the address with this hash; by default: it said never to questions."""
    return any(kept.reason in reasons for kept in _kept(session, company_id, [hashed]))


def address_changed(session: Session, *, contact: Contact) -> None:
    """Call it after e-mail or phone was replaced: what the old address did is not the new one's fault."""
    contact.email_bounced_at = contact.complained_at = contact.phone_stopped_at = contact.bounce_told_at = None
    contact.email_bounce_reason = ""
    apply_suppressions(session, contact.company_id, [contact])


def apply_suppressions(session: Session, company_id: int, contacts: Sequence[Contact]) -> None:
    """Give contacts that come in (again) what their addresses said before. Needs no flush; a batch is cheap."""
    if not contacts or not has_any(session, company_id):
        return
    company = session.get_one(Company, company_id)
    by_hash = defaultdict(list)
    for contact in contacts:
        for address in filter(None, (contact.email, contact.phone)):
            by_hash[address_hash(company, address)].append(contact)
    for kept in _kept(session, company_id, list(by_hash)):
        for contact in by_hash[kept.address_hash]:
            _apply(contact, kept)


def address_hash(company: Company, address: str) -> str:
    """What is kept of an address: keyed by the company, so that two companies' lists cannot be compared."""
    return hmac.new(company.public_id.encode(), _plain(address), hashlib.sha256).hexdigest()


def _plain(address: str) -> bytes:
    return address.strip().lower().encode("utf-8", "surrogatepass")


def _hashes_to_keep(session: Session, contact: Contact) -> Iterator[tuple[str, str]]:
    company = session.get_one(Company, contact.company_id)
    for address, reasons in (
        (
            contact.email,
            {
                UNSUBSCRIBED: contact.unsubscribed_at,
                BOUNCED: contact.email_bounced_at,
                COMPLAINED: contact.complained_at,
            },
        ),
        (contact.phone, {UNSUBSCRIBED: contact.unsubscribed_at, STOPPED: contact.phone_stopped_at}),
    ):
        for reason, since in reasons.items():
            if address and since:
                yield address_hash(company, address), reason


def _insert(session: Session, rows: list[dict[str, object]]) -> None:
    """Two acts at the same moment may keep the same word."""
    insert = insert_into(Suppression, session.get_bind().dialect.name)
    unknown = insert.on_conflict_do_nothing(index_elements=["company_id", "address_hash", "reason"])
    if rows:
        session.execute(unknown, rows)


def _forget(session: Session, company_id: int, addresses: Collection[str | None], reason: str) -> None:
    company = session.get_one(Company, company_id)
    hashes = [address_hash(company, address) for address in addresses if address]
    session.execute(
        delete(Suppression).where(
            Suppression.company_id == company_id,
            Suppression.address_hash.in_(hashes),
            Suppression.reason == reason,
        )
    )


def has_any(session: Session, company_id: int) -> bool:
    """Whether any address of the company ever said never."""
    return session.scalar(select(Suppression.id).where(Suppression.company_id == company_id).limit(1)) is not None


def _kept(session: Session, company_id: int, hashes: Sequence[str]) -> Iterator[Suppression]:
    with session.no_autoflush:
        for start in range(0, len(hashes), BATCH):
            yield from session.scalars(
                select(Suppression).where(
                    Suppression.company_id == company_id, Suppression.address_hash.in_(hashes[start : start + BATCH])
                )
            )


def _apply(contact: Contact, kept: Suppression) -> None:
    if kept.reason == UNSUBSCRIBED:
        contact.unsubscribed_at = contact.unsubscribed_at or kept.created_at
    elif kept.reason == BOUNCED:
        contact.email_bounced_at = contact.email_bounced_at or kept.created_at
        # Its owner heard of it then; an import of old addresses is no news.
        contact.bounce_told_at = contact.bounce_told_at or kept.created_at
    elif kept.reason == COMPLAINED:
        contact.complained_at = contact.complained_at or kept.created_at
        contact.bounce_told_at = contact.bounce_told_at or kept.created_at
    elif kept.reason == STOPPED:
        contact.phone_stopped_at = contact.phone_stopped_at or kept.created_at
