"""The pages of contacts: list, one of them, by hand added, changed and deleted, and the file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.companies.models import AuditEntry, Company
from socialproof.contacts.models import Contact, ContactSegment, LedgerEntry
from socialproof.demo.seed import HOSTILE
from tests.factories import Factories
from tests.people import Marketer

SignIn = Callable[..., Marketer]

TYPED = {
    "name": "Åsa Berg",
    "email": "ASA@customer.example",
    "phone": "070-123 45 67",
    "role": "Chef",
    "organisation": "Nordlys AB",
    "language": "sv",
    "time_zone": "europe/stockholm",
    "customer_since": "2024-03-01",
    "attribute_name": ["Plan", ""],
    "attribute_value": ["gold", ""],
}


@pytest.fixture
def company(factories: Factories) -> Company:
    return factories.company(name="Nordlys AB", default_language="sv")


def test_a_contact_is_added_with_every_field_and_its_number_as_at_home(
    session: Session, signed_in: SignIn, company: Company
) -> None:
    admin = signed_in("admin", company)
    answer = admin.post("/app/contacts", TYPED | {"owner": admin.user.email})
    assert answer.status_code == 303
    contact = session.scalars(select(Contact)).one()
    assert (contact.email, contact.phone) == ("asa@customer.example", "+46701234567")
    assert (contact.role, contact.organisation, contact.language) == ("Chef", "Nordlys AB", "sv")
    assert (contact.time_zone, contact.customer_since) == ("Europe/Stockholm", date(2024, 3, 1))
    assert (contact.owner_id, contact.attributes) == (admin.user.id, {"Plan": "gold"})
    page = admin.get(answer.location).text
    for words in ("Åsa Berg", "+46 70 123 45 67", "gold", "May be asked today.", "Added to the contacts"):
        assert words in page


def test_wrong_values_are_all_named_and_everything_typed_stays(
    session: Session, signed_in: SignIn, company: Company
) -> None:
    typed = {
        "name": "Anna\r\nBcc: x@example.com",
        "email": "no address",
        "phone": "12",
        "time_zone": "Nowhere",
        "customer_since": "1/3/2024",
        "owner": "",
        "language": "",
        "attribute_name": ["Plan", " plan\u202e", "Plan"],
        "attribute_value": ["kept words", "x", "y"],
    }
    answer = signed_in("admin", company).post("/app/contacts", typed)
    assert answer.status_code == 422
    assert answer.text.count('class="field-error"') == 6
    for kept in ("no address", "Nowhere", "1/3/2024", "kept words"):
        assert f'value="{kept}"' in answer.text
    assert session.scalars(select(Contact)).all() == []


def test_a_row_is_added_to_the_attributes_without_saving(session: Session, signed_in: SignIn, company: Company) -> None:
    answer = signed_in("admin", company).post("/app/contacts", TYPED | {"add": "1", "email": "not yet"})
    assert answer.status_code == 200
    assert answer.text.count('name="attribute_name"') == 2
    assert 'value="not yet"' in answer.text
    assert session.scalars(select(Contact)).all() == []


def test_an_address_that_is_taken_leads_to_the_contact_that_has_it(
    signed_in: SignIn, factories: Factories, company: Company
) -> None:
    known = factories.contact(company, email="asa@customer.example")
    other = factories.contact(company)
    admin = signed_in("admin", company)
    for path in ("/app/contacts", f"/app/contacts/{other.public_id}"):
        answer = admin.post(path, TYPED | {"owner": ""})
        assert answer.status_code == 422
        assert f"/app/contacts/{known.public_id}" in answer.text


def test_a_bounced_address_is_put_right_by_another_one(
    session: Session, signed_in: SignIn, factories: Factories, company: Company
) -> None:
    contact = factories.contact(company, email_bounced_at=factories.now, email_bounce_reason="550 unknown")
    admin = signed_in("admin", company)
    path = f"/app/contacts/{contact.public_id}"
    assert "the address does not take mail" in admin.get(path).text
    assert admin.post(path, TYPED | {"owner": "", "email": "new@customer.example"}).status_code == 303
    session.rollback()
    session.refresh(contact)
    assert contact.email_bounced_at is None
    assert "May be asked today." in admin.get(path).text


def test_the_page_says_what_the_ledger_says_now(signed_in: SignIn, factories: Factories, company: Company) -> None:
    now = factories.now
    sentences: dict[str, dict[str, Any]] = {
        "asked recently": {"last_asked_at": now - timedelta(days=1)},
        "Never: unsubscribed on": {"unsubscribed_at": now},
        "By text message only": {"email_bounced_at": now, "phone": "+46701234567"},
        "there is no e-mail address and no phone number": {"email": None},
    }
    viewer = signed_in("viewer", company)
    for sentence, values in sentences.items():
        contact = factories.contact(company, **values)
        assert sentence in viewer.get(f"/app/contacts/{contact.public_id}").text


def test_the_history_shows_why_somebody_was_not_asked_and_what_they_said(
    signed_in: SignIn, factories: Factories, company: Company
) -> None:
    contact = factories.contact(company)
    survey = factories.survey(company, name="Twice a year")
    invitation = factories.invitation(survey, contact, channel="mail", state="sent", sent_at=factories.now)
    factories.response(survey, 9, contact_id=contact.id, comment="Quick & kind")
    factories.testimonial(factories.response(survey, 10, contact_id=contact.id), text="I tell <everybody>.")
    factories.add(
        LedgerEntry(
            company_id=company.id,
            contact_id=contact.id,
            ask_key=invitation.public_id,
            kind="nps",
            channel="mail",
            verdict="deferred",
            reason="asked_recently",
            until=factories.now + timedelta(days=9),
            decided_at=factories.now,
        )
    )
    page = signed_in("viewer", company).get(f"/app/contacts/{contact.public_id}").text
    for words in ("Deferred until", "asked recently", "The invitation was sent", "Answered 9", "Quick &amp; kind"):
        assert words in page
    for words in ("I tell &lt;everybody&gt;.", "Gave a testimonial", "Gave consent", "Twice a year · E-mail"):
        assert words in page


def test_a_moderator_notes_that_somebody_said_no_and_an_admin_takes_it_back(
    session: Session, signed_in: SignIn, factories: Factories, company: Company
) -> None:
    contact = factories.contact(company)
    path = f"/app/contacts/{contact.public_id}"
    assert signed_in("viewer", company).post(f"{path}/unsubscribe").status_code == 403
    moderator = signed_in("moderator", company)
    assert moderator.post(f"{path}/unsubscribe").status_code == 303
    assert moderator.post(f"{path}/resubscribe").status_code == 403
    assert "they told the team" in moderator.get(path).text
    session.rollback()
    session.refresh(contact)
    assert contact.unsubscribed_by == "team"
    assert signed_in("admin", company).post(f"{path}/resubscribe").status_code == 303
    session.rollback()
    session.refresh(contact)
    assert contact.unsubscribed_at is None


def test_a_contact_is_deleted_after_saying_what_stays(
    session: Session, signed_in: SignIn, factories: Factories, company: Company
) -> None:
    contact = factories.contact(company, name="Åsa Berg", unsubscribed_at=factories.now)
    factories.response(factories.survey(company), 9, contact_id=contact.id)
    admin = signed_in("admin", company)
    path = f"/app/contacts/{contact.public_id}"
    page = admin.get(f"{path}/delete").text
    assert "1 answer keeps counting" in page
    assert "A fingerprint of the address" in page
    assert admin.post(f"{path}/delete").status_code == 303
    assert admin.get(path).status_code == 404
    assert "Åsa Berg" not in admin.get("/app/contacts").text
    assert "Åsa Berg" not in admin.get("/app/team/audit").text


def test_the_list_is_searched_filtered_and_paged(signed_in: SignIn, factories: Factories, company: Company) -> None:
    for number in range(51):
        factories.contact(company, name=f"Number {number:02}")
    factories.contact(company, name="Kjær", unsubscribed_at=factories.now, attributes={"Plan": "gold"})
    rules = [{"field": "attributes.Plan", "op": "is", "value": "gold"}]
    segment = factories.add(ContactSegment(company_id=company.id, name="Gold", rules=rules, created_at=factories.now))
    viewer = signed_in("viewer", company)
    page = viewer.get("/app/contacts").text
    assert "Kjær" in page
    assert "Number 01" not in page
    older = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "Number 01" in viewer.get(older).text
    for query in ("search=kjaer", f"segment={segment.public_id}", "state=unsubscribed"):
        page = viewer.get(f"/app/contacts?{query}").text
        assert "Kjær" in page
        assert "Number 50" not in page
    assert "Nobody found" in viewer.get("/app/contacts?search=%5B%25").text
    assert "Number 50" in viewer.get("/app/contacts?segment=missing&state=odd&before=").text


def test_strange_words_in_an_address_are_no_error(signed_in: SignIn, company: Company) -> None:
    viewer = signed_in("viewer", company)
    for query in ("search=%00%ff", "search=" + "a%20" * 500, "before=%00", "state[]=x", "segment=%00", "search=((((("):
        assert viewer.get(f"/app/contacts?{query}").status_code == 200


def test_hostile_text_stays_literal_on_every_page(signed_in: SignIn, factories: Factories, company: Company) -> None:
    values = {"name": HOSTILE, "role": HOSTILE, "organisation": HOSTILE, "attributes": {HOSTILE[:60]: HOSTILE}}
    contact = factories.contact(company, email_bounced_at=factories.now, email_bounce_reason=HOSTILE, **values)
    admin = signed_in("admin", company)
    for path in ("", f"/{contact.public_id}", f"/{contact.public_id}/edit", f"/{contact.public_id}/delete"):
        page = admin.get(f"/app/contacts{path}").text
        assert "&lt;img src=x" in page
        assert "<img src=x" not in page


def test_the_file_holds_what_the_list_shows_and_is_noted(
    session: Session, signed_in: SignIn, factories: Factories, company: Company
) -> None:
    factories.contact(company, email="a@customer.example", name="=1+1", phone="+46701234567")
    factories.contact(company, name="Åsa", unsubscribed_at=factories.now)
    admin = signed_in("admin", company)
    answer = admin.get("/app/contacts/export.csv?state=askable")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith(b"\xef\xbb\xbfemail,phone,name")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert [(row["name"], row["phone"]) for row in rows] == [("'=1+1", "'+46701234567")]
    assert len(admin.get("/app/contacts/export.csv?delimiter=semicolon").text.splitlines()) == 3
    assert session.scalars(select(AuditEntry.action)).all() == ["contacts.exported"] * 2
    assert signed_in("moderator", company).get("/app/contacts/export.csv").status_code == 403


@pytest.mark.parametrize(("language", "heading"), [("en", b"email,phone"), ("fi", b"email;phone")])
def test_the_file_opens_in_the_spreadsheet_of_the_readers_language(
    signed_in: SignIn, factories: Factories, company: Company, language: str, heading: bytes
) -> None:
    factories.contact(company)
    admin = signed_in("admin", company)
    page = admin.get(f"/app/contacts?lang={language}").text
    first, *both = re.findall(r'href="([^"]*export\.csv[^"]*)"', page)
    assert heading in admin.get(first).data
    assert [admin.get(link).data[3:9] for link in both] == [b"email;", b"email,"]


def test_a_contact_whose_turn_has_not_come_is_told_why_and_until_when(signed_in: SignIn, factories: Factories) -> None:
    admin = signed_in("admin")
    contact = factories.contact(admin.company)
    campaign = factories.campaign(factories.survey(admin.company), name="Pulse", state="paused")
    waits = {"campaign_id": campaign.id, "channel": "mail", "asked_at": None, "due_at": factories.now}
    factories.invitation(campaign.survey, contact, state="deferred", reason="daily_cap", **waits)
    page = admin.get(f"/app/contacts/{contact.public_id}").text
    assert "Deferred until" in page
    assert "Pulse · E-mail · Paused" in page
