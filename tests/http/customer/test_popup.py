"""What the server says to a popup that asks: to whom it answers at all, whom it believes, and what it leaves behind."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof.campaigns.models import Invitation, Popup, PopupCount
from socialproof.contacts.models import Contact, LedgerEntry
from socialproof.responses.models import Response
from socialproof.seal import Seal
from socialproof.web.customer.popup import LIMIT, MOST_ASKS
from socialproof.web.rate_limits import RateLimit
from tests.conftest import SECRET
from tests.factories import Factories

SHOP = "https://shop.example"
IDENTIFY = "i" * 43


def identified(factories: Factories, popup: Popup) -> None:
    popup.survey.company.identify_secret = Seal((SECRET,)).close(IDENTIFY)
    factories.session.commit()


def token(secret: str = IDENTIFY, **claims: Any) -> str:
    exp = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    return jwt.encode({"email": "Saara@customer.example", "exp": exp} | claims, secret, algorithm="HS256")


def ask(client: FlaskClient, popup: Popup, origin: str = SHOP, **fields: Any) -> TestResponse:
    body = {"page": "/pricing", "lang": "fi"} | fields
    return client.post(f"/s/p/{popup.public_id}/ask", json=body, headers={"Origin": origin})


def reasons(session: Session) -> dict[str, int]:
    session.rollback()
    return dict(session.execute(select(PopupCount.reason, PopupCount.count)).all())  # type: ignore[arg-type]


def test_somebody_unknown_gets_the_public_link_and_leaves_a_count_and_nothing_else(
    client: FlaskClient, factories: Factories, session: Session
) -> None:
    popup = factories.popup()
    for _time in range(3):
        answer = ask(client, popup)
        assert answer.json["show"] is True
    frame = answer.json["frame"]
    assert f"/s/{popup.survey.public_id}?" in frame
    assert {"embed=1", "source=popup", "lang=fi"} <= set(frame.split("?")[1].split("&"))
    assert "Set-Cookie" not in answer.headers
    assert "no-store" in answer.headers["Cache-Control"]
    assert reasons(session) == {"shown_anonymous": 3}
    for table in (Contact, Invitation, LedgerEntry, Response):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_an_answer_in_its_frame_is_counted_as_the_popups(
    client: FlaskClient, factories: Factories, session: Session
) -> None:
    popup = factories.popup()
    page = client.get(ask(client, popup).json["frame"])
    assert "customer/embedded.js" in page.text
    assert f"frame-ancestors {SHOP}" in page.headers["Content-Security-Policy"]
    key = page.text.split('name="answer_key" value="')[1].split('"')[0]
    form = {"score": "7", "answer_key": key, "source": page.text.split('name="source" value="')[1].split('"')[0]}
    thanks = client.post(f"/s/{popup.survey.public_id}?embed=1", data=form, follow_redirects=True)
    assert "data-answered" in thanks.text
    session.rollback()
    assert session.scalars(select(Response.source)).one() == "popup"


def test_a_named_person_is_asked_once_by_the_ledger_and_gets_the_own_link(
    client: FlaskClient, factories: Factories, session: Session
) -> None:
    popup = factories.popup()
    identified(factories, popup)
    first, second = (ask(client, popup, token=token(name="Saara", language="sv")) for _time in range(2))
    assert "/s/i/" in first.json["frame"]
    assert second.json == {"show": False}
    session.rollback()
    invitation = session.scalars(select(Invitation)).one()
    assert (invitation.channel, invitation.state, invitation.popup_id) == ("popup", "sent", popup.id)
    assert (invitation.language, invitation.contact.email) == ("sv", "saara@customer.example")
    assert invitation.asked_at is not None
    entry = session.scalars(select(LedgerEntry)).one()
    assert (entry.ask_key, entry.verdict, entry.channel) == (invitation.public_id, "asked", "popup")
    assert reasons(session) == {"shown": 1, "nps_asked_recently": 1}
    assert client.get(first.json["frame"]).status_code == 200


@pytest.mark.parametrize("is_identified_only", [False, True])
def test_nobody_answers_for_another_person_with_a_wrong_token(
    client: FlaskClient, factories: Factories, session: Session, is_identified_only: bool
) -> None:
    popup = factories.popup(is_identified_only=is_identified_only)
    identified(factories, popup)
    soon = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    claims = {"email": "saara@customer.example", "exp": soon}
    wrong: list[Any] = [
        token("another secret of the right length, really"),
        token()[:-2],
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims, IDENTIFY.encode() * 2, algorithm="HS512"),
        token(exp=int((datetime.now(UTC) - timedelta(hours=1)).timestamp())),
        token(exp=soon + 48 * 3600),
        jwt.encode({"email": "saara@customer.example"}, IDENTIFY, algorithm="HS256"),
        token(email="no address"),
        token(email=["saara@customer.example"]),
        token(email="mi\u212aa@customer.example"),
        token(email="saara@customer\uff0eexample"),
        "x" * 10_000,
        {"email": "saara@customer.example"},
        7,
    ]
    for each in wrong:
        said = ask(client, popup, token=each).json
        assert said["show"] is not is_identified_only
        assert "/s/i/" not in said.get("frame", "")
    counted = "token_refused" if is_identified_only else "shown_token_refused"
    assert reasons(session) == {counted: len(wrong)}
    assert session.scalars(select(Contact)).all() == []


def test_claims_of_the_companys_own_do_not_matter(client: FlaskClient, factories: Factories) -> None:
    popup = factories.popup()
    identified(factories, popup)
    claims = base64.urlsafe_b64decode(token(name="Saara").split(".")[1] + "==")
    own = json.dumps({**json.loads(claims), "sub": 4711, "jti": None, "iss": ["shop"]}).encode()
    assert "/s/i/" in ask(client, popup, token=jwt.api_jws.encode(own, IDENTIFY, algorithm="HS256")).json["frame"]


def test_an_old_secret_names_nobody_any_more_and_without_one_no_token_does(
    client: FlaskClient, factories: Factories
) -> None:
    popup = factories.popup(is_identified_only=True)
    assert ask(client, popup, token=token()).json == {"show": False}
    identified(factories, popup)
    assert ask(client, popup, token=token()).json["show"] is True
    popup.survey.company.identify_secret = Seal((SECRET,)).close("j" * 43)
    factories.session.commit()
    assert ask(client, popup, token=token(email="other@customer.example")).json == {"show": False}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://shop.example.evil.example", "null", "", "http://shop.example"]
)
def test_another_site_is_told_nothing_and_may_not_even_read_that(
    client: FlaskClient, factories: Factories, session: Session, origin: str
) -> None:
    popup = factories.popup()
    answer = ask(client, popup, origin)
    assert answer.json == {"show": False}
    asked = client.options(f"/s/p/{popup.public_id}/ask", headers={"Origin": origin})
    for said in (answer, asked):
        assert "Access-Control-Allow-Origin" not in said.headers
        assert "Origin" in said.headers["Vary"]
    assert reasons(session) == {"other_site": 1}


def test_the_listed_site_may_read_the_answer_but_never_with_cookies(client: FlaskClient, factories: Factories) -> None:
    popup = factories.popup()
    asked = client.options(f"/s/p/{popup.public_id}/ask", headers={"Origin": SHOP})
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Methods"] == "POST"
    assert asked.headers["Access-Control-Allow-Headers"] == "Content-Type"
    for answer in (asked, ask(client, popup)):
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    ("values", "page", "reason"),
    [
        ({"state": "off"}, "/", "off"),
        ({"pages": ["/blog/*"]}, "/pricing", "other_page"),
        ({"pages_not": ["/pricing"]}, "/pricing/", "other_page"),
        ({}, "", "other_page"),
        ({}, "javascript:alert(1)", "other_page"),
        ({"is_identified_only": True}, "/", "not_identified"),
    ],
)
def test_the_server_decides_and_says_no_more_than_no(
    client: FlaskClient, factories: Factories, session: Session, values: dict[str, Any], page: str, reason: str
) -> None:
    popup = factories.popup(**values)
    assert ask(client, popup, page=page).json == {"show": False}
    assert reasons(session) == {reason: 1}


def test_a_sample_is_the_same_browser_for_a_quarter_not_a_draw_on_each_page(
    client: FlaskClient, factories: Factories
) -> None:
    popup = factories.popup(sample_percent=50)
    said = set()
    for number in range(40):
        agent = {"User-Agent": f"Browser {number}", "Origin": SHOP}
        answers = {
            client.post(f"/s/p/{popup.public_id}/ask", json={"page": page}, headers=agent).json["show"]
            for page in ("/", "/pricing")
        }
        assert len(answers) == 1
        said |= answers
    assert said == {True, False}


def test_a_stranger_without_end_costs_no_write_and_forty_people_behind_one_address_are_not_one(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    popup = factories.popup()
    assert MOST_ASKS >= 40 * 3
    for _time in range(2):
        ask(client, popup)
    asks: RateLimit = app.extensions[LIMIT]
    for _time in range(MOST_ASKS - 3):
        asks.count("127.0.0.1", datetime.now(UTC))
    assert [ask(client, popup).json["show"] for _time in range(3)] == [True, False, False]
    assert reasons(session) == {"shown_anonymous": 3}
    elsewhere = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}, "headers": {"Origin": SHOP}}
    assert client.post(f"/s/p/{popup.public_id}/ask", json={"page": "/"}, **elsewhere).json["show"] is True


@pytest.mark.parametrize("body", [b"", b"[]", b'{"page": NaN}', b'{"a":1,"a":2}', b"\xff\xfe", b"[" * 5000])
def test_nonsense_is_refused(client: FlaskClient, factories: Factories, body: bytes) -> None:
    popup = factories.popup()
    answer = client.post(f"/s/p/{popup.public_id}/ask", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize("name", ["A" * 16, "A" * 200, "x%00y"])
def test_an_unknown_popup_is_404(client: FlaskClient, name: str) -> None:
    assert client.post(f"/s/p/{name}/ask", json={}).status_code == 404
    assert client.options(f"/s/p/{name}/ask").status_code == 404
