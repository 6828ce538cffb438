"""The short address in a text message."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from socialproof.campaigns.models import Invitation
from socialproof.web.customer.short import LIMIT, MOST_UNKNOWN
from socialproof.web.rate_limits import RateLimit
from tests.factories import Factories

CODE = "0aB1cD2eF3"


@pytest.fixture
def invitation(factories: Factories) -> Invitation:
    return factories.invitation(channel="sms", state="sent", short_code=CODE)


def test_it_leads_to_the_question_and_changes_nothing(
    client: FlaskClient, invitation: Invitation, factories: Factories
) -> None:
    for _preview in range(2):
        answer = client.get(f"/s/k/{CODE}")
        assert answer.status_code == 302
        assert answer.location.startswith("/s/i/")
        assert "Set-Cookie" not in answer.headers
    assert client.get(answer.location).status_code == 200
    factories.session.refresh(invitation)
    assert (invitation.state, invitation.answered_at) == ("sent", None)


def test_a_text_from_a_name_leads_to_where_it_is_stopped(client: FlaskClient, invitation: Invitation) -> None:
    answer = client.get(f"/s/k/{CODE}/stop")
    assert answer.status_code == 302
    assert client.get(answer.location).status_code == 200


def test_an_expired_link_says_so_kindly(client: FlaskClient, factories: Factories) -> None:
    factories.invitation(short_code=CODE, expires_at=factories.now - timedelta(days=1))
    assert client.get(f"/s/k/{CODE}", follow_redirects=True).status_code == 410


@pytest.mark.both_databases
@pytest.mark.parametrize("code", ["0aB1cD2eF4", CODE.lower(), "x", "a" * 5000, "%00", "-_-_-_-_-_"])
def test_an_unknown_code_is_unknown(client: FlaskClient, invitation: Invitation, code: str) -> None:
    assert client.get(f"/s/k/{code}").status_code == 404
    assert client.get(f"/s/k/{code}/stop").status_code == 404


def test_whoever_guesses_is_told_to_wait_and_others_are_not(
    app: Flask, client: FlaskClient, invitation: Invitation, factories: Factories
) -> None:
    client.get("/s/k/0000000000")
    guesses: RateLimit = app.extensions[LIMIT]
    for _guess in range(MOST_UNKNOWN):
        guesses.count("127.0.0.1", factories.now)
    refused = client.get(f"/s/k/{CODE}")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    elsewhere = client.get(f"/s/k/{CODE}", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 302
    assert guesses.seconds_left("127.0.0.1", factories.now + timedelta(minutes=16)) == 0


def test_a_request_for_a_reference_leads_to_its_form(client: FlaskClient, invitation: Invitation) -> None:
    answer = client.get(f"/s/k/{CODE}/r")
    assert (answer.status_code, answer.location.rsplit("/", 1)[1]) == (302, "testimonial")
