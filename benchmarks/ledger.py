"""What one word of the asking ledger costs with 1,000 and with 1,000,000 contacts, side by side in one run.

    python -m benchmarks.ledger [contacts few] [contacts many]

Contacts are drawn at random, so that many of them are in nobody's memory. `decide` only reads; `take` is a whole
transaction: the contact is found, locked, decided, rests, the word is written, all is committed; `take_many` is one of
a hundred in one transaction, as the sender asks. The last line of each database is the largest ratio, time with many
by time with few: 1 is "costs the same". PostgreSQL is measured when it is at hand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from statistics import median
from time import perf_counter

from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.orm import Session

from benchmarks.databases import databases
from socialproof.companies.models import Company
from socialproof.contacts.ledger import Asking, decide_for, take, take_many
from socialproof.contacts.models import Contact, LedgerEntry
from socialproof.database import transaction
from socialproof.domain.ledger import Channel, Kind
from tests.parts import MissingPart

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROUNDS, TRIES, BATCH = 15, 20, 100
RESTED = timedelta(days=100)
"""Between two rounds, so that everybody may be asked again."""

NUMBERS = {
    "sqlite": "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < :count)",
    "postgresql": "with numbers as (select generate_series(1, :count) as n)",
}
CONTACTS = """
    insert into contact (public_id, company_id, email, name, role, organisation, language, created_at)
    {numbers} select 'c' || n, :company_id, 'c' || n || '@customer.example', 'Contact ' || n, '', '', 'en', :now
    from numbers
"""
ENTRIES = """
    insert into ledger_entry (company_id, contact_id, ask_key, kind, channel, verdict, reason, decided_at)
    select company_id, id, 'a' || id, 'nps', 'mail', 'asked', '', :now from contact
"""


@dataclass(frozen=True)
class Filled:
    """One company with so many contacts, each of which was asked once, long ago."""

    engine: Engine
    company_id: int
    ids: range
    random: Random
    keys: Iterator[int]


def fill(url: str, contacts: int) -> Filled:
    engine = create_engine(url)
    with Session(engine) as session, transaction(session):
        company = Company(name="Nordlys Kaffe AB", created_at=NOW)
        session.add(company)
        session.flush()
        company_id, then = company.id, (NOW - timedelta(days=400)).replace(tzinfo=None)
        statement = CONTACTS.format(numbers=NUMBERS[engine.dialect.name])
        session.execute(text(statement), {"count": contacts, "company_id": company_id, "now": then})
        session.execute(text(ENTRIES), {"now": then})
    with Session(engine) as session:
        session.execute(text("analyze"))
        session.commit()
        lowest, highest = session.execute(select(func.min(Contact.id), func.max(Contact.id))).one()
    assert highest - lowest + 1 == contacts
    return Filled(engine, company_id, range(lowest, highest + 1), Random(7), count())


def decide_one(filled: Filled, now: datetime) -> None:
    with Session(filled.engine) as session:
        contact = session.get_one(Contact, filled.random.choice(filled.ids))
        decide_for(session, contact=contact, kind=Kind.NPS, channel=Channel.MAIL, now=now)


def take_one(filled: Filled, now: datetime) -> None:
    with Session(filled.engine) as session, transaction(session):
        contact = session.get_one(Contact, filled.random.choice(filled.ids))
        key = f"one-{next(filled.keys)}"
        take(session, contact=contact, kind=Kind.NPS, channel=Channel.MAIL, ask_key=key, now=now)


def take_hundred(filled: Filled, now: datetime) -> None:
    ids = filled.random.sample(filled.ids, BATCH)
    with Session(filled.engine) as session, transaction(session):
        contacts = session.scalars(select(Contact).where(Contact.id.in_(ids))).all()
        asks = [Asking(each, Kind.NPS, Channel.MAIL, f"many-{next(filled.keys)}") for each in contacts]
        take_many(session, asks, now=now)


FIGURES: dict[str, tuple[Callable[[Filled, datetime], None], int, int]] = {
    "decide": (decide_one, TRIES, 1),
    "take": (take_one, TRIES, 1),
    "take_many, of each": (take_hundred, 1, BATCH),
}
"""What is done, how often in a round, and how many asks that is each time."""


def measure(few: Filled, many: Filled) -> dict[str, tuple[float, float]]:
    """Median milliseconds of one ask with few and with many contacts, in interleaved rounds."""
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in FIGURES}
    for turn in range(ROUNDS + 2):
        now = NOW + turn * RESTED
        for name, (act, tries, asks) in FIGURES.items():
            for place, filled in ((0, few), (1, many)) if turn % 2 else ((1, many), (0, few)):
                started = perf_counter()
                for _ in range(tries):
                    act(filled, now)
                if turn >= 2:
                    times[name][place].append((perf_counter() - started) * 1000 / tries / asks)
    return {name: (median(small), median(large)) for name, (small, large) in times.items()}


def verify(filled: Filled) -> None:
    """Nobody was asked twice: in each round a contact has at most one yes, and nearly every ask got one."""
    with Session(filled.engine) as session:
        words = session.execute(
            select(LedgerEntry.contact_id, LedgerEntry.decided_at, LedgerEntry.verdict).where(
                LedgerEntry.decided_at >= NOW
            )
        ).all()
    asked = [(word.contact_id, word.decided_at) for word in words if word.verdict == "asked"]
    assert len(asked) == len(set(asked)), "a contact was asked twice"
    assert len(asked) > len(words) * 0.7


def report(name: str, few_contacts: int, many_contacts: int) -> None:
    with databases(name) as (few_url, many_url):
        few, many = fill(few_url, few_contacts), fill(many_url, many_contacts)
        found = measure(few, many)
        for filled in (few, many):
            verify(filled)
            filled.engine.dispose()
    print(f"\n{name}: milliseconds of one ask with {few_contacts:,} and {many_contacts:,} contacts, ratio")
    ratios = {figure: large / small for figure, (small, large) in found.items()}
    for figure, (small, large) in found.items():
        print(f"  {figure:<20} {small:8.3f} {large:8.3f}   {ratios[figure]:.2f}")
    worst = max((ratio, figure) for figure, ratio in ratios.items())
    print(f"{name} growth ratio {worst[0]:.2f} ({worst[1]}; goal at most 2)", flush=True)


def main() -> None:
    few, many = ([int(word) for word in sys.argv[1:3]] + [1_000, 1_000_000][len(sys.argv[1:3]) :])[:2]
    for name in ("SQLite", "PostgreSQL"):
        try:
            report(name, few, many)
        except MissingPart as missing:
            print(f"\n{name} is not at hand: {missing}")


if __name__ == "__main__":
    main()
