"""The first run, and that it happens once."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.companies.models import Company, User
from tests.factories import Factories
from tests.people import csrf_token

FORM = {
    "company": "Nordlys Kaffe AB",
    "name": "Anna Lind",
    "email": "anna@nordlys.example",
    "password": "a sentence about coffee",
}


def found(client: FlaskClient, **changes: str):  # type: ignore[no-untyped-def]
    token = csrf_token(client.get("/app/welcome").text)
    return client.post("/app/welcome", data=FORM | {"csrf_token": token} | changes)


@pytest.mark.parametrize("path", ["/app/sign-in", "/app/team", "/app/company?x=1"])
def test_an_empty_installation_welcomes_whoever_comes(client: FlaskClient, path: str) -> None:
    assert client.get(path).location == "/app/welcome"


def test_the_first_person_becomes_the_owner_and_is_in(client: FlaskClient, session: Session) -> None:
    answer = found(client)
    assert (answer.status_code, answer.location) == (303, "/app/")
    page = client.get("/app/team").text
    assert "Anna Lind" in page
    assert "Nordlys Kaffe AB" in page


def test_once_there_is_a_user_the_door_is_closed_for_ever(
    client: FlaskClient, factories: Factories, session: Session
) -> None:
    token = csrf_token(client.get("/app/welcome").text)
    factories.member()
    assert client.get("/app/welcome").location == "/app/sign-in"
    assert client.post("/app/welcome", data=FORM | {"csrf_token": token}).status_code == 404
    assert session.query(User).count() == 1


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("company", "", "Please fill this in."),
        ("company", "\u200b \u2060", "Please fill this in."),
        ("company", "Nordlys\r\nBcc: evil@evil.example", "single line"),
        ("name", "Anna\nBcc: evil@evil.example", "single line"),
        ("name", "x" * 121, "at most 120"),
        ("email", "anna", "does not look like"),
        ("email", "anna@nordlys.example\r\nBcc: x@evil.example", "does not look like"),
        ("password", "short", "at least 10"),
        ("password", "anna@nordlys.example", "first thing somebody would try"),
        ("password", "password1234", "most common"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(
    client: FlaskClient, session: Session, field: str, typed: str, words: str
) -> None:
    answer = found(client, **{field: typed})
    assert answer.status_code == 422
    assert words in answer.text
    kept = [value for name, value in FORM.items() if name not in (field, "password")]
    assert all(f'value="{value}"' in answer.text for value in kept)
    assert session.query(Company).count() == 0


def test_a_name_full_of_markup_is_shown_as_it_is_written(client: FlaskClient) -> None:
    found(client, company='"><img src=x onerror=alert(1)>')
    page = client.get("/app/company").text
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


@pytest.mark.parametrize("name", ["Anna\x00Lind", "Anna\u202eLind", "Anna\ud800Lind"])
def test_characters_that_break_things_are_left_out(client: FlaskClient, session: Session, name: str) -> None:
    token = csrf_token(client.get("/app/welcome").text)
    data = FORM | {"csrf_token": token, "name": name.encode("utf-8", "surrogatepass")}
    assert client.post("/app/welcome", data=data).status_code == 303
    kept = session.query(User).one().name
    assert "\x00" not in kept
    assert "\u202e" not in kept


def test_in_public_only_the_operators_link_makes_the_first_owner(
    make_app: Callable[..., Flask], session: Session
) -> None:
    app = make_app(base_url="https://proof.example.com")
    client = app.test_client()
    for path in ("/app/welcome", "/app/welcome?key=guessed", "/app/welcome?key="):
        page = client.get(path)
        assert page.status_code == 403
        assert "flask --app wsgi welcome" in page.text
    assert client.post("/app/welcome", data=FORM).status_code in (400, 403)
    link = app.test_cli_runner().invoke(args=["welcome"]).output.strip()
    assert link.startswith("https://proof.example.com/app/welcome?key=")
    path = link.removeprefix("https://proof.example.com")
    page = client.get(path, base_url="https://proof.example.com")
    answer = client.post(
        unescape(re.search(r'action="(/app/welcome[^"]*)"', page.text).group(1)),  # type: ignore[union-attr]
        data=FORM | {"csrf_token": csrf_token(page.text)},
        base_url="https://proof.example.com",
        headers={"Referer": link},
    )
    assert (answer.status_code, answer.location) == (303, "/app/")
    assert session.scalars(select(User.email)).all() == ["anna@nordlys.example"]
    assert "There is an owner already" in app.test_cli_runner().invoke(args=["welcome"]).output


def test_its_clock_is_the_one_of_its_language(client: FlaskClient, session: Session) -> None:
    token = csrf_token(client.get("/app/welcome").text)
    client.post("/app/welcome", data=FORM | {"csrf_token": token}, headers={"Accept-Language": "fi"})
    assert session.scalars(select(Company.time_zone)).all() == ["Europe/Helsinki"]
