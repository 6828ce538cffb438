"""Media: only of stories that are public now, in ranges, with types of our own."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from socialproof.database import record, transaction
from socialproof.domain.events import CaptionsChanged

VIDEO = bytes(range(256)) * 40
SMALL = b"small" * 300
FILES = {
    "video.mp4": "video/mp4",
    "video-360.mp4": "video/mp4",
    "poster.webp": "image/webp",
    "preview.webp": "image/webp",
    "captions.vtt": "text/vtt",
}


@pytest.fixture
def film(showcase: Any) -> Any:
    story = showcase.story(kind="video")
    objects = {"video_mp4": VIDEO, "video-360_mp4": SMALL, "poster_webp": b"RIFFposter", "preview_webp": b"RIFFstill"}
    media = showcase.media(story, "video", **objects)
    return story, f"/w/media/{media.public_id}"


def rewrite(showcase: Any, story: Any, state: str = "reviewed", cues: list[Any] | None = None) -> None:
    """Captions as the team would leave them, told as the team's page tells it."""
    captions = story.media[0].captions
    with transaction(showcase.session) as session:
        captions.state = state
        captions.cues = captions.cues if cues is None else cues
        session.add(captions)
        record(session, CaptionsChanged(showcase.company.id, captions.media_id))


def test_a_public_video_is_served_with_its_type(client: FlaskClient, film: Any) -> None:
    answer = client.get(f"{film[1]}/video.mp4", buffered=True)
    assert (answer.status_code, answer.data) == (200, VIDEO)
    assert answer.mimetype == "video/mp4"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert (answer.cache_control.max_age or 99) <= 60
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=-10", 10230, 10239),
        ("bytes=10000-", 10000, 10239),
        ("bytes=0-", 0, 10239),
        ("bytes=10000-99999", 10000, 10239),
    ],
)
def test_a_part_is_served_as_asked(client: FlaskClient, film: Any, asked: str, first: int, last: int) -> None:
    answer = client.get(f"{film[1]}/video.mp4", headers={"Range": asked}, buffered=True)
    assert answer.status_code == 206
    assert answer.data == VIDEO[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(VIDEO)}"


def test_a_part_beyond_the_end_is_416(client: FlaskClient, film: Any) -> None:
    answer = client.get(f"{film[1]}/video.mp4", headers={"Range": "bytes=99999-"}, buffered=True)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(VIDEO)}"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=5-2", "bytes=-0", "bytes=a-b", "bytes", "bytes=--1", "bytes=0-0," * 3000]
)
def test_a_range_that_is_none_gives_the_whole_or_416_and_never_a_wrong_part(
    client: FlaskClient, film: Any, asked: str
) -> None:
    answer = client.get(f"{film[1]}/video.mp4", headers={"Range": asked}, buffered=True)
    assert answer.status_code in (200, 416)
    if answer.status_code == 200:
        assert answer.data == VIDEO


def test_a_part_is_sent_only_of_the_file_that_the_player_holds(client: FlaskClient, film: Any) -> None:
    path = f"{film[1]}/video.mp4"
    etag = client.get(path, buffered=True).headers["ETag"]
    same = client.get(path, headers={"Range": "bytes=5-9", "If-Range": etag}, buffered=True)
    other = client.get(path, headers={"Range": "bytes=5-9", "If-Range": '"another"'}, buffered=True)
    assert (same.status_code, same.data) == (206, VIDEO[5:10])
    assert (other.status_code, other.data) == (200, VIDEO)


@pytest.mark.parametrize("variant", FILES)
def test_head_tells_what_get_would_and_sends_nothing(client: FlaskClient, film: Any, variant: str) -> None:
    whole = client.get(f"{film[1]}/{variant}", buffered=True)
    head = client.head(f"{film[1]}/{variant}", buffered=True)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "X-Content-Type-Options"):
        assert head.headers[name] == whole.headers[name], name


@pytest.mark.parametrize(("variant", "kind"), FILES.items())
def test_every_file_has_its_own_type_and_none_is_sniffed_or_framed(
    client: FlaskClient, film: Any, variant: str, kind: str
) -> None:
    answer = client.get(f"{film[1]}/{variant}", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Content-Disposition"] == "inline"
    assert answer.headers["Cache-Control"] == "public, max-age=30, must-revalidate"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_the_captions_are_the_reviewed_words(client: FlaskClient, showcase: Any, film: Any) -> None:
    rewrite(showcase, film[0], cues=[{"start": 0.5, "end": 61.25, "text": "Two lines\nof words."}])
    answer = client.get(f"{film[1]}/captions.vtt")
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.text == "WEBVTT\n\n00:00.500 --> 01:01.250\nTwo lines\nof words.\n"
    assert client.get(f"{film[1]}/captions.vtt", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_changed_words_have_another_tag(client: FlaskClient, showcase: Any, film: Any) -> None:
    before = client.get(f"{film[1]}/captions.vtt").headers["ETag"]
    rewrite(showcase, film[0], cues=[{"start": 0, "end": 1, "text": "Other words."}])
    after = client.get(f"{film[1]}/captions.vtt", headers={"If-None-Match": before})
    assert after.status_code == 200
    assert "Other words." in after.text


def test_hostile_captions_stay_words_of_one_cue(client: FlaskClient, showcase: Any, film: Any) -> None:
    evil = "--></script><script>alert(1)</script>\n\n00:00.000 --> 00:09.000\nSTYLE\n::cue { color: red }"
    rewrite(showcase, film[0], cues=[{"start": 0, "end": 1, "text": evil}])
    file = client.get(f"{film[1]}/captions.vtt").text
    assert file.count("-->") == 1
    assert "<script" not in file
    assert "\n\n" not in file.split("-->", 1)[1]


@pytest.mark.parametrize("state", ["draft", "no_speech"])
def test_captions_that_nobody_reviewed_are_not_there(client: FlaskClient, showcase: Any, film: Any, state: str) -> None:
    rewrite(showcase, film[0], state)
    missing = client.get(f"/w/media/{'A' * 16}/captions.vtt")
    answer = client.get(f"{film[1]}/captions.vtt")
    assert (answer.status_code, answer.data) == (404, missing.data)
    expected = 404 if state == "draft" else 200
    assert client.get(f"{film[1]}/video.mp4", buffered=True).status_code == expected


def test_an_unchanged_object_is_304(client: FlaskClient, film: Any) -> None:
    etag = client.get(f"{film[1]}/poster.webp", buffered=True).headers["ETag"]
    assert client.get(f"{film[1]}/poster.webp", headers={"If-None-Match": etag}, buffered=True).status_code == 304


@pytest.mark.parametrize("state", ["submitted", "rejected", "withdrawn", "archived"])
def test_a_story_that_is_not_public_has_no_media(client: FlaskClient, showcase: Any, film: Any, state: str) -> None:
    film[0].state = state
    showcase.session.commit()
    unknown = client.get(f"/w/media/{'A' * 16}/video.mp4")
    for variant in FILES:
        answer = client.get(f"{film[1]}/{variant}", buffered=True)
        assert (answer.status_code, answer.data) == (404, unknown.data)


def test_a_withdrawn_consent_takes_the_media_away_at_once(client: FlaskClient, showcase: Any, film: Any) -> None:
    held = client.get(f"{film[1]}/video.mp4", buffered=True).headers["ETag"]
    film[0].consents[0].withdrawn_at = showcase.factories.now
    showcase.session.commit()
    answer = client.get(f"{film[1]}/video.mp4", headers={"If-None-Match": held}, buffered=True)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "variant",
    [
        "source",
        "video.webm",
        "384.webp",
        "..",
        "%2e%2e",
        "..%2fsource",
        "..%5csource",
        "%2e%2e%2f%2e%2e%2fsource",
        "video.mp4/",
        "video.mp4/../source",
        "video.mp4;source",
        "poster.webp%00",
        "VIDEO.MP4",
        "",
    ],
)
def test_only_named_variants_exist(client: FlaskClient, film: Any, variant: str) -> None:
    assert client.get(f"{film[1]}/{variant}", buffered=True).status_code in (404, 308)


def test_a_photo_of_somebody_who_chose_initials_is_not_served(client: FlaskClient, showcase: Any) -> None:
    named, unnamed = showcase.story(), showcase.story(attribution="initials")
    for story, status in ((named, 200), (unnamed, 404)):
        media = showcase.media(story, "photo", **{"96_webp": b"RIFFphoto"})
        assert client.get(f"/w/media/{media.public_id}/96.webp", buffered=True).status_code == status


def test_a_missing_object_and_a_private_one_look_the_same(client: FlaskClient, showcase: Any, film: Any) -> None:
    film[0].state = "submitted"
    showcase.session.commit()
    private = client.get(f"{film[1]}/video.mp4", buffered=True)
    missing = client.get(f"/w/media/{'A' * 16}/video.mp4", buffered=True)
    assert (private.status_code, private.data) == (missing.status_code, missing.data)


def test_an_address_is_not_to_be_guessed(showcase: Any, film: Any) -> None:
    """Sixteen letters of an alphabet of 64 are 96 bits, and no two addresses have anything in common."""
    others = [showcase.factories.media(film[0].response, film[0], kind="photo").public_id for _number in range(20)]
    assert all(len(one) == 16 for one in others)
    assert len({one[:4] for one in others}) == 20


def ask(address: str, path: str, **headers: str) -> tuple[int, Any, bytes]:
    """One real request over a socket."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("loss", ["withdrawn", "draft"])
def test_what_is_taken_back_is_out_of_feed_and_media_within_a_minute(
    live_server: str, showcase: Any, film: Any, clock: Callable[[float], None], loss: str
) -> None:
    """By real requests; a browser that asked the moment before keeps neither longer than its lifetime."""
    feed = f"/w/{showcase.publish().public_id}/en.json"
    video = f"{film[1]}/video.mp4"
    _, kept, body = ask(live_server, feed)
    assert len(json.loads(body)["testimonials"]) == 1
    status, held, _ = ask(live_server, video, Range="bytes=0-99")
    assert status == 206
    if loss == "withdrawn":
        showcase.withdraw(film[0])
    else:
        rewrite(showcase, film[0], "draft")
    clock(1.1)  # the shield asks the database once a second
    _, _, body = ask(live_server, feed)
    assert json.loads(body)["testimonials"] == []
    for variant in FILES:
        status, headers, _ = ask(live_server, f"{film[1]}/{variant}", **{"If-None-Match": held["ETag"]})
        assert (status, headers["Cache-Control"]) == (404, "no-store")
    lifetimes = [int(each["Cache-Control"].split("max-age=")[1].split(",")[0]) for each in (kept, held)]
    assert all(seconds <= 30 for seconds in lifetimes)
