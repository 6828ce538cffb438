"""Signing in and out, also as a guesser, as somebody with another's cookie, and with a link that leads elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof.companies.models import SignInFailure, UserSession
from tests.factories import PASSWORD, Factories
from tests.people import Marketer, csrf_token


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
    token = csrf_token(client.get("/app/sign-in").text)
    return client.post("/app/sign-in", data={"email": email, "password": password, "csrf_token": token} | more)


def cookie(client: FlaskClient, path: str = "/app") -> str:
    found = client.get_cookie("socialproof", path=path)
    return found.value if found else ""


def test_a_member_signs_in_and_sees_their_company(client: FlaskClient, factories: Factories) -> None:
    member = factories.member()
    answer = sign_in(client, member.user.email)
    assert (answer.status_code, answer.location) == (303, "/app/")
    assert member.company.name in client.get("/app/company").text


def test_the_address_is_read_as_people_type_it(client: FlaskClient, factories: Factories) -> None:
    member = factories.member()
    assert sign_in(client, f"  {member.user.email.upper()} ").status_code == 303


def test_the_cookie_is_for_this_room_and_not_for_scripts(client: FlaskClient, factories: Factories) -> None:
    answer = sign_in(client, factories.member().user.email)
    given = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("socialproof="))
    assert "HttpOnly" in given
    assert "SameSite=Lax" in given
    assert "Path=/app" in given


def test_with_https_the_cookies_never_travel_open(make_app: Callable[..., Flask], factories: Factories) -> None:
    email, base = factories.member().user.email, "https://localhost"
    client = make_app(base_url="https://proof.example.com").test_client()
    token = csrf_token(client.get("/app/sign-in", base_url=base).text)
    form = {"email": email, "password": PASSWORD, "csrf_token": token}
    answer = client.post("/app/sign-in", data=form, base_url=base, headers={"Origin": base})
    given = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("__Secure-socialproof=")]
    assert len(given) == 1
    assert "Secure" in given[0]


@pytest.mark.parametrize("typed", ["wrong password", "", "x" * 1025])
def test_a_wrong_password_is_refused_and_the_address_kept(
    client: FlaskClient, factories: Factories, typed: str
) -> None:
    email = factories.member().user.email
    answer = sign_in(client, email, typed)
    assert answer.status_code == 422
    assert email in answer.text
    assert typed not in answer.text or not typed
    assert client.get("/app/company").status_code == 303


def test_known_and_unknown_addresses_get_the_same_answer(app: Flask, factories: Factories) -> None:
    known = factories.member().user.email
    unknown = known.replace("user", "nobo")
    answers = [sign_in(app.test_client(), email, "wrong password") for email in (known, unknown)]
    first, second = (answer.text.replace(known, "…").replace(unknown, "…") for answer in answers)
    assert [answer.status_code for answer in answers] == [422, 422]
    assert _without_tokens(first) == _without_tokens(second)


def test_an_unknown_address_costs_as_much_work_as_a_known_one(
    app: Flask, factories: Factories, session: Session
) -> None:
    user = factories.member().user
    sign_in(app.test_client(), user.email)  # from here on the kept hash has today's parameters
    spent = {"known": 0.0, "unknown": 0.0}
    for number in range(4):
        for kind, email in (("known", user.email), ("unknown", f"nobody{number}@nordlys.example")):
            client = app.test_client()
            started = time.process_time()
            sign_in(client, email, "wrong password")
            spent[kind] += time.process_time() - started
    assert 0.5 < spent["known"] / spent["unknown"] < 2


@pytest.mark.parametrize(
    ("email", "password"),
    [("anna@nordlys.example", "x" * 1_000_000), ("a" * 100_000 + "@nordlys.example", "short but long enough")],
)
def test_enormous_fields_are_refused_at_once(
    client: FlaskClient, factories: Factories, email: str, password: str
) -> None:
    factories.member()
    token = csrf_token(client.get("/app/sign-in").text)
    started = time.process_time()
    form = {"email": email, "password": password, "csrf_token": token}
    answer = client.post("/app/sign-in", data=form)
    assert time.process_time() - started < 0.5
    assert answer.status_code == 422


def test_after_ten_failures_it_says_when_to_try_again(client: FlaskClient, factories: Factories) -> None:
    email = factories.member().user.email
    for _ in range(10):
        assert sign_in(client, email, "wrong password").status_code == 422
    answer = sign_in(client, email)
    assert answer.status_code == 429
    assert "try again in 15 minutes" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=16), tick=True):
        assert sign_in(client, email).status_code == 303


def test_an_unknown_address_is_limited_like_a_known_one(client: FlaskClient, factories: Factories) -> None:
    factories.member()
    for _ in range(10):
        sign_in(client, "nobody@nordlys.example", "wrong password")
    assert sign_in(client, "nobody@nordlys.example", "wrong password").status_code == 429


def test_the_limit_does_not_close_the_way_by_reset(client: FlaskClient, factories: Factories) -> None:
    email = factories.member().user.email
    for _ in range(11):
        sign_in(client, email, "wrong password")
    token = csrf_token(client.get("/app/reset").text)
    assert client.post("/app/reset", data={"email": email, "csrf_token": token}).status_code == 200


def test_a_success_leaves_no_failure_behind(client: FlaskClient, factories: Factories, session: Session) -> None:
    email = factories.member().user.email
    sign_in(client, email, "wrong password")
    sign_in(client, email)
    assert session.query(SignInFailure).count() == 0


def test_a_cookie_copied_before_sign_out_is_refused_after(
    signed_in: Callable[..., Marketer], client: FlaskClient
) -> None:
    marketer = signed_in()
    copied = cookie(marketer.client)
    answer = marketer.post("/app/sign-out")
    assert (answer.status_code, answer.location) == (303, "/app/sign-in")
    client.set_cookie("socialproof", copied, path="/app")
    assert client.get("/app/company").location == "/app/sign-in?next=%2Fapp%2Fcompany"


def test_signing_in_with_a_preset_session_gives_a_new_one(
    signed_in: Callable[..., Marketer], client: FlaskClient, factories: Factories
) -> None:
    email, attacker = factories.member().user.email, signed_in()
    planted = cookie(attacker.client)
    for preset in ("made-up-by-somebody", planted):
        client.set_cookie("socialproof", preset, path="/app")
        token = csrf_token(client.get("/app/switch" if preset == planted else "/app/sign-in").text)
        form = {"email": email, "password": PASSWORD, "csrf_token": token}
        assert client.post("/app/sign-in", data=form).status_code == 303
        assert cookie(client) not in ("", preset)


def test_signing_in_again_ends_the_former_session(client: FlaskClient, factories: Factories, session: Session) -> None:
    first, second = factories.member().user, factories.member().user
    sign_in(client, first.email)
    former = cookie(client)
    account = csrf_token(client.get("/app/account").text)
    form = {"email": second.email, "password": PASSWORD, "csrf_token": account}
    assert client.post("/app/sign-in", data=form).status_code == 303
    assert cookie(client) != former
    session.rollback()
    living = session.query(UserSession).filter(UserSession.ended_at.is_(None)).all()
    assert [one.user_id for one in living] == [second.id]


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "/%09/evil.example", "https:evil.example", "https://evil.example/app/"],
)
def test_a_next_that_leads_elsewhere_stays(client: FlaskClient, factories: Factories, target: str) -> None:
    member = factories.member()
    page = client.get("/app/sign-in", query_string={"next": target})
    assert "evil.example" not in page.text
    assert sign_in(client, member.user.email, next=target).location == "/app/"
    assert client.get("/app/sign-in", query_string={"next": target}).location == "/app/"


def test_who_was_sent_to_sign_in_comes_back(client: FlaskClient, factories: Factories) -> None:
    member = factories.member()
    door = client.get("/app/company?from=mail")
    assert door.location == "/app/sign-in?next=%2Fapp%2Fcompany%3Ffrom%3Dmail"
    assert 'value="/app/company?from=mail"' in client.get(door.location).text
    assert sign_in(client, member.user.email, next="/app/company?from=mail").location == "/app/company?from=mail"


def test_a_script_without_a_session_is_told_so(client: FlaskClient, factories: Factories) -> None:
    factories.member()
    assert client.get("/app/company", headers={"Accept": "application/json"}).status_code == 401


def test_the_page_is_in_the_language_of_the_browser_and_then_of_the_user(
    client: FlaskClient, factories: Factories
) -> None:
    member = factories.member(user=factories.user(language="fi"))
    assert '<html lang="sv"' in client.get("/app/sign-in", headers={"Accept-Language": "sv"}).text
    sign_in(client, member.user.email)
    assert '<html lang="fi"' in client.get("/app/account", headers={"Accept-Language": "sv"}).text


def test_a_language_chosen_at_the_foot_stays(client: FlaskClient, factories: Factories) -> None:
    factories.member()
    assert '<html lang="da"' in client.get("/app/sign-in?lang=da").text
    assert '<html lang="da"' in client.get("/app/reset").text
    assert '<html lang="da"' in client.get("/app/reset?lang=xx").text


def _without_tokens(html: str) -> str:
    return html.replace(csrf_token(html), "")
