"""My own account, and that nobody else's can be reached from it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from socialproof.companies.models import User, UserSession
from tests.factories import PASSWORD
from tests.people import Marketer, csrf_token

SignIn = Callable[..., Marketer]
NEW = "another long sentence"


@pytest.fixture
def viewer(signed_in: SignIn) -> Marketer:
    return signed_in("viewer")


def other_browser(app: Flask, marketer: Marketer, password: str = PASSWORD) -> FlaskClient:
    client = app.test_client()
    token = csrf_token(client.get("/app/sign-in").text)
    form = {"email": marketer.user.email, "password": password, "csrf_token": token}
    assert client.post("/app/sign-in", data=form).status_code == 303
    return client


def change(marketer: Marketer, current: str = PASSWORD, new: str = NEW):  # type: ignore[no-untyped-def]
    return marketer.post("/app/account/password", {"current_password": current, "new_password": new})


def test_name_and_language_are_changed(viewer: Marketer, session: Session) -> None:
    assert viewer.post("/app/account", {"name": "Åse <b>", "language": "nb"}).status_code == 303
    page = viewer.get("/app/account").text
    assert "Åse &lt;b&gt;" in page
    assert '<html lang="nb"' in page
    session.rollback()
    assert session.get_one(User, viewer.user.id, populate_existing=True).name == "Åse <b>"


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "language": "sv"},
        {"name": "A\r\nBcc: x@evil.example", "language": ""},
        {"name": "A", "language": "xx"},
    ],
)
def test_a_wrong_name_or_language_is_refused(viewer: Marketer, form: dict[str, str]) -> None:
    assert viewer.post("/app/account", form).status_code == 422


def test_a_new_password_signs_every_other_browser_out_and_keeps_this_one(app: Flask, viewer: Marketer) -> None:
    other = other_browser(app, viewer)
    before = viewer.client.get_cookie("socialproof", path="/app")
    assert change(viewer).location == "/app/account"
    after = viewer.client.get_cookie("socialproof", path="/app")
    assert before
    assert after
    assert before.value != after.value
    assert other.get("/app/account").status_code == 303
    assert viewer.get("/app/account").status_code == 200
    assert viewer.company.name in viewer.get("/app/company").text
    other_browser(app, viewer, NEW)


@pytest.mark.parametrize(
    ("current", "new", "words"),
    [
        ("wrong password", NEW, "not your present password"),
        (PASSWORD, "short", "at least 10"),
        (PASSWORD, "x" * 1_000_000, "at most 1024"),
        ("x" * 1_000_000, NEW, "at most 1024"),
        ("", NEW, "write your password"),
    ],
)
def test_a_wrong_change_of_password_changes_nothing(
    app: Flask, viewer: Marketer, current: str, new: str, words: str
) -> None:
    answer = change(viewer, current, new)
    assert answer.status_code == 422
    assert words in answer.text
    other_browser(app, viewer)


def test_the_address_is_no_password(viewer: Marketer) -> None:
    assert change(viewer, new=viewer.user.email).status_code == 422


def test_guessing_the_present_password_is_limited(viewer: Marketer) -> None:
    for _ in range(10):
        assert change(viewer, "wrong password").status_code == 422
    answer = change(viewer)
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers


def test_sign_out_everywhere_is_everywhere(app: Flask, viewer: Marketer) -> None:
    other = other_browser(app, viewer)
    assert viewer.post("/app/account/sessions/end").location == "/app/sign-in"
    assert viewer.get("/app/account").status_code == 303
    assert other.get("/app/account").status_code == 303


def test_one_browser_is_signed_out_by_another(app: Flask, viewer: Marketer, session: Session) -> None:
    other = other_browser(app, viewer)
    session.rollback()
    newest = session.query(UserSession).order_by(UserSession.id.desc()).first()
    assert newest
    assert viewer.post(f"/app/account/sessions/{newest.public_id}/end").status_code == 303
    assert other.get("/app/account").status_code == 303
    assert viewer.get("/app/account").status_code == 200


def test_another_persons_session_does_not_exist(signed_in: SignIn, viewer: Marketer, session: Session) -> None:
    session.rollback()
    stranger = signed_in("owner")
    session.rollback()
    theirs = session.query(UserSession).filter_by(user_id=viewer.user.id).one()
    assert stranger.post(f"/app/account/sessions/{theirs.public_id}/end").status_code == 404
    assert stranger.post("/app/account/sessions/missing/end").status_code == 404
    assert viewer.get("/app/account").status_code == 200


def test_nobody_has_no_account(client: FlaskClient, viewer: Marketer) -> None:
    assert client.get("/app/account").location == "/app/sign-in?next=%2Fapp%2Faccount"
