"""A text message: what it says, what its reader sends back, what the service reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from socialproof.backends.sms import SmsMalformed
from socialproof.campaigns.models import Campaign, CampaignWording, Invitation
from socialproof.campaigns.texts import hear_reply, hear_report, invitation_with_code, text_for
from socialproof.companies.models import Company
from socialproof.contacts.service import add_contact, delete_contact
from socialproof.domain.contact import ContactValues
from socialproof.domain.sms import is_short_code, size_of
from socialproof.settings import Settings
from tests.factories import Factories

PHONE = "+46701234567"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, base_url="https://proof.example.com", sms_from="+46800000000")


def invited(factories: Factories, *, name: str = "Nordlys Kaffe AB", language: str = "en", **values: Any) -> Invitation:
    """An invitation by text message, of a running campaign."""
    company = factories.company(name=name)
    survey = factories.survey(company)
    contact = factories.contact(company, name="Aino", phone=PHONE, language=language)
    campaign = factories.add(
        Campaign(
            company_id=company.id,
            survey_id=survey.id,
            name="After delivery",
            template="event",
            state="running",
            channel="sms",
            created_at=factories.now,
        )
    )
    defaults = {"channel": "sms", "state": "sent", "campaign_id": campaign.id, "sent_at": factories.now}
    return factories.invitation(survey, contact, **defaults | values)


def said(session: Session, invitation: Invitation, settings: Settings, **own: str) -> str:
    assert invitation.campaign is not None
    if own:
        invitation.campaign.wordings.append(CampaignWording(**{"language": "en"} | own))
        session.flush()
    return text_for(session, invitation.campaign, invitation, settings).text


def test_the_standard_text_asks_links_and_says_how_to_stop(
    session: Session, factories: Factories, settings: Settings
) -> None:
    invitation = invited(factories)
    assert invitation.campaign is not None
    message = text_for(session, invitation.campaign, invitation, settings)
    code = invitation.short_code
    assert code is not None
    assert is_short_code(code)
    assert message.text == (
        "How likely are you to recommend Nordlys Kaffe AB to a friend or colleague? "
        f"https://proof.example.com/s/k/{code} Reply STOP to end."
    )
    assert (message.to, message.key) == (PHONE, f"invitation:{invitation.public_id}:0")
    assert said(session, invitation, settings) == message.text
    assert invitation_with_code(session, code) is invitation


def test_own_words_carry_name_company_and_always_the_link(
    session: Session, factories: Factories, settings: Settings
) -> None:
    invitation = invited(factories)
    text = said(session, invitation, settings, sms_text="Hej {name}! {company} undrar: {link} /Åsa")
    link = f"https://proof.example.com/s/k/{invitation.short_code}"
    assert text == f"Hej Aino! Nordlys Kaffe AB undrar: {link} /Åsa Reply STOP to end."


def test_words_without_a_place_for_the_link_get_it_behind_them(
    session: Session, factories: Factories, settings: Settings
) -> None:
    invitation = invited(factories)
    text = said(session, invitation, settings, sms_text="“Tell us” – {phone} {0} {name.__class__}")
    assert text.startswith('"Tell us" - {phone} {0} {name.__class__} https://')


@pytest.mark.parametrize("words", ["x" * 700, "word " * 200, "ő" * 300, "{link}" + "behind " * 80, "{link}{link}"])
@pytest.mark.parametrize("name", ["Nordlys", "Å" * 120])
def test_whatever_was_written_two_segments_hold_it_and_the_link(
    session: Session, factories: Factories, settings: Settings, words: str, name: str
) -> None:
    invitation = invited(factories, name=name)
    text = said(session, invitation, settings, sms_text=words)
    assert size_of(text).segments <= 2
    assert text.count(f"https://proof.example.com/s/k/{invitation.short_code}") == 1
    assert text.endswith("Reply STOP to end.")


def test_a_name_that_cannot_be_answered_says_where_to_stop(
    session: Session, factories: Factories, settings: Settings
) -> None:
    text = said(session, invited(factories), replace(settings, sms_from="Nordlys"))
    assert text.endswith("/stop")


def test_a_contact_without_a_number_gets_no_text(session: Session, factories: Factories, settings: Settings) -> None:
    invitation = invited(factories)
    invitation.contact.phone = None
    assert invitation.campaign is not None
    with pytest.raises(SmsMalformed):
        text_for(session, invitation.campaign, invitation, settings)


def test_stop_holds_for_every_company_that_texted_and_for_no_other(session: Session, factories: Factories) -> None:
    first, second = invited(factories), invited(factories, state="pending", due_at=factories.now)
    stranger = factories.contact(phone=PHONE)
    assert hear_reply(session, phone=PHONE, text="Stopp!", now=factories.now) == "stop"
    for invitation in (first, second):
        assert invitation.contact.phone_stopped_at == factories.now
        assert (invitation.state, invitation.reason, invitation.due_at) == ("unsubscribed", "stopped", None)
        assert invitation.contact.unsubscribed_at is None
    session.refresh(stranger)
    assert stranger.phone_stopped_at is None
    assert hear_reply(session, phone=PHONE, text="start", now=factories.now) == "start"
    assert first.contact.phone_stopped_at is None
    assert first.state == "unsubscribed"


@pytest.mark.both_databases
def test_stop_from_somebody_who_is_erased_already_is_known_when_the_number_comes_again(
    session: Session, factories: Factories
) -> None:
    contact, now = invited(factories).contact, factories.now
    delete_contact(session, contact=contact, now=now)
    company, values = session.get_one(Company, contact.company_id), ContactValues(phone=PHONE)
    hear_reply(session, phone=PHONE, text="STOP", now=now)
    again = add_contact(session, company=company, values=values, now=now)
    assert again.phone_stopped_at == now
    delete_contact(session, contact=again, now=now)
    hear_reply(session, phone=PHONE, text="START", now=now)
    assert add_contact(session, company=company, values=values, now=now).phone_stopped_at is None


def test_an_answer_that_was_given_stays_one_after_stop(session: Session, factories: Factories) -> None:
    answered = invited(factories, state="answered", answered_at=factories.now)
    hear_reply(session, phone=PHONE, text="STOP", now=factories.now)
    assert answered.state == "answered"


def test_other_words_do_nothing(session: Session, factories: Factories) -> None:
    invitation = invited(factories)
    assert hear_reply(session, phone=PHONE, text="10! Best coffee", now=factories.now) == ""
    assert hear_reply(session, phone="+4670999", text="STOP", now=factories.now) == "stop"
    assert (invitation.state, invitation.contact.phone_stopped_at) == ("sent", None)


def report(session: Session, invitation: Invitation, status: str, **changes: Any) -> bool:
    values = {"key": f"invitation:{invitation.public_id}:0", "provider_key": "", "code": ""} | changes
    return hear_report(session, status=status, now=invitation.created_at + timedelta(minutes=1), **values)


def test_reports_come_twice_and_in_any_order(session: Session, factories: Factories) -> None:
    invitation = invited(factories, provider_key="SM1")
    assert report(session, invitation, "sent")
    assert invitation.state == "sent"
    assert report(session, invitation, "delivered", key="", provider_key="SM1")
    assert report(session, invitation, "undelivered", code="30003")
    assert (invitation.state, invitation.error) == ("delivered", "30003")
    assert not report(session, invitation, "delivered", key="invitation:unknown:0")
    assert not report(session, invitation, "delivered", key="'; drop", provider_key="SM2")
    assert not report(session, factories.invitation(), "failed")


def test_a_lost_text_ends_without_touching_the_mail_address(session: Session, factories: Factories) -> None:
    invitation = invited(factories, due_at=factories.now)
    report(session, invitation, "undelivered", code="30005")
    assert (invitation.state, invitation.reason, invitation.due_at) == ("bounced", "refused", None)
    assert invitation.contact.email_bounced_at is None
    assert invitation.contact.phone_stopped_at is None


def test_what_the_service_knows_of_stop_we_know_too(session: Session, factories: Factories) -> None:
    invitation = invited(factories)
    report(session, invitation, "failed", code="21610")
    assert invitation.contact.phone_stopped_at is not None
