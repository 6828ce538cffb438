"""The log is one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys

from socialproof.logs import JsonLines, request_id


def line(**extra: object) -> dict[str, object]:
    record = logging.LogRecord("socialproof.web", logging.INFO, __file__, 1, "answered %s", ("å\n",), None)
    record.__dict__.update(extra)
    text = JsonLines().format(record)
    assert "\n" not in text
    return dict(json.loads(text))


def test_a_line_says_when_where_and_what() -> None:
    said = line(status=303, endpoint="customer.survey.submit")
    assert said["message"] == "answered å\n"
    assert (said["status"], said["endpoint"], said["level"]) == (303, "customer.survey.submit", "info")
    assert str(said["at"]).endswith("+00:00")


def test_a_line_carries_the_request_it_belongs_to() -> None:
    token = request_id.set("abc")
    assert line()["request_id"] == "abc"
    request_id.reset(token)
    assert "request_id" not in line()


def test_an_error_keeps_its_traceback_on_the_same_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        assert "ValueError: broken" in str(line(exc_info=sys.exc_info())["traceback"])
