"""Something happened with a contact: it is noted once, and campaigns hear of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job
from socialproof.campaigns.awaiting import awaited_names, awaiting_count
from socialproof.campaigns.models import Campaign
from socialproof.contacts.events import event_by_key, note_event
from socialproof.contacts.models import Contact, CustomerEvent
from socialproof.domain.errors import RuleBroken
from socialproof.domain.events import CustomerEventNoted
from tests.factories import Factories


def note(session: Session, factories: Factories, contact: Contact, **changes: Any) -> CustomerEvent | None:
    values = {"name": "delivered", "happened_at": factories.now, "source": "api", "now": factories.now} | changes
    return note_event(session, contact=contact, **values)


def test_what_happened_is_noted_by_its_cleaned_name_and_told(session: Session, factories: Factories) -> None:
    contact, user = factories.contact(), factories.user()
    event = note(session, factories, contact, name="  Deal\u200b   WON ", source="hand", user=user)
    assert event is not None
    assert (event.name, event.source, event.key, event.created_by_id) == ("deal won", "hand", None, user.id)
    assert session.info.pop("events") == [CustomerEventNoted(contact.company_id, event.id)]


def test_the_same_key_is_the_same_event_in_its_company(session: Session, factories: Factories) -> None:
    contact, other = factories.contact(), factories.contact()
    first = note(session, factories, contact, key="order-1")
    assert note(session, factories, contact, key="order-1", name="else") is None
    assert event_by_key(session, contact.company_id, "order-1") is first
    assert note(session, factories, other, key="order-1") is not None
    assert note(session, factories, contact) is not None
    assert note(session, factories, contact) is not None
    assert len(session.scalars(select(CustomerEvent)).all()) == 4


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " \u200b "}, "event_name_missing"),
        ({"name": "x" * 61}, "event_name_too_long"),
        ({"hours": 2}, "happened_too_late"),
        ({"hours": -366 * 24}, "happened_too_early"),
    ],
)
def test_what_cannot_be_is_refused(session: Session, factories: Factories, changes: dict[str, Any], code: str) -> None:
    happened_at = factories.now + timedelta(hours=changes.get("hours", 0))
    with pytest.raises(RuleBroken, match=code):
        note(session, factories, factories.contact(), name=changes.get("name", "met"), happened_at=happened_at)


def test_nothing_happens_with_who_is_gone(session: Session, factories: Factories) -> None:
    with pytest.raises(RuleBroken, match="contact_deleted"):
        note(session, factories, factories.contact(deleted_at=factories.now))


def test_a_fact_is_not_lost_when_something_else_is_there_already(session: Session, factories: Factories) -> None:
    contact = factories.contact(email="bo@customer.example")
    note(session, factories, contact)
    twice = Contact(company_id=contact.company_id, email=contact.email, created_at=factories.now)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(twice)
    session.commit()
    assert session.scalars(select(Job.kind)).all() == ["campaigns.plan_event"]


def test_only_running_campaigns_wait(session: Session, factories: Factories) -> None:
    survey = factories.survey()
    for state, template, name in (
        ("running", "event", "delivered"),
        ("running", "project", "delivered"),
        ("running", "event", "deal won"),
        ("running", "one_off", ""),
        ("paused", "event", "met"),
    ):
        factories.add(
            Campaign(
                company_id=survey.company_id,
                survey_id=survey.id,
                name="C",
                template=template,
                state=state,
                event_name=name,
                created_at=factories.now,
            )
        )
    assert awaited_names(session, survey.company_id) == ["deal won", "delivered"]
    assert awaiting_count(session, survey.company_id, "delivered") == 2
    assert awaiting_count(session, survey.company_id, "met") == 0
    assert awaited_names(session, factories.company().id) == []
