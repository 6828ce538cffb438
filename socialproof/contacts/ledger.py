"""The asking ledger: the one place that says asked, not yet, or never, for every channel, and writes it down.

`domain/ledger.py` has the rule. Here it is asked with the contact's row locked (SQLite has one writer anyway), so two
workers that want the same contact at the same moment get one yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from socialproof.companies.models import Company, User
from socialproof.contacts.models import Contact, LedgerEntry
from socialproof.domain.ledger import ASKED, Channel, Decision, Kind, Rest, Standing, Verdict, decide

FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asking:
    """One ask that wants the ledger's word. `ask_key` is the public id of its invitation."""

    contact: Contact
    kind: Kind
    channel: Channel
    ask_key: str
    wanted_at: datetime | None = None
    """When its campaign wanted it: of two asks of one contact in one batch the older is decided first."""
    has_older_waiting: bool = False
    not_before: datetime | None = None
    not_before_reason: str = ""
    forced_by: User | None = None
    """Overrides "not yet", never "never"."""


def standing_of(contact: Contact, channel: Channel | str) -> Standing:
    """What the contact's row says that bears on asking it by this channel."""
    address = {"mail": contact.email, "sms": contact.phone}
    return Standing(
        is_deleted=contact.deleted_at is not None,
        has_address=bool(address.get(channel, "none is needed")),
        is_unsubscribed=contact.unsubscribed_at is not None,
        is_bounced=contact.email_bounced_at is not None,
        is_complained=contact.complained_at is not None,
        is_stopped=contact.phone_stopped_at is not None,
        last_asked_at=contact.last_asked_at,
        last_nps_asked_at=contact.last_nps_asked_at,
    )


def rest_of(session: Session, company_id: int) -> Rest:
    """The rest times that the company chose."""
    company = session.get_one(Company, company_id)
    return Rest(company.rest_days, company.nps_rest_days)


def decide_for(
    session: Session,
    *,
    contact: Contact,
    kind: Kind,
    channel: Channel,
    now: datetime,
    has_older_waiting: bool = False,
    not_before: datetime | None = None,
    not_before_reason: str = "",
) -> Decision:
    """What the ledger would say now. Nothing is written, and by the next moment somebody else may have asked."""
    return decide(
        kind=Kind(kind),
        channel=Channel(channel),
        standing=standing_of(contact, channel),
        rest=rest_of(session, contact.company_id),
        now=now,
        has_older_waiting=has_older_waiting,
        not_before=not_before,
        not_before_reason=not_before_reason,
    )


def take(
    session: Session,
    *,
    contact: Contact,
    kind: Kind,
    channel: Channel,
    ask_key: str,
    now: datetime,
    wanted_at: datetime | None = None,
    has_older_waiting: bool = False,
    not_before: datetime | None = None,
    not_before_reason: str = "",
    forced_by: User | None = None,
) -> Decision:
    """The ledger's word on one ask, written down. Asked means: this ask and no other, the contact rests from now."""
    asking = Asking(
        contact, kind, channel, ask_key, wanted_at, has_older_waiting, not_before, not_before_reason, forced_by
    )
    return take_many(session, [asking], now=now)[0]


def take_many(session: Session, asks: Sequence[Asking], *, now: datetime) -> list[Decision]:
    """The ledger's word on each of these asks of one company, in the order given, by four statements in all."""
    if not asks:
        return []
    _lock(session, {ask.contact.id for ask in asks})
    rest = rest_of(session, asks[0].contact.company_id)
    words: dict[int, _Word] = {}
    for number in sorted(range(len(asks)), key=lambda number: asks[number].wanted_at or FIRST):
        words[number] = _decide_one(asks[number], rest, now)
        if words[number].decision.verdict is Verdict.ASKED:
            _note_asked(asks[number], now)
    session.flush()
    decided = [words[number] for number in range(len(asks))]
    _write_entries(session, asks, decided, now)
    return [word.decision for word in decided]


@dataclass(frozen=True, slots=True)
class _Word:
    decision: Decision
    forced_by_id: int | None = None


def _lock(session: Session, contact_ids: Iterable[int]) -> None:
    """Read the contacts anew and hold them until the commit, always in the same order, so that nobody waits in a ring.

    Answers and invitations of the same contacts may be written meanwhile: the keys are not held.
    """
    session.scalars(
        select(Contact)
        .where(Contact.id.in_(sorted(contact_ids)))
        .order_by(Contact.id)
        .with_for_update(key_share=True, of=Contact)
        .execution_options(populate_existing=True)
    ).all()


def _decide_one(ask: Asking, rest: Rest, now: datetime) -> _Word:
    decision = decide(
        kind=Kind(ask.kind),
        channel=Channel(ask.channel),
        standing=standing_of(ask.contact, ask.channel),
        rest=rest,
        now=now,
        has_older_waiting=ask.has_older_waiting,
        not_before=ask.not_before,
        not_before_reason=ask.not_before_reason,
    )
    if decision.verdict is Verdict.DEFERRED and ask.forced_by is not None:
        return _Word(ASKED, ask.forced_by.id)
    return _Word(decision)


def _note_asked(ask: Asking, now: datetime) -> None:
    """The contact rests from now. A clock that was set back does not shorten a rest."""
    contact = ask.contact
    contact.last_asked_at = max(contact.last_asked_at or now, now)
    if ask.kind == Kind.NPS:
        contact.last_nps_asked_at = max(contact.last_nps_asked_at or now, now)


def _write_entries(session: Session, asks: Sequence[Asking], words: Sequence[_Word], now: datetime) -> None:
    """Every yes; and every other word that is not the same as the last one about the same ask."""
    last = _last_words(session, asks)
    rows = [
        _entry(ask, word, now)
        for ask, word in zip(asks, words, strict=True)
        if word.decision.verdict is Verdict.ASKED or last.get((ask.contact.id, ask.ask_key)) != word.decision
    ]
    if rows:
        session.execute(insert(LedgerEntry), rows)


def _last_words(session: Session, asks: Sequence[Asking]) -> dict[tuple[int, str], Decision]:
    found = session.execute(
        select(LedgerEntry.contact_id, LedgerEntry.ask_key, LedgerEntry.verdict, LedgerEntry.reason, LedgerEntry.until)
        .where(
            LedgerEntry.contact_id.in_({ask.contact.id for ask in asks}),
            LedgerEntry.ask_key.in_({ask.ask_key for ask in asks}),
        )
        .order_by(LedgerEntry.id)
    )
    return {(row.contact_id, row.ask_key): Decision(Verdict(row.verdict), row.reason, row.until) for row in found}


def _entry(ask: Asking, word: _Word, now: datetime) -> dict[str, Any]:
    decision = word.decision
    return {
        "company_id": ask.contact.company_id,
        "contact_id": ask.contact.id,
        "ask_key": ask.ask_key,
        "kind": str(Kind(ask.kind)),
        "channel": str(Channel(ask.channel)),
        "verdict": str(decision.verdict),
        "reason": decision.reason,
        "until": decision.until,
        "forced_by_id": word.forced_by_id,
        "decided_at": now,
    }
