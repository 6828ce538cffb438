"""A test text to the member's own phone: by the folder, and by a service that behaves as Twilio does."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns import texts
from socialproof.campaigns.models import Campaign, CampaignWording, Invitation
from socialproof.campaigns.rewording import MOST_TESTS
from socialproof.campaigns.tested_numbers import TEST_TEXTED
from socialproof.companies.models import AuditEntry
from socialproof.contacts.models import Suppression
from socialproof.contacts.suppression import STOPPED, stop_texts
from socialproof.database import transaction
from socialproof.web import EXTENSION
from tests.factories import Factories
from tests.people import Marketer
from tests.sms_peer import SmsPeer

NUMBER = "+46701234567"
WORDS = "Hej {name}, en fråga från {company}: {link}"


@pytest.fixture
def campaign(factories: Factories) -> Campaign:
    company = factories.company(name="Nordlys", time_zone="Europe/Stockholm")
    return factories.campaign(factories.survey(company, default_language="sv"), channel="sms")


def path(campaign: Campaign) -> str:
    return f"/app/campaigns/{campaign.public_id}/letter/sv/text"


def trial(marketer: Marketer, campaign: Campaign, phone: str = "070-123 45 67", words: str = WORDS) -> tuple[int, str]:
    answer = marketer.post(path(campaign), {"sms_text": words, "phone": phone})
    return answer.status_code, html.unescape(answer.text)


@pytest.fixture
def marketer(signed_in: Callable[..., Marketer], campaign: Campaign) -> Marketer:
    return signed_in("admin", campaign.survey.company)


def test_it_has_the_words_that_were_typed_and_a_link_that_says_test(
    app: Flask, marketer: Marketer, campaign: Campaign, session: Session
) -> None:
    status, page = trial(marketer, campaign)
    assert (status, "+46 70 123 45 67" in page, WORDS in page) == (200, True, True)
    assert "takes 1 of at most 2 messages" in page
    [text] = app.extensions[EXTENSION].backends.sms.messages()
    base = app.extensions[EXTENSION].settings.base_url
    assert f"To: {NUMBER}\n" in text
    assert f"Hej {marketer.user.name}, en fråga från Nordlys: {base}/s/k/TEST--LINK Svara STOP" in text
    assert session.scalars(select(Invitation)).all() == []
    assert session.scalars(select(CampaignWording)).all() == []
    [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == TEST_TEXTED))
    assert "4567" not in str(entry.details)[:-70], "no number is kept"


@pytest.mark.parametrize("phone", ["", "12", "no number", "+46 70 123 45 67 ext 5"])
def test_what_is_no_number_is_refused_and_everything_typed_stays(
    marketer: Marketer, campaign: Campaign, phone: str
) -> None:
    status, page = trial(marketer, campaign, phone)
    assert (status, "not a phone number" in page) == (422, True)
    assert f'value="{phone}"' in page
    assert WORDS in page


@pytest.mark.both_databases
def test_whoever_stops_after_a_test_gets_no_other(
    app: Flask, marketer: Marketer, campaign: Campaign, session: Session, factories: Factories
) -> None:
    assert trial(marketer, campaign)[0] == 200
    stranger = factories.campaign(channel="sms")
    for said, later, status in (("STOPP", 0, 422), ("start", 0, 200), ("stop", 40, 200)):
        with transaction(session):
            texts.hear_reply(session, phone=NUMBER, text=said, now=factories.now + timedelta(days=later))
        assert trial(marketer, campaign)[0] == status
    with transaction(session):
        stop_texts(session, company_id=campaign.company_id, phone=NUMBER, now=factories.now)
    assert "wants no more messages" in trial(marketer, campaign)[1]
    assert stranger.company_id not in session.scalars(select(Suppression.company_id)).all()
    assert len(app.extensions[EXTENSION].backends.sms.messages()) == 3


def test_no_contact_who_unsubscribed_gets_one(marketer: Marketer, campaign: Campaign, factories: Factories) -> None:
    factories.contact(campaign.survey.company, phone=NUMBER, unsubscribed_at=factories.now)
    assert trial(marketer, campaign)[0] == 422


def test_tests_are_limited(marketer: Marketer, campaign: Campaign, session: Session, factories: Factories) -> None:
    for _ in range(MOST_TESTS):
        entry = {"action": TEST_TEXTED, "details": {"number_hash": ""}, "happened_at": factories.now}
        session.add(AuditEntry(company_id=campaign.company_id, user_id=marketer.user.id, **entry))
    session.commit()
    status, page = trial(marketer, campaign)
    assert (status, "Please wait an hour" in page) == (422, True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, 21610, "stopped"), "wants no more messages"),
        ((400, 21211, "no number"), "does not know this number"),
        ((400, 30034, "sender <b>not</b> registered"), "refused: 30034 sender <b>not</b> registered"),
        ((503, 0, "busy"), "Please try again later"),
        (b"nonsense", "Please try again later"),
    ],
)
def test_what_the_service_says_is_told_in_words(
    make_app: Callable[..., Flask],
    factories: Factories,
    session: Session,
    campaign: Campaign,
    sms_peer: SmsPeer,
    answer: tuple[int, int, str] | bytes,
    words: str,
) -> None:
    app = make_app(sms_url=sms_peer.url, sms_from="+46700000000")
    marketer = Marketer.signed_in(app, factories, "admin", campaign.survey.company)
    sms_peer.answers = [answer]
    status, page = trial(marketer, campaign)
    assert (status, words in page) == (422, True)
    kept = session.scalars(select(Suppression.reason)).all()
    assert kept == ([STOPPED] if "no more" in words else [])
    if not kept:
        assert trial(marketer, campaign)[0] == 200
        assert "TEST--LINK" in sms_peer.messages[-1]["Body"]


def test_only_who_may_change_a_text_campaign_sends_one(
    signed_in: Callable[..., Marketer], campaign: Campaign, factories: Factories
) -> None:
    assert trial(signed_in("moderator", campaign.survey.company), campaign)[0] == 403
    by_mail = factories.campaign(campaign.survey)
    assert trial(signed_in("admin", campaign.survey.company), by_mail)[0] == 422
