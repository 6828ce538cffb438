"""From whom the company's letters to its customers come, and the key that signs them."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.companies import audit
from socialproof.companies.models import Company, MailSender, User
from socialproof.domain.mail_records import domain_of
from socialproof.seal import Seal

KEY_BITS = 2048
LONGEST_POSTAL_ADDRESS = 500
REST_DAYS = (7, 365)
NPS_REST_DAYS = (30, 730)
"""Least and most that may be chosen: nobody is asked every day, and asking once in two years is still asking."""


@dataclass(frozen=True)
class SenderValues:
    """Checked at the edge: one line each but the postal address; addresses in their kept form or empty."""

    from_name: str = ""
    from_address: str = ""
    reply_to: str = ""
    postal_address: str = ""


@dataclass(frozen=True)
class SigningKey:
    """A fresh pair: the private half as PEM, the public one as it stands in the DNS record."""

    private_pem: str
    public_key: str


def sender_of(session: Session, company: Company) -> MailSender | None:
    """What the company chose, or None when it has chosen nothing yet. The key is sealed: open it with `Seal`."""
    return session.scalar(select(MailSender).where(MailSender.company_id == company.id))


def is_domain_of_another(session: Session, sender: MailSender) -> bool:
    """Whether another company's record was found in the domain of this address, and this company's own was not."""
    domain = domain_of(sender.from_address)
    if not domain or sender.is_dkim_on:
        return False
    others = session.scalars(
        select(MailSender.from_address).where(MailSender.company_id != sender.company_id, MailSender.is_dkim_on)
    )
    return any(domain_of(address) == domain for address in others)


def change_sender(session: Session, *, company: Company, user: User, values: SenderValues, now: datetime) -> bool:
    """Change who writes; says whether anything was different. Another domain is not signed for until it is checked."""
    sender = sender_of(session, company) or _new(session, company, now)
    changed = {name: value for name, value in asdict(values).items() if getattr(sender, name) != value}
    if domain_of(values.from_address) != domain_of(sender.from_address):
        sender.is_dkim_on = False
    for name, value in changed.items():
        setattr(sender, name, value)
    if changed:
        sender.updated_at = now
        audit.note(session, company=company, user=user, action="sender.changed", now=now, fields=sorted(changed))
    session.flush()
    return bool(changed)


def change_rest(
    session: Session, *, company: Company, user: User, time_zone: str, rest_days: int, nps_rest_days: int, now: datetime
) -> bool:
    """Change when and how often customers are asked; says whether anything was different. Values are checked."""
    wanted = {"time_zone": time_zone, "rest_days": rest_days, "nps_rest_days": nps_rest_days}
    changed = {name: value for name, value in wanted.items() if getattr(company, name) != value}
    for name, value in changed.items():
        setattr(company, name, value)
    if changed:
        audit.note(session, company=company, user=user, action="rest.changed", now=now, fields=sorted(changed))
    session.flush()
    return bool(changed)


def new_signing_key() -> SigningKey:
    """Make a pair; takes a fraction of a second of one processor, so not inside a transaction."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(pem.decode("ascii"), base64.b64encode(der).decode("ascii"))


def keep_signing_key(
    session: Session, *, company: Company, user: User, key: SigningKey, seal: Seal, now: datetime
) -> MailSender:
    """Sign with this key from the moment its record is found. The former one's record may be deleted a week later."""
    sender = sender_of(session, company) or _new(session, company, now)
    sender.dkim_selector = _next_selector(sender.dkim_selector, now)
    sender.dkim_private_key = seal.close(key.private_pem)
    sender.dkim_public_key = key.public_key
    sender.is_dkim_on, sender.updated_at = False, now
    audit.note(session, company=company, user=user, action="sender.key_made", subject=sender.dkim_selector, now=now)
    session.flush()
    return sender


def note_record(
    session: Session, *, company: Company, user: User, selector: str, domain: str, is_found: bool, now: datetime
) -> None:
    """What the look at the key's record said: found, letters are signed; gone or another, they are not.

    Nothing when the key or the address is another one by now than the one that was looked at.
    """
    sender = sender_of(session, company)
    if sender is None or (sender.dkim_selector, domain_of(sender.from_address)) != (selector, domain):
        return
    if sender.is_dkim_on != is_found:
        sender.is_dkim_on, sender.updated_at = is_found, now
        action = "sender.signing_on" if is_found else "sender.signing_off"
        audit.note(session, company=company, user=user, action=action, subject=domain, now=now)
    session.flush()


@cache
def time_zones() -> tuple[str, ...]:
    """Every zone that has a place or is UTC, by name."""
    places = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/")
    kept = {zone for zone in available_timezones() if zone.startswith((*places, "Indian/", "Pacific/"))}
    return ("UTC", *sorted(kept))


def _new(session: Session, company: Company, now: datetime) -> MailSender:
    sender = MailSender(company_id=company.id, updated_at=now)
    session.add(sender)
    session.flush()
    return sender


def _next_selector(former: str, now: datetime) -> str:
    """A name that tells its age, and never the one before: both records stand side by side for a while."""
    plain = f"sp{now:%Y%m%d}"
    number = int(former.rpartition("-")[2]) + 1 if former.startswith(f"{plain}-") else 2
    return plain if not former.startswith(plain) else f"{plain}-{number}"
