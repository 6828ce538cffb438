"""Signed links: one purpose each, one spelling each."""

from __future__ import annotations

import string

import pytest

from socialproof.tokens import MARK_LENGTH, BadToken, Purpose, Tokens

TOKENS = Tokens(("a" * 40,))
ALPHABET = string.ascii_letters + string.digits + "-_."


def test_a_link_names_its_subject() -> None:
    assert TOKENS.read(Purpose.MANAGE, TOKENS.sign(Purpose.MANAGE, "abc")) == "abc"


@pytest.mark.parametrize("other", [purpose for purpose in Purpose if purpose is not Purpose.MANAGE])
def test_a_link_of_another_purpose_is_unknown(other: Purpose) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(Purpose.MANAGE, TOKENS.sign(other, "abc"))


def test_no_other_spelling_of_a_link_is_accepted() -> None:
    token = TOKENS.sign(Purpose.MANAGE, "abcdef")
    accepted = [
        other
        for position in range(len(token))
        for character in ALPHABET
        if (other := token[:position] + character + token[position + 1 :]) != token and reads(other)
    ]
    assert accepted == []


def reads(token: str) -> bool:
    try:
        TOKENS.read(Purpose.MANAGE, token)
    except BadToken:
        return False
    return True


@pytest.mark.parametrize("token", ["", ".", "a.b", "å.ö", "\ud800", "x" * 10_000, "a.b.c", "\x00.\x00"])
def test_anything_else_is_a_bad_token(token: str) -> None:
    with pytest.raises(BadToken):
        TOKENS.read(Purpose.MANAGE, token)
    with pytest.raises(BadToken):
        TOKENS.read_timed(Purpose.ANSWER_KEY, token, 60)


def test_an_old_key_still_reads_and_the_new_one_signs() -> None:
    rotated = Tokens(("b" * 40, "a" * 40))
    assert rotated.read(Purpose.MANAGE, TOKENS.sign(Purpose.MANAGE, "abc")) == "abc"
    with pytest.raises(BadToken):
        TOKENS.read(Purpose.MANAGE, rotated.sign(Purpose.MANAGE, "abc"))


def test_a_timed_link_ends() -> None:
    token = TOKENS.sign_timed(Purpose.ANSWER_KEY, "abc")
    assert TOKENS.read_timed(Purpose.ANSWER_KEY, token, 60) == "abc"
    with pytest.raises(BadToken):
        TOKENS.read_timed(Purpose.ANSWER_KEY, token, -1)


MARKED = "abcdefghijklmn_-"


def test_the_mark_of_an_invitation_survives_servers_that_forget_its_case() -> None:
    mark = TOKENS.bounce_mark(MARKED)
    assert len(mark) == MARK_LENGTH
    assert set(mark) <= set(string.ascii_lowercase + "234567")
    assert TOKENS.read_bounce_mark(mark) == TOKENS.read_bounce_mark(mark.upper()) == MARKED
    rotated = Tokens(("b" * 40, "a" * 40))
    assert rotated.read_bounce_mark(mark) == MARKED
    assert rotated.bounce_mark(MARKED) != mark


def test_no_other_mark_is_believed() -> None:
    mark = TOKENS.bounce_mark(MARKED)
    damaged = [mark[:at] + ("a" if mark[at] != "a" else "b") + mark[at + 1 :] for at in range(len(mark) - 1)]
    for wrong in (*damaged, "", mark[:-1], mark + "a", "ä" * 36, "1" * 36, Tokens(("c" * 40,)).bounce_mark(MARKED)):
        with pytest.raises(BadToken):
            TOKENS.read_bounce_mark(wrong)
