"""What nobody expects: a page all the same, with the policy of every page, and nothing of a link in the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socialproof.companies.models import Company
from socialproof.logs import JsonLines
from tests.factories import Factories
from tests.people import Marketer, csrf_token

WORDS = "What somebody wrote"


@pytest.mark.parametrize("path", ["/nope", "/app/nope", "/static/nope", "/w/a/b/c/d", "/s/a/b/c/d"])
def test_an_address_that_nobody_has_is_guarded_like_a_page(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_bare_address_leads_to_the_team_s_door(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.location) == (302, "/app/")


def test_a_style_sheet_is_read_as_nothing_else(client: FlaskClient) -> None:
    with client.get("/static/shared/app.css") as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.both_databases
def test_a_nul_in_an_address_or_a_field_is_no_failure(
    database: str, client: FlaskClient, signed_in: Callable[..., Marketer]
) -> None:
    for path in ("/w/%00", "/w/a%00b/en.json", "/w/media/%00/96.webp", "/w/%00/method", "/s/%00", "/s/r/%00"):
        assert client.get(path).status_code == 404, path
    me = signed_in("owner")
    for path in ("moderation/%00", "media/%00/96.webp", "widgets/%00", "team/%00/remove", "moderation?tag=%00"):
        assert me.get(f"/app/{path}").status_code in (200, 404), path
    assert me.post("/app/switch", {"company": "\x00"}).status_code in (400, 404)
    assert me.get("/app/").status_code == 200


@pytest.mark.parametrize("name", ["Origin", "Referer"])
def test_an_address_that_is_none_in_a_header_is_no_failure(client: FlaskClient, name: str) -> None:
    client.get("/app/sign-in")
    assert client.post("/app/sign-in", headers={name: "http://["}).status_code == 400
    assert client.post("/app/company", headers={name: "http://["}).status_code == 303


@pytest.mark.parametrize("body", ["[1]", '"x"', "null", "[" * 50_000])
def test_the_teams_forms_take_no_json(signed_in: Callable[..., Marketer], body: str) -> None:
    me = signed_in("owner")
    headers = {"X-CSRFToken": csrf_token(me.get("/app/account").text)}
    answer = me.client.post("/app/account", data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 400


def test_the_log_of_a_failure_holds_no_path(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def broken(secret: str) -> str:
        raise ValueError("broken")

    app.add_url_rule("/broken/<secret>", "broken", broken)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with caplog.at_level(logging.INFO):
        assert app.test_client().get("/broken/a-personal-link?word=mine").status_code == 500
    lines = [JsonLines().format(record) for record in caplog.records if record.name.startswith("socialproof")]
    assert any("ValueError: broken" in json.loads(line).get("traceback", "") for line in lines)
    assert not any("a-personal-link" in line or "mine" in line for line in lines)


@pytest.mark.both_databases
def test_an_error_of_the_database_repeats_no_words(database: str, session: Session, factories: Factories) -> None:
    taken = factories.company().public_id
    with pytest.raises(IntegrityError) as caught:
        factories.add(Company(name=WORDS, public_id=taken, created_at=factories.now))
    record = logging.LogRecord("socialproof", logging.ERROR, __file__, 1, "failed", (), caught._excinfo)
    line = JsonLines().format(record)
    assert "IntegrityError" in line
    assert WORDS not in line and taken not in line
