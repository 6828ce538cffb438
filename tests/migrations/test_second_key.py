"""Revision 0004 with data in place: what signed goes on signing, and own words are said as before."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select

from socialproof.campaigns.letters import own_words, stationery_of
from socialproof.campaigns.models import Campaign
from socialproof.companies.models import Company, MailSender
from socialproof.companies.signing import records_of
from socialproof.database import db
from socialproof.seal import Seal
from socialproof.settings import Settings
from tests.conftest import SECRET
from tests.migrations.conftest import MOMENT, Release, Write, rows

pytestmark = pytest.mark.both_databases
SIGNED = {"from_address": "hej@nordlys.example", "dkim_selector": "sp20261101", "dkim_public_key": "MIIB"}
WORDS = {"subject": "{name}, how was it?", "intro": "Dear {name}", "signature": "Astrid"}


@pytest.fixture
def old(release: Release) -> Write:
    return release("0003")


@pytest.fixture
def planted(old: Write) -> None:
    """A company whose key signs and whose campaign has words of its own, and one whose key waits for its record."""
    sealed = Seal((SECRET,)).close("a private key")
    for number in (1, 2):
        old("company", id=number, public_id=f"company-{number}", name="Nordlys Kaffe AB", default_language="sv")
        values = SIGNED | {"dkim_private_key": sealed, "is_dkim_on": number == 1, "updated_at": MOMENT}
        old("mail_sender", id=number, company_id=number, from_name="", reply_to="", postal_address="", **values)
    old("survey", id=1, company_id=1, public_id="survey-1", kind="relationship", state="open", default_language="sv")
    states = {"state": "running", "template": "project", "channel": "mail", "spread": "drip"}
    old("campaign", id=1, company_id=1, survey_id=1, public_id="campaign-1", **states)
    others = dict.fromkeys(("from_name", "reminder_subject", "reminder_intro", "sms_text"), "")
    old("campaign_wording", id=1, campaign_id=1, company_id=1, language="sv", **WORDS, **others)


def test_who_signed_signs_and_who_had_own_words_says_them(app: Flask, planted: None, settings: Settings) -> None:
    with app.app_context():
        upgrade()
        companies = [db.session.get_one(Company, number) for number in (1, 2)]
        signing, waiting = (stationery_of(db.session(), company, settings).sender.dkim for company in companies)
        assert signing is not None
        assert (signing.selector, signing.private_key, waiting) == ("sp20261101", "a private key", None)
        senders = db.session.scalars(select(MailSender).order_by(MailSender.id))
        assert [[key.role for key in records_of(sender)] for sender in senders] == [["signing"], ["waiting"]]
        words = own_words(db.session.get_one(Campaign, 1), "sv")
        assert {name: words[name] for name in WORDS} == WORDS
        db.session.rollback()


def test_the_release_before_still_writes(app: Flask, planted: None, old: Write) -> None:
    with app.app_context():
        upgrade()
    old("company", id=3, public_id="company-3", name="Another company", default_language="en")
    old("mail_sender", id=3, company_id=3, **SIGNED, dkim_private_key="", is_dkim_on=False, updated_at=MOMENT)
    old("campaign_wording", id=2, campaign_id=1, company_id=1, language="en", **WORDS)
    with app.app_context(), db.engine.connect() as connection:
        assert rows(connection, "select dkim_next_selector, dkim_next_public_key from mail_sender where id = 3") == [
            ("", "")
        ]
        assert rows(connection, "select reference_subject, reference_intro from campaign_wording where id = 2") == [
            ("", "")
        ]
