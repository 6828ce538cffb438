"""From whom the company's letters to its customers come, and how often it asks them. See `signing` for its keys."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.queue import enqueue
from socialproof.companies import audit
from socialproof.companies.models import Company, MailSender, User
from socialproof.companies.signing import LOOK_AT_KEY, leave_domain
from socialproof.domain.mail_records import domain_of

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


def sender_of(session: Session, company: Company) -> MailSender | None:
    """What the company chose, or None when it has chosen nothing yet. The key is sealed: open it with `Seal`."""
    return session.scalar(select(MailSender).where(MailSender.company_id == company.id))


def is_domain_of_another(session: Session, sender: MailSender, *, installation: str = "") -> bool:
    """Whether this address lies in or below a domain whose letters somebody else vouches for, and not this company.

    That is another company's domain where its record was found, or, where companies share the installation, the
    domain of the installation's own address.
    """
    domain = domain_of(sender.from_address)
    if not domain or sender.is_dkim_on:
        return False
    others = session.scalars(
        select(MailSender.from_address).where(MailSender.company_id != sender.company_id, MailSender.is_dkim_on)
    )
    homes = {domain_of(address) for address in others}
    if session.scalar(select(Company.id).where(Company.id != sender.company_id).limit(1)) is not None:
        homes.add(domain_of(installation))
    return any(domain == home or domain.endswith(f".{home}") for home in homes - {""})


def change_sender(session: Session, *, company: Company, user: User, values: SenderValues, now: datetime) -> bool:
    """Change who writes; says whether anything was different. Another domain is not signed for until it is checked."""
    sender = sender_of(session, company) or _new(session, company, now)
    session.refresh(sender, with_for_update=True)
    changed = {name: value for name, value in asdict(values).items() if getattr(sender, name) != value}
    if domain_of(values.from_address) != domain_of(sender.from_address):
        leave_domain(sender)
        if sender.dkim_selector:  # whoever comes back to a domain finds its record still there
            enqueue(session, LOOK_AT_KEY, {"company_id": company.id}, now=now)
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
