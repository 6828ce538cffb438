"""The personal link: its person, its robots, its end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.app import EXTENSION
from socialproof.campaigns.models import Invitation, LinkOpening
from socialproof.campaigns.queries import unconfirmed_click_count
from socialproof.tokens import Purpose
from tests.answers import counted, invitation_path, responses
from tests.factories import Factories

GESTURE = {"Accept": "application/json"}


@pytest.fixture
def invitation(factories: Factories) -> Invitation:
    company = factories.company(name="Nordlys Kaffe AB")
    return factories.invitation(factories.survey(company), factories.contact(company, name="Kerttu Virtanen"))


@pytest.fixture
def path(app: Flask, invitation: Invitation) -> str:
    return invitation_path(app, invitation)


def openings(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count(LinkOpening.id))) or 0


def confirmation(html: str) -> str:
    return re.findall(r'data-confirm="(\w+)"', html)[0]


def test_it_is_answered_once_by_its_person(
    client: FlaskClient, path: str, invitation: Invitation, session: Session
) -> None:
    assert client.get(path).status_code == 200
    sent = client.post(path, data={"score": 9})
    assert sent.status_code == 303
    (given,) = responses(session)
    assert (given.score, given.source, given.contact_id) == (9, "invitation", invitation.contact_id)
    assert session.get_one(Invitation, invitation.id).state == "answered"
    assert counted(session) == {9: 1}


@pytest.mark.both_databases
def test_a_robot_opens_all_eleven_links_and_later_the_human_answers_seven(
    client: FlaskClient, path: str, invitation: Invitation, session: Session
) -> None:
    for score in range(11):
        assert client.get(f"{path}?score={score}", headers={"User-Agent": "curl/8"}).status_code == 200
    assert responses(session) == []
    assert unconfirmed_click_count(session, invitation.company_id) == 11
    assert client.post(path, data={"score": 7}).status_code == 303
    assert [given.score for given in responses(session)] == [7]
    assert unconfirmed_click_count(session, invitation.company_id) == 0


def test_after_two_different_scores_in_a_minute_only_send_counts(
    client: FlaskClient, path: str, session: Session
) -> None:
    assert confirmation(client.get(path + "?score=3").text) == "gesture"
    assert confirmation(client.get(path + "?score=7").text) == "send"
    by_gesture = client.post(path, data={"score": 7, "act": "gesture"}, headers=GESTURE)
    assert by_gesture.status_code == 409
    assert by_gesture.json is not None
    assert "press Send" in by_gesture.json["message"]
    assert responses(session) == []
    assert client.post(path, data={"score": 7, "act": "send"}).status_code == 303


def test_one_link_opened_and_one_trusted_act_is_an_answer(client: FlaskClient, path: str, session: Session) -> None:
    client.get(path + "?score=7")
    client.get(path + "?score=7")
    sent = client.post(path, data={"score": 7, "act": "gesture"}, headers=GESTURE)
    assert sent.status_code == 200
    assert [given.score for given in responses(session)] == [7]


def test_two_scores_more_than_a_minute_apart_are_a_person_who_thinks_again(client: FlaskClient, path: str) -> None:
    with time_machine.travel(datetime(2026, 11, 21, 12, tzinfo=UTC), tick=False) as clock:
        client.get(path + "?score=3")
        clock.shift(timedelta(seconds=61))
        assert confirmation(client.get(path + "?score=7").text) == "gesture"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("OPTIONS", {}),
        ("GET", {"Sec-Purpose": "prefetch"}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"Purpose": "prefetch"}),
    ],
)
def test_looking_ahead_changes_nothing(
    client: FlaskClient, path: str, session: Session, method: str, headers: dict[str, str]
) -> None:
    assert client.open(path + "?score=7", method=method, headers=headers).status_code == 200
    assert responses(session) == []
    assert openings(session) == 0


def test_a_machine_that_comes_for_ever_does_not_fill_the_table(
    client: FlaskClient, path: str, session: Session, invitation: Invitation, factories: Factories
) -> None:
    rows = [LinkOpening(invitation_id=invitation.id, score=1, opened_at=factories.now) for _ in range(200)]
    session.add_all(rows)
    session.commit()
    client.get(path + "?score=7")
    assert openings(session) == 200


def test_another_score_within_a_day_replaces_the_first(client: FlaskClient, path: str, session: Session) -> None:
    client.post(path, data={"score": 9})
    again = client.get(path)
    assert "You have answered 9" in again.text
    client.post(path, data={"score": 2})
    (given,) = responses(session)
    assert (given.score, [change.old_score for change in given.changes]) == (2, [9])
    assert counted(session) == {2: 1}


def test_after_a_day_the_answer_stays_and_that_is_explained(client: FlaskClient, path: str, session: Session) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        client.post(path, data={"score": 9})
        clock.shift(timedelta(hours=24))
        for late in (client.get(path + "?score=2"), client.post(path, data={"score": 2})):
            assert "Your answer was 9" in late.text
            assert "that time is over" in late.text
    assert [given.score for given in responses(session)] == [9]


@pytest.mark.parametrize("ending", ["expired", "revoked", "deleted"])
def test_an_ended_link_is_friendly_and_stores_nothing(
    app: Flask, client: FlaskClient, factories: Factories, session: Session, ending: str
) -> None:
    company = factories.company()
    gone = {"deleted_at": factories.now} if ending == "deleted" else {}
    contact = factories.contact(company, name="Kerttu Virtanen", email="kerttu@customer.example", **gone)
    times = {"revoked_at": factories.now} if ending == "revoked" else {}
    if ending == "expired":
        times = {"expires_at": factories.now - timedelta(seconds=1)}
    path = invitation_path(app, factories.invitation(factories.survey(company), contact, **times))
    for page in (client.get(path + "?score=7"), client.post(path, data={"score": 7})):
        assert page.status_code == 410
        assert "no longer in use" in page.text
        assert "Nothing was saved" in page.text
        assert "Kerttu" not in page.text
        assert "kerttu" not in page.text
    assert responses(session) == []
    assert openings(session) == 0


def test_a_link_never_shows_whose_it_is(client: FlaskClient, path: str) -> None:
    assert "Kerttu" not in client.get(path).text


def test_a_changed_character_is_the_same_as_an_unknown_link(client: FlaskClient, path: str) -> None:
    unknown = client.get("/s/i/nothing.at.all")
    body = path.removeprefix("/s/i/")
    for at in (0, len(body) // 2, len(body) - 3):
        changed = body[:at] + ("A" if body[at] != "A" else "B") + body[at + 1 :]
        page = client.get("/s/i/" + changed)
        assert (page.status_code, page.text) == (404, unknown.text)
        assert client.post("/s/i/" + changed, data={"score": 7}).status_code == 404


def test_a_token_of_another_purpose_opens_nothing(app: Flask, client: FlaskClient, invitation: Invitation) -> None:
    tokens = app.extensions[EXTENSION].tokens
    for purpose in set(Purpose) - {Purpose.INVITATION}:
        assert client.get(f"/s/i/{tokens.sign(purpose, invitation.public_id)}").status_code == 404


def test_the_token_of_one_survey_does_not_answer_another(
    app: Flask, client: FlaskClient, invitation: Invitation, factories: Factories, session: Session
) -> None:
    other = factories.survey()
    token = invitation_path(app, invitation).removeprefix("/s/i/")
    assert client.post(f"/s/{token}", data={"score": 7}).status_code == 404
    refused = client.post(f"/s/{other.public_id}", data={"score": 7, "answer_key": token})
    assert refused.status_code == 422
    assert responses(session) == []


@pytest.mark.parametrize("score", ["11", "-1", "9.5", "", "null"])
def test_a_bad_score_is_refused_and_the_link_stays_good(
    client: FlaskClient, path: str, session: Session, score: str
) -> None:
    refused = client.post(path, data={"score": score})
    assert refused.status_code == 422
    assert "from 0 to 10" in refused.text
    assert responses(session) == []
    assert client.post(path, data={"score": 5}).status_code == 303


def test_a_closed_survey_takes_no_answer_by_a_personal_link(
    client: FlaskClient, path: str, invitation: Invitation, session: Session
) -> None:
    invitation.survey.state = "closed"
    session.commit()
    assert client.get(path).status_code == 410
    sent = client.post(path, data={"score": 7})
    assert sent.status_code == 409
    assert "You chose 7." in sent.text
    assert responses(session) == []


def test_the_link_speaks_the_language_it_was_made_in(app: Flask, client: FlaskClient, factories: Factories) -> None:
    path = invitation_path(app, factories.invitation(language="fi"))
    assert '<html lang="fi"' in client.get(path, headers={"Accept-Language": "sv"}).text
    assert '<html lang="da"' in client.get(path + "?lang=da").text


@pytest.mark.both_databases
def test_two_invitations_of_one_person_in_the_period_count_once(
    app: Flask, client: FlaskClient, invitation: Invitation, factories: Factories, session: Session
) -> None:
    second = factories.invitation(invitation.survey, invitation.contact)
    client.post(invitation_path(app, invitation), data={"score": 9})
    client.post(invitation_path(app, second), data={"score": 4})
    assert [(given.score, given.is_counted) for given in responses(session)] == [(9, False), (4, True)]
    assert counted(session) == {4: 1}


def test_the_request_for_a_reference_leads_straight_to_the_form_and_a_get_keeps_nothing(
    client: FlaskClient, invitation: Invitation, path: str, factories: Factories, session: Session
) -> None:
    assert client.get(f"{path}/testimonial").location == path
    given = factories.response(invitation.survey, 9, invitation_id=invitation.id, contact_id=invitation.contact_id)
    invitation.state, invitation.answered_at = "answered", given.answered_at
    invitation.expires_at = factories.now - timedelta(days=1)
    session.commit()
    page = client.get(f"{path}/testimonial", follow_redirects=True)
    assert page.request.path.endswith("/testimonial")
    assert 'value="Kerttu Virtanen"' in page.text
    assert 'name="score"' not in page.text
    assert "Set-Cookie" not in page.headers
    assert (openings(session), responses(session)[0].score) == (0, 9)


@pytest.mark.parametrize("end", ["expired", "revoked", "deleted"])
def test_a_request_for_a_reference_whose_link_has_ended_says_so_kindly(
    client: FlaskClient, invitation: Invitation, path: str, factories: Factories, session: Session, end: str
) -> None:
    if end == "expired":
        invitation.expires_at = factories.now
    elif end == "revoked":
        invitation.revoked_at = factories.now
    else:
        invitation.contact.deleted_at = factories.now
    session.commit()
    answer = client.get(f"{path}/testimonial")
    assert answer.status_code == 410
    assert "This link is no longer in use" in answer.text
