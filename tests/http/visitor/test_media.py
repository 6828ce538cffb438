"""Media: only of stories that are public now, in ranges, with types of our own."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

VIDEO = bytes(range(256)) * 40


@pytest.fixture
def film(showcase: Any) -> Any:
    story = showcase.story(kind="video")
    media = showcase.media(story, "video", video_mp4=VIDEO, poster_webp=b"RIFFposter")
    return story, f"/w/media/{media.public_id}"


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
    [("bytes=0-0", 0, 0), ("bytes=100-199", 100, 199), ("bytes=-10", 10230, 10239), ("bytes=10000-", 10000, 10239)],
)
def test_a_part_is_served_as_asked(client: FlaskClient, film: Any, asked: str, first: int, last: int) -> None:
    answer = client.get(f"{film[1]}/video.mp4", headers={"Range": asked}, buffered=True)
    assert answer.status_code == 206
    assert answer.data == VIDEO[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(VIDEO)}"


def test_a_part_beyond_the_end_is_416(client: FlaskClient, film: Any) -> None:
    assert client.get(f"{film[1]}/video.mp4", headers={"Range": "bytes=99999-"}, buffered=True).status_code == 416


def test_an_unchanged_object_is_304(client: FlaskClient, film: Any) -> None:
    etag = client.get(f"{film[1]}/poster.webp", buffered=True).headers["ETag"]
    assert client.get(f"{film[1]}/poster.webp", headers={"If-None-Match": etag}, buffered=True).status_code == 304


@pytest.mark.parametrize("state", ["submitted", "rejected", "withdrawn", "archived"])
def test_a_story_that_is_not_public_has_no_media(client: FlaskClient, showcase: Any, film: Any, state: str) -> None:
    film[0].state = state
    showcase.session.commit()
    assert client.get(f"{film[1]}/video.mp4", buffered=True).status_code == 404
    assert client.get(f"{film[1]}/poster.webp", buffered=True).status_code == 404


def test_a_withdrawn_consent_takes_the_media_away_at_once(client: FlaskClient, showcase: Any, film: Any) -> None:
    held = client.get(f"{film[1]}/video.mp4", buffered=True).headers["ETag"]
    film[0].consents[0].withdrawn_at = showcase.factories.now
    showcase.session.commit()
    answer = client.get(f"{film[1]}/video.mp4", headers={"If-None-Match": held}, buffered=True)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("variant", ["source", "video.webm", "384.webp", "..", "%2e%2e", "poster.webp%00", "VIDEO.MP4"])
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
