"""Names line up: an endpoint, its module, its template and its tests carry the same words."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

ROOT = Path(__file__).parents[2]
ROOMS = ("customer", "developer", "marketer", "provider", "visitor")


def endpoints(app: Flask) -> list[str]:
    return sorted({rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] in ROOMS})


def test_every_endpoint_is_a_function_in_the_module_of_its_name(app: Flask) -> None:
    wrong = []
    for endpoint in endpoints(app):
        person, page, view = endpoint.split(".")
        function = app.view_functions[endpoint]
        if (function.__module__, function.__name__) != (f"socialproof.web.{person}.{page}", view):
            wrong.append(f"{endpoint} is {function.__module__}:{function.__name__}")
    assert wrong == []


def test_every_page_has_a_test_file_of_its_name(app: Flask) -> None:
    pages = {tuple(endpoint.split(".")[:2]) for endpoint in endpoints(app)}
    missing = [f"{person}/{page}" for person, page in sorted(pages) if not test_file(person, page).exists()]
    assert missing == []


def test_file(person: str, page: str) -> Path:
    return ROOT / "tests" / "http" / person / f"test_{page}.py"


test_file.__test__ = False  # type: ignore[attr-defined]


def test_every_template_named_in_the_rooms_exists() -> None:
    named = {
        name
        for path in (ROOT / "socialproof" / "web").rglob("*.py")
        for name in re.findall(r'"([a-z_]+/[a-z_/]+\.html)"', path.read_text(encoding="utf-8"))
    }
    assert [name for name in sorted(named) if not (ROOT / "templates" / name).exists()] == []
