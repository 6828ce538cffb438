"""Every text and background that meet in the design system reach WCAG AA, in light and in dark."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static" / "shared" / "tokens.css"
BLOCK = re.compile(r"(:root[^{]*)\{([^{}]*)\}")
COLOUR = re.compile(r"--([a-z-]+):\s*(#[0-9a-f]{6})\s*;")

SOFT = ("action", "accent", "good", "caution", "bad", "info", "neutral")
TEXT_PAIRS = [
    *[(ink, ground) for ink in ("ink", "ink-soft", "ink-faint", "link") for ground in ("paper", "surface", "sunken")],
    *[(f"{role}-soft-ink", f"{role}-soft") for role in SOFT],
    ("ink", "neutral-soft"),
    ("action-ink", "action"),
    ("hero-ink", "hero"),
    ("action-ink", "action-hover"),
    ("danger-ink", "danger"),
    ("danger-ink", "danger-hover"),
    ("paper", "ink"),
    *[("bad-soft-ink", ground) for ground in ("paper", "surface", "sunken")],
]
SHAPE_PAIRS = [
    *[("line-strong", ground) for ground in ("paper", "surface", "sunken")],
    *[("focus", ground) for ground in ("paper", "surface", "sunken")],
    *[(role, "surface") for role in ("good", "caution", "bad", "info", "action")],
]


def blocks() -> dict[str, dict[str, str]]:
    """The colours of each :root block, by selector."""
    css = TOKENS.read_text(encoding="utf-8")
    return {selector.strip(): dict(COLOUR.findall(body)) for selector, body in BLOCK.findall(css)}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2 definition."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


THEMES = {"light": blocks()[":root"], "dark": blocks()[':root[data-theme="dark"]']}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_reaches_four_and_a_half_to_one(theme: str, ink: str, ground: str) -> None:
    ratio = contrast(THEMES[theme][ink], THEMES[theme][ground])
    assert ratio >= 4.5, f"{ink} on {ground} in {theme}: {ratio:.2f}"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("shape", "ground"), SHAPE_PAIRS)
def test_borders_focus_and_charts_reach_three_to_one(theme: str, shape: str, ground: str) -> None:
    ratio = contrast(THEMES[theme][shape], THEMES[theme][ground])
    assert ratio >= 3, f"{shape} on {ground} in {theme}: {ratio:.2f}"


def test_dark_by_system_and_dark_by_choice_are_the_same() -> None:
    assert blocks()[':root:not([data-theme="light"])'] == THEMES["dark"]


def test_every_colour_of_light_has_a_dark_twin() -> None:
    assert THEMES["light"].keys() == THEMES["dark"].keys()
