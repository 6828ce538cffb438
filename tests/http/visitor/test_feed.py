"""The feed: ready bytes, anybody's to read, gone when withdrawn, the same with and without the shield."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from socialproof.web import shield as shield_module
from socialproof.web.shield import Shield
from socialproof.web.visitor.answers import accepts_gzip

Clock = Callable[[float], None]


def shield_of(app: Flask) -> Shield:
    shield: Any = app.wsgi_app
    assert isinstance(shield, Shield)
    return shield


def test_any_website_may_read_it_without_credentials(client: FlaskClient, showcase: Any) -> None:
    answer = client.get(f"/w/{showcase.publish().public_id}/en.json", headers={"Origin": "https://shop.example"})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.mimetype == "application/json"


def test_it_is_kept_for_at_most_a_minute_and_sets_no_cookie(client: FlaskClient, showcase: Any) -> None:
    answer = client.get(f"/w/{showcase.publish().public_id}/en.json")
    assert answer.cache_control.public
    assert 0 < (answer.cache_control.max_age or 0) <= 60
    assert "Set-Cookie" not in answer.headers


def test_an_unchanged_feed_is_304(client: FlaskClient, showcase: Any) -> None:
    path = f"/w/{showcase.publish().public_id}/en.json"
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_gzip_is_sent_to_who_takes_it(client: FlaskClient, showcase: Any) -> None:
    path = f"/w/{showcase.publish().public_id}/en.json"
    packed = client.get(path, headers={"Accept-Encoding": "gzip, br"})
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["Content-Length"] == str(len(packed.data))
    assert "Accept-Encoding" in packed.headers["Vary"]


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("br;q=0, gzip", True),
    ],
)
def test_a_refused_gzip_is_not_sent(header: str, takes: bool) -> None:
    assert accepts_gzip(header) is takes


@pytest.mark.parametrize("header", ["gzip;q=0;;", "gzip;q=0,gzip;q=x", ";q=0", "gzip;q=0" + "," * 5000])
def test_a_broken_accept_encoding_is_no_error(client: FlaskClient, showcase: Any, header: str) -> None:
    path = f"/w/{showcase.publish().public_id}/en.json"
    assert client.get(path, headers={"Accept-Encoding": header}).status_code == 200


def test_each_language_has_its_own_words(client: FlaskClient, showcase: Any) -> None:
    widget = showcase.publish(language="sv")
    feed = {code: client.get(f"/w/{widget.public_id}/{code}.json").json for code in ("en", "fi", "sv")}
    assert [feed[code]["language"] for code in ("en", "fi", "sv")] == ["en", "fi", "sv"]


@pytest.mark.parametrize(
    ("wanted", "given"), [("default", "sv"), ("de", "sv"), ("en-GB", "en"), ("no", "nb"), ("NN", "nb"), ("FI", "fi")]
)
def test_an_unknown_language_gets_the_widgets_own(client: FlaskClient, showcase: Any, wanted: str, given: str) -> None:
    widget = showcase.publish(language="sv")
    assert client.get(f"/w/{widget.public_id}/{wanted}.json").json["language"] == given


def test_a_withdrawn_story_is_gone_within_the_second(client: FlaskClient, showcase: Any, clock: Clock) -> None:
    story = showcase.story(text="Take me back")
    path = f"/w/{showcase.publish().public_id}/en.json"
    assert b"Take me back" in client.get(path).data
    showcase.withdraw(story)
    clock(1.01)
    assert b"Take me back" not in client.get(path).data


def test_another_process_sees_the_withdrawal_too(
    make_app: Callable[..., Flask], client: FlaskClient, showcase: Any
) -> None:
    other = make_app()
    story = showcase.story(text="Take me back")
    path = f"/w/{showcase.publish().public_id}/en.json"
    assert b"Take me back" in other.test_client().get(path).data
    showcase.withdraw(story)
    shield_of(other)._clock = lambda: 1e9
    assert b"Take me back" not in other.test_client().get(path).data


def test_the_database_is_asked_at_most_once_a_second(
    client: FlaskClient, showcase: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/w/{showcase.publish().public_id}/en.json"
    client.get(path)
    asked = []
    genuine = shield_module.feed_version
    monkeypatch.setattr(shield_module, "feed_version", lambda *args: asked.append(args) or genuine(*args))
    for _number in range(5):
        client.get(path)
    assert asked == []
    clock(1.01)
    for _number in range(5):
        client.get(path)
    assert len(asked) == 1


def test_what_is_held_is_served_while_the_database_is_away(
    client: FlaskClient, showcase: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/w/{showcase.publish().public_id}/en.json"
    held = client.get(path).data

    def away(*_arguments: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(shield_module, "feed_version", away)
    clock(1.01)
    assert client.get(path).data == held


def test_a_deleted_widget_is_gone(client: FlaskClient, showcase: Any, clock: Clock) -> None:
    widget = showcase.publish()
    path = f"/w/{widget.public_id}/en.json"
    assert client.get(path).status_code == 200
    showcase.session.delete(widget)
    showcase.session.commit()
    clock(1.01)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/w/AAAAAAAAAAAAAAAA/en.json", "/w/a/b/en.json", "/w//en.json", "/w/\x00/en.json", "/w/%00/\ud800.json"]
)
def test_an_unknown_feed_is_404(client: FlaskClient, path: str) -> None:
    answer = client.get(path.encode("utf-8", "replace").decode())
    assert answer.status_code in (404, 308)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_changed(client: FlaskClient, showcase: Any, method: str) -> None:
    assert getattr(client, method)(f"/w/{showcase.publish().public_id}/en.json").status_code == 405


def test_head_and_options_are_answered(client: FlaskClient, showcase: Any) -> None:
    path = f"/w/{showcase.publish().public_id}/en.json"
    head = client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == client.get(path).headers["ETag"]
    assert client.options(path).headers["Access-Control-Allow-Origin"] == "*"


def test_the_view_behind_the_shield_answers_the_same(app: Flask, client: FlaskClient, showcase: Any) -> None:
    showcase.story()
    path = f"/w/{showcase.publish().public_id}/en.json"
    shielded = client.get(path)
    app.wsgi_app = shield_of(app)._inner  # type: ignore[method-assign]
    bare = client.get(path)
    assert bare.data == shielded.data
    names = ("ETag", "Cache-Control", "Content-Type", "Access-Control-Allow-Origin", "Vary", "X-Content-Type-Options")
    assert [bare.headers[name] for name in names] == [shielded.headers[name] for name in names]


def test_the_memory_of_the_shield_is_bounded(
    app: Flask, client: FlaskClient, showcase: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shield_module, "MOST_FEEDS", 3)
    paths = [f"/w/{showcase.publish().public_id}/en.json" for _number in range(5)]
    for path in [*paths, "/w/missing/en.json"]:
        client.get(path)
    assert list(shield_of(app)._held) == paths[-3:]


def test_a_feed_asked_for_by_a_thousand_names_is_held_once(app: Flask, client: FlaskClient, showcase: Any) -> None:
    widget = showcase.publish(language="sv")
    for number in range(20):
        assert client.get(f"/w/{widget.public_id}/x{number}.json").json["language"] == "sv"
        assert client.get(f"/w/{widget.public_id}/en-{number}.json").json["language"] == "en"
    assert len(shield_of(app)._held) == 2


def test_heavy_feeds_make_room_for_each_other(
    app: Flask, client: FlaskClient, showcase: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    showcase.story(text="long " * 900)
    paths = [f"/w/{showcase.publish().public_id}/en.json" for _number in range(4)]
    monkeypatch.setattr(shield_module, "MOST_BYTES", 20_000)
    for path in paths:
        assert client.get(path).status_code == 200
    held = shield_of(app)._held
    assert paths[-1] in held
    assert sum(one.answer.weight for one in held.values()) <= 20_000


def test_the_contract_of_the_snapshot_holds(client: FlaskClient, showcase: Any) -> None:
    showcase.story(best_line="same day", score=9)
    feed = json.loads(client.get(f"/w/{showcase.publish().public_id}/en.json").data)
    assert set(feed) >= {
        "version", "widget", "language", "company", "heading", "disclosure", "nps", "method", "wall", "labels",
        "testimonials",
    }  # fmt: skip
    assert len(feed["version"]) == 12
    (story,) = feed["testimonials"]
    assert story["best_line"] == "same day"
    assert story["score"] == 9
    assert set(story["author"]) == {"name", "role", "company", "initials", "photo"}
