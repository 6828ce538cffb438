"""The customer's whole way with media in a bucket, over HTTP and on real stores: no byte of a video goes through us."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof.backends.storage.port import PartAddress
from socialproof.database import transaction
from socialproof.media.models import Captions, Media
from socialproof.responses.models import Response
from socialproof.settings import Bucket, Settings
from socialproof.testimonials import moderating, service
from socialproof.testimonials.models import Testimonial
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.factories import Factories
from tests.s3 import Gateway, ObjectStore, fetch, gateway, put

Clip = Callable[..., Path]
RunJobs = Callable[[], int]


BEHIND = pytest.mark.parametrize("store", ["behind"], indirect=True)
"""With the store behind a gateway that can say 503 for a while."""


@pytest.fixture(params=["moto", "swift"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    found: ObjectStore = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def behind(way: tuple[Gateway, Bucket], moto: ObjectStore) -> ObjectStore:
    """moto, with a folder that is reached by the gateway alone."""
    return replace(moto, place=way[1])


@pytest.fixture
def settings(settings: Settings, store: ObjectStore) -> Settings:
    return replace(settings, bucket=store.folder())


@pytest.fixture
def response(factories: Factories) -> Response:
    return factories.response()


@pytest.fixture
def address(app: Flask, response: Response) -> str:
    """Where uploads of this customer begin."""
    token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
    return f"/s/r/{token}/uploads"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def begin(client: FlaskClient, address: str) -> dict[str, Any]:
    answer = client.post(address, json={"size": None})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def place_of(client: FlaskClient, upload: dict[str, Any], content: bytes) -> TestResponse:
    part = {"number": 1, "size": len(content), "sha256": sha256(content)}
    return client.post(upload["addresses"], json={"parts": [part]})


def send(client: FlaskClient, address: str, content: bytes) -> str:
    """As the page's own script does it; returns the public id of the video."""
    upload = begin(client, address)
    (place,) = place_of(client, upload, content).json["parts"]
    assert not place["url"].startswith("/")
    assert put(PartAddress(place["url"], place["headers"]), content) == 200
    body = {"size": len(content), "sha256": sha256(content), "seconds": 2.0}
    answer = client.post(upload["complete"], json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json["media"])


def released(session: Session, factories: Factories, response: Response, public_id: str) -> tuple[Testimonial, Media]:
    """A person heard the video and approved the testimonial with it."""
    testimonial = factories.testimonial(response, kind="video")
    user = factories.user()
    with transaction(session):
        media = session.scalars(select(Media).where(Media.public_id == public_id)).one()
        media.testimonial_id = testimonial.id
        media.captions = Captions(
            company_id=media.company_id, state="no_speech", language="en", updated_at=factories.now
        )
        session.flush()
        session.refresh(testimonial)
        moderating.approve(session, testimonial=testimonial, user=user, version=testimonial.version, now=factories.now)
    return testimonial, media


def test_a_video_comes_in_is_made_ready_is_played_and_is_gone_after_a_withdrawal(
    app: Flask,
    client: FlaskClient,
    address: str,
    response: Response,
    session: Session,
    factories: Factories,
    clip: Clip,
    run_jobs: RunJobs,
) -> None:
    public_id = send(client, address, clip("a.webm", seconds=2).read_bytes())
    run_jobs()
    testimonial, media = released(session, factories, response, public_id)
    assert (media.state, media.reason) == ("ready", "")
    answer = client.get(f"/w/media/{public_id}/video.mp4")
    place = answer.headers["Location"]
    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "private, no-store")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert place.startswith(app.extensions[EXTENSION].backends.storage.origin + "/")
    status, body, headers = fetch(place, headers={"Range": "bytes=4-7"})
    assert (status, body, headers["content-type"]) == (206, b"ftyp", "video/mp4")
    with transaction(session):
        session.refresh(testimonial)
        service.withdraw_testimonial(session, testimonial=testimonial, now=factories.now)
    assert client.get(f"/w/media/{public_id}/video.mp4").status_code == 404
    run_jobs()
    assert fetch(place)[0] in (403, 404)


def test_small_files_and_questions_about_a_video_are_answered_by_us(
    client: FlaskClient,
    address: str,
    response: Response,
    session: Session,
    factories: Factories,
    clip: Clip,
    run_jobs: RunJobs,
) -> None:
    public_id = send(client, address, clip("a.webm", seconds=2).read_bytes())
    run_jobs()
    released(session, factories, response, public_id)
    with client.get(f"/w/media/{public_id}/poster.webp") as poster:
        assert (poster.status_code, poster.mimetype, poster.data[8:12]) == (200, "image/webp", b"WEBP")
    with client.head(f"/w/media/{public_id}/video.mp4") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "video/mp4")
        assert int(answer.headers["Content-Length"]) > 1000


@pytest.mark.parametrize("store", ["moto"], indirect=True)
def test_pages_may_send_to_the_bucket_and_play_from_it_and_from_nowhere_else(
    app: Flask, client: FlaskClient, address: str
) -> None:
    origin = app.extensions[EXTENSION].backends.storage.origin
    rules = policy(client.get(address.removesuffix("/uploads") + "/video"))
    assert rules["connect-src"] == ["'self'", origin]
    assert rules["media-src"] == ["'self'", "blob:", origin]
    assert policy(client.get("/app/sign-in"))["media-src"] == ["'self'", "blob:", origin]


def policy(answer: TestResponse) -> dict[str, list[str]]:
    rules = answer.headers["Content-Security-Policy"].split(";")
    return {words[0]: words[1:] for words in (rule.split() for rule in rules) if words}


@pytest.fixture
def way(moto: ObjectStore) -> Iterator[tuple[Gateway, Bucket]]:
    """A gateway before the store, and the place that is reached by it alone."""
    with gateway(moto) as found:
        yield found


@BEHIND
def test_the_sender_is_told_to_come_back_and_nothing_is_lost(
    client: FlaskClient, address: str, way: tuple[Gateway, Bucket], clip: Clip
) -> None:
    content = clip("a.webm", seconds=2).read_bytes()
    way[0].is_away.set()
    refusal = client.post(address, json={"size": None})
    assert (refusal.status_code, refusal.json["code"]) == (503, "storage_away")
    way[0].is_away.clear()
    upload = begin(client, address)
    way[0].is_away.set()
    refusal = place_of(client, upload, content)
    assert (refusal.status_code, refusal.json["code"]) == (503, "storage_away")
    assert int(refusal.headers["Retry-After"]) > 0
    way[0].is_away.clear()
    (place,) = place_of(client, upload, content).json["parts"]
    assert put(PartAddress(place["url"], place["headers"]), content) == 200
    way[0].is_away.set()
    body = {"size": len(content), "sha256": sha256(content), "seconds": 2.0}
    assert client.post(upload["complete"], json=body).status_code == 503
    way[0].is_away.clear()
    assert client.post(upload["complete"], json=body).json["state"] == "uploaded"


@BEHIND
def test_ten_minutes_without_the_store_and_the_backlog_drains(
    client: FlaskClient,
    app: Flask,
    factories: Factories,
    session: Session,
    way: tuple[Gateway, Bucket],
    clip: Clip,
    run_jobs: RunJobs,
) -> None:
    content = clip("a.webm", seconds=2).read_bytes()
    tokens = app.extensions[EXTENSION].tokens
    for response in (factories.response(), factories.response()):
        send(client, f"/s/r/{tokens.sign(Purpose.RESPONSE, response.public_id)}/uploads", content)
    way[0].is_away.set()
    began = datetime.now(UTC)
    for minutes in (0, 1, 5, 10):
        with time_machine.travel(began + timedelta(minutes=minutes), tick=True):
            run_jobs()
    states = select(Media.state)
    session.rollback()
    assert set(session.scalars(states)) == {"processing"}
    way[0].is_away.clear()
    with time_machine.travel(began + timedelta(minutes=60), tick=True):
        run_jobs()
    session.rollback()
    assert list(session.scalars(states)) == ["ready", "ready"]


@BEHIND
def test_pages_of_visitors_say_that_it_passes(
    client: FlaskClient, factories: Factories, way: tuple[Gateway, Bucket]
) -> None:
    testimonial = factories.testimonial(state="approved", attribution="full_name")
    media = factories.media(testimonial.response, testimonial, kind="photo", variants=["96.webp"])
    way[0].is_away.set()
    answer = client.get(f"/w/media/{media.public_id}/96.webp")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
