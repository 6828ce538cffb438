"""The widget's script: small, built from its source, and without the things that strict pages refuse."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

FOLDER = Path(__file__).parents[3] / "static" / "visitor"
SOURCE = (FOLDER / "widget.js").read_text(encoding="utf-8")


def test_it_is_javascript_for_any_origin(client: FlaskClient) -> None:
    answer = client.get("/w/widget.js")
    assert answer.status_code == 200
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.cache_control.max_age == 3600
    assert "Set-Cookie" not in answer.headers


def test_it_stays_within_its_budget(client: FlaskClient) -> None:
    answer = client.get("/w/widget.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) <= 5760


def test_an_unchanged_script_is_304(client: FlaskClient) -> None:
    etag = client.get("/w/widget.js").headers["ETag"]
    assert client.get("/w/widget.js", headers={"If-None-Match": etag}).status_code == 304
    assert client.head("/w/widget.js").headers["ETag"] == etag


def test_what_is_served_was_built_from_its_source() -> None:
    built = (FOLDER / "widget.min.js").read_text(encoding="utf-8")
    mark = hashlib.sha256(SOURCE.encode()).hexdigest()[:16]
    assert built.startswith(f"/* widget.js {mark} */"), "run benchmarks/widget_minify.py"


def test_gzip_of_the_script_is_the_script(client: FlaskClient) -> None:
    packed = client.get("/w/widget.js", headers={"Accept-Encoding": "gzip"}).data
    assert gzip.decompress(packed) == client.get("/w/widget.js").data


@pytest.mark.parametrize(
    "forbidden",
    [
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "localStorage",
        "sessionStorage", "indexedDB", "document.cookie", "sendBeacon", '"style"', "import(",
    ],
)  # fmt: skip
def test_it_uses_nothing_that_strict_pages_refuse(forbidden: str) -> None:
    assert forbidden not in SOURCE


def test_no_host_is_named_in_it() -> None:
    assert re.findall(r"https?://", SOURCE) == []


def test_the_disclosure_is_no_part_that_a_page_could_hide() -> None:
    parts = set(re.findall(r'"part", "(\w+)"', SOURCE))
    assert parts == {"box", "heading", "card", "text", "author", "video", "button"}
