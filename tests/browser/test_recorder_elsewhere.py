"""The recorder in Firefox and in WebKit, the engine of Safari: recorded, reviewed, sent, and playable."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.media.models import Media
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.factories import Factories
from tests.other_browsers import OtherBrowser, wait_until


@pytest.fixture
def recorder_url(app: Flask, live_server: str, factories: Factories) -> str:
    """A promoter's own recorder page."""
    response = factories.response(factories.survey(max_video_seconds=60))
    token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
    return f"{live_server}/s/r/{token}/video"


def shown(selector: str) -> str:
    return f"!!document.querySelector('{selector}')?.getClientRects().length"


def record_four_seconds(other: OtherBrowser, opener: str) -> None:
    wait_until(other, shown(opener))
    other.click(opener)
    wait_until(other, shown("#record"))
    other.click("#record")
    wait_until(other, shown("#stop"))
    wait_until(other, "/:5[0-6]$/.test(document.getElementById('left').textContent)")


def send(other: OtherBrowser) -> None:
    wait_until(other, shown("#send"))
    other.click("#send")
    wait_until(other, "location.pathname.endsWith('/testimonial')")


def made(session: Session, run_jobs: Callable[[], int]) -> Media:
    run_jobs()
    session.rollback()
    return session.scalars(select(Media).where(Media.state != "deleted")).one()


def test_firefox_records_and_sends(
    firefox: Callable[[], OtherBrowser], recorder_url: str, session: Session, run_jobs: Callable[[], int]
) -> None:
    other = firefox()
    other.open(recorder_url)
    record_four_seconds(other, "#open-camera")
    other.click("#stop")
    send(other)
    media = made(session, run_jobs)
    assert (media.state, media.reason, media.is_audio) == ("ready", "", False)
    assert media.recorded_seconds
    assert media.duration_seconds == pytest.approx(media.recorded_seconds, abs=1.5)


def test_firefox_killed_while_it_records_offers_what_it_kept(
    firefox: Callable[[], OtherBrowser], recorder_url: str, session: Session, run_jobs: Callable[[], int]
) -> None:
    other = firefox()
    other.open(recorder_url)
    record_four_seconds(other, "#open-camera")
    other.kill()
    again = firefox()
    again.open(recorder_url)
    wait_until(again, shown("#watch"))
    again.click("#watch")
    send(again)
    media = made(session, run_jobs)
    assert (media.state, media.reason) == ("ready", "")
    assert (media.duration_seconds or 0) > 1


def test_webkit_records_sound_and_sends_it(
    webkit: Callable[[], OtherBrowser], recorder_url: str, session: Session, run_jobs: Callable[[], int]
) -> None:
    """WebKitGTK's recorder writes no picture without a graphics card; its sound goes the same way as Safari's."""
    other = webkit()
    other.open(recorder_url)
    record_four_seconds(other, "#open-microphone")
    other.click("#stop")
    send(other)
    media = made(session, run_jobs)
    assert (media.state, media.reason, media.is_audio) == ("ready", "", True)
    assert media.duration_seconds == pytest.approx(media.recorded_seconds, abs=1.5)
