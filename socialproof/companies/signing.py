"""The keys that sign a company's letters: one signs, and another may wait until its record is found.

A key that signs goes on until the waiting one takes over, so that no letter leaves unsigned in between. Where nothing
signs yet there is nothing to keep up: then the new key waits in the first place, and `is_dkim_on` says since when not.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from socialproof.companies import audit
from socialproof.companies.models import AuditEntry, Company, MailSender, User
from socialproof.domain.mail_records import dkim_name, domain_of
from socialproof.seal import BrokenSeal, Seal

KEY_BITS = 2048
KEEP_FORMER = timedelta(days=7)
"""Letters that are still on their way need the record of the key that signed them."""
TELL_OF_FORMER = timedelta(days=60)
LOOK_AT_KEY = "companies.look_at_key"
KEY_MADE, KEY_SWITCHED = "sender.key_made", "sender.key_switched"


@dataclass(frozen=True)
class SigningKey:
    """A fresh pair: the private half as PEM, the public one as it stands in the DNS record."""

    private_pem: str
    public_key: str


@dataclass(frozen=True)
class KeyRecord:
    """A key as the domain must publish it. `role`: signing; next, beside one that signs; or waiting, alone."""

    selector: str
    public_key: str
    role: str


@dataclass(frozen=True)
class FormerRecord:
    """The record of a key that was replaced, and from when on nobody needs it any more."""

    name: str
    deletable_at: datetime


def new_signing_key() -> SigningKey:
    """Make a pair; takes a fraction of a second of one processor, so not inside a transaction."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(pem.decode("ascii"), base64.b64encode(der).decode("ascii"))


def records_of(sender: MailSender | None) -> list[KeyRecord]:
    """The company's keys, the one that signs first; none without an address of its own, whose domain they need."""
    if sender is None or not domain_of(sender.from_address):
        return []
    first = KeyRecord(sender.dkim_selector, sender.dkim_public_key, "signing" if sender.is_dkim_on else "waiting")
    following = KeyRecord(sender.dkim_next_selector, sender.dkim_next_public_key, "next")
    return [record for record in (first, following) if record.public_key]


def opens(seal: Seal, private_key: str) -> bool:
    """Whether the private half was sealed with a secret that this installation still has."""
    try:
        return bool(private_key) and bool(seal.open(private_key))
    except BrokenSeal:
        return False


def keep_signing_key(
    session: Session, *, sender: MailSender, user: User, key: SigningKey, seal: Seal, now: datetime
) -> None:
    """Let this key wait for its record, in place of one that waits already; a key that signs goes on signing."""
    session.refresh(sender, with_for_update=True)
    selector, sealed = _fresh_selector(session, sender, now), seal.close(key.private_pem)
    if sender.is_dkim_on:
        _wait(sender, selector, sealed, key.public_key)
    else:
        sender.dkim_selector, sender.dkim_private_key, sender.dkim_public_key = selector, sealed, key.public_key
        _wait(sender)
    sender.updated_at = now
    _note(session, sender, user, KEY_MADE, now, subject=selector)
    session.flush()


def discard_waiting_key(session: Session, *, sender: MailSender, user: User, now: datetime) -> bool:
    """Throw the key away that waits for its record; says whether one did. A key that signs stays."""
    session.refresh(sender, with_for_update=True)
    selector = sender.dkim_next_selector
    if selector:
        _wait(sender)
    elif sender.dkim_selector and not sender.is_dkim_on:
        selector = sender.dkim_selector
        sender.dkim_selector = sender.dkim_private_key = sender.dkim_public_key = ""
    else:
        return False
    sender.updated_at = now
    _note(session, sender, user, "sender.key_discarded", now, subject=selector)
    session.flush()
    return True


def leave_domain(sender: MailSender) -> None:
    """The letters come from another domain now: the key that signed waits there for its record, a waiting one is gone.

    Its record stands, if anywhere, where nobody looks any more.
    """
    sender.is_dkim_on = False
    _wait(sender)


def note_found(
    session: Session,
    *,
    sender: MailSender,
    user: User | None,
    domain: str,
    found: Collection[str],
    seal: Seal,
    now: datetime,
) -> None:
    """The records of these keys, by selector, were found at `domain`: the one that waits signs from now on.

    A key that nobody can open signs nothing. Nothing happens when the address is another one by now than the one
    that was looked at; keys that were thrown away in the meantime have no name here any more.
    """
    session.refresh(sender, with_for_update=True)
    if domain_of(sender.from_address) != domain:
        return
    if sender.is_dkim_on and not opens(seal, sender.dkim_private_key):
        sender.is_dkim_on, sender.updated_at = False, now
        _note(session, sender, user, "sender.key_lost", now, subject=sender.dkim_selector)
    if sender.dkim_next_selector in found and opens(seal, sender.dkim_next_private_key):
        _take_over(session, sender, user, domain, now)
    elif not sender.is_dkim_on and sender.dkim_selector in found and opens(seal, sender.dkim_private_key):
        sender.is_dkim_on, sender.updated_at = True, now
        _note(session, sender, user, "sender.signing_on", now, subject=domain)
    session.flush()


def note_record_gone(session: Session, *, sender: MailSender, now: datetime) -> None:
    """Several looks did not find the record of the key that signs. It goes on signing; its owners are told."""
    _note(session, sender, None, "sender.record_gone", now, subject=sender.dkim_selector)


def former_record(session: Session, company_id: int, now: datetime) -> FormerRecord | None:
    """The record of the key that was replaced last, as long as somebody may wonder about it."""
    switch = session.scalar(
        select(AuditEntry)
        .where(AuditEntry.company_id == company_id, AuditEntry.action == KEY_SWITCHED)
        .where(AuditEntry.happened_at > now - TELL_OF_FORMER)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    name = switch.details.get("former", "") if switch else ""
    return FormerRecord(str(name), switch.happened_at + KEEP_FORMER) if switch and name else None


def _take_over(session: Session, sender: MailSender, user: User | None, domain: str, now: datetime) -> None:
    former = dkim_name(sender.dkim_selector, domain) if sender.dkim_selector else ""
    sender.dkim_selector = sender.dkim_next_selector
    sender.dkim_private_key = sender.dkim_next_private_key
    sender.dkim_public_key = sender.dkim_next_public_key
    sender.is_dkim_on, sender.updated_at = True, now
    _wait(sender)
    _note(session, sender, user, KEY_SWITCHED, now, subject=sender.dkim_selector, former=former)


def _wait(sender: MailSender, selector: str = "", private_key: str = "", public_key: str = "") -> None:
    """What waits beside the key that signs; by default nothing."""
    sender.dkim_next_selector, sender.dkim_next_private_key = selector, private_key
    sender.dkim_next_public_key = public_key


def _note(
    session: Session,
    sender: MailSender,
    user: User | None,
    action: str,
    now: datetime,
    *,
    subject: str,
    **details: object,
) -> None:
    company = session.get_one(Company, sender.company_id)
    by = {} if user else {"by": audit.ITSELF}
    audit.note(session, company=company, user=user, action=action, subject=subject, now=now, **by, **details)


def _fresh_selector(session: Session, sender: MailSender, now: datetime) -> str:
    """A name that tells its age and that no key of this company or domain ever had: its record may still stand there.

    "sp20261122", and from the second of a day on with a number behind it.
    """
    plain, at_domain = f"sp{now:%Y%m%d}", f"@{domain_of(sender.from_address)}"
    of_domain = MailSender.from_address.endswith(at_domain, autoescape=True)
    rows = session.execute(
        select(MailSender.dkim_selector, MailSender.dkim_next_selector).where(
            or_(MailSender.company_id == sender.company_id, of_domain)
        )
    )
    made = session.scalars(
        select(AuditEntry.subject).where(
            AuditEntry.company_id == sender.company_id,
            AuditEntry.action == KEY_MADE,
            AuditEntry.subject.startswith(plain, autoescape=True),
        )
    )
    taken = {selector for row in rows for selector in row} | set(made)
    number = 1
    while (selector := plain if number == 1 else f"{plain}-{number}") in taken:
        number += 1
    return selector
