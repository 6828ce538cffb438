"""Only the team's room has a session cookie."""

from __future__ import annotations

import pytest
from flask import Flask, session


@pytest.mark.parametrize("path", ["/s/x", "/w/x", "/apple", "/healthz2"])
def test_outside_the_teams_room_a_session_cannot_be_written(app: Flask, path: str) -> None:
    with app.test_request_context(path), pytest.raises(RuntimeError, match="session is unavailable"):
        session["key"] = "value"


@pytest.mark.parametrize("path", ["/app", "/app/account"])
def test_inside_it_can(app: Flask, path: str) -> None:
    with app.test_request_context(path):
        session["key"] = "value"
        assert session["key"] == "value"
