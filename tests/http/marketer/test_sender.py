"""The sender's page: who writes, how often, and whether the domain says so; asked of a real little name server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.companies.models import AuditEntry, Company, MailSender
from socialproof.seal import Seal
from tests.conftest import SECRET
from tests.name_servers import NameServer
from tests.people import Marketer

SignIn = Callable[..., Marketer]
FORM = {
    "from_name": "Nordlys Kaffe",
    "from_address": "Hello@Shop.Example",
    "reply_to": "people@shop.example",
    "postal_address": "Storgatan 1\n111 22 Stockholm",
    "time_zone": "Europe/Stockholm",
    "rest_days": "45",
    "nps_rest_days": "120",
}


@pytest.fixture
def app(make_app: Callable[..., Flask], name_server: NameServer) -> Flask:
    return make_app(
        dns_server=name_server.address,
        bounce_address="bounces@mail.shop.example",
        mail_url="smtp://email-smtp.eu-north-1.amazonaws.com:587",
    )


def sender_of(session: Session) -> MailSender:
    session.rollback()
    session.expire_all()
    return session.scalars(select(MailSender)).one()


def test_an_admin_says_who_writes_and_how_often(signed_in: SignIn, session: Session) -> None:
    admin = signed_in("admin")
    assert admin.post("/app/sender", FORM).status_code == 303
    kept = sender_of(session)
    assert (kept.from_name, kept.from_address, kept.reply_to) == (
        "Nordlys Kaffe",
        "hello@shop.example",
        "people@shop.example",
    )
    company = session.get_one(Company, admin.company.id)
    assert (company.time_zone, company.rest_days, company.nps_rest_days) == ("Europe/Stockholm", 45, 120)
    page = admin.get("/app/sender").text
    assert "Storgatan 1" in page
    assert 'value="45"' in page
    assert "changed who writes to customers" in admin.get("/app/team/audit").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"from_address": "no address"},
        {"from_address": "a@shop.example\r\nBcc: b@evil.example"},
        {"reply_to": "@"},
        {"from_name": "Nordlys\r\nBcc: b@evil.example"},
        {"postal_address": "x" * 501},
        {"time_zone": "Mars/Olympus"},
        {"rest_days": "0"},
        {"rest_days": "1e2"},
        {"nps_rest_days": "731"},
        {"nps_rest_days": "44"},
    ],
)
def test_what_is_wrong_comes_back_as_it_was_typed(signed_in: SignIn, session: Session, wrong: dict[str, str]) -> None:
    answer = signed_in("admin").post("/app/sender", FORM | wrong)
    assert answer.status_code == 422
    assert "Storgatan 1" in answer.text or "postal_address" in wrong
    assert 'aria-invalid="true"' in answer.text
    assert session.scalar(select(MailSender)) is None


def test_a_viewer_reads_and_changes_nothing(signed_in: SignIn) -> None:
    viewer = signed_in("viewer")
    page = viewer.get("/app/sender").text
    assert "Owners and admins change these settings." in page
    assert "Check now" not in page
    assert [viewer.post(f"/app/sender{end}", FORM).status_code for end in ("", "/key", "/key/discard", "/check")] == [
        403
    ] * 4


def test_letters_are_signed_once_the_record_was_found_and_go_on_when_it_is_gone(
    signed_in: SignIn, session: Session, name_server: NameServer
) -> None:
    admin = signed_in("admin")
    assert admin.post("/app/sender/key").status_code == 303
    assert session.scalar(select(MailSender)) is None, "no key without a domain"
    admin.post("/app/sender", FORM)
    admin.post("/app/sender/key")
    kept = sender_of(session)
    name = f"{kept.dkim_selector}._domainkey.shop.example"
    record = f"v=DKIM1; k=rsa; p={kept.dkim_public_key}"
    assert "BEGIN PRIVATE KEY" in Seal((SECRET,)).open(kept.dkim_private_key)
    assert record in admin.get("/app/sender").text
    missing = admin.post("/app/sender/check").text
    assert "There is no record with your key yet." in missing
    assert not sender_of(session).is_dkim_on
    name_server.texts |= {
        name: [record],
        "mail.shop.example": ["v=spf1 include:amazonses.com -all"],
        "shop.example": ["v=spf1 mx ~all", "<script>alert(1)</script>"],
        "_dmarc.shop.example": ["v=DMARC1; p=quarantine"],
    }
    found = admin.post("/app/sender/check").text
    assert "Needs repair" not in found
    assert "Your letters are signed." in found
    assert "<script>alert" not in found
    assert sender_of(session).is_dkim_on
    name_server.broken.add(name)
    assert "did not answer" in admin.post("/app/sender/check").text
    assert sender_of(session).is_dkim_on, "a name server that is away takes nothing back"
    name_server.broken.clear()
    name_server.texts[name] = ["v=DKIM1; p="]
    gone = admin.post("/app/sender/check").text
    assert "holds another key than the one that signs" in gone
    assert sender_of(session).is_dkim_on, "a signature that nobody can check harms no letter"


def test_a_new_key_waits_beside_the_one_that_signs_and_takes_over_at_a_look(
    signed_in: SignIn, session: Session, name_server: NameServer
) -> None:
    admin = signed_in("admin")
    admin.post("/app/sender", FORM)
    selectors = []
    for _ in range(2):
        admin.post("/app/sender/key")
        kept = sender_of(session)
        selectors.append(kept.dkim_next_selector or kept.dkim_selector)
        assert kept.dkim_selector == selectors[0]
        public_key = kept.dkim_next_public_key or kept.dkim_public_key
        page = admin.get("/app/sender").text
        assert f"{selectors[-1]}._domainkey.shop.example" in page
        looked = admin.post("/app/sender/check").text
        assert ("The present one goes on signing." in looked) == (len(selectors) == 2)
        name_server.texts[f"{selectors[-1]}._domainkey.shop.example"] = [f"v=DKIM1; p={public_key}"]
        found = admin.post("/app/sender/check").text
        assert "Letters are signed</span>" in found
    assert "signs your letters from now on" in found
    assert f"The record {selectors[0]}._domainkey.shop.example belongs to the former key." in found
    kept = sender_of(session)
    assert (kept.dkim_selector, kept.dkim_next_selector, kept.is_dkim_on) == (selectors[1], "", True)
    assert "it signs from now on" in admin.get("/app/team/audit").text
    admin.post("/app/sender/key")
    assert "The key that waits" in admin.get("/app/sender").text
    admin.post("/app/sender/key/discard")
    assert "The key that waits" not in admin.get("/app/sender").text
    kept = sender_of(session)
    assert (kept.dkim_selector, kept.dkim_next_selector, kept.is_dkim_on) == (selectors[1], "", True)


def test_a_new_key_has_a_new_name_and_another_domain_is_not_signed_for(signed_in: SignIn, session: Session) -> None:
    admin = signed_in("admin")
    admin.post("/app/sender", FORM)
    selectors = set()
    for _ in range(3):
        admin.post("/app/sender/key")
        selectors.add(sender_of(session).dkim_selector)
    assert len(selectors) == 3
    kept = sender_of(session)
    kept.is_dkim_on = True
    session.commit()
    admin.post("/app/sender", FORM | {"from_name": "Another name"})
    assert sender_of(session).is_dkim_on
    moved = admin.post("/app/sender", FORM | {"from_address": "hello@other.example"}, follow_redirects=True)
    assert "not signed until the record of your key is found there" in moved.text
    assert not sender_of(session).is_dkim_on
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("sender.%"))).all()
    assert actions.count("sender.key_made") == 3


def test_without_an_address_of_its_own_the_installations_domain_is_looked_at(
    signed_in: SignIn, name_server: NameServer
) -> None:
    page = signed_in("admin").post("/app/sender/check").text
    assert "There is no SPF record." in page
    assert set(name_server.asked) == {"localhost", "mail.shop.example", "_dmarc.localhost"}


def test_a_key_that_cannot_be_opened_any_more_is_told_and_not_signed_with(
    signed_in: SignIn, session: Session, name_server: NameServer
) -> None:
    admin = signed_in("admin")
    admin.post("/app/sender", FORM)
    admin.post("/app/sender/key")
    kept = sender_of(session)
    kept.dkim_private_key, kept.is_dkim_on = Seal(("another secret of the installation",)).close("x"), True
    session.commit()
    name = f"{kept.dkim_selector}._domainkey.shop.example"
    name_server.texts[name] = [f"v=DKIM1; k=rsa; p={kept.dkim_public_key}"]
    assert "Please replace it." in admin.get("/app/sender").text
    admin.post("/app/sender/check")
    assert not sender_of(session).is_dkim_on
