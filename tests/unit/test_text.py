"""Text from people: what is seen stays, and no text keeps the machine busy."""

from __future__ import annotations

import time
import unicodedata

import pytest

from socialproof.domain.text import MOST_MARKS, clean_line, clean_text


@pytest.mark.parametrize("marks", ["\u0316\u0301", "\u0f73", "\u0344", "\u0301\u200b", "\u0301\u200d"])
def test_a_tower_of_a_million_marks_is_cleaned_at_once(marks: str) -> None:
    begun = time.process_time()
    cleaned = clean_text("a" + marks * 500_000)
    assert time.process_time() - begun < 5
    assert unicodedata.is_normalized("NFC", cleaned)


def test_a_letter_keeps_as_many_marks_as_any_script_needs() -> None:
    assert clean_text("e\u0301") == "é"
    assert clean_text("q" + "\u0301" * 40) == "q" + "\u0301" * MOST_MARKS
    assert clean_text("tiếng Việt, हिन्दी, עִבְרִית") == unicodedata.normalize("NFC", "tiếng Việt, हिन्दी, עִבְרִית")


@pytest.mark.parametrize("unseen", ["", " \n\t", "\u200b \u2060", "\u200d", "\u2061\u2062", "\ufe0f", "\u0301 \u0301"])
def test_what_nobody_can_see_is_no_text(unseen: str) -> None:
    assert clean_text(unseen) == ""


def test_words_lines_and_emoji_stay() -> None:
    assert clean_text(" one\r\ntwo \rthree\t4 ") == "one\ntwo\nthree\t4"
    assert clean_text("👩‍👩‍👧 ❤️") == "👩‍👩‍👧 ❤️"
    assert clean_line("one\n two") == "one two"


def test_control_direction_and_broken_characters_go() -> None:
    assert clean_text("a\x00b\u202ec\x1b[0m") == "abc[0m"
    assert clean_text("a\ud800b") == "a?b"
