import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.addresses import safe_next, website_url
from socialproof.domain.colour import brand_colour


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "https:evil.example",
        "https://evil.example",
        "https:///evil.example",
        "javascript:alert(1)",
        "\\\\evil.example",
        "/app//evil.example",
        "/app/../../evil",
        "/app/%2e%2e/s/x",
        "/app/%252e%252e/s/x",
        "/app/\\evil.example",
        "/app/%5cevil.example",
        "/app/x%0d%0aLocation:%20https://evil.example",
        "/app/ evil",
        "/application",
        "/s/abc",
        "app/team",
        "@evil.example",
        "/app@evil.example",
        "",
        None,
        "/app/" + "x" * 3000,
    ],
)
def test_next_stays(target):
    assert safe_next(target) == "/app/"


@pytest.mark.parametrize("target", ["/app", "/app/", "/app/team", "/app/surveys/a1-_b?from=2026-01-01&q=%C3%A5#top"])
def test_next_goes_to_a_page_of_the_team(target):
    assert safe_next(target) == target


@given(st.text(max_size=60))
def test_next_never_leaves_whatever_it_says(target):
    answer = safe_next(target)
    assert answer == "/app" or answer.startswith(("/app/", "/app?", "/app#"))
    assert "\\" not in answer
    assert "//" not in answer.split("?")[0].split("#")[0]


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "java&#9;script:alert(1)",
        "\x01javascript:alert(1)",
        "\u200bjavascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "ftp://nordlys.example",
        "mailto:anna@nordlys.example",
        "https://anna:secret@nordlys.example",
        "https://nordlys.example@evil.example",
        "https:\\\\evil.example",
        "https://nord lys.example",
        "https://",
        "http:///path",
        "https://nordlys.example:99999999",
        'https://nordlys.example/"onmouseover=alert(1)',
        "https://nordlys.example/<b>",
        "https://[::1",
        "",
        "   ",
        "https://nordlys.example/" + "x" * 2000,
    ],
)
def test_what_is_no_website_is_refused(typed):
    assert website_url(typed) is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://nordlys.example", "https://nordlys.example"),
        ("  http://nordlys.example/om-oss?a=b#c ", "http://nordlys.example/om-oss?a=b#c"),
        ("nordlys.example", "https://nordlys.example"),
        ("nordlys.example:8443/shop", "https://nordlys.example:8443/shop"),
        ("HTTPS://Nordlys.example", "HTTPS://Nordlys.example"),
        ("https://smörgås.example", "https://smörgås.example"),
        ("http://localhost:5000", "http://localhost:5000"),
        ("http://[::1]:5000/", "http://[::1]:5000/"),
    ],
)
def test_a_website_is_kept(typed, kept):
    assert website_url(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("#0A7", "#00aa77"),
        ("336699", "#336699"),
        (" #ABCDEF ", "#abcdef"),
        ("red", None),
        ("#12345", None),
        ("#12345g", None),
        ("red;}body{display:none", None),
        ("", None),
    ],
)
def test_a_brand_colour_is_six_digits_or_nothing(typed, kept):
    assert brand_colour(typed) == kept
