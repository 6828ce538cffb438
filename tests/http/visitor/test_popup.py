"""The popup's script: small, built from its source, safe on strict pages; and what everybody may know of a popup."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.factories import Factories

FOLDER = Path(__file__).parents[3] / "static" / "visitor"
SOURCE = (FOLDER / "popup.js").read_text(encoding="utf-8")


def test_the_script_is_for_any_origin_within_its_budget_and_unchanged_304(client: FlaskClient) -> None:
    answer = client.get("/w/popup.js", headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers
    assert len(answer.data) <= 4608
    assert gzip.decompress(answer.data) == client.get("/w/popup.js").data
    etag = answer.headers["ETag"]
    assert client.get("/w/popup.js", headers={"If-None-Match": etag}).status_code == 304
    assert client.head("/w/popup.js").headers["ETag"] == etag


def test_what_is_served_was_built_from_its_source() -> None:
    built = (FOLDER / "popup.min.js").read_text(encoding="utf-8")
    mark = hashlib.sha256(SOURCE.encode()).hexdigest()[:16]
    assert built.startswith(f"/* popup.js {mark} */"), "run benchmarks/widget_minify.py"


@pytest.mark.parametrize(
    "forbidden",
    [
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "sessionStorage",
        "indexedDB", "document.cookie", "sendBeacon", '"style"', "import(", "pushState", "replaceState",
    ],
)  # fmt: skip
def test_it_uses_nothing_that_strict_pages_refuse_and_patches_no_page(forbidden: str) -> None:
    assert forbidden not in SOURCE


def test_it_names_no_host() -> None:
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", SOURCE) == []


def test_everybody_may_know_how_it_looks_and_nobody_where_it_shows_itself(
    client: FlaskClient, factories: Factories
) -> None:
    popup = factories.popup(pages=["/secret-launch/*"], mode="tab", position="left")
    answer = client.get(f"/w/p/{popup.public_id}.json?lang=fi-FI")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.cache_control.max_age == 60
    said = answer.json
    assert (said["on"], said["mode"], said["position"], said["language"]) == (True, "tab", "left", "fi")
    assert popup.survey.company.name in said["title"]
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in said["colours"])
    assert "secret-launch" not in answer.text
    etag = answer.headers["ETag"]
    again = client.get(f"/w/p/{popup.public_id}.json?lang=fi-FI", headers={"If-None-Match": etag})
    assert again.status_code == 304


@pytest.mark.parametrize(("popup_state", "survey_state"), [("off", "open"), ("on", "closed"), ("on", "draft")])
def test_of_one_that_is_off_nothing_is_told(
    client: FlaskClient, factories: Factories, popup_state: str, survey_state: str
) -> None:
    popup = factories.popup(factories.survey(state=survey_state), state=popup_state)
    assert client.get(f"/w/p/{popup.public_id}.json").json == {"on": False}


@pytest.mark.parametrize("name", ["A" * 16, "A" * 500, "x%00y", "en"])
def test_an_unknown_one_is_404(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/w/p/{name}.json")
    assert answer.status_code == 404
    assert "no-store" in answer.headers["Cache-Control"]
