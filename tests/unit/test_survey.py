from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.errors import RuleBroken
from socialproof.domain.survey import SurveyRefused, SurveyState, checked_name, embed_origin, embed_origins, state_after


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.example.com", "https://www.example.com"),
        ("www.Example.com/", "https://www.example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://example.com:443", "https://example.com"),
        ("https://kahvitupa.fi:8443", "https://kahvitupa.fi:8443"),
        ("https://example.com/shop/cart?x=1#top", "https://example.com"),
        ("www.example.com/shop", "https://www.example.com"),
        ("https://example.com?x=1", "https://example.com"),
        ("https://fjällräv.example", "https://xn--fjllrv-cuad.example"),
    ],
)
def test_it_keeps_the_origin_of_a_website(typed: str, origin: str) -> None:
    assert embed_origin(typed) == origin


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "https://*.example.com",
        "*",
        "https://example.com; script-src *",
        "https://example.com 'unsafe-inline'",
        "https://example.com/shop https://other.example",
        "https://user@example.com/shop",
        "ftp://example.com",
        "https://",
        "https://[::1]",
        "intranet",
        "https://-example.com",
        "https://exa\u202emple.com",
        "x" * 3000,
    ],
)
def test_it_refuses_what_is_no_website_of_a_company(typed: str) -> None:
    assert embed_origin(typed) is None
    with pytest.raises(SurveyRefused, match="not_a_domain"):
        embed_origins(typed)


@given(st.text())
def test_whatever_is_kept_is_safe_inside_a_content_security_policy(typed: str) -> None:
    origin = embed_origin(typed)
    assert origin is None or re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", origin)


def test_lines_and_commas_part_websites_and_each_is_kept_once() -> None:
    typed = "https://a.example\n\n b.example, https://a.example/ "
    assert embed_origins(typed) == ["https://a.example", "https://b.example"]


def test_twenty_one_websites_are_too_many() -> None:
    with pytest.raises(SurveyRefused, match="too_many_domains"):
        embed_origins("\n".join(f"shop{number}.example" for number in range(21)))


def test_a_name_has_1_to_120_characters() -> None:
    assert checked_name("n" * 120) == "n" * 120
    for name in ("", "n" * 121):
        with pytest.raises(SurveyRefused):
            checked_name(name)


def test_a_draft_is_opened_closed_and_opened_again() -> None:
    assert state_after("draft", "open") is SurveyState.OPEN
    assert state_after("open", "close") is SurveyState.CLOSED
    assert state_after("closed", "open") is SurveyState.OPEN


@pytest.mark.parametrize(
    ("state", "act", "code"),
    [("open", "open", "already_open"), ("closed", "close", "already_closed"), ("draft", "close", "never_opened")],
)
def test_other_steps_are_refused_by_name(state: str, act: str, code: str) -> None:
    with pytest.raises(RuleBroken, match=code):
        state_after(state, act)
