"""A link has one spelling."""

from __future__ import annotations

import string

import pytest

from socialproof.tokens import BadToken, Purpose, Tokens

TOKENS = Tokens(("a-secret-key-for-tests-only-0123456789",))


def test_a_link_with_any_one_character_changed_is_unknown() -> None:
    token = TOKENS.sign(Purpose.MANAGE, "abcdefghijklmnop")
    letters = string.ascii_letters + string.digits + "-_=.+/ \n"
    for place in range(len(token)):
        for letter in letters.replace(token[place], ""):
            with pytest.raises(BadToken):
                TOKENS.read(Purpose.MANAGE, token[:place] + letter + token[place + 1 :])


@pytest.mark.parametrize("tail", ["=", "==", "!", "!!", " ", "\n", "\x00", "é", ".", ".."])
def test_a_link_with_something_behind_it_is_unknown(tail: str) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(Purpose.MANAGE, TOKENS.sign(Purpose.MANAGE, "abcdefghijklmnop") + tail)


def test_long_and_short_subjects_are_read_as_they_were_signed() -> None:
    for subject in ("a", "aaaa" * 30, "survey.nonce-_"):
        assert TOKENS.read(Purpose.RESPONSE, TOKENS.sign(Purpose.RESPONSE, subject)) == subject
        assert TOKENS.read_timed(Purpose.ANSWER_KEY, TOKENS.sign_timed(Purpose.ANSWER_KEY, subject), 60) == subject


def test_a_link_opens_no_door_of_another_purpose() -> None:
    token = TOKENS.sign(Purpose.RESPONSE, "abcdefghijklmnop")
    for purpose in set(Purpose) - {Purpose.RESPONSE}:
        with pytest.raises(BadToken):
            TOKENS.read(purpose, token)
        with pytest.raises(BadToken):
            TOKENS.read_timed(purpose, token, 60)
