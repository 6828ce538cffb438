"""Contacts and segments, found in both databases alike."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.leaving import forget_contact, resubscribe_for, unsubscribe_for
from socialproof.campaigns.letters import Addressee
from socialproof.campaigns.models import Invitation
from socialproof.campaigns.outcomes import note_bounced
from socialproof.campaigns.results import Outcome, Result, is_refusal, record_refusal, record_results
from socialproof.campaigns.sending import Outgoing
from socialproof.companies.models import Company, User
from socialproof.contacts.events import note_event
from socialproof.contacts.export import HEADINGS, export
from socialproof.contacts.models import Contact, CustomerEvent, LedgerEntry
from socialproof.contacts.queries import Wanted, conditions, contact_counts, contact_of, contact_page, events_of
from socialproof.contacts.segments import segment_filter
from socialproof.contacts.service import add_contact, change_contact
from socialproof.contacts.suppression import note_bounce
from socialproof.domain.contact import ContactValues
from socialproof.domain.errors import NotFound, RuleBroken
from socialproof.testimonials.contact_history import history_of, kept_counts
from tests.factories import Factories

NAME = "\"><img src=x onerror=alert(1)></script> O'Brien & Søn 🙂\\"
TODAY = date(2026, 3, 1)


def rule(field: str, op: str, value: str = "") -> dict[str, str]:
    return {"field": field, "op": op, "value": value}


RULES = [
    ([], {"Åsa", "Kjær", "Plain"}),
    ([rule("name", "is", "åSA")], {"Åsa"}),
    ([rule("name", "contains", "JÆR")], {"Kjær"}),
    ([rule("name", "is_not", "Åsa")], {"Kjær", "Plain"}),
    ([rule("organisation", "contains", "%")], set()),
    ([rule("organisation", "contains", "a.b")], {"Plain"}),
    ([rule("role", "is_not_set")], {"Kjær", "Plain"}),
    ([rule(f"attributes.{NAME}", "is", "Guld")], {"Åsa"}),
    ([rule(f"attributes.{NAME}", "is_not", "guld")], {"Kjær", "Plain"}),
    ([rule("attributes.Nivå", "is_set")], {"Kjær"}),
    ([rule("attributes.Nivå", "contains", "É")], {"Kjær"}),
    ([rule("customer_since", "on_or_after", "1.3.2025")], {"Kjær"}),
    ([rule("customer_since", "days_ago_more", "300")], {"Åsa"}),
    ([rule("customer_since", "days_ago_less", "300")], {"Kjær"}),
    ([rule("customer_since", "is_not_set")], {"Plain"}),
    ([rule("owner", "is", "BOSS@example.com")], {"Åsa"}),
    ([rule("owner", "is_not", "boss@example.com")], {"Kjær", "Plain"}),
    ([rule("phone", "is", "+46 70 123 45 67"), rule("language", "is", "SV")], {"Åsa"}),
]


@pytest.fixture
def three(factories: Factories) -> int:
    company = factories.company()
    boss = factories.member("owner", company, factories.user(email="boss@example.com")).user
    make: dict[str, dict[str, Any]] = {
        "Åsa": {
            "role": "Chef",
            "attributes": {NAME: "guld"},
            "customer_since": date(2024, 1, 1),
            "owner_id": boss.id,
            "phone": "+46701234567",
            "language": "sv",
        },
        "Kjær": {"attributes": {"Nivå": "café"}, "customer_since": date(2026, 1, 1)},
        "Plain": {"organisation": "xA.B 100"},
    }
    for name, values in make.items():
        factories.contact(company, name=name, **values)
    factories.contact(factories.company(), name="Åsa")
    return company.id


def test_a_segment_finds_the_same_contacts_in_both_databases(session: Session, three: int) -> None:
    for rules, expected in RULES:
        found = session.scalars(select(Contact.name).where(*segment_filter(rules, three, today=TODAY)))
        assert set(found) == expected, rules


FOUND = [
    ("kjaer", {"Kjær"}),
    ("ASA", {"Åsa"}),
    ("070-123 45 67", {"Åsa"}),
    ("100 plain", {"Plain"}),
    ("customer.example kj", {"Kjær"}),
    ("a.*", set()),
    ("%", set()),
    ("[", set()),
    ("", {"Åsa", "Kjær", "Plain"}),
]


def test_a_search_finds_the_same_contacts_in_both_databases(session: Session, three: int) -> None:
    for search, expected in FOUND:
        assert {contact.name for contact in contact_page(session, three, Wanted(TODAY, search))} == expected, search


def test_contacts_are_counted_by_state_and_paged_newest_first(session: Session, factories: Factories) -> None:
    company, then = factories.company(), factories.now
    values: list[dict[str, Any]] = [
        {},
        {"unsubscribed_at": then},
        {"email_bounced_at": then},
        {"email_bounced_at": then, "phone": "+46701234567"},
        {"complained_at": then, "unsubscribed_at": then},
        {"email": None},
        {"email": None, "deleted_at": then},
    ]
    contacts = [factories.contact(company, **each) for each in values]
    counts = contact_counts(session, company.id, Wanted(TODAY, state="bounced"))
    assert counts == {"": 6, "askable": 2, "unsubscribed": 2, "bounced": 3, "no_address": 1}
    for state, count in counts.items():
        assert len(contact_page(session, company.id, Wanted(TODAY, state=state))) == count
    page = contact_page(session, company.id, Wanted(TODAY), before=contacts[3].public_id)
    assert [contact.id for contact in page] == [contact.id for contact in contacts[2::-1]]
    assert contact_page(session, company.id, Wanted(TODAY), before="missing") == []


def test_a_changed_address_has_not_bounced_and_the_old_one_stays_bounced(
    session: Session, factories: Factories
) -> None:
    company, now = factories.company(), factories.now
    add = partial(add_contact, session, company=company, now=now)
    contact = add(values=ContactValues(email="old@customer.example", name="Åsa"))
    note_bounce(session, contact=contact, reason="550 no such user", now=now)
    changed = change_contact(
        session, contact=contact, values=ContactValues(email="new@customer.example", name="Åsa"), user=None, now=now
    )
    assert changed == ["email"]
    assert contact.email_bounced_at is None
    assert contact.email_bounce_reason == ""
    assert add(values=ContactValues(email="old@customer.example")).email_bounced_at is not None
    with pytest.raises(RuleBroken, match="email_taken") as broken:
        add(values=ContactValues(email="new@customer.example"))
    assert broken.value.details["contact"] == contact.public_id
    with pytest.raises(RuleBroken, match="email_taken"):
        change_contact(session, contact=contact, values=ContactValues(email="old@customer.example"), user=None, now=now)


def test_who_unsubscribed_and_was_deleted_is_still_unsubscribed_when_added_again(
    session: Session, factories: Factories
) -> None:
    company, now = factories.company(), factories.now
    values = ContactValues(email="a@customer.example", phone="+46701234567", name="Åsa", attributes={"Plan": "gold"})
    contact = add_contact(session, company=company, values=values, now=now)
    factories.add(
        CustomerEvent(
            company_id=company.id,
            contact_id=contact.id,
            name="deal won",
            source="hand",
            happened_at=now,
            created_at=now,
        )
    )
    user = factories.user()
    unsubscribe_for(session, contact=contact, user=user, now=now)
    forget_contact(session, contact=contact, user=user, now=now)
    assert contact_of(session, company.id, contact.public_id) is None
    assert (contact.email, contact.phone, contact.name, contact.attributes) == (None, None, "", {})
    assert events_of(session, contact.id) == []
    again = add_contact(session, company=company, values=values, now=now)
    assert again.unsubscribed_at is not None
    resubscribe_for(session, contact=again, user=user, now=now)
    assert again.unsubscribed_at is None


def test_what_waits_for_somebody_who_leaves_is_not_sent(session: Session, factories: Factories) -> None:
    contact, user, now = factories.contact(), factories.user(), factories.now
    survey = factories.survey(session.get_one(Company, contact.company_id))
    waiting = factories.invitation(survey, contact, channel="mail", state="deferred", asked_at=None, due_at=now)
    sent = factories.invitation(survey, contact, channel="mail", state="sent", sent_at=now, due_at=now)
    forget_contact(session, contact=contact, user=user, now=now)
    states = session.scalars(select(Invitation).order_by(Invitation.id)).all()
    assert [(each.state, each.reason, each.due_at) for each in states] == [
        ("cancelled", "contact_deleted", None),
        ("sent", "", None),
    ]
    assert [waiting, sent] == states


@pytest.mark.both_databases
def test_nothing_is_written_into_somebody_who_is_erased_at_this_moment(session: Session, factories: Factories) -> None:
    contact, user, now = factories.contact(email="a@customer.example"), factories.user(), factories.now
    session.commit()
    with Session(session.get_bind()) as other:
        forget_contact(other, contact=other.get_one(Contact, contact.id), user=other.get_one(User, user.id), now=now)
        other.commit()
    assert contact.email is not None, "as whoever writes has read it before"
    with pytest.raises(NotFound):
        change_contact(session, contact=contact, values=ContactValues(name="Åsa"), user=None, now=now)
    with pytest.raises(RuleBroken, match="contact_deleted"):
        note_event(session, contact=contact, name="deal won", happened_at=now, source="api", now=now)
    assert (contact.email, contact.name, events_of(session, contact.id)) == (None, "", [])


def test_what_a_server_said_of_somebody_is_forgotten_with_them(session: Session, factories: Factories) -> None:
    contact, user, now = factories.contact(), factories.user(), factories.now
    survey = factories.survey(session.get_one(Company, contact.company_id))
    invitation = factories.invitation(survey, contact, channel="mail", state="sent", sent_at=now)
    words = {"reason": "5.1.1 asa.oberg is not known here", "is_permanent": True, "now": now}
    note_bounced(session, invitation=invitation, **words)
    forget_contact(session, contact=contact, user=user, now=now)
    session.refresh(invitation)
    assert (invitation.state, invitation.error, contact.email_bounce_reason) == ("bounced", "", "")
    note_bounced(session, invitation=invitation, **words)
    assert (invitation.error, contact.email_bounce_reason) == ("", "")


@pytest.mark.both_databases
@pytest.mark.parametrize("outcome", [Outcome.PUT_OFF, Outcome.REFUSED])
def test_what_a_server_says_of_somebody_erased_while_the_letter_was_on_its_way_is_not_kept(
    session: Session, factories: Factories, outcome: Outcome
) -> None:
    user, now, campaign = factories.user(), factories.now, factories.campaign()
    contact = factories.contact(campaign.survey.company)
    invitation = factories.invitation(campaign.survey, contact, campaign_id=campaign.id, channel="mail", claim="mine")
    reader = Addressee(invitation.public_id, contact.public_id, str(contact.email), contact.name)
    outgoing = Outgoing(invitation.id, campaign, "en", reader, attempt_count=0)
    forget_contact(session, contact=contact, user=user, now=now)
    result = Result(outgoing, outcome, "asa.oberg is greylisted")
    if is_refusal(result):
        record_refusal(session, result, now=now)
    else:
        record_results(session, [result], claim="mine", now=now)
    session.refresh(invitation)
    assert (invitation.state, invitation.claim, invitation.error) == ("cancelled", None, "")


def test_an_exported_file_holds_every_contact_and_no_formula(session: Session, factories: Factories) -> None:
    company = factories.company()
    owner = factories.member("owner", company).user
    factories.contact(company, email=None, name="=1+1", organisation="'=1", attributes={NAME: '\t"a,b"'})
    factories.contact(
        company, email="a@customer.example", phone="+46701234567", owner_id=owner.id, unsubscribed_at=factories.now
    )
    factories.contact(factories.company())
    text = "".join(export(session, conditions(company.id, Wanted(TODAY))))
    assert text.startswith("\ufeffemail,phone,")
    heading, first, second = csv.reader(io.StringIO(text[1:], newline=""))
    assert heading == [*HEADINGS, "attributes." + NAME]
    assert dict(zip(heading, first, strict=True)) == dict.fromkeys(HEADINGS, "") | {
        "name": "'=1+1",
        "organisation": "''=1",
        "attributes." + NAME: '\'\t"a,b"',
    }
    assert dict(zip(heading, second, strict=True)) | {"name": ""} == dict.fromkeys(heading, "") | {
        "email": "a@customer.example",
        "phone": "'+46701234567",
        "owner": owner.email,
        "unsubscribed": "yes",
    }


def test_an_export_reads_in_batches_and_misses_nobody(
    session: Session, factories: Factories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socialproof.contacts.export.BATCH", 2)
    company = factories.company()
    expected = [factories.contact(company).email for _ in range(5)]
    lines = "".join(export(session, conditions(company.id, Wanted(TODAY)))).splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == expected


def test_the_history_tells_everything_once_and_in_order(session: Session, factories: Factories) -> None:
    contact = factories.contact()
    survey = factories.survey(session.get_one(Company, contact.company_id))
    now = factories.now
    invitation = factories.invitation(survey, contact, channel="mail", state="sent", sent_at=now + timedelta(days=2))
    for days, verdict, reason in ((0, "deferred", "asked_recently"), (2, "asked", "")):
        factories.add(
            LedgerEntry(
                company_id=contact.company_id,
                contact_id=contact.id,
                ask_key=invitation.public_id,
                kind="nps",
                channel="mail",
                verdict=verdict,
                reason=reason,
                decided_at=now + timedelta(days=days, hours=1),
            )
        )
    later = now + timedelta(days=3)
    response = factories.response(survey, 9, contact_id=contact.id, invitation_id=invitation.id, answered_at=later)
    factories.testimonial(response, submitted_at=later)
    second = factories.response(survey, 9, contact_id=contact.id, answered_at=later + timedelta(days=1))
    factories.testimonial(second, "draft")
    told = [happening.kind for happening in history_of(session, contact)]
    assert told == ["answered", "testimonial", "answered", "asked", "sent", "deferred", "consent", "added"]
    assert kept_counts(session, contact) == (2, 1)
