"""A survey is shared by a link, a QR code and personal links."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from socialproof.campaigns.models import Invitation, LinkOpening
from socialproof.contacts.models import Contact


@pytest.fixture
def moderator(signed_in):
    return signed_in("moderator")


@pytest.fixture
def survey(factories, moderator):
    return factories.survey(moderator.company, name="Yearly")


def share(survey):
    return f"/app/surveys/{survey.public_id}/share"


def test_it_shows_the_public_link_and_its_qr_code(moderator, survey, settings):
    page = moderator.get(share(survey))
    assert f'value="{settings.base_url}/s/{survey.public_id}"' in page.text
    assert f"/app/surveys/{survey.public_id}/qr.svg" in page.text


def test_the_qr_code_comes_as_svg_and_png(moderator, survey):
    svg = moderator.get(f"/app/surveys/{survey.public_id}/qr.svg")
    assert svg.content_type.startswith("image/svg+xml")
    assert b"<svg" in svg.data
    png = moderator.get(f"/app/surveys/{survey.public_id}/qr.png?download=1")
    assert png.data.startswith(b"\x89PNG")
    assert png.headers["Content-Disposition"] == f'attachment; filename="survey-{survey.public_id}.png"'
    assert moderator.get(f"/app/surveys/{survey.public_id}/qr.pdf").status_code == 404


def test_a_personal_link_opens_the_survey_for_its_customer(moderator, client, session, survey):
    made = moderator.post(
        f"/app/surveys/{survey.public_id}/invitations",
        {"person": "Aino Virtanen", "email": " Aino@Customer.example ", "language": "fi"},
    )
    assert made.status_code == 303
    page = moderator.get(made.location).text
    link = re.search(r'value="(http://[^"]*/s/i/[^"]+)"', page)[1]
    assert client.get(link.partition("127.0.0.1")[2].partition("/")[1] + link.split("/", 3)[3]).status_code == 200
    contact = session.scalars(select(Contact)).one()
    assert (contact.name, contact.email, contact.language) == ("Aino Virtanen", "aino@customer.example", "fi")
    assert "Ready to send" in page


def test_the_same_address_again_is_asked_about_first(moderator, session, survey):
    address = f"/app/surveys/{survey.public_id}/invitations"
    typed = {"person": "Aino Virtanen", "email": "aino@customer.example", "language": "fi"}
    assert moderator.post(address, typed).status_code == 303
    again = moderator.post(address, typed)
    assert again.status_code == 422
    assert "Aino Virtanen is not to be asked before" in again.text
    assert 'name="anyway"' in again.text
    assert 'value="aino@customer.example"' in again.text
    assert moderator.post(address, typed | {"anyway": "y"}).status_code == 303
    session.rollback()
    contact = session.scalars(select(Contact)).one()
    contact.unsubscribed_at = contact.created_at
    session.commit()
    never = moderator.post(address, typed | {"anyway": "y"})
    assert never.status_code == 422
    assert "is not asked any more: unsubscribed" in never.text


def test_what_campaigns_sent_is_no_personal_link(moderator, factories, survey):
    for state in ("deferred", "declined", "cancelled", "unsubscribed", "delivered"):
        factories.invitation(survey, state=state, channel="mail")
        factories.invitation(survey, state=state)
    page = moderator.get(share(survey))
    assert page.status_code == 200
    assert page.text.count('data-label="State"') == 5


def test_states_of_links_are_words(moderator, factories, session, survey):
    now = factories.now
    factories.invitation(survey, state="answered", answered_at=now)
    factories.invitation(survey, expires_at=now - timedelta(days=1))
    factories.invitation(survey, state="sent")
    factories.invitation(survey, revoked_at=now)
    page = moderator.get(share(survey)).text
    for words in ("Answered", "Expired", "Link sent", "Revoked"):
        assert f">{words}</span>" in page
    assert page.count("/s/i/") == 1


def test_a_link_can_be_taken_back(moderator, factories, client, session, survey):
    invitation = factories.invitation(survey)
    link = re.search(r'value="http://[^/]+(/s/i/[^"]+)"', moderator.get(share(survey)).text)[1]
    assert client.get(link).status_code == 200
    gone = moderator.post(f"/app/surveys/{survey.public_id}/invitations/{invitation.public_id}/revoke")
    assert gone.status_code == 303
    assert client.get(link).status_code == 410
    assert "Revoked" in moderator.get(share(survey)).text


def test_clicks_that_nobody_confirmed_are_told(moderator, factories, survey):
    invitation = factories.invitation(survey)
    for score in range(3):
        factories.add(LinkOpening(invitation_id=invitation.id, score=score, opened_at=factories.now))
    assert "clicks not confirmed: 3" in moderator.get(share(survey)).text


@pytest.mark.parametrize(
    "typed",
    [
        {"person": "", "email": "a@b.example"},
        {"person": "Aino", "email": "no address"},
        {"person": "Aino", "email": "a@b.example\r\nBcc: evil@evil.example"},
        {"person": "Aino\r\nBcc: evil@evil.example", "email": ""},
        {"person": "Aino", "email": "a" * 300 + "@b.example"},
        {"person": "Aino", "email": "", "language": "xx"},
    ],
)
def test_a_wrong_customer_is_refused_with_words(moderator, session, survey, typed):
    page = moderator.post(f"/app/surveys/{survey.public_id}/invitations", {"language": "en"} | typed)
    assert page.status_code == 422
    assert "error-summary" in page.text
    assert session.scalars(select(Invitation)).all() == []


def test_a_closed_survey_makes_no_link_and_says_so(moderator, session, survey):
    survey.state = "closed"
    session.commit()
    page = moderator.post(f"/app/surveys/{survey.public_id}/invitations", {"person": "Aino", "language": "en"})
    assert page.status_code == 422
    assert "The survey is closed." in page.text


def test_a_draft_warns_before_it_is_shared(moderator, factories):
    draft = factories.survey(moderator.company, state="draft")
    assert "Open the survey before you share it" in moderator.get(share(draft)).text


def test_viewers_see_no_personal_link_and_make_none(signed_in, factories):
    viewer = signed_in("viewer")
    survey = factories.survey(viewer.company)
    invitation = factories.invitation(survey)
    page = viewer.get(share(survey))
    assert page.status_code == 200
    assert "/s/i/" not in page.text
    address = f"/app/surveys/{survey.public_id}/invitations"
    assert viewer.post(address, {"person": "Aino", "language": "en"}).status_code == 403
    assert viewer.post(f"{address}/{invitation.public_id}/revoke").status_code == 403


@pytest.mark.both_databases
def test_foreign_and_missing_are_the_same_404(moderator, factories, session, survey):
    foreign = factories.invitation()
    own = factories.invitation(survey)
    other = factories.survey(moderator.company)
    for survey_id, invitation_id in (
        (foreign.survey.public_id, foreign.public_id),
        (survey.public_id, foreign.public_id),
        (other.public_id, own.public_id),
        (survey.public_id, "%00"),
    ):
        path = f"/app/surveys/{survey_id}/invitations/{invitation_id}/revoke"
        assert moderator.post(path).status_code == 404
    assert moderator.get(share(foreign.survey)).status_code == 404
    assert moderator.get(f"/app/surveys/{foreign.survey.public_id}/qr.svg").status_code == 404
    assert moderator.post(f"/app/surveys/{foreign.survey.public_id}/invitations", {"person": "A"}).status_code == 404
    session.rollback()
    session.refresh(foreign)
    assert foreign.revoked_at is None
