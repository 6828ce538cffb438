"""Somebody of the team notes what happened with a contact."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from socialproof.campaigns.models import Invitation
from socialproof.companies.models import AuditEntry
from socialproof.contacts.models import CustomerEvent


@pytest.fixture
def moderator(signed_in, factories):
    return signed_in("moderator", factories.company(time_zone="Europe/Helsinki"))


@pytest.fixture
def contact(factories, moderator):
    return factories.contact(moderator.company, name="Aino")


@pytest.fixture
def noted(session):
    def read():
        session.rollback()
        return list(session.scalars(select(CustomerEvent)))

    return read


def path(contact):
    return f"/app/contacts/{contact.public_id}/events"


def test_it_is_noted_by_the_clock_of_the_company(moderator, contact, factories, noted):
    factories.campaign(factories.survey(moderator.company), template="event", state="running", event_name="delivered")
    page = moderator.get(f"/app/contacts/{contact.public_id}").text
    assert '<option value="delivered">' in page
    assert "Europe/Helsinki" in page
    yesterday = datetime.now(ZoneInfo("Europe/Helsinki")).date() - timedelta(days=1)
    sent = moderator.post(path(contact), {"name": "Delivered", "day": yesterday.isoformat(), "time": "14:30"})
    assert sent.status_code == 303
    [event] = noted()
    assert (event.name, event.source, event.created_by_id) == ("delivered", "hand", moderator.user.id)
    local = datetime.combine(yesterday, datetime.min.time().replace(hour=14, minute=30), ZoneInfo("Europe/Helsinki"))
    assert event.happened_at == local.astimezone(UTC)
    after = moderator.get(sent.location).text
    assert "1 campaign waits for it" in after
    assert re.search(r"<time[^>]*>[^<]*, 14:30</time>", after)  # the history goes by the same clock


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "Please say what happened."),
        ({"name": "x" * 61}, "at most 60"),
        ({"name": "a\r\nb"}, "single line"),
        ({"day": ""}, "Please fill this in."),
        ({"day": "2026-02-30"}, "Not a valid date value"),
        ({"time": "25:00"}, "Not a valid time value"),
        ({"day": "2015-01-01"}, "more than a year ago"),
        ({"day": "0001-01-01", "time": "00:00"}, "more than a year ago"),
        ({"day": "9999-12-31", "time": "23:59"}, "still to come"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(moderator, contact, noted, changes, words):
    form = {"name": "Kept <words>", "day": datetime.now(UTC).date().isoformat(), "time": "00:00"} | changes
    page = moderator.post(path(contact), form)
    assert page.status_code == 422
    assert words in page.text
    if "name" not in changes:
        assert 'value="Kept &lt;words&gt;"' in page.text
    assert noted() == []


@pytest.mark.both_databases
def test_what_was_noted_by_mistake_is_taken_back_and_nothing_is_sent_for_it(
    moderator, contact, factories, noted, session, run_jobs
):
    survey = factories.survey(moderator.company, kind="transactional")
    factories.campaign(survey, template="event", event_name="delivered", delay_days=2)
    today = datetime.now(UTC).date().isoformat()
    page = moderator.post(
        path(contact), {"name": "delivered", "day": today, "time": "00:00"}, follow_redirects=True
    ).text
    run_jobs()
    [question] = re.findall(r'href="([^"]+/retract)"', page)
    assert "what campaigns planned because of it is not sent" in moderator.get(question).text
    assert len(noted()) == 1 and session.scalars(select(Invitation.state)).all() == ["pending"]
    page = moderator.post(question, follow_redirects=True).text
    assert "Undone." in page and "/retract" not in page
    assert noted() == []
    [invitation] = session.scalars(select(Invitation))
    assert (invitation.state, invitation.reason, invitation.due_at) == ("cancelled", "event_retracted", None)
    assert [entry.subject for entry in session.scalars(select(AuditEntry))] == ["delivered"]
    assert moderator.post(question).status_code == 404


def test_it_stays_when_the_letter_went_out_and_what_another_program_told_stays_too(
    moderator, contact, factories, noted
):
    values = {"company_id": moderator.company.id, "contact_id": contact.id, "name": "delivered"}
    moments = {"happened_at": factories.now, "created_at": factories.now}
    by_hand, told = (factories.add(CustomerEvent(**values, **moments, source=source)) for source in ("hand", "api"))
    survey = factories.survey(moderator.company, kind="transactional")
    campaign = factories.campaign(survey, template="event", event_name="delivered")
    factories.invitation(survey, contact, campaign_id=campaign.id, occasion=by_hand.public_id, state="sent")
    refused = moderator.post(f"{path(contact)}/{by_hand.public_id}/retract", follow_redirects=True)
    assert "It stays: a letter because of it has gone out already." in refused.text
    assert moderator.post(f"{path(contact)}/{told.public_id}/retract").status_code == 404
    assert len(noted()) == 2


def test_viewers_note_nothing(signed_in, factories):
    viewer = signed_in("viewer")
    contact = factories.contact(viewer.company)
    assert viewer.post(path(contact), {"name": "met"}).status_code == 403
    assert "Note what happened" not in viewer.get(f"/app/contacts/{contact.public_id}").text
