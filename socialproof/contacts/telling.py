"""The team hears of addresses that take no letters any more: the contact's owner, else the company's owners.

At most once an hour, however many come back: a letter about letters is no use by the hundred.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.queue import enqueue
from socialproof.backends.mail import MailDelayed, MailRefused, Message, MessageMalformed, render
from socialproof.companies.models import Company, Membership, User
from socialproof.contacts.models import Contact
from socialproof.domain.events import AddressSuppressed, Event
from socialproof.domain.roles import Role
from socialproof.languages import best_language

TELL_BOUNCES = "contacts.tell_bounces"
PAUSE = timedelta(hours=1)
MOST_AT_ONCE = 1000
MOST_LISTED = 50

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notice:
    """What one person of the team is told: finished, and read from the database before it is sent."""

    message: Message
    contact_ids: tuple[int, ...]


def hear_suppressed(session: Session, fact: Event, now: datetime) -> None:
    """An address was lost: tell somebody, together with what else is lost until then."""
    assert isinstance(fact, AddressSuppressed)
    _ask_for(session, fact.company_id, now)


def tell_bounces(context: JobContext, *, company_id: int) -> None:
    """Send what is not told yet; later, when somebody was told within the hour. Raise MailDelayed to be run again."""
    now = context.now()
    with context.transaction() as session:
        last = session.scalar(select(func.max(Contact.bounce_told_at)).where(Contact.company_id == company_id))
        if last is not None and last > now - PAUSE:
            if _untold(session, company_id, most=1):
                _ask_for(session, company_id, last + PAUSE)
            return
        notices = _notices(session, context.settings.base_url, session.get(Company, company_id))
    delayed: MailDelayed | None = None
    for notice in notices:
        try:
            context.backends.mailer.send(notice.message)
        except MailDelayed as error:
            delayed = error
            continue
        except (MailRefused, MessageMalformed):
            log.warning("somebody of the team could not be told of addresses that take no mail")
        with context.transaction() as session:
            _mark(session, company_id, notice.contact_ids, now)
    if delayed is not None:
        raise delayed


def _ask_for(session: Session, company_id: int, when: datetime) -> None:
    payload = {"company_id": company_id}
    enqueue(session, TELL_BOUNCES, payload, now=when, key=f"{TELL_BOUNCES}:{company_id}")


def _untold(session: Session, company_id: int, *, most: int = MOST_AT_ONCE) -> Sequence[Contact]:
    lost = or_(_is_news(Contact.email_bounced_at), _is_news(Contact.complained_at))
    return session.scalars(
        select(Contact)
        .where(Contact.company_id == company_id, Contact.deleted_at.is_(None), lost)
        .options(joinedload(Contact.owner))
        .order_by(Contact.id)
        .limit(most)
    ).all()


def _is_news(column: InstrumentedAttribute[datetime | None]) -> ColumnElement[bool]:
    return column.is_not(None) & or_(Contact.bounce_told_at.is_(None), Contact.bounce_told_at < column)


def _notices(session: Session, base_url: str, company: Company | None) -> list[Notice]:
    if company is None:
        return []
    members = {
        member.user_id: member
        for member in session.scalars(
            select(Membership).where(Membership.company_id == company.id).options(joinedload(Membership.user))
        )
    }
    owners = [member.user for member in members.values() if member.role == Role.OWNER]
    told: dict[User, list[Contact]] = {}
    for contact in _untold(session, company.id):
        keeper = members.get(contact.owner_id or 0)
        for user in [keeper.user] if keeper else owners:
            told.setdefault(user, []).append(contact)
    return [_notice(base_url, company, user, contacts) for user, contacts in told.items()]


def _notice(base_url: str, company: Company, user: User, contacts: list[Contact]) -> Notice:
    language = best_language([user.language, company.default_language])
    words = render(
        "bounce_notice",
        language,
        company=company.name,
        name=user.name,
        count=len(contacts),
        listed=[_line(base_url, contact) for contact in contacts[:MOST_LISTED]],
        more=max(0, len(contacts) - MOST_LISTED),
        url=f"{base_url}/app/contacts",
    )
    message = Message(user.email, words.subject, words.text, words.html, key=_key(user, contacts), language=language)
    return Notice(message, tuple(contact.id for contact in contacts))


def _line(base_url: str, contact: Contact) -> dict[str, object]:
    return {
        "name": contact.name or contact.email or "",
        "email": contact.email or "",
        "is_complaint": contact.complained_at is not None,
        "reason": contact.email_bounce_reason,
        "url": f"{base_url}/app/contacts/{contact.public_id}",
    }


def _key(user: User, contacts: Iterable[Contact]) -> str:
    """The same people told of again, after a crash between sending and noting, is the same letter."""
    about = " ".join(f"{contact.public_id}:{contact.email_bounced_at}:{contact.complained_at}" for contact in contacts)
    return f"bounce-notice:{user.public_id}:{hashlib.sha256(about.encode()).hexdigest()[:32]}"


def _mark(session: Session, company_id: int, contact_ids: Sequence[int], now: datetime) -> None:
    session.execute(
        update(Contact)
        .where(Contact.company_id == company_id, Contact.id.in_(contact_ids))
        .values(bounce_told_at=now)
        .execution_options(synchronize_session=False)
    )
