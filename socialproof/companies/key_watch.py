"""The worker looks at the records of signing keys by itself: a waiting key takes over, and a lost record is told.

A key goes on signing while its record is missing: a signature that nobody can check harms no letter, and many
receivers still remember the record. Its owners hear of it once, after several looks, because name servers stumble.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import or_, select

from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.queue import enqueue
from socialproof.backends.mail import MailDelayed, MailRefused, Message, MessageMalformed, render
from socialproof.companies.mail_check import check_keys, found_keys
from socialproof.companies.models import Company, MailSender, User
from socialproof.companies.queries import team
from socialproof.companies.signing import LOOK_AT_KEY, KeyRecord, note_found, note_record_gone, records_of
from socialproof.domain.mail_records import BAD, UNKNOWN, Finding, dkim_name, domain_of
from socialproof.domain.roles import Role
from socialproof.languages import best_language
from socialproof.seal import Seal

LOOK_AT_KEYS, TELL_RECORD_GONE = "companies.look_at_keys", "companies.tell_record_gone"
LOOK_EVERY = timedelta(hours=1)
APART = timedelta(seconds=10)
"""From one company's look to the next one's, as far as the hour has room: longer than name servers are waited for."""
LOOKS_BEFORE_TOLD = 3
"""So many looks in a row found no record, each an hour after the one before."""

log = logging.getLogger(__name__)


def look_at_keys(context: JobContext) -> None:
    """Every hour: put a look at the keys of each company that has one on the table, one after the other.

    Name servers that do not answer would otherwise hold all threads of a worker at once. A look that waits or runs is
    left alone: it may have begun to count.
    """
    now = context.now()
    with context.transaction() as session:
        has_key = or_(MailSender.dkim_public_key != "", MailSender.dkim_next_public_key != "")
        senders = select(MailSender.company_id).where(MailSender.from_address != "", has_key)
        looks = session.scalars(
            select(Job.payload).where(Job.kind == LOOK_AT_KEY, Job.state.in_(("waiting", "running")))
        )
        under_way = {payload["company_id"] for payload in looks}
        due = [each for each in session.scalars(senders.order_by(MailSender.company_id)) if each not in under_way]
        apart = min(APART, LOOK_EVERY / max(1, len(due)))
        for number, company_id in enumerate(due):
            run_at = now + apart * number
            enqueue(session, LOOK_AT_KEY, {"company_id": company_id}, now=now, run_at=run_at, key=_key(company_id))


def look_at_key(context: JobContext, *, company_id: int, gone_count: int = 0) -> None:
    """Look at the records of one company's keys. `gone_count`: how many looks before this one missed the signing one.

    A look that missed it asks for the next by itself, an hour later, in place of the hourly one.
    """
    with context.transaction() as session:
        sender = session.scalar(select(MailSender).where(MailSender.company_id == company_id))
        keys, domain = records_of(sender), domain_of(sender.from_address) if sender else ""
    if not keys:
        return
    findings = check_keys(context.backends.resolver, domain, keys)
    seal, now = Seal(context.settings.secret_keys), context.now()
    with context.transaction() as session:
        sender = session.scalar(select(MailSender).where(MailSender.company_id == company_id))
        if sender is None:
            return
        found = found_keys(domain, keys, findings)
        note_found(session, sender=sender, user=None, domain=domain, found=found, seal=seal, now=now)
        verdict = _verdict_of_signing(sender, domain, keys, findings)
        if verdict == BAD or (verdict == UNKNOWN and gone_count):
            gone_count += verdict == BAD
            payload = {"company_id": company_id, "gone_count": gone_count}
            enqueue(session, LOOK_AT_KEY, payload, now=now, run_at=now + LOOK_EVERY, key=_key(company_id))
        if verdict == BAD and gone_count == LOOKS_BEFORE_TOLD:
            note_record_gone(session, sender=sender, now=now)
            told = {"company_id": company_id, "name": dkim_name(sender.dkim_selector, domain), "noted_at": str(now)}
            enqueue(session, TELL_RECORD_GONE, told, now=now)


def tell_record_gone(context: JobContext, *, company_id: int, name: str, noted_at: str) -> None:
    """Write to each owner that the record at `name` is gone. Raise MailDelayed to be run again."""
    with context.transaction() as session:
        company = session.get(Company, company_id)
        owners = [member.user for member in team(session, company_id) if member.role == Role.OWNER]
        messages = [_message(context.settings.base_url, company, user, name, noted_at) for user in owners if company]
    delayed: MailDelayed | None = None
    for message in messages:
        try:
            context.backends.mailer.send(message)
        except MailDelayed as error:
            delayed = error
        except (MailRefused, MessageMalformed):
            log.warning("an owner could not be told that the record of a signing key is gone")
    if delayed is not None:
        raise delayed


def _message(base_url: str, company: Company, user: User, name: str, noted_at: str) -> Message:
    language = best_language([user.language, company.default_language])
    url = f"{base_url}/app/sender"
    words = render(
        "record_gone", language, company=company.name, name=user.name, record=name, looks=LOOKS_BEFORE_TOLD, url=url
    )
    about = sha256(f"{name} {noted_at}".encode()).hexdigest()[:32]
    key = f"record-gone:{user.public_id}:{about}"
    return Message(user.email, words.subject, words.text, words.html, key=key, language=language)


def _verdict_of_signing(
    sender: MailSender, domain: str, keys: Sequence[KeyRecord], findings: Sequence[Finding]
) -> str | None:
    """What the look said of the key that signs now; None when none does, or another one since the look began."""
    if not sender.is_dkim_on or domain_of(sender.from_address) != domain:
        return None
    pairs = zip(keys, findings, strict=True)
    return next((finding.verdict for key, finding in pairs if key.selector == sender.dkim_selector), None)


def _key(company_id: int) -> str:
    return f"{LOOK_AT_KEY}:{company_id}"
