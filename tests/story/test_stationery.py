"""From whom a company's letters come when something is wrong with its address or its key."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from socialproof.campaigns.letters import stationery_of
from socialproof.companies.models import Company, MailSender
from socialproof.seal import Seal
from socialproof.settings import Settings
from tests.conftest import SECRET
from tests.factories import Factories

OURS = "no-reply@localhost"


def sender(factories: Factories, company: Company, address: str, *, secret: str = "", **values: object) -> None:
    key = Seal((secret,)).close("a key") if secret else ""
    known = {"dkim_selector": "sp1", "dkim_private_key": key, "updated_at": factories.now}
    factories.add(MailSender(company_id=company.id, from_address=address, **known, **values))


def test_a_key_that_no_secret_opens_lets_letters_go_unsigned_and_the_log_says_so(
    session: Session, factories: Factories, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    company = factories.company()
    sender(factories, company, "hej@nordlys.example", secret="a-secret-that-nobody-has-any-more", is_dkim_on=True)
    with caplog.at_level(logging.WARNING):
        found = stationery_of(session, company, settings).sender
    assert (found.address, found.dkim) == ("hej@nordlys.example", None)
    assert f"company {company.id} go unsigned" in caplog.text


def test_nobody_writes_from_a_domain_that_a_company_next_door_has_proven(
    session: Session, factories: Factories, settings: Settings
) -> None:
    owner, stranger, partner = factories.company(), factories.company(), factories.company()
    sender(factories, owner, "hej@nordlys.example", secret=SECRET, is_dkim_on=True)
    sender(factories, stranger, "vd@nordlys.example")
    sender(factories, partner, "info@nordlys.example", secret=SECRET, is_dkim_on=True)
    written_from = [stationery_of(session, each, settings).sender.address for each in (owner, stranger, partner)]
    assert written_from == ["hej@nordlys.example", OURS, "info@nordlys.example"]
    below, beside = factories.company(), factories.company()
    sender(factories, below, "vd@nyhetsbrev.nordlys.example")
    sender(factories, beside, "vd@inte-nordlys.example")
    written_from = [stationery_of(session, each, settings).sender.address for each in (below, beside)]
    assert written_from == [OURS, "vd@inte-nordlys.example"]


def test_only_who_has_the_installation_alone_writes_from_its_domain_without_proof(
    session: Session, factories: Factories, settings: Settings
) -> None:
    company = factories.company()
    ours = replace(settings, mail_from="Proof <no-reply@proof.example>")
    sender(factories, company, "hej@proof.example")
    assert stationery_of(session, company, ours).sender.address == "hej@proof.example"
    factories.company()
    assert stationery_of(session, company, ours).sender.address == "no-reply@proof.example"


def test_a_domain_with_letters_of_its_own_is_written_as_mail_servers_know_it(
    session: Session, factories: Factories, settings: Settings
) -> None:
    company = factories.company()
    sender(factories, company, "hej@blåbär.example", secret=SECRET, is_dkim_on=True, reply_to="svar@blåbär.example")
    found = stationery_of(session, company, settings).sender
    assert (found.address, found.reply_to) == ("hej@xn--blbr-noae.example", "svar@xn--blbr-noae.example")
    assert found.dkim is not None
    assert found.dkim.domain == "xn--blbr-noae.example"
