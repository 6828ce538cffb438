"""The video's way in over HTTP: begin, addresses, parts, complete; and everything that is refused."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
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


def listed(sender: Sender) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sender.client.get(sender.base).json["uploads"]
    return found


def test_what_a_customer_has_is_listed_newest_first(sender: Sender, session: Session) -> None:
    assert listed(sender) == []
    sender.send(WEBM + b"first take", seconds=7)
    sender.client.post(sender.base, json={"audio": True})
    sender.begin()
    sender.put(1, b"hello")
    newest, sound, take = listed(sender)
    assert (newest["state"], newest["bytes"], newest["location"], newest["preview"]) == ("open", 5, None, None)
    assert (sound["is_audio"], take["is_audio"], sound["bytes"]) == (True, False, 0)
    assert (take["state"], take["media_state"], take["seconds"]) == ("complete", "uploaded", 7.0)
    assert take["bytes"] == len(WEBM) + 10
    assert take["location"].endswith(f"/testimonial?video={take['media']}")
    begun = [datetime.fromisoformat(each["begun_at"]) for each in (newest, sound, take)]
    assert begun == sorted(begun, reverse=True) and begun[0].tzinfo is not None
    assert 0 < newest["part_bytes"] <= newest["max_part_bytes"]
    assert session.scalars(select(Media.is_audio).order_by(Media.id)).all() == [False, True, False]


def test_a_take_that_is_ready_is_listed_with_its_preview(
    sender: Sender, session: Session, response: Response, factories: Factories
) -> None:
    sender.send(WEBM)
    media = session.scalars(select(Media)).one()
    media.state, media.variants, media.progress_percent = "ready", ["video.mp4", "poster.webp"], 100
    session.commit()
    (take,) = listed(sender)
    assert (take["media_state"], take["progress"]) == ("ready", 100)
    assert take["preview"]["video"].endswith(f"/video/media/{media.public_id}/video.mp4")
    assert take["preview"]["poster"].endswith(f"/video/media/{media.public_id}/poster.webp")


def test_nothing_of_another_customer_is_listed(
    app: Flask, sender: Sender, response: Response, factories: Factories
) -> None:
    sender.send(WEBM)
    for other in (factories.response(response.survey), factories.response()):
        assert listed(sender_of(app, sender.client, other)) == []


def test_what_was_used_or_is_unreadable_or_was_discarded_is_not_listed(
    sender: Sender, session: Session, response: Response, factories: Factories
) -> None:
    sender.send(WEBM + b"used")
    sender.send(b"<!doctype html>")
    sender.send(WEBM + b"discarded")
    assert sender.client.delete(sender.upload["self"]).status_code == 204
    session.scalars(select(Media).order_by(Media.id)).first().testimonial_id = factories.testimonial(response).id
    session.commit()
    assert listed(sender) == []


def test_discarding_takes_the_bytes_away_and_may_be_said_twice(
    sender: Sender, session: Session, settings: Settings, run_jobs: Callable[[], int]
) -> None:
    sender.begin()
    sender.put(1, b"hello")
    for _ in range(2):
        answer = sender.client.delete(sender.upload["self"])
        assert (answer.status_code, answer.data) == (204, b"")
    assert sender.client.get(sender.upload["self"]).status_code == 404
    assert sender.put(2, b"more").status_code == 404
    assert sender.complete(b"hello").status_code == 404
    sender.send(WEBM)
    sender.client.delete(sender.upload["self"])
    run_jobs()
    assert left_behind(settings) == []
    assert set(session.execute(select(Media.state, Media.stored_byte_count))) == {("deleted", 0)}


def test_a_take_of_a_testimonial_is_not_discarded(
    sender: Sender, session: Session, response: Response, factories: Factories
) -> None:
    sender.send(WEBM)
    session.scalars(select(Media)).one().testimonial_id = factories.testimonial(response).id
    session.commit()
    answer = sender.client.delete(sender.upload["self"])
    assert (answer.status_code, answer.json["code"]) == (409, "already_sent")
    session.rollback()
    assert session.scalars(select(Media.state)).one() == "uploaded"


def test_somebody_elses_upload_cannot_be_discarded(
    app: Flask, sender: Sender, session: Session, response: Response, factories: Factories
) -> None:
    sender.begin()
    other = sender_of(app, sender.client, factories.response(response.survey))
    assert other.client.delete(f"{other.base}/{sender.upload['upload']}").status_code == 404
    assert sender.client.get(sender.upload["self"]).status_code == 200


def test_what_the_browser_knows_of_the_recording_is_kept(sender: Sender, session: Session) -> None:
    content = WEBM + b"x" * 100
    told = {"seconds": 12.5, "segments": [len(WEBM), 100], "trim": {"start": 1, "end": 12.7}}
    assert sender.send(content, **told).status_code == 200
    media = session.scalars(select(Media)).one()
    assert media.segment_byte_counts == [len(WEBM), 100]
    assert (media.recorded_seconds, media.trim_start_seconds, media.trim_end_seconds) == (12.5, 1.0, 12.7)
    assert not media.is_partial


def test_a_player_on_a_busy_phone_may_find_more_than_the_recorder_counted(sender: Sender, session: Session) -> None:
    """The cut is a time of the file: what the player showed is what the customer chose."""
    assert sender.send(WEBM, seconds=4.741, trim={"start": 1, "end": 5.68}).status_code == 200
    assert session.scalars(select(Media.trim_end_seconds)).one() == 5.68


def test_a_cut_is_kept_in_whole_milliseconds(sender: Sender, session: Session) -> None:
    sender.send(WEBM, seconds=12.5, trim={"start": 0.0000001, "end": 11.99999999})
    media = session.scalars(select(Media)).one()
    assert (media.trim_start_seconds, media.trim_end_seconds) == (0.0, 12.0)


@pytest.mark.parametrize(
    "told",
    [
        {"seconds": "3"},
        {"seconds": 0},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"seconds": 10**400},
        {"seconds": True},
        {"segments": [1, 2]},
        {"segments": [len(WEBM), 0]},
        {"segments": [len(WEBM) + 1, -1]},
        {"segments": [float(len(WEBM))]},
        {"segments": [1] * 21},
        {"segments": "x"},
        {"trim": {"start": 0, "end": 0.9}},
        {"trim": {"start": -0.1, "end": 2}},
        {"trim": {"start": 0, "end": 5}},
        {"trim": {"start": 2.5, "end": 1}},
        {"trim": {"start": float("nan"), "end": 2}},
        {"trim": {"start": 0}},
        {"trim": [0, 2]},
        {"partial": "yes"},
    ],
)
def test_a_description_that_cannot_be_true_is_refused_and_nothing_lost(
    sender: Sender, session: Session, told: dict[str, Any]
) -> None:
    answer = sender.send(WEBM, **told)
    assert (answer.status_code, answer.json["code"]) == (422, "not_understood")
    assert "description" in answer.json["message"]
    assert sender.complete(WEBM).status_code == 200


def test_what_had_arrived_of_a_lost_recording_can_be_sent(sender: Sender, session: Session, settings: Settings) -> None:
    content = WEBM + b"x" * 3000
    sender.begin()
    for number, piece in {1: content[:1000], 2: content[1000:2000], 4: content[2500:]}.items():
        sender.put(number, piece)
    partial = {"sha256": None, "partial": True, "seconds": None}
    assert sender.complete(content, **partial, size=2001).json["code"] == "upload_incomplete"
    assert sender.complete(content, sha256=None, size=2000).json["code"] == "upload_incomplete"
    answer = sender.complete(content, **partial, size=2000)
    assert answer.json["state"] == "uploaded"
    media = session.scalars(select(Media)).one()
    assert (media.is_partial, media.recorded_seconds, media.byte_count, media.sha256) == (True, None, 2000, "")
    assert [path.read_bytes() for path in left_behind(settings)] == [content[:2000]]


def test_of_two_tabs_on_one_upload_the_later_content_is_refused_and_the_file_is_whole(
    app: Flask, sender: Sender, response: Response, settings: Settings
) -> None:
    sender.begin()
    other_tab = sender_of(app, app.test_client(), response)
    other_tab.upload = sender.upload
    sender.put(1, WEBM)
    assert other_tab.put(1, WEBM[:-1] + b"!").json["code"] == "part_conflict"
    assert sender.complete(WEBM).status_code == 200
    late = other_tab.put(2, b"more")
    assert (late.status_code, late.json["code"]) == (409, "upload_complete")
    assert other_tab.complete(WEBM + b"more").status_code == 200
    assert [path.read_bytes() for path in left_behind(settings)] == [WEBM]


def test_overlapping_parts_are_no_file(sender: Sender, session: Session) -> None:
    content = WEBM + bytes(range(200))
    sender.begin()
    sender.put(1, content[:150])
    sender.put(2, content[140:])
    assert sender.complete(content).json["code"] == "upload_incomplete"
    assert session.scalars(select(Media.state)).one() == "uploading"


def test_a_lost_recording_of_one_part_shorter_than_asked_for_is_taken(sender: Sender) -> None:
    sender.begin()
    assert len(WEBM) < sender.upload["part_bytes"]
    sender.put(1, WEBM)
    sender.put(2, b"short too")
    assert sender.complete(WEBM + b"short too").status_code == 200


def test_only_so_many_may_be_sending_to_one_company(
    make_app: Callable[..., Flask], response: Response, factories: Factories, session: Session
) -> None:
    app = make_app(max_uploads_per_company=2)
    senders = [sender_of(app, app.test_client(), factories.response(response.survey)) for _ in range(3)]
    assert [each.begin().status_code for each in senders[:2]] == [201, 201]
    answer = senders[2].begin()
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "company_busy", "60")
    assert sender_of(app, app.test_client(), factories.response()).begin().status_code == 201
    session.execute(update(Upload).values(created_at=factories.now - timedelta(hours=2)))
    session.commit()
    assert senders[2].begin().status_code == 201


def test_the_operator_says_how_many_videos_a_link_may_be_sending(
    make_app: Callable[..., Flask], response: Response
) -> None:
    app = make_app(max_uploads_per_link=1)
    sender = sender_of(app, app.test_client(), response)
    first = sender.begin().json
    assert sender.begin().status_code == 201
    assert sender.client.get(first["self"]).status_code == 404


def test_a_full_company_is_told_and_the_part_that_would_pass_the_limit_is_not_taken(
    make_app: Callable[..., Flask], response: Response, factories: Factories, settings: Settings
) -> None:
    step = 8 * 1024 * 1024
    app = make_app(max_company_bytes=2 * step)
    sender = sender_of(app, app.test_client(), response)
    factories.media(factories.response(response.survey), stored_byte_count=step, judged_at=factories.now)
    sender.begin()
    assert sender_of(app, app.test_client(), factories.response(response.survey)).begin().json["code"] == "company_full"
    assert sender.put(1, b"x" * (step // 2)).status_code == 200
    answer = sender.put(2, b"x" * (step // 2 + 1))
    assert (answer.status_code, answer.json["code"]) == (507, "company_full")
    assert "Please write instead" in answer.json["message"]
    assert [path.stat().st_size for path in left_behind(settings)] == [step // 2]
    digest = hashlib.sha256(b"").hexdigest()
    wanted = {"parts": [{"number": 2, "size": step // 2 + 1, "sha256": digest}]}
    assert sender.client.post(sender.upload["addresses"], json=wanted).status_code == 507


@pytest.mark.both_databases
def test_of_many_who_begin_at_once_no_more_get_room_than_there_is(
    make_app: Callable[..., Flask], response: Response, factories: Factories, session: Session
) -> None:
    app = make_app(max_waiting_bytes=3_000_000)
    senders = [sender_of(app, app.test_client(), factories.response(response.survey)) for _ in range(8)]
    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(lambda each: each.begin(1_000_000), senders))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [507] * 5


@pytest.mark.parametrize("name", ["../../x", "n" * 300, "\U0001f3a5 clip", "CON", "a\0b"])
def test_a_file_name_reaches_no_key(sender: Sender, session: Session, name: str) -> None:
    sender.upload = sender.client.post(sender.base, json={"size": len(WEBM), "name": name, "key": name}).json
    sender.put(1, WEBM)
    sender.complete(WEBM, name=name, filename=name)
    media = session.scalars(select(Media)).one()
    company = media.response.survey.company.public_id
    assert media.prefix == f"companies/{company}/media/{media.public_id}"
    assert session.scalars(select(Upload.key)).one() == f"{media.prefix}/source"
