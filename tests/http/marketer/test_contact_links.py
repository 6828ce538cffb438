"""Personal links from a contact's page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from socialproof.campaigns.models import Invitation
from socialproof.contacts.models import LedgerEntry


@pytest.fixture
def moderator(signed_in):
    return signed_in("moderator")


@pytest.fixture
def survey(factories, moderator):
    return factories.survey(moderator.company, name="Yearly")


@pytest.fixture
def contact(factories, moderator):
    return factories.contact(moderator.company, name="Aino & Co")


def path(contact):
    return f"/app/contacts/{contact.public_id}/links"


def invitations(session):
    session.rollback()
    return list(session.scalars(select(Invitation)))


def test_a_link_is_made_copied_shown_as_a_code_and_sent_by_hand(moderator, client, session, survey, contact):
    page = moderator.get(f"/app/contacts/{contact.public_id}").text
    assert f'<option value="{survey.public_id}">Yearly</option>' in page
    made = moderator.post(path(contact), {"survey": survey.public_id})
    assert made.status_code == 303
    page = moderator.get(made.location)
    link = re.search(r'id="personal-link" value="http://[^/]+(/s/i/[^"]+)"', page.text)[1]
    assert client.get(link).status_code == 200
    picture = moderator.get(made.location + "/qr.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "no-store"
    assert "Ready to send" in moderator.get(f"/app/contacts/{contact.public_id}").text
    assert moderator.post(made.location + "/sent").status_code == 303
    [invitation] = invitations(session)
    assert (invitation.state, invitation.made_by_id) == ("sent", moderator.user.id)
    assert "Link sent" in moderator.get(f"/app/contacts/{contact.public_id}").text


def test_not_yet_says_why_and_until_when_and_may_be_overruled(moderator, session, survey, contact, factories):
    contact.last_asked_at = factories.now - timedelta(days=3)
    session.commit()
    refused = moderator.post(path(contact), {"survey": survey.public_id})
    assert refused.status_code == 422
    assert "Aino &amp; Co is not to be asked before" in refused.text
    assert "asked recently" in refused.text
    assert "Make it anyway" in refused.text
    assert invitations(session) == []
    forced = moderator.post(path(contact), {"survey": survey.public_id, "anyway": "yes"})
    assert forced.status_code == 303
    assert len(invitations(session)) == 1
    assert session.scalars(select(LedgerEntry.forced_by_id)).one() == moderator.user.id


def test_never_is_said_without_a_way_round(moderator, session, survey, contact, factories):
    contact.unsubscribed_at = factories.now
    session.commit()
    assert "Unsubscribed contacts are not asked" in moderator.get(f"/app/contacts/{contact.public_id}").text
    refused = moderator.post(path(contact), {"survey": survey.public_id, "anyway": "yes"})
    assert refused.status_code == 422
    assert "is not asked any more: unsubscribed" in refused.text
    assert "Make it anyway" not in refused.text
    assert invitations(session) == []


def test_only_open_surveys_of_the_company_can_be_chosen(moderator, session, contact, factories):
    assert "Open a survey first" in moderator.get(f"/app/contacts/{contact.public_id}").text
    for survey in (factories.survey(), factories.survey(moderator.company, state="closed")):
        refused = moderator.post(path(contact), {"survey": survey.public_id})
        assert refused.status_code == 422
    assert moderator.post(path(contact)).status_code == 422
    assert invitations(session) == []


def test_a_link_that_has_ended_is_not_handed_out_again(moderator, survey, contact, factories):
    ended = factories.invitation(survey, contact, revoked_at=factories.now)
    page = moderator.get(f"{path(contact)}/{ended.public_id}")
    assert page.status_code == 200
    assert "/s/i/" not in page.text
    by_mail = factories.invitation(survey, contact, channel="mail")
    assert moderator.get(f"{path(contact)}/{by_mail.public_id}").status_code == 404
    other = factories.contact(moderator.company)
    assert moderator.get(f"{path(other)}/{ended.public_id}").status_code == 404


def test_viewers_make_and_see_no_link(signed_in, factories):
    viewer = signed_in("viewer")
    invitation = factories.invitation(factories.survey(viewer.company), factories.contact(viewer.company))
    address = path(invitation.contact)
    assert viewer.post(address, {"survey": invitation.survey.public_id}).status_code == 403
    assert viewer.get(f"{address}/{invitation.public_id}").status_code == 403
    assert "/links/" not in viewer.get(f"/app/contacts/{invitation.contact.public_id}").text
