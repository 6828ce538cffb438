"""Whom a campaign asks, seen before it starts: counts, names, reasons; nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation
from socialproof.contacts.models import LedgerEntry
from socialproof.web.marketer import campaign_preview
from tests.factories import Factories
from tests.people import Marketer

SignedIn = Callable[..., Marketer]


def test_a_draft_says_who_is_asked_deferred_and_suppressed_with_names_and_reasons(
    signed_in: SignedIn, factories: Factories, session: Session
) -> None:
    reader = signed_in("viewer")
    survey = factories.survey(reader.company)
    draft = factories.campaign(survey, "one_off", state="draft", started_at=None, weekdays=[1, 2, 3, 4, 5, 6, 7])
    now = factories.now
    for number in range(25):
        factories.contact(reader.company, name=f"Saara {number}")
    factories.contact(reader.company, name="Rested <b>Not</b>", last_asked_at=now - timedelta(days=3))
    factories.contact(reader.company, name="Ole Left", unsubscribed_at=now)
    factories.contact(reader.company, name="Åse Nomail", email=None)
    factories.contact(name="Stranger")
    page = reader.get(f"/app/campaigns/{draft.public_id}/preview").text
    assert "Of 28 contacts 25 are asked this week, 1 deferred until" in page
    assert "2 suppressed." in page
    assert "Saara 19" in page and "Saara 20" not in page and "and 5 more" in page
    assert "Rested &lt;b&gt;Not&lt;/b&gt;" in page and ": asked recently" in page
    assert "Ole Left" in page and "unsubscribed: 1" in page and "no address for this channel: 1" in page
    assert "Stranger" not in page
    session.rollback()
    assert session.scalar(select(func.count(Invitation.id))) == 0
    assert session.scalar(select(func.count(LedgerEntry.id))) == 0


def test_a_daily_cap_says_how_long_it_takes_before_and_after_the_start_and_when_that_is_longer_than_a_round(
    signed_in: SignedIn, factories: Factories
) -> None:
    admin = signed_in("admin")
    survey = factories.survey(admin.company)
    everyday = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "daily_cap": 1, "every_months": 1}
    draft = factories.campaign(survey, state="draft", started_at=None, planned_at=None, **everyday)
    running = factories.campaign(survey, **everyday)
    for _number in range(40):
        contact = factories.contact(admin.company)
        due = {"state": "deferred", "reason": "daily_cap", "due_at": factories.now + timedelta(days=1)}
        waiting = factories.invitation(survey, contact, campaign_id=running.id, asked_at=None, **due)
    ids = {"company_id": survey.company_id, "contact_id": contact.id, "ask_key": waiting.public_id}
    word = {"kind": "nps", "channel": "mail", "verdict": "deferred", "reason": "daily_cap"}
    factories.add(LedgerEntry(**ids, **word, until=factories.now, decided_at=factories.now))  # of some days ago
    for path in (f"{draft.public_id}/preview", f"{draft.public_id}/settings", f"{running.public_id}/preview"):
        page = admin.get(f"/app/campaigns/{path}").text
        assert "40 contacts at 1 a day take about 40 days of sending, until about" in page, path
        assert "That is longer than a round: the next one begins on" in page, path
    listed = admin.get(f"/app/campaigns/{running.public_id}").text
    assert "at most 1 a day</span>" in listed and "not before" in listed and "until" not in listed
    history = admin.get(f"/app/contacts/{contact.public_id}").text
    assert history.count("Deferred: not before") == 2 and "Deferred until" not in history


def test_nobody_to_ask_an_event_to_come_and_a_campaign_that_is_over_have_words(
    signed_in: SignedIn, factories: Factories
) -> None:
    admin = signed_in("admin")
    survey = factories.survey(admin.company, kind="transactional")
    one_off = factories.campaign(survey, "one_off", state="draft", started_at=None)
    assert "There is nobody to ask" in admin.get(f"/app/campaigns/{one_off.public_id}/preview").text
    factories.contact(admin.company)
    event = factories.campaign(survey, "event", event_name="deal won")
    assert "Asked after “deal won” has happened." in (admin.get(f"/app/campaigns/{event.public_id}/preview").text)
    over = factories.campaign(survey, "one_off", state="stopped")
    assert "it asks nobody any more" in admin.get(f"/app/campaigns/{over.public_id}/preview").text


def test_of_very_many_contacts_the_page_comes_first_and_the_count_after_it(
    signed_in: SignedIn, factories: Factories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_preview, "MOST_AT_ONCE", 1)
    reader = signed_in("viewer")
    for _number in range(2):
        factories.contact(reader.company)
    path = f"/app/campaigns/{factories.campaign(factories.survey(reader.company)).public_id}/preview"
    page = reader.get(path).text
    assert "Counting who is asked" in page and f'href="{path}?count=now"' in page
    assert "Of 2 contacts" in reader.get(path + "?count=now").text


def test_another_company_s_preview_is_a_missing_one(signed_in: SignedIn, factories: Factories) -> None:
    theirs = factories.campaign()
    assert signed_in("owner").get(f"/app/campaigns/{theirs.public_id}/preview").status_code == 404
