"""The recorder's page over HTTP."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from socialproof.responses.models import Response
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
