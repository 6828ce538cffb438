"""Days and times are written as the reader's language writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

NOON = datetime(2026, 11, 2, 12, 5, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "2 Nov 2026 | 2 Nov 2026, 12:05"),
        ("sv", "2 nov. 2026 | 2 nov. 2026 12:05"),
        ("da", "2. nov. 2026 | 2. nov. 2026 12.05"),
        ("nb", "2. nov. 2026 | 2. nov. 2026, 12:05"),
        ("fi", "2.11.2026 | 2.11.2026 12.05"),
    ],
)
def test_a_day_and_a_moment_follow_the_language(app: Flask, language: str, written: str) -> None:
    with app.test_request_context(f"/?lang={language}"):
        assert render_template_string("{{ at|day }} | {{ at|moment }}", at=NOON) == written


def test_another_language_keeps_what_the_address_says_of_the_page(client: FlaskClient) -> None:
    page = client.get("/app/welcome?key=a%26b&lang=sv&unknown=x").text
    assert 'href="?key=a%26b&amp;lang=fi"' in page
    assert "unknown" not in page
