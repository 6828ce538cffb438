"""A real Chromium sends to a bucket and plays from it, across origins, under the pages' own security policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.media.models import Media
from socialproof.settings import Settings
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.browser.camera import start, wait_until_kept
from tests.factories import Factories
from tests.s3 import ObjectStore

PLAYS = """async (url) => {
  const video = document.createElement("video");
  video.crossOrigin = "anonymous";
  video.muted = true;
  video.src = url;
  document.body.append(video);
  await video.play();
  await new Promise((done) => (video.ontimeupdate = () => video.currentTime > 0.2 && done()));
  const canvas = document.createElement("canvas");
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toDataURL();
  return video.videoWidth;
}"""
"""Where the store had not allowed the page, the picture could not be read back from the canvas."""


@pytest.fixture
def settings(settings: Settings, moto: ObjectStore) -> Settings:
    return replace(settings, bucket=moto.fresh_bucket())


@pytest.fixture
def app(app: Flask) -> Flask:
    """With the bucket's rules set as an operator sets them."""
    done = app.test_cli_runner().invoke(args=["storage", "cors"])
    assert done.exit_code == 0, done.output
    return app


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def test_a_recording_goes_to_the_bucket_and_not_through_us(
    app: Flask,
    page: Page,
    live_server: str,
    factories: Factories,
    session: Session,
    run_jobs: Callable[[], int],
) -> None:
    sent: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: sent.append(origin_of(request.url)) if request.method == "PUT" else None)
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.add_init_script("addEventListener('securitypolicyviolation', (e) => console.error(e.blockedURI))")
    token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, factories.response().public_id)
    page.goto(f"{live_server}/s/r/{token}/video")
    page.get_by_role("button", name="Turn on the camera").click()
    start(page)
    wait_until_kept(page, 2)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Use this video").click()
    page.wait_for_url("**/testimonial?video=*")
    run_jobs()
    session.rollback()
    assert [media.state for media in session.scalars(select(Media)) if media.state != "deleted"] == ["ready"]
    assert set(sent) == {app.extensions[EXTENSION].backends.storage.origin}
    assert [error for error in errors if "404" not in error] == []


def test_a_page_of_somebody_else_plays_from_the_bucket(
    app: Flask,
    page: Page,
    live_server: str,
    factories: Factories,
    clip: Callable[..., Path],
    foreign_site: Callable[..., str],
) -> None:
    testimonial = factories.testimonial(state="approved", kind="video")
    media = factories.media(testimonial.response, testimonial, variants=["video.mp4"])
    with clip("a.mp4", extra=("-movflags", "+faststart")).open("rb") as video:
        app.extensions[EXTENSION].backends.storage.put(f"{media.prefix}/video.mp4", video)
    page.goto(foreign_site("<!doctype html><title>Shop</title><body></body>"))
    assert page.evaluate(PLAYS, f"{live_server}/w/media/{media.public_id}/video.mp4") == 320
