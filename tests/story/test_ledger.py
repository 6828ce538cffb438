"""The ledger's word is written down, holds for every channel, and is given once however many ask at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from socialproof.cli.work import job_context
from socialproof.contacts.ledger import Asking, decide_for, standing_of, take, take_many
from socialproof.contacts.models import Contact, LedgerEntry
from socialproof.database import transaction
from socialproof.domain.ledger import ASKED, Channel, Decision, Kind, Verdict
from tests.factories import Factories

DAY = timedelta(days=1)


def entries(session: Session, contact: Contact) -> list[tuple[str, str, str]]:
    session.rollback()
    rows = session.scalars(
        select(LedgerEntry).where(LedgerEntry.contact_id == contact.id).order_by(LedgerEntry.id)
    ).all()
    return [(row.ask_key, row.verdict, row.reason) for row in rows]


def ask(session: Session, contact: Contact, factories: Factories, key: str = "one", **values: object) -> Decision:
    asked: dict[str, object] = {"kind": Kind.NPS, "channel": Channel.MAIL, "now": factories.now, "ask_key": key}
    with transaction(session):
        return take(session, contact=contact, **asked | values)  # type: ignore[arg-type]


def test_what_is_asked_is_written_down_and_lets_the_contact_rest(session: Session, factories: Factories) -> None:
    contact = factories.contact()
    assert ask(session, contact, factories) == ASKED
    later = ask(session, contact, factories, "two", channel=Channel.POPUP, now=factories.now + 10 * DAY)
    assert later == Decision(Verdict.DEFERRED, "nps_asked_recently", factories.now + 90 * DAY)
    other = ask(session, contact, factories, "three", kind=Kind.TESTIMONIAL, now=factories.now + 30 * DAY)
    assert other == ASKED
    assert entries(session, contact) == [
        ("one", "asked", ""),
        ("two", "deferred", "nps_asked_recently"),
        ("three", "asked", ""),
    ]
    session.refresh(contact)
    assert (contact.last_asked_at, contact.last_nps_asked_at) == (factories.now + 30 * DAY, factories.now)


def test_a_company_chooses_how_long_its_contacts_rest(session: Session, factories: Factories) -> None:
    company = factories.company(rest_days=2, nps_rest_days=5)
    contact = factories.contact(company, last_asked_at=factories.now - 3 * DAY)
    assert ask(session, contact, factories) == ASKED
    assert ask(session, contact, factories, "two").until == factories.now + 5 * DAY


def test_the_same_word_about_the_same_ask_is_written_once(session: Session, factories: Factories) -> None:
    contact = factories.contact(last_asked_at=factories.now)
    for _ in range(3):
        ask(session, contact, factories, now=factories.now + DAY)
    ask(session, contact, factories, not_before=factories.now + 40 * DAY, not_before_reason="daily_cap")
    ask(session, contact, factories)
    reasons = [reason for _, _, reason in entries(session, contact)]
    assert reasons == ["asked_recently", "daily_cap", "asked_recently"]


def test_a_reminder_is_asked_during_the_rest_and_does_not_begin_the_nps_rest_anew(
    session: Session, factories: Factories
) -> None:
    contact = factories.contact()
    ask(session, contact, factories)
    assert ask(session, contact, factories, kind=Kind.REMINDER, now=factories.now + 7 * DAY) == ASKED
    session.refresh(contact)
    assert (contact.last_asked_at, contact.last_nps_asked_at) == (factories.now + 7 * DAY, factories.now)
    assert len(entries(session, contact)) == 2


def test_a_person_of_the_team_may_override_not_yet_but_never_never(session: Session, factories: Factories) -> None:
    user = factories.user()
    contact = factories.contact(last_asked_at=factories.now, unsubscribed_at=None)
    assert ask(session, contact, factories, forced_by=user, channel=Channel.LINK) == ASKED
    with transaction(session):
        contact.unsubscribed_at = factories.now
    refused = ask(session, contact, factories, "two", forced_by=user, channel=Channel.LINK)
    assert refused == Decision(Verdict.NEVER, "unsubscribed")
    session.rollback()
    forced = session.scalars(select(LedgerEntry.forced_by_id).order_by(LedgerEntry.id)).all()
    assert forced == [user.id, None]


def test_looking_writes_nothing(session: Session, factories: Factories) -> None:
    contact = factories.contact()
    known = {"contact": contact, "kind": Kind.NPS, "channel": Channel.SMS, "now": factories.now}
    assert decide_for(session, **known) == Decision(Verdict.NEVER, "no_address")  # type: ignore[arg-type]
    assert decide_for(session, **known | {"channel": Channel.POPUP}) == ASKED  # type: ignore[arg-type]
    assert entries(session, contact) == []
    assert standing_of(contact, Channel.SMS).last_asked_at is None


def test_a_clock_that_was_set_back_does_not_shorten_a_rest(session: Session, factories: Factories) -> None:
    contact = factories.contact()
    ask(session, contact, factories)
    assert ask(session, contact, factories, "two", now=factories.now - 400 * DAY).verdict is Verdict.DEFERRED
    forced = {"forced_by": factories.user(), "now": factories.now - 400 * DAY}
    assert ask(session, contact, factories, "three", **forced) == ASKED
    session.refresh(contact)
    assert contact.last_asked_at == factories.now


def test_of_two_asks_in_one_batch_the_older_one_is_taken(session: Session, factories: Factories) -> None:
    contact, other = factories.contact(company := factories.company()), factories.contact(company)
    known = {"kind": Kind.NPS, "channel": Channel.MAIL}
    asks = [
        Asking(contact, ask_key="young", wanted_at=factories.now, **known),  # type: ignore[arg-type]
        Asking(other, ask_key="other", **known),  # type: ignore[arg-type]
        Asking(contact, ask_key="old", wanted_at=factories.now - DAY, **known),  # type: ignore[arg-type]
    ]
    with transaction(session):
        words = take_many(session, asks, now=factories.now)
    assert [word.verdict.value for word in words] == ["deferred", "asked", "asked"]
    assert take_many(session, [], now=factories.now) == []


def test_a_batch_costs_as_many_statements_as_one_ask(
    app: Flask, session: Session, factories: Factories, counted: Callable[[], int]
) -> None:
    company = factories.company()
    contacts = [factories.contact(company) for _ in range(20)]
    costs = []
    for some in (contacts[:1], contacts[1:]):
        asks = [Asking(contact, Kind.NPS, Channel.MAIL, f"ask-{contact.id}") for contact in some]
        before = counted()
        with transaction(session):
            take_many(session, asks, now=factories.now)
        costs.append(counted() - before)
    assert costs[0] == costs[1] <= 6


@pytest.fixture
def counted(session: Session) -> Iterator[Callable[[], int]]:
    """How many statements went to the database."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    yield lambda: len(statements)
    event.remove(engine, "before_cursor_execute", note)


def test_workers_that_want_the_same_contacts_at_once_get_one_yes_each(
    app: Flask, session: Session, factories: Factories
) -> None:
    """Each in an order of its own, so that they would wait for each other in a ring."""
    company = factories.company()
    ids = [factories.contact(company).id for _ in range(6)]
    context, start, words = job_context(app), threading.Barrier(4), []

    def work(number: int) -> None:
        start.wait()
        with context.transaction() as own:
            found = {contact.id: contact for contact in own.scalars(select(Contact).where(Contact.id.in_(ids)))}
            order = ids if number % 2 else ids[::-1]
            asks = [Asking(found[each], Kind.NPS, Channel.MAIL, f"{number}-{each}") for each in order]
            words.extend(zip(order, take_many(own, asks, now=factories.now), strict=True))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(words) == 24
    assert sorted(contact_id for contact_id, word in words if word == ASKED) == ids
    session.rollback()
    verdicts = session.scalars(select(LedgerEntry.verdict)).all()
    assert (verdicts.count("asked"), verdicts.count("deferred")) == (6, 18)
