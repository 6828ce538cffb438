"""The forgotten password: a link by mail, once, built from the configured address."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof import wiring
from socialproof.backends.jobs.worker import run_next
from socialproof.cli.work import job_context
from socialproof.settings import Settings
from tests.factories import PASSWORD, Factories
from tests.peers import SmtpPeer
from tests.people import Marketer, csrf_token

NEW = "another long sentence"


def ask(client: FlaskClient, email: str, **options: object) -> TestResponse:
    token = csrf_token(client.get("/app/reset").text)
    return client.post("/app/reset", data={"email": email, "csrf_token": token}, **options)  # type: ignore[arg-type]


def choose(client: FlaskClient, path: str, password: str = NEW) -> TestResponse:
    token = csrf_token(client.get("/app/reset").text)
    return client.post(path, data={"password": password, "csrf_token": token})


@pytest.fixture
def letters(app: Flask, run_jobs: Callable[[], int]) -> Callable[[], list[str]]:
    """Run the jobs and read what lies in the outbox, newest first."""

    def read() -> list[str]:
        run_jobs()
        mailer = app.extensions["socialproof"].backends.mailer
        return [str(one.get_body(("plain",)).get_content()) for one in mailer.messages()]

    return read


@pytest.fixture
def link(client: FlaskClient, factories: Factories, letters: Callable[[], list[str]]) -> tuple[str, str]:
    """The address of a member, and the path that was mailed to it."""
    email = factories.member().user.email
    ask(client, email)
    return email, path_in(letters()[0])


def path_in(letter: str) -> str:
    found = re.search(r"(/app/reset/[\w-]+)", letter)
    assert found
    return found.group(1)


def test_the_mailed_link_sets_a_new_password_and_lets_in(client: FlaskClient, link: tuple[str, str]) -> None:
    email, path = link
    assert client.get(path).status_code == 200
    answer = choose(client, path)
    assert (answer.status_code, answer.location) == (303, "/app/")
    assert email in client.get("/app/account").text
    client.post("/app/sign-out", data={"csrf_token": csrf_token(client.get("/app/account").text)})
    token = csrf_token(client.get("/app/sign-in").text)
    form = {"email": email, "password": PASSWORD, "csrf_token": token}
    assert client.post("/app/sign-in", data=form).status_code == 422
    assert client.post("/app/sign-in", data=form | {"password": NEW}).status_code == 303


def test_the_link_works_once(app: Flask, link: tuple[str, str]) -> None:
    choose(app.test_client(), link[1])
    other = app.test_client()
    assert other.get(link[1]).status_code == 404
    assert choose(other, link[1]).status_code == 404


def test_looking_at_the_link_does_not_use_it_up(client: FlaskClient, link: tuple[str, str]) -> None:
    for _ in range(3):
        assert client.get(link[1]).status_code == 200
    client.head(link[1])
    assert choose(client, link[1]).status_code == 303


def test_after_an_hour_the_link_is_dead(client: FlaskClient, link: tuple[str, str]) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        dead = client.get(link[1])
    unknown = client.get("/app/reset/" + "x" * 43)
    assert dead.status_code == unknown.status_code == 404
    assert dead.text == unknown.text


@pytest.mark.parametrize("secret", ["x", "x" * 5000, "%00", "..%2f", "%ed%a0%80", "'--"])
def test_a_nonsense_link_is_a_dead_link(client: FlaskClient, factories: Factories, secret: str) -> None:
    factories.member()
    assert client.get(f"/app/reset/{secret}").status_code == 404


def test_a_weak_password_does_not_use_the_link_up(client: FlaskClient, link: tuple[str, str]) -> None:
    email, path = link
    for weak in ("short", "password1234", email, "x" * 1_000_000):
        assert choose(client, path, weak).status_code == 422
    assert choose(client, path).status_code == 303


def test_every_session_of_the_account_ends(
    app: Flask, signed_in: Callable[..., Marketer], letters: Callable[[], list[str]]
) -> None:
    marketer, thief = signed_in(), app.test_client()
    stolen = marketer.client.get_cookie("socialproof", path="/app")
    assert stolen
    thief.set_cookie("socialproof", stolen.value, path="/app")
    assert thief.get("/app/account").status_code == 200
    other = app.test_client()
    ask(other, marketer.user.email)
    choose(other, path_in(letters()[0]))
    assert thief.get("/app/account").status_code == 303
    assert other.get("/app/account").status_code == 200


def test_known_and_unknown_addresses_get_the_same_answer_but_one_letter(
    app: Flask, factories: Factories, letters: Callable[[], list[str]]
) -> None:
    known = factories.member().user.email
    unknown = known.replace("user", "nobo")
    answers = [ask(app.test_client(), email) for email in (known, unknown)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text.replace(known, "…") == answers[1].text.replace(unknown, "…")
    assert len(letters()) == 1


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
def test_a_forged_host_does_not_reach_the_letter(
    client: FlaskClient, factories: Factories, letters: Callable[[], list[str]], settings: Settings, header: str
) -> None:
    email = factories.member().user.email
    ask(client, email, headers={header: "evil.example"})
    assert all("evil.example" not in letter for letter in letters())
    assert all(settings.base_url + "/app/reset/" in letter for letter in letters())


def test_a_host_that_is_not_ours_is_refused(make_app: Callable[..., Flask], factories: Factories) -> None:
    factories.member()
    client = make_app(testing=False, base_url="https://proof.example.com").test_client()
    assert client.get("/app/reset", base_url="https://evil.example").status_code == 400
    assert client.get("/app/reset", base_url="https://proof.example.com").status_code == 200


def test_asking_often_sends_few_letters(
    client: FlaskClient, factories: Factories, letters: Callable[[], list[str]]
) -> None:
    email = factories.member().user.email
    for _ in range(12):
        assert ask(client, email).status_code == 200
        letters()
    assert len(letters()) <= 10


def test_the_letter_goes_through_a_real_mail_server(
    make_app: Callable[..., Flask], smtp_peer: SmtpPeer, factories: Factories
) -> None:
    email = factories.member(user=factories.user(language="sv")).user.email
    app = make_app(mail_url=smtp_peer.url)
    ask(app.test_client(), email)
    context = job_context(app)
    while run_next(context, wiring.JOBS):
        pass
    app.extensions["socialproof"].backends.mailer.close()
    assert [message["To"] for message in smtp_peer.messages] == [email]


def test_an_address_that_is_none_is_said_so(client: FlaskClient, factories: Factories) -> None:
    factories.member()
    for wrong in ("", "anna", "a" * 100_000 + "@nordlys.example", "anna@nordlys.example\r\nBcc: x@evil.example"):
        assert ask(client, wrong).status_code == 422


def test_the_secret_is_in_no_job(client: FlaskClient, link: tuple[str, str], session: Session) -> None:
    from sqlalchemy import text

    secret = link[1].rpartition("/")[2]
    tables = ("job", "password_reset", "audit_entry")
    rows = [str(session.execute(text(f"select * from {table}")).all()) for table in tables]
    assert all(secret not in row for row in rows)
