"""The video's way in over HTTP: begin, addresses, parts, complete; and everything that is refused."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder, TestResponse

from socialproof.media.models import Media, Upload
from socialproof.responses.models import Response
from socialproof.settings import Settings
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from socialproof.web.customer import uploads
from tests.factories import Factories

WEBM = b"\x1a\x45\xdf\xa3" + b"\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm"


@dataclass
class Sender:
    """A customer's browser that sends a video."""

    client: FlaskClient
    base: str
    upload: dict[str, Any] | None = None

    def begin(self, size: object = None) -> TestResponse:
        answer = self.client.post(self.base, json={"size": size})
        if answer.status_code == 201:
            self.upload = answer.json
        return answer

    def put(self, number: int, content: bytes, **changed: Any) -> TestResponse:
        assert self.upload
        headers = {"X-Part-SHA256": changed.get("sha256", hashlib.sha256(content).hexdigest())}
        path = f"{self.base}/{self.upload['upload']}/parts/{number}"
        return self.client.put(path, data=content, headers=headers, content_type="application/octet-stream")

    def complete(self, content: bytes, **changed: Any) -> TestResponse:
        assert self.upload
        body = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "seconds": 3.0} | changed
        return self.client.post(self.upload["complete"], json=body)

    def send(self, content: bytes, **changed: Any) -> TestResponse:
        self.begin(len(content))
        assert self.put(1, content).status_code == 200
        return self.complete(content, **changed)


@pytest.fixture
def response(factories: Factories) -> Response:
    return factories.response()


@pytest.fixture
def sender(app: Flask, client: FlaskClient, response: Response) -> Sender:
    return sender_of(app, client, response)


def sender_of(app: Flask, client: FlaskClient, response: Response) -> Sender:
    token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
    return Sender(client, f"/s/r/{token}/uploads")


def left_behind(settings: Settings) -> list[Path]:
    return [path for path in (settings.data_dir / "media").rglob("*") if path.is_file() and path.name != "key"]


def test_parts_in_any_order_become_one_video(sender: Sender, session: Session, settings: Settings) -> None:
    content = WEBM + bytes(range(256)) * 50
    sender.begin(len(content))
    pieces = {1: content[:5000], 2: content[5000:9000], 3: content[9000:]}
    for number in (3, 1, 2):
        answer = sender.put(number, pieces[number])
        assert answer.json == {
            "number": number,
            "size": len(pieces[number]),
            "sha256": hashlib.sha256(pieces[number]).hexdigest(),
        }
    answer = sender.complete(content)
    media = session.scalars(select(Media)).one()
    assert answer.json["location"].endswith(f"/testimonial?video={media.public_id}")
    assert (media.state, media.byte_count, media.recorded_seconds) == ("uploaded", len(content), 3.0)
    assert media.sha256 == hashlib.sha256(content).hexdigest()
    assert (settings.data_dir / "media" / "objects" / media.prefix / "source").read_bytes() == content
    assert len(left_behind(settings)) == 1


def test_a_connection_cut_at_60_percent_is_resumed_from_the_parts_held(sender: Sender) -> None:
    content = WEBM + b"x" * 10_000
    sender.begin()
    sender.put(1, content[:6000])
    state = sender.client.get(sender.upload["self"]).json
    assert [(part["number"], part["size"]) for part in state["parts"]] == [(1, 6000)]
    assert sender.put(2, content[6000:]).status_code == 200
    assert sender.complete(content).status_code == 200


def test_addresses_are_given_for_parts(sender: Sender) -> None:
    sender.begin()
    digest = hashlib.sha256(b"hello").hexdigest()
    answer = sender.client.post(
        sender.upload["addresses"], json={"parts": [{"number": 1, "size": 5, "sha256": digest}]}
    )
    (place,) = answer.json["parts"]
    assert sender.client.put(place["url"], data=b"hello", headers=place["headers"]).status_code == 200


@pytest.mark.parametrize("wanted", [None, [], "x", [1], [{"number": True, "size": 1, "sha256": "a" * 64}]])
def test_addresses_for_nonsense_are_refused(sender: Sender, wanted: object) -> None:
    sender.begin()
    assert sender.client.post(sender.upload["addresses"], json={"parts": wanted}).status_code == 422


def test_the_same_part_twice_is_fine_and_other_content_is_a_conflict(sender: Sender) -> None:
    sender.begin()
    assert [sender.put(1, b"same").status_code for _ in range(2)] == [200, 200]
    answer = sender.put(1, b"else")
    assert (answer.status_code, answer.json["code"]) == (409, "part_conflict")


def test_completing_twice_is_the_same_as_once(sender: Sender, session: Session) -> None:
    first = sender.send(WEBM)
    second = sender.complete(WEBM)
    assert first.json == second.json
    assert session.scalars(select(Media)).one().state == "uploaded"


def test_a_part_after_the_end_is_refused_and_the_file_intact(sender: Sender, settings: Settings) -> None:
    sender.send(WEBM)
    answer = sender.put(1, b"other")
    assert (answer.status_code, answer.json["code"]) == (409, "upload_complete")
    assert [path.read_bytes() for path in left_behind(settings)] == [WEBM]


@pytest.mark.parametrize("changed", [{"size": 9999}, {"sha256": "0" * 64}, {"sha256": "x"}, {"size": True}])
def test_what_does_not_match_is_not_completed(sender: Sender, session: Session, changed: dict[str, Any]) -> None:
    answer = sender.send(WEBM, **changed)
    assert (answer.status_code, answer.json["code"]) == (409, "upload_incomplete")
    assert session.scalars(select(Media)).one().state == "uploading"


def test_a_missing_part_is_not_completed(sender: Sender) -> None:
    sender.begin()
    sender.put(2, WEBM)
    assert sender.complete(WEBM).json["code"] == "upload_incomplete"


def test_damaged_bytes_are_not_kept(sender: Sender, settings: Settings) -> None:
    sender.begin()
    answer = sender.put(1, b"hello", sha256="0" * 64)
    assert (answer.status_code, answer.json["code"]) == (422, "part_damaged")
    assert left_behind(settings) == []


@pytest.mark.parametrize("sha256", ["", "zz", "../../../etc/passwd"])
def test_a_checksum_that_is_none_is_refused(sender: Sender, sha256: str) -> None:
    sender.begin()
    assert sender.put(1, b"hello", sha256=sha256).json["code"] == "part_damaged"


@pytest.mark.parametrize("number", [0, 10_001, 10**20])
def test_a_number_beyond_the_rules_is_refused(sender: Sender, number: int, settings: Settings) -> None:
    sender.begin()
    assert sender.put(number, b"hello").status_code == 422
    assert left_behind(settings) == []


def test_2_gb_against_the_limit_is_refused_before_it_begins(sender: Sender, settings: Settings) -> None:
    answer = sender.begin(2 * 1024**3)
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert left_behind(settings) == []


def test_parts_beyond_the_limit_are_refused_whatever_was_announced(
    make_app: Callable[..., Flask], response: Response, settings: Settings
) -> None:
    app = make_app(max_video_bytes=10_000)
    sender = sender_of(app, app.test_client(), response)
    sender.begin(10)
    assert sender.put(1, b"x" * 11).status_code == 413
    sender.begin()
    assert sender.put(1, b"x" * 9000).status_code == 200
    answer = sender.put(2, b"x" * 1001)
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert sender.put(2, b"x" * 1000).status_code == 200


def test_a_part_larger_than_a_part_is_413(sender: Sender, settings: Settings) -> None:
    sender.begin()
    answer = sender.put(1, b"x" * (8 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")
    assert left_behind(settings) == []


@pytest.mark.parametrize("announced", [3, 7], ids=["more than announced", "less than announced"])
def test_a_lying_length_leaves_nothing(sender: Sender, announced: int, settings: Settings) -> None:
    sender.begin()
    answer = sender.client.put(
        f"{sender.base}/{sender.upload['upload']}/parts/1",
        input_stream=io.BytesIO(b"hello"),
        environ_overrides={"CONTENT_LENGTH": str(announced)},
        headers={"X-Part-SHA256": hashlib.sha256(b"hello").hexdigest()},
    )
    assert answer.status_code in (400, 422)
    assert left_behind(settings) == []


def test_an_absent_length_is_refused(sender: Sender, settings: Settings) -> None:
    sender.begin()
    path = f"{sender.base}/{sender.upload['upload']}/parts/1"
    headers = {"X-Part-SHA256": hashlib.sha256(b"hello").hexdigest()}
    environ = EnvironBuilder(path=path, method="PUT", data=b"hello", headers=headers).get_environ()
    del environ["CONTENT_LENGTH"]
    environ.update({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True})
    answer = sender.client.open(environ)
    assert (answer.status_code, answer.json["code"]) == (411, "length_required")
    assert left_behind(settings) == []


@pytest.mark.parametrize(
    "content",
    [
        b"<!doctype html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"GIF89a<script>alert(1)</script>",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts",
        b'<?xml version="1.0"?><MPD/>',
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n",
        b"\x00",
    ],
    ids=["HTML", "SVG", "PDF", "ZIP", "GIF/HTML polyglot", "HLS", "DASH", "SDP", "one byte"],
)
def test_what_is_no_video_is_refused_with_words_and_not_kept(
    sender: Sender, session: Session, settings: Settings, run_jobs: Callable[[], int], content: bytes
) -> None:
    answer = sender.send(content)
    assert (answer.status_code, answer.json["code"]) == (422, "unreadable")
    assert "could not be read as a video" in answer.json["message"]
    media = session.scalars(select(Media)).one()
    assert (media.state, media.reason) == ("unreadable", "unreadable")
    assert left_behind(settings) == []


def test_an_empty_file_is_refused(sender: Sender) -> None:
    assert sender.begin(0).json["code"] == "empty"


def test_the_words_are_in_the_language_of_the_link(sender: Sender) -> None:
    answer = sender.client.post(sender.base + "?lang=sv", json={"size": 1})
    assert "lang=sv" in answer.json["complete"]


@pytest.mark.parametrize(
    "body", ["", "null", "[]", '{"size": NaN}', '{"size": "1"}', "\ud800".encode("utf-8", "replace")]
)
def test_a_begin_with_nonsense_counts_as_size_unknown(sender: Sender, body: Any) -> None:
    answer = sender.client.post(sender.base, data=body, content_type="application/json")
    assert answer.status_code == 201


def test_another_response_of_the_same_company_cannot_reach_the_upload(
    app: Flask, sender: Sender, response: Response, factories: Factories
) -> None:
    sender.begin()
    other = sender_of(app, sender.client, factories.response(response.survey))
    missing = other.client.get(f"{other.base}/AAAAAAAAAAAAAAAA")
    foreign = other.client.get(f"{other.base}/{sender.upload['upload']}")
    assert (missing.status_code, missing.data) == (404, foreign.data) == (foreign.status_code, missing.data)


@pytest.mark.parametrize("purpose", [Purpose.INVITATION, Purpose.MANAGE, Purpose.PROPOSAL])
def test_a_link_of_another_purpose_opens_nothing(
    app: Flask, client: FlaskClient, response: Response, purpose: Purpose
) -> None:
    token = app.extensions[EXTENSION].tokens.sign(purpose, response.public_id)
    assert client.post(f"/s/r/{token}/uploads", json={}).status_code == 404


def test_no_video_where_the_survey_asks_for_none(app: Flask, client: FlaskClient, factories: Factories) -> None:
    response = factories.response(factories.survey(allows_video=False))
    answer = sender_of(app, client, response).begin()
    assert (answer.status_code, answer.json["code"]) == (409, "video_off")


def test_no_video_after_the_testimonial_was_sent(sender: Sender, response: Response, factories: Factories) -> None:
    factories.testimonial(response)
    assert sender.begin().json["code"] == "already_sent"


def test_a_full_disk_is_a_clear_refusal(sender: Sender, app: Flask, settings: Settings) -> None:
    sender.begin()
    app.extensions[EXTENSION].backends.storage._reserve_bytes = 2**62
    answer = sender.put(1, b"hello")
    assert (answer.status_code, answer.json["code"]) == (507, "storage_full")
    assert "no room" in answer.json["message"]
    assert sender.begin().status_code == 507
    assert left_behind(settings) == []


def test_slow_senders_cannot_take_every_thread(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    sender.begin()
    for _ in range(uploads.PARTS_AT_ONCE):
        assert uploads._places.acquire(blocking=False)
    try:
        answer = sender.put(1, b"hello")
    finally:
        uploads._places.release(uploads.PARTS_AT_ONCE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert sender.put(1, b"hello").status_code == 200


def test_a_part_that_takes_too_long_is_cut_and_leaves_nothing(
    sender: Sender, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.begin()
    monkeypatch.setattr(uploads, "PART_SECONDS", -1.0)
    answer = sender.put(1, b"hello")
    assert (answer.status_code, answer.json["code"]) == (408, "too_slow")
    assert left_behind(settings) == []


def test_it_works_without_cookies_and_sets_none(sender: Sender) -> None:
    assert "Set-Cookie" not in sender.send(WEBM).headers


def test_a_fourth_open_upload_forgets_the_first(sender: Sender, session: Session) -> None:
    first = sender.begin().json
    for _ in range(3):
        sender.begin()
    assert sender.client.get(first["self"]).status_code == 404
    assert session.scalars(select(Upload.state).order_by(Upload.id)).all() == ["aborted", "open", "open", "open"]


def test_forty_a_day_are_enough(sender: Sender, factories: Factories, response: Response) -> None:
    for _ in range(40):
        factories.media(response, state="deleted")
    assert sender.begin().json["code"] == "too_many"


def test_the_day_after_it_goes_on(sender: Sender, factories: Factories, response: Response) -> None:
    for _ in range(40):
        factories.media(response, state="deleted", created_at=factories.now - timedelta(days=2))
    assert sender.begin().status_code == 201


def test_what_is_taken_back_while_it_is_joined_leaves_nothing(
    app: Flask, sender: Sender, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.begin(len(WEBM))
    sender.put(1, WEBM)
    upload = session.scalars(select(Upload)).one()
    genuine = uploads.uploads.join_parts

    def joined_too_late(*args: Any, **more: Any) -> Any:
        joined = genuine(*args, **more)
        upload.state = "aborted"
        session.commit()
        return joined

    monkeypatch.setattr(uploads.uploads, "join_parts", joined_too_late)
    assert sender.complete(WEBM).status_code == 404
    assert app.extensions[EXTENSION].backends.storage.stat(upload.key) is None
