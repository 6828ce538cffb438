"""Text messages: what they cost, how they fit, what a reply means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.sms import fitted, is_short_code, meaning_of, new_short_code, plain, size_of


@pytest.mark.parametrize(
    ("text", "is_gsm", "units", "segments"),
    [
        ("", True, 0, 0),
        ("a" * 160, True, 160, 1),
        ("a" * 161, True, 161, 2),
        ("å" * 306, True, 306, 2),
        ("a" * 307, True, 307, 3),
        ("€" * 80, True, 160, 1),
        ("a" + "€" * 80, True, 161, 2),
        ("a" * 152 + "€" + "a" * 153, True, 307, 3),  # the sign does not fit behind 152 and is not cut in two
        ("ő" * 70, False, 70, 1),
        ("ő" * 71, False, 71, 2),
        ("😀" * 35, False, 70, 1),
        ("😀" * 66, False, 132, 2),
        ("😀" * 67, False, 134, 3),
    ],
)
def test_a_text_costs_what_the_standard_says(text: str, is_gsm: bool, units: int, segments: int) -> None:
    size = size_of(text)
    assert (size.is_gsm, size.units, size.segments) == (is_gsm, units, segments)


@given(st.text(max_size=400), st.text(max_size=400))
def test_more_words_never_cost_less(text: str, more: str) -> None:
    assert size_of(text + more).segments >= size_of(text).segments


@given(st.text(max_size=900), st.sampled_from(["åäö", "€{}", "😀", "ő"]), st.integers(1, 4))
def test_what_is_fitted_fits_and_keeps_its_link(words: str, letters: str, most: int) -> None:
    tail = " https://proof.example.com/s/k/0aB1cD2eF3 Reply STOP to end."
    text = fitted(words + letters, tail, most_segments=most)
    assert text.endswith(tail.lstrip())
    # A single letter beyond GSM makes the tail alone two segments; then the words go.
    assert size_of(text).segments <= max(most, size_of(tail.lstrip()).segments)


def test_words_are_shortened_at_a_space() -> None:
    text = fitted("How likely are you " * 20, " LINK", most_segments=1)
    assert text.endswith("... LINK")
    assert text.removesuffix("... LINK").split()[-1] in ("How", "likely", "are", "you")
    assert len(text) <= 160


def test_quotes_and_dashes_of_a_typographer_do_not_double_the_price() -> None:
    assert plain("Åsa’s “café” – 10…\u202e") == 'Åsa\'s "café" - 10...'
    assert size_of(plain("Åsa’s “café” – 10…")).is_gsm


@pytest.mark.parametrize(
    "reply", ["STOP", "stop", " Stopp! ", "S.T.O.P", "stoppa", "Sluta.", "LOPETA", "peru", "Avslutt", "frameld"]
)
def test_stop_is_understood_in_our_languages(reply: str) -> None:
    assert meaning_of(reply) == "stop"


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        ("arrêt"[:3] + "et", "stop"),
        ("Unsubscribe", "stop"),
        ("start", "start"),
        ("", ""),
        ("Please do not stop, you are great", ""),
        ("10", ""),
        ("stop" * 1000, ""),
        ("\x00\ud800", ""),
    ],
)
def test_only_the_word_alone_stops(reply: str, meaning: str) -> None:
    assert meaning_of(reply) == meaning


def test_codes_are_ten_letters_that_are_no_others() -> None:
    codes = {new_short_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(map(is_short_code, codes))
    assert not any(map(is_short_code, ["", "abc", "a" * 9 + "-", "a" * 11, "å" * 10]))
