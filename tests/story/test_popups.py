"""A popup asks: what the ledger, the sample and the person's own act make of it; and that counting never misses."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, Invitation, Popup, PopupCount
from socialproof.campaigns.popup_asks import Answer, Visit, ask, checks
from socialproof.campaigns.popup_identity import Person
from socialproof.campaigns.popup_queries import counts_by_reason, shown_counts
from socialproof.contacts.models import Contact, LedgerEntry
from socialproof.database import db, transaction
from socialproof.domain.popup import Rule
from tests.factories import Factories

SHOP = "https://shop.example"
SAARA = Person("saara@customer.example", "Saara Lehtonen", "fi")


def visit(person: Person | None = SAARA, **values: Any) -> Visit:
    return Visit(**{"origin": SHOP, "path": "/", "visitor": "browser", "person": person, "language": "en"} | values)


def asked(session: Session, factories: Factories, popup: Popup, days: float = 0, **values: Any) -> Answer:
    with transaction(session):
        return ask(session, popup=popup, visit=visit(**values), now=factories.now + timedelta(days=days))


def counted(session: Session, factories: Factories, popup: Popup) -> dict[str, int]:
    session.rollback()
    return counts_by_reason(session, popup, factories.now.date())


def test_a_popup_asks_once_and_rests_with_everything_else(session: Session, factories: Factories) -> None:
    popup = factories.popup()
    first = asked(session, factories, popup)
    assert first.may_show
    assert first.invitation is not None
    assert (first.invitation.language, first.invitation.contact.name) == ("fi", "Saara Lehtonen")
    for days, may_show in ((0.01, False), (40, False), (91, True)):
        assert asked(session, factories, popup, days).may_show is may_show
    assert session.scalar(select(func.count()).select_from(Invitation)) == 2
    verdicts = session.scalars(select(LedgerEntry.verdict)).all()
    assert verdicts == ["asked", "asked"], "not shown is not now: the history is not filled with it"


@pytest.mark.parametrize("mode", ["inline", "tab"])
def test_what_stands_quietly_stands_again_until_it_is_answered(
    session: Session, factories: Factories, mode: str
) -> None:
    popup = factories.popup(mode=mode)
    is_tab = mode == "tab"
    seen = asked(session, factories, popup)
    assert (seen.may_show, seen.invitation is None) == (True, is_tab)
    opened = asked(session, factories, popup, is_own_act=is_tab)
    again = asked(session, factories, popup, 1, is_own_act=is_tab)
    assert opened.invitation is not None
    assert opened.invitation is again.invitation
    assert asked(session, factories, popup, 2).may_show
    opened.invitation.state = "answered"
    session.commit()
    assert not asked(session, factories, popup, 3).may_show
    assert session.scalar(select(func.count()).select_from(Invitation)) == 1


def test_who_opens_it_is_not_being_asked_but_never_is_never(session: Session, factories: Factories) -> None:
    popup = factories.popup(sample_percent=1)
    contact = factories.contact(popup.survey.company, email=SAARA.email, last_asked_at=factories.now)
    opened = asked(session, factories, popup, is_own_act=True)
    assert opened.may_show
    assert opened.invitation is not None
    assert opened.invitation.asked_at is None, "the funnel counts no ask that nobody made"
    assert session.scalars(select(LedgerEntry)).all() == []
    contact.unsubscribed_at = factories.now
    session.commit()
    refused = asked(session, factories, popup, is_own_act=True)
    assert (refused.may_show, refused.reason) == (False, "unsubscribed")


def test_it_yields_to_a_letter_that_waits_only_for_the_hours(session: Session, factories: Factories) -> None:
    popup = factories.popup()
    survey = popup.survey
    contact = factories.contact(survey.company, email=SAARA.email)
    campaign = factories.add(
        Campaign(
            company_id=survey.company_id,
            survey_id=survey.id,
            name="Pulse",
            template="relationship",
            state="running",
            created_at=factories.now,
        )
    )
    letter = factories.invitation(
        survey,
        contact,
        campaign_id=campaign.id,
        channel="mail",
        state="deferred",
        reason="outside_hours",
        asked_at=None,
        wanted_at=factories.now - timedelta(hours=3),
        due_at=factories.now + timedelta(hours=9),
    )
    assert asked(session, factories, popup).reason == "another_first"
    letter.state, letter.due_at = "cancelled", None
    session.commit()
    assert asked(session, factories, popup).may_show


def test_every_rule_is_told_in_order_and_telling_writes_nothing(session: Session, factories: Factories) -> None:
    popup = factories.popup(state="off", pages=["/blog/*"], sample_percent=50)
    told = list(checks(session, popup=popup, visit=visit(None, visitor=None, origin="x"), now=factories.now))
    assert [check.rule for check in told] == list(Rule)
    assert [check.is_ok for check in told] == [False, True, False, False, True, None, True]
    session.rollback()
    for table in (Contact, PopupCount):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_two_browsers_of_one_person_at_once_get_one_ask_and_no_count_is_lost(
    app: Flask, session: Session, factories: Factories
) -> None:
    popup = factories.popup()
    said: list[bool] = []

    def come() -> None:
        with app.app_context(), transaction() as own:
            found = own.get_one(Popup, popup.id)
            said.append(ask(own, popup=found, visit=visit(), now=factories.now).may_show)
        with app.app_context():
            db.session.remove()

    threads = [Thread(target=come) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [False] * 5 + [True]
    counts = counted(session, factories, popup)
    assert sum(counts.values()) == 6
    assert counts["shown"] == 1
    assert shown_counts(session, popup.company_id, factories.now.date()) == {popup.id: 1}
