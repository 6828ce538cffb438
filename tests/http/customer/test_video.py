"""The recorder's page over HTTP."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from io import BytesIO

import pytest
import segno
from flask import Flask
from flask.testing import FlaskClient

from socialproof.media.models import Media
from socialproof.responses.models import Response
from socialproof.settings import Settings
from socialproof.surveys.models import SurveyWording
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.factories import Factories


@pytest.fixture
def response(factories: Factories) -> Response:
    return factories.response(factories.survey(max_video_seconds=90))


def page_of(app: Flask, response: Response) -> str:
    token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
    return f"/s/r/{token}/video"


def test_it_shows_the_surveys_own_prompts_and_limit(
    app: Flask, client: FlaskClient, response: Response, factories: Factories
) -> None:
    factories.add(
        SurveyWording(survey_id=response.survey_id, language="sv", testimonial_prompts=["Vad <b>förändrades</b>?"])
    )
    answer = client.get(page_of(app, response) + "?lang=sv")
    assert "Vad &lt;b&gt;förändrades&lt;/b&gt;?" in answer.text
    assert 'data-max-seconds="90"' in answer.text
    assert 'lang="sv"' in answer.text


def test_only_this_page_may_use_camera_and_microphone(app: Flask, client: FlaskClient, response: Response) -> None:
    recorder = client.get(page_of(app, response))
    other = client.get(f"/s/{response.survey.public_id}")
    assert "camera=(self), microphone=(self)" in recorder.headers["Permissions-Policy"]
    assert "camera=(), microphone=()" in other.headers["Permissions-Policy"]


def test_nothing_on_it_is_inline(app: Flask, client: FlaskClient, response: Response) -> None:
    answer = client.get(page_of(app, response))
    policy = answer.headers["Content-Security-Policy"]
    assert "media-src 'self' blob:" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", answer.text)


def test_it_records_nothing_and_sets_no_cookie(app: Flask, client: FlaskClient, response: Response) -> None:
    assert "Set-Cookie" not in client.get(page_of(app, response)).headers
    assert client.post(page_of(app, response)).status_code == 405


def test_without_javascript_it_leads_to_the_written_way(app: Flask, client: FlaskClient, response: Response) -> None:
    text = client.get(page_of(app, response)).text
    assert re.search(r"<noscript>.*?/testimonial", text, re.DOTALL)


def test_where_no_video_is_asked_for_it_goes_to_the_written_way(
    app: Flask, client: FlaskClient, factories: Factories
) -> None:
    response = factories.response(factories.survey(allows_video=False))
    answer = client.get(page_of(app, response))
    assert answer.status_code == 303
    assert answer.location.endswith("/testimonial")


def test_once_the_testimonial_is_sent_there_is_nothing_to_record(
    app: Flask, client: FlaskClient, response: Response, factories: Factories
) -> None:
    factories.testimonial(response)
    assert client.get(page_of(app, response)).status_code == 303


def test_a_changed_link_is_404(app: Flask, client: FlaskClient, response: Response) -> None:
    assert client.get(page_of(app, response).replace("/video", "x/video")).status_code == 404


def qr_of(address: str) -> bytes:
    picture = BytesIO()
    segno.make(address, error="l", micro=False).save(picture, "svg", border=4, light="#ffffff", omitsize=True)
    return picture.getvalue()


def test_the_code_for_the_phone_is_the_absolute_address_of_this_recorder_in_this_language(
    app: Flask, client: FlaskClient, response: Response, settings: Settings
) -> None:
    page = page_of(app, response)
    answer = client.get(page + "/qr.svg?lang=fi")
    assert answer.data == qr_of(f"{settings.base_url}{page}?lang=fi")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get(page.replace("/video", "x/video") + "/qr.svg").status_code == 404


def test_the_phone_is_not_sent_into_the_frame_that_this_page_stands_in(
    app: Flask, client: FlaskClient, response: Response, settings: Settings
) -> None:
    page = page_of(app, response)
    text = client.get(page + "?embed=1&lang=sv").text
    assert f'value="{settings.base_url}{page}?lang=sv"' in text
    assert f'src="{page}/qr.svg?lang=sv"' in text


@pytest.fixture
def own(app: Flask, factories: Factories, response: Response) -> Media:
    """A finished video of this response, of 100 bytes."""
    media = factories.media(response, variants=["video.mp4", "poster.webp"], duration_seconds=83.4)
    app.extensions[EXTENSION].backends.storage.put(f"{media.prefix}/video.mp4", BytesIO(bytes(range(100))))
    app.extensions[EXTENSION].backends.storage.put(f"{media.prefix}/source", BytesIO(b"private"))
    return media


def test_a_customer_may_watch_and_wind_their_own_video(
    app: Flask, client: FlaskClient, response: Response, own: Media
) -> None:
    path = f"{page_of(app, response)}/media/{own.public_id}/video.mp4"
    with client.get(path, headers={"Range": "bytes=10-19"}) as answer:
        assert (answer.status_code, answer.data) == (206, bytes(range(10, 20)))
        assert answer.headers["Content-Range"] == "bytes 10-19/100"
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_source_and_everything_unlisted_is_404(
    app: Flask, client: FlaskClient, response: Response, own: Media
) -> None:
    for variant in ("source", "captions.vtt", "preview.webp", "video.mp4/..", "%00"):
        assert client.get(f"{page_of(app, response)}/media/{own.public_id}/{variant}").status_code == 404


def test_another_customers_video_is_404_in_every_shape(
    app: Flask, client: FlaskClient, own: Media, factories: Factories
) -> None:
    stranger = page_of(app, factories.response(own.response.survey))
    assert client.get(f"{stranger}/media/{own.public_id}/video.mp4").status_code == 404
    assert client.get(f"{stranger}/media/{own.public_id}").status_code == 404
    assert client.get(f"{stranger}/media/unknown").status_code == 404


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("uploaded", "Your video is being prepared"),
        ("processing", 'Your video is being prepared … <span class="numbers" data-percent>43 %'),
        ("ready", "<video"),
        ("parked", "You can send it anyway"),
        ("unreadable", "could not be read"),
    ],
)
def test_the_form_says_how_far_its_video_is(
    app: Flask, client: FlaskClient, response: Response, factories: Factories, state: str, words: str
) -> None:
    progress = 43 if state == "processing" else 0
    media = factories.media(response, state=state, variants=["video.mp4"], progress_percent=progress)
    piece = client.get(f"{page_of(app, response)}/media/{media.public_id}")
    assert piece.status_code == (404 if state == "unreadable" else 200)
    assert words in piece.text
    page = client.get(page_of(app, response).replace("/video", f"/testimonial?video={media.public_id}"))
    assert ("own-recording" in page.text) == (state != "unreadable")
    assert words in page.text


def test_a_player_has_its_size_its_length_and_a_still_and_loads_nothing_before_play(
    app: Flask, client: FlaskClient, response: Response, factories: Factories
) -> None:
    media = factories.media(
        response, variants=["video.mp4", "poster.webp"], width=720, height=1280, duration_seconds=83.4
    )
    text = client.get(f"{page_of(app, response)}/media/{media.public_id}").text
    assert 'width="720" height="1280"' in text
    assert 'preload="none"' in text
    assert f"/media/{media.public_id}/poster.webp" in text
    assert "1:23" in text


def test_a_recording_that_was_not_sent_is_offered_on_the_pages_of_the_answer(
    app: Flask, client: FlaskClient, response: Response, begun: Callable[[bool], str]
) -> None:
    base = page_of(app, response).removesuffix("/video")
    assert "Your recording of" not in client.get(base + "/thanks").text
    begun(False)
    assert "Your recording of" not in client.get(base + "/thanks").text
    begun(True)
    for page in (base, base + "/thanks"):
        text = client.get(page + "?lang=en").text
        assert "It stopped before it was sent" in text
        assert f'href="{base}/video?lang=en"' in text


def test_a_finished_recording_is_offered_with_its_form_until_it_is_sent(
    app: Flask, client: FlaskClient, response: Response, begun: Callable[[bool], str], factories: Factories
) -> None:
    base = page_of(app, response).removesuffix("/video")
    location = client.post(begun(True), json={"size": 40, "sha256": None, "seconds": 2, "partial": True}).json
    assert location is not None
    text = client.get(base + "/thanks").text
    assert "Say who you are and where it may be shown" in text
    assert f'href="{location["location"]}"' in text
    factories.testimonial(response)
    assert "Your recording of" not in client.get(base + "/thanks").text


@pytest.fixture
def begun(app: Flask, client: FlaskClient, response: Response) -> Callable[[bool], str]:
    """Begins an upload, with its first part or without; returns the address that completes it."""

    def begin(with_part: bool) -> str:
        upload = client.post(page_of(app, response).replace("/video", "/uploads"), json={"size": None}).json
        assert upload is not None
        content = (
            b"\x1a\x45\xdf\xa3" + b"\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + bytes(12)
        )
        if with_part:
            headers = {"X-Part-SHA256": hashlib.sha256(content).hexdigest()}
            sent = client.put(f"{upload['self']}/parts/1", data=content, headers=headers)
            assert sent.status_code == 200, sent.text
        return str(upload["complete"])

    return begin


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["%00", "%F0%9F%98%80", "x" * 5000])
def test_no_name_of_a_video_is_an_error(app: Flask, client: FlaskClient, response: Response, name: str) -> None:
    assert client.get(f"{page_of(app, response)}/media/{name}").status_code == 404
    assert client.get(f"{page_of(app, response)}/media/{name}/video.mp4").status_code == 404
