"""Page rules, and the settings that a popup may have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from socialproof.domain.popup import (
    COUNTED,
    OF_LEDGER,
    PopupRefused,
    PopupSettings,
    Reason,
    checked_settings,
    event_word,
    is_on_page,
    matches,
    origin_of,
    page_patterns,
    path_of,
)

GOOD = PopupSettings(name="After the order")


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("/pricing", "/pricing", True),
        ("/pricing/more", "/pricing", False),
        ("/blog/a/b", "/blog/*", True),
        ("/blog", "/blog/*", True),
        ("/blogger", "/blog/*", False),
        ("/", "/*", True),
        ("/anything", "*", True),
        ("/en/checkout", "*/checkout", True),
        ("/en/checkout/2", "*/checkout", False),
        ("/a/x/b/y/c", "/a/*/b/*/c", True),
        ("/a/b/c", "/a/*b*/c", True),
        ("/aa", "/a*a", True),
        ("/a", "/a*a", False),
        ("/Pricing", "/pricing", False),
        ("/a.b", "/a?b", False),
    ],
)
def test_a_pattern_says_where(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


def test_no_pattern_is_slow() -> None:
    assert matches("/" + "a" * 1900 + "b", "/" + "*a" * 140 + "*c") is False


def test_never_goes_before_only_and_no_rules_mean_everywhere() -> None:
    assert is_on_page("/blog/a", ["/blog/*"], [])
    assert not is_on_page("/blog/a", ["/blog/*"], ["*/a"])
    assert not is_on_page("/", ["/blog/*"], [])
    assert is_on_page("/anything", [], [])


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://shop.example/caf%C3%A9/?a=1#b", "/café"),
        ("https://shop.example", "/"),
        ("/pricing/", "/pricing"),
        ("//evil.example/x", None),
        ("javascript:alert(1)", None),
        ("pricing", None),
        ("", None),
        ("https://[", None),
        ("/" + "a" * 3000, None),
    ],
)
def test_the_path_of_a_page(address: str, path: str | None) -> None:
    assert path_of(address) == path


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Shop.example:443/a", "https://shop.example"),
        ("http://localhost:8080/a", "http://localhost:8080"),
        ("/a", None),
        ("https://x:99999999/", None),
    ],
)
def test_the_origin_of_a_page(address: str, origin: str | None) -> None:
    assert origin_of(address) == origin


def test_patterns_are_typed_one_per_line_and_kept_once() -> None:
    assert page_patterns(" /a/ \n\n/a\nhttps://shop.example/b?c\n*/d") == ("/a", "/b", "*/d")


@pytest.mark.parametrize(
    "typed", ["pricing", "/a b", "ftp://x/y", "/" + "a" * 400, "\n".join(f"/{n}" for n in range(51))]
)
def test_what_is_no_page_is_refused(typed: str) -> None:
    with pytest.raises(PopupRefused):
        page_patterns(typed)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": "modal"}, "mode"),
        ({"trigger": "hover"}, "trigger"),
        ({"position": "top"}, "position"),
        ({"name": ""}, "name"),
        ({"trigger_value": 3601}, "trigger_value"),
        ({"trigger": "scroll", "trigger_value": 0}, "trigger_value"),
        ({"trigger": "scroll", "trigger_value": 101}, "trigger_value"),
        ({"trigger": "event"}, "event_name"),
        ({"sample_percent": 0}, "sample_percent"),
        ({"sample_percent": 101}, "sample_percent"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(PopupRefused) as refused:
        checked_settings(replace(GOOD, **changes))
    assert refused.value.details["field"] == field


def test_events_are_compared_in_one_spelling() -> None:
    assert event_word("  Order   Placed ") == "order placed"
    assert event_word(" ") is None
    assert event_word("x" * 61) is None


def test_the_counted_reasons_are_few() -> None:
    assert set(Reason) | set(OF_LEDGER) == COUNTED
    assert len(COUNTED) < 25
