"""A company's colour, made readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.colour import contrast, ink_on, is_colour, mixed, seen_on

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_black_on_white_is_the_largest_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@given(COLOURS)
def test_the_ink_can_be_read_on_every_colour(colour: str) -> None:
    assert contrast(ink_on(colour), colour) >= 4.5


@given(COLOURS, COLOURS)
def test_a_colour_can_be_made_to_stand_out_from_every_background(colour: str, background: str) -> None:
    assert contrast(seen_on(colour, background), background) >= 3


def test_a_colour_that_stands_out_is_left_as_it_is() -> None:
    assert seen_on("#1f5c4d", "#ffffff") == "#1f5c4d"


def test_colours_mix_channel_by_channel() -> None:
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"
    assert mixed("#102030", "#ffffff", 0) == "#102030"


@pytest.mark.parametrize("text", ["", "red", "#fff", "#gggggg", "#123456\n", "#1234567", "url(x)"])
def test_anything_but_six_digits_is_no_colour(text: str) -> None:
    assert not is_colour(text)
