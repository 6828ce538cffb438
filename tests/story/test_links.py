"""Personal links that somebody of the team makes: with the ledger's leave, or in spite of its "not yet"."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.links import note_handed_over, personal_link
from socialproof.campaigns.models import Invitation
from socialproof.contacts.models import LedgerEntry
from socialproof.domain.errors import RuleBroken
from tests.factories import Factories

DAY = timedelta(days=1)


def test_a_link_is_an_ask_and_the_ledger_knows_it(session: Session, factories: Factories) -> None:
    survey, user = factories.survey(), factories.user()
    contact = factories.contact(survey.company, language="fi")
    made = personal_link(session, survey=survey, contact=contact, user=user, now=factories.now)
    assert (made.state, made.channel, made.language, made.made_by_id) == ("pending", "link", "fi", user.id)
    assert made.asked_at == contact.last_nps_asked_at == factories.now
    [entry] = session.scalars(select(LedgerEntry))
    assert (entry.verdict, entry.channel, entry.ask_key) == ("asked", "link", made.public_id)
    note_handed_over(session, invitation=made, now=factories.now + DAY)
    note_handed_over(session, invitation=made, now=factories.now + 2 * DAY)
    assert (made.state, made.sent_at) == ("sent", factories.now + DAY)


def test_not_yet_says_until_when_and_may_be_overruled_by_name(session: Session, factories: Factories) -> None:
    survey, user = factories.survey(), factories.user()
    contact = factories.contact(survey.company, last_asked_at=factories.now - DAY)
    asking = {"survey": survey, "contact": contact, "user": user, "now": factories.now}
    with pytest.raises(RuleBroken) as refused:
        personal_link(session, **asking)
    assert refused.value.code == "asked_recently"
    assert refused.value.details == {"until": factories.now + 29 * DAY, "may_force": True}
    assert session.scalars(select(Invitation)).all() == []
    made = personal_link(session, **asking, force=True)
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.ask_key == made.public_id)).one()
    assert (entry.verdict, entry.forced_by_id) == ("asked", user.id)


@pytest.mark.parametrize("force", [False, True])
def test_never_is_never(session: Session, factories: Factories, force: bool) -> None:
    survey = factories.survey()
    contact = factories.contact(survey.company, unsubscribed_at=factories.now)
    with pytest.raises(RuleBroken) as refused:
        personal_link(session, survey=survey, contact=contact, user=factories.user(), now=factories.now, force=force)
    assert refused.value.code == "unsubscribed"
    assert refused.value.details["may_force"] is False


def test_a_closed_survey_has_no_links(session: Session, factories: Factories) -> None:
    survey = factories.survey(state="closed")
    with pytest.raises(RuleBroken, match="survey_not_open"):
        personal_link(session, survey=survey, contact=factories.contact(survey.company), user=None, now=factories.now)
