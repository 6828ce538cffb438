"""A company's colour, made readable: contrast as WCAG 2.2 measures it. Colours are `#rrggbb`."""

from __future__ import annotations

import re

WHITE, BLACK = "#ffffff", "#000000"
SHAPE_CONTRAST = 3.0

_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


def is_colour(text: str) -> bool:
    """Whether this is `#rrggbb`."""
    return bool(_HEX.match(text))


def brand_colour(typed: str) -> str | None:
    """A colour as `#rrggbb` in lower case, or None. Three digits are doubled."""
    text = typed.strip().lower()
    if re.fullmatch(r"#?[0-9a-f]{3}", text):
        text = "".join(digit * 2 for digit in text.removeprefix("#"))
    text = text.removeprefix("#")
    return "#" + text if re.fullmatch(r"[0-9a-f]{6}", text) else None


def luminance(colour: str) -> float:
    """Relative luminance, 0 black to 1 white. Source: WCAG 2.2, "relative luminance"."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21. Source: WCAG 2.2, "contrast ratio"."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """`share` (0 to 1) of `other` mixed into `colour`, channel by channel."""
    pairs = ((int(colour[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(mine + (theirs - mine) * share):02x}" for mine, theirs in pairs)


def ink_on(colour: str) -> str:
    """White or black, whichever reads better on this colour; one of them always reaches 4.5."""
    return WHITE if contrast(WHITE, colour) >= contrast(BLACK, colour) else BLACK


def seen_on(colour: str, background: str, ratio: float = SHAPE_CONTRAST) -> str:
    """This colour, moved towards white or black only as far as it needs to stand out from the background."""
    away = ink_on(background)
    for percent in range(0, 101, 4):
        moved = mixed(colour, away, percent / 100)
        if contrast(moved, background) >= ratio:
            return moved
    return away
