"""Personal links: made, opened, answered, taken back, out of time."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation
from socialproof.campaigns.queries import (
    invitation_behind_link,
    invitation_by_public_id,
    is_opened_by_machine,
    state_of_link,
    unconfirmed_click_count,
)
from socialproof.campaigns.service import (
    expire_invitations,
    invitation_token,
    mark_answered,
    note_opening,
    revoke_invitation,
)
from socialproof.contacts.models import Contact
from socialproof.contacts.service import delete_contact, keep_contact
from socialproof.database import transaction
from socialproof.domain.invitation import LinkState
from socialproof.tokens import Purpose, Tokens
from tests.factories import Factories

SECOND = timedelta(seconds=1)


def living_contacts(session: Session, company_id: int) -> list[Contact]:
    living = select(Contact).where(Contact.company_id == company_id, Contact.deleted_at.is_(None))
    return list(session.scalars(living))


def test_the_same_address_is_one_contact_and_keeps_its_name(session: Session, factories: Factories) -> None:
    known: dict[str, Any] = {"company_id": factories.company().id, "now": factories.now}
    first = keep_contact(session, email=" Kerttu@Customer.example", name="Kerttu", language="fi", **known)
    second = keep_contact(session, email="kerttu@customer.example", **known)
    assert first is second
    assert (first.email, first.name, first.language) == ("kerttu@customer.example", "Kerttu", "fi")
    assert living_contacts(session, first.company_id) == [first]


def test_the_same_address_written_down_twice_at_once_is_one_contact(session: Session, factories: Factories) -> None:
    company, together, kept = factories.company(), threading.Barrier(6), set[int]()

    def keep() -> None:
        together.wait()
        with Session(session.get_bind()) as own, transaction(own):
            known = keep_contact(own, company_id=company.id, email="a@customer.example", now=factories.now)
            kept.add(known.id)

    threads = [threading.Thread(target=keep) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 1


def test_people_without_an_address_are_different_people(session: Session, factories: Factories) -> None:
    known: dict[str, Any] = {"company_id": factories.company().id, "now": factories.now}
    assert len({keep_contact(session, email=None, name="Anna", **known).id for _ in range(2)}) == 2


def test_the_link_is_the_same_whenever_it_is_asked_for(session: Session, factories: Factories) -> None:
    tokens, invitation = Tokens(("x" * 32,)), factories.invitation()
    assert invitation_token(tokens, invitation) == invitation_token(tokens, invitation)
    public_id = tokens.read(Purpose.INVITATION, invitation_token(tokens, invitation))
    found = invitation_behind_link(session, public_id)
    assert found is not None
    assert found.id == invitation.id


def test_another_company_does_not_find_it(session: Session, factories: Factories) -> None:
    invitation, stranger = factories.invitation(), factories.company()
    assert invitation_by_public_id(session, invitation.company_id, invitation.public_id) is invitation
    assert invitation_by_public_id(session, stranger.id, invitation.public_id) is None
    assert unconfirmed_click_count(session, stranger.id) == 0


def test_a_link_lives_is_answered_revoked_expires_or_loses_its_person(session: Session, factories: Factories) -> None:
    now = factories.now
    live, answered, revoked, expired, gone = (factories.invitation() for _ in range(5))
    mark_answered(session, invitation=answered, now=now)
    revoke_invitation(session, invitation=revoked, now=now)
    expired.expires_at = now
    delete_contact(session, contact=gone.contact, now=now)
    states = [state_of_link(invitation, now) for invitation in (live, answered, revoked, expired, gone)]
    assert states == [LinkState.LIVE, LinkState.ANSWERED, LinkState.REVOKED, LinkState.EXPIRED, LinkState.GONE]


def test_expiry_touches_only_unanswered_invitations_whose_time_is_over(session: Session, factories: Factories) -> None:
    survey, past = factories.survey(), factories.now - SECOND
    for state in ("pending", "sent", "answered", "bounced"):
        factories.invitation(survey, state=state, expires_at=past)
    factories.invitation(survey)
    assert expire_invitations(session, now=factories.now) == 2
    assert expire_invitations(session, now=factories.now) == 0
    counts = Counter(session.scalars(select(Invitation.state).where(Invitation.survey_id == survey.id)))
    assert counts == {"expired": 2, "answered": 1, "bounced": 1, "pending": 1}


def test_clicks_are_counted_until_somebody_answers(session: Session, factories: Factories) -> None:
    invitation = factories.invitation()
    for score in (3, 7):
        note_opening(session, invitation=invitation, score=score, now=factories.now)
    assert unconfirmed_click_count(session, invitation.company_id, invitation.survey_id) == 2
    assert is_opened_by_machine(session, invitation)
    mark_answered(session, invitation=invitation, now=factories.now + SECOND)
    session.flush()
    assert unconfirmed_click_count(session, invitation.company_id) == 0
    assert not is_opened_by_machine(session, invitation, last_act_at=invitation.answered_at)


def test_a_deleted_contact_leaves_no_person_behind(session: Session, factories: Factories) -> None:
    company = factories.company()
    contact = factories.contact(company, name="Kerttu", role="Baker", organisation="Bakery")
    delete_contact(session, contact=contact, now=factories.now)
    assert (contact.email, contact.name, contact.role, contact.organisation) == (None, "", "", "")
    assert living_contacts(session, company.id) == []


def test_who_was_deleted_and_comes_back_is_a_new_contact(session: Session, factories: Factories) -> None:
    company = factories.company()
    known: dict[str, Any] = {"company_id": company.id, "email": "a@customer.example", "now": factories.now}
    first = keep_contact(session, **known)
    delete_contact(session, contact=first, now=factories.now)
    assert keep_contact(session, **known).id != first.id
    assert len(living_contacts(session, company.id)) == 1
