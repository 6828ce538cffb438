"""Accepting an invitation: as somebody new, somebody known, and somebody it is not for."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof.companies.models import User
from tests.factories import PASSWORD, Factories
from tests.people import Marketer, csrf_token

Invite = Callable[..., str]


@pytest.fixture
def owner(signed_in: Callable[..., Marketer]) -> Marketer:
    return signed_in("owner")


@pytest.fixture
def invite(app: Flask, owner: Marketer, run_jobs: Callable[[], int]) -> Invite:
    """Invite an address and return the path that was mailed to it."""

    def send(email: str, role: str = "moderator") -> str:
        answer = owner.post("/app/team/invitations", {"email": email, "role": role})
        assert answer.status_code == 303, answer.text
        run_jobs()
        letters = app.extensions["socialproof"].backends.mailer.messages()
        letter = next(one for one in letters if one["To"] == email)
        found = re.search(r"(/app/join/[\w-]+)", letter.get_body(("plain",)).get_content())
        assert found
        return found.group(1)

    return send


def accept(client: FlaskClient, path: str, **form: str) -> TestResponse:
    token = csrf_token(client.get(path).text)
    return client.post(path, data=form | {"csrf_token": token})


def test_somebody_new_joins_with_a_name_and_a_password(client: FlaskClient, invite: Invite, owner: Marketer) -> None:
    path = invite("new@nordlys.example")
    assert owner.company.name in client.get(path).text
    answer = accept(client, path, name="Nils", password="a sentence about coffee")
    assert (answer.status_code, answer.location) == (303, "/app/")
    team = client.get("/app/team").text
    assert "Nils" in team
    assert "Invite somebody" not in team


def test_somebody_known_joins_with_their_password(
    client: FlaskClient, invite: Invite, factories: Factories, owner: Marketer
) -> None:
    user = factories.user()
    path = invite(user.email)
    assert 'name="name"' not in client.get(path).text
    assert accept(client, path, password="wrong password").status_code == 422
    assert accept(client, path, password=PASSWORD).status_code == 303
    assert owner.company.name in client.get("/app/company").text


def test_guessing_the_password_of_somebody_known_is_limited(
    client: FlaskClient, invite: Invite, factories: Factories
) -> None:
    path = invite(factories.user().email)
    for _ in range(10):
        assert accept(client, path, password="wrong password").status_code == 422
    assert accept(client, path, password=PASSWORD).status_code == 429


def test_who_is_signed_in_joins_with_one_click(
    invite: Invite, signed_in: Callable[..., Marketer], owner: Marketer
) -> None:
    other = signed_in("viewer")
    path = invite(other.user.email)
    assert 'type="password"' not in other.get(path).text
    assert other.post(path).status_code == 303
    assert owner.company.name in other.get("/app/company").text


def test_the_invitation_does_not_join_another_person_who_is_signed_in(
    invite: Invite, signed_in: Callable[..., Marketer], owner: Marketer
) -> None:
    other = signed_in("viewer")
    path = invite("new@nordlys.example")
    assert other.post(path).status_code == 422
    assert owner.company.name not in other.get("/app/switch").text


def test_an_invitation_is_used_once(app: Flask, invite: Invite) -> None:
    path = invite("new@nordlys.example")
    accept(app.test_client(), path, name="Nils", password="a sentence about coffee")
    assert app.test_client().get(path).status_code == 404


def test_looking_accepts_nothing(client: FlaskClient, invite: Invite, session: Session) -> None:
    path = invite("new@nordlys.example")
    for _ in range(3):
        client.get(path)
    session.rollback()
    assert session.query(User).filter_by(email="new@nordlys.example").count() == 0


def test_a_revoked_and_an_unknown_link_look_alike(client: FlaskClient, invite: Invite, owner: Marketer) -> None:
    path = invite("new@nordlys.example")
    revoke = re.search(r"/app/team/invitations/[\w-]+/revoke", owner.get("/app/team").text)
    assert revoke
    assert owner.post(revoke.group()).status_code == 303
    dead, unknown = client.get(path), client.get("/app/join/" + "x" * 43)
    assert dead.status_code == unknown.status_code == 404
    assert dead.text == unknown.text


def test_what_is_wrong_is_said_and_the_name_kept(client: FlaskClient, invite: Invite) -> None:
    path = invite("new-person@nordlys.example")
    answer = accept(client, path, name="Nils", password="short")
    assert answer.status_code == 422
    assert 'value="Nils"' in answer.text
    assert accept(client, path, name="Nils", password="new-person@nordlys.example").status_code == 422
    assert accept(client, path, name="Nils\r\nBcc: x@evil.example", password="a fine sentence").status_code == 422


def test_names_with_markup_are_literal_on_the_page_and_in_the_letter(
    app: Flask, client: FlaskClient, factories: Factories, run_jobs: Callable[[], int]
) -> None:
    company = factories.company(name='"><img src=x onerror=alert(1)>')
    owner = Marketer.signed_in(app, factories, "owner", company)
    owner.post("/app/team/invitations", {"email": "new@nordlys.example", "role": "viewer"})
    run_jobs()
    letter = app.extensions["socialproof"].backends.mailer.messages()[0]
    assert "<img src=x" not in letter.get_body(("html",)).get_content()
    path = re.search(r"(/app/join/[\w-]+)", letter.get_body(("plain",)).get_content())
    assert path
    assert "<img src=x" not in client.get(path.group()).text
