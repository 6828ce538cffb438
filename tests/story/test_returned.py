"""Letters that come back: whose they are, and what becomes of that."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.backends.mail.compose import message_id
from socialproof.campaigns.models import Invitation
from socialproof.campaigns.returned import is_ours, take_letter, take_note
from socialproof.contacts.models import Contact, Suppression
from socialproof.contacts.suppression import link_subject
from socialproof.tokens import Purpose, Tokens
from tests.conftest import SECRET
from tests.factories import Factories
from tests.returned_letters import absence, complaint, dsn, qmail

TOKENS = Tokens((SECRET,))


@pytest.fixture
def invitation(factories: Factories) -> Invitation:
    survey = factories.survey()
    contact = factories.contact(survey.company, email="kerttu@customer.example")
    return factories.invitation(
        survey, contact, channel="mail", state="sent", sent_at=factories.now, due_at=factories.now
    )


def mark(invitation: Invitation) -> str:
    return f"Bounces+{TOKENS.bounce_mark(invitation.public_id)}@Proof.example"


def take(session: Session, recipient: str, content: bytes, factories: Factories) -> str:
    said = take_letter(session, tokens=TOKENS, recipient=recipient, content=content, now=factories.now)
    session.commit()
    session.expire_all()
    return said


def test_a_letter_that_comes_back_for_good_ends_letters_to_that_address(
    session: Session, factories: Factories, invitation: Invitation
) -> None:
    for letter in (qmail("Sorry, no mailbox here by that name. (#5.1.1)"), dsn(), dsn()):
        assert take(session, mark(invitation), letter, factories) == "bounced"
        assert invitation.contact.email_bounced_at == factories.now
    assert (invitation.state, invitation.due_at) == ("bounced", None)
    assert invitation.error == "5.1.1 550 5.1.1 <…>: user unknown"
    assert invitation.contact.unsubscribed_at is None
    assert session.scalar(select(func.count()).select_from(Suppression)) == 1


def test_an_address_that_was_put_right_is_not_lost_to_a_late_report_about_the_wrong_one(
    session: Session, factories: Factories, invitation: Invitation
) -> None:
    invitation.contact.email = "kerttu@right.example"
    session.commit()
    assert take(session, mark(invitation), dsn(), factories) == "bounced"
    assert (invitation.state, invitation.contact.email_bounced_at) == ("sent", None)
    assert take(session, mark(invitation), dsn(ours="To: Kerttu@Right.example"), factories) == "bounced"
    assert invitation.contact.email_bounced_at is not None


@pytest.mark.parametrize(
    ("letter", "state"),
    [
        (dsn(action="delayed", status="4.4.1"), "sent"),
        (dsn(action="failed", status="4.4.7"), "sent"),
        (dsn(status="5.7.1"), "sent"),
        (dsn(action="delivered", status="2.0.0"), "delivered"),
        (absence(), "sent"),
    ],
)
def test_what_is_not_for_good_suppresses_nobody(
    session: Session, factories: Factories, invitation: Invitation, letter: bytes, state: str
) -> None:
    take(session, mark(invitation), letter, factories)
    assert invitation.state == state
    assert invitation.due_at == factories.now
    assert invitation.contact.email_bounced_at is None


def test_a_complaint_ends_letters_also_those_that_wait(
    session: Session, factories: Factories, invitation: Invitation
) -> None:
    other = factories.survey(invitation.survey.company)
    waiting = factories.invitation(other, invitation.contact, channel="mail", due_at=factories.now)
    link = factories.invitation(other, invitation.contact, channel="link")
    quoting = complaint(ours=f"Return-Path: <{mark(invitation)}>\nSubject: x")
    assert take(session, "bounces@proof.example", quoting, factories) == "complained"
    assert (invitation.state, waiting.state, waiting.due_at, link.state) == (
        "unsubscribed",
        "unsubscribed",
        None,
        "pending",
    )
    assert invitation.contact.complained_at == factories.now


def test_without_a_true_mark_nobody_is_believed(session: Session, factories: Factories, invitation: Invitation) -> None:
    true = TOKENS.bounce_mark(invitation.public_id)
    forged = ("a" if true[0] != "a" else "b") + true[1:]
    stranger = Tokens(("another key of thirty-two letters",)).bounce_mark(invitation.public_id)
    for recipient in (f"bounces+{forged}@proof.example", f"bounces+{stranger}@proof.example", "bounces@proof.example"):
        assert take(session, recipient, dsn(ours="To: kerttu@customer.example"), factories) == "unmarked"
    assert invitation.state == "sent"
    assert invitation.contact.email_bounced_at is None


def test_reports_change_no_answer_and_no_deleted_contact(
    session: Session, factories: Factories, invitation: Invitation
) -> None:
    invitation.state, invitation.answered_at, invitation.contact.email = "answered", factories.now, None
    invitation.contact.deleted_at = factories.now
    session.commit()
    for letter in (dsn(), complaint(), dsn(action="delivered")):
        take(session, mark(invitation), letter, factories)
    assert invitation.state == "answered"
    assert invitation.contact.email_bounced_at is None


def test_only_our_own_address_is_ours() -> None:
    ours = "bounces@proof.example"
    assert is_ours("Bounces@Proof.example", ours)
    assert is_ours("bounces+abc@proof.example", ours)
    for other in ("bounces@evil.example", "bouncesx@proof.example", "a@b@proof.example", "postmaster", ""):
        assert not is_ours(other, ours)
    assert not is_ours("bounces@proof.example", "")


def note(kind: str, said: dict[str, Any], mail: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"notificationType": kind, kind.lower(): said, "mail": mail or {}}


def permanent(address: str = "kerttu@customer.example") -> dict[str, Any]:
    words = f"smtp; 550 5.1.1 <{address}>: unknown"
    return {
        "bounceType": "Permanent",
        "bouncedRecipients": [{"emailAddress": address, "status": "5.1.1", "diagnosticCode": words}],
    }


def take_notes(session: Session, factories: Factories, *notes: dict[str, Any]) -> list[str]:
    said = [take_note(session, tokens=TOKENS, message=each, now=factories.now) for each in notes]
    session.commit()
    session.expire_all()
    return said


def test_the_services_notes_come_twice_and_in_any_order(
    session: Session, factories: Factories, invitation: Invitation
) -> None:
    mail = {"source": mark(invitation)}
    delivery, bounce = note("Delivery", {}, mail), note("Bounce", permanent(), mail)
    assert take_notes(session, factories, delivery, bounce, delivery, bounce) == [
        "delivered",
        "bounced",
        "delivered",
        "bounced",
    ]
    assert (invitation.state, invitation.delivered_at, invitation.bounced_at) == (
        "bounced",
        factories.now,
        factories.now,
    )
    assert invitation.contact.email_bounced_at == factories.now


def test_without_a_mark_our_own_headers_say_which_letter_it_was(
    session: Session, factories: Factories, invitation: Invitation
) -> None:
    factories.invitation(factories.survey(invitation.survey.company), invitation.contact, channel="mail")
    link = TOKENS.sign(Purpose.UNSUBSCRIBE, link_subject(invitation.contact.public_id, "a5" * 32))
    headers = [
        {"name": "List-Unsubscribe", "value": f"<https://proof.example/s/u/{link}>"},
        {"name": "Message-ID", "value": message_id(f"invitation:{invitation.public_id}:0", "shop.example")},
    ]
    mail = {"source": "feedback@shop.example", "headers": headers}
    transient = note("Bounce", {"bounceType": "Transient", "bouncedRecipients": [{"status": "4.2.2"}]}, mail)
    assert take_notes(session, factories, transient, note("Complaint", {}, mail)) == ["delayed", "complained"]
    assert (invitation.state, invitation.error) == ("unsubscribed", "4.2.2")
    headers[0]["value"] = f"<https://proof.example/s/u/{link[:-1]}>"
    assert take_notes(session, factories, note("Delivery", {}, mail)) == ["unmarked"]


def test_an_address_that_was_changed_meanwhile_keeps_its_contact(
    session: Session, factories: Factories, invitation: Invitation
) -> None:
    invitation.contact.email = "new@customer.example"
    session.commit()
    take_notes(session, factories, note("Bounce", permanent(), {"source": mark(invitation)}))
    assert invitation.state == "bounced"
    assert session.get_one(Contact, invitation.contact_id).email_bounced_at is None
    assert session.scalar(select(func.count()).select_from(Suppression)) == 1


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"notificationType": ["Bounce"]},
        {"notificationType": "Bounce", "bounce": [], "mail": "x"},
        {"notificationType": "Bounce", "mail": {"headers": [1, None, {"name": 1}]}, "bounce": {}},
        {"eventType": "Open", "mail": {}},
    ],
)
def test_a_signed_note_of_another_shape_does_nothing(
    session: Session, factories: Factories, message: dict[str, Any]
) -> None:
    assert take_notes(session, factories, message) in (["other"], ["unmarked"])


def test_a_note_with_hostile_values_does_nothing_worse(
    session: Session, factories: Factories, invitation: Invitation
) -> None:
    hostile = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "\ud800@\x00", "diagnosticCode": {}}]}
    assert take_notes(session, factories, note("Bounce", hostile, {"source": mark(invitation)})) == ["bounced"]
    assert invitation.contact.email_bounced_at is None
