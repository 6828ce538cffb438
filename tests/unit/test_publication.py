"""The one gate: everything must be true at once for anything to be public."""

from typing import Any

import pytest

from socialproof.domain.moderation import STATES
from socialproof.domain.publication import is_media_public, is_public

WRITTEN: dict[str, Any] = {"state": "approved", "purposes": {"website"}, "text": "It works."}
FILMED: dict[str, Any] = {
    "state": "approved",
    "purposes": {"website"},
    "kind": "video",
    "video_states": ["ready"],
}


def test_approved_words_with_consent_are_public() -> None:
    assert is_public(**WRITTEN)


def test_an_approved_video_that_is_ready_needs_no_words() -> None:
    assert is_public(**FILMED)


@pytest.mark.parametrize("state", [state for state in STATES if state != "approved"] + ["", "published"])
def test_no_other_state_is_public(state: str) -> None:
    assert not is_public(**{**WRITTEN, "state": state})


@pytest.mark.parametrize("purposes", [set(), {"social_media", "advertising", "case_study"}])
def test_without_consent_for_websites_nothing_is_public(purposes: set[str]) -> None:
    assert not is_public(**{**WRITTEN, "purposes": purposes})


def test_words_that_the_customer_did_not_approve_are_not_public() -> None:
    assert not is_public(**WRITTEN, is_text_approved=False)


def test_what_was_erased_is_not_public() -> None:
    assert not is_public(**WRITTEN, is_erased=True)


def test_a_written_one_without_words_is_not_public() -> None:
    assert not is_public(**{**WRITTEN, "text": " \n"})


@pytest.mark.parametrize(
    "states", [[], ["processing"], ["uploaded"], ["unreadable"], ["deleted"], ["ready", "processing"]]
)
def test_a_video_that_is_not_ready_is_not_public(states: list[str]) -> None:
    assert not is_public(**{**FILMED, "text": "Words beside it", "video_states": states})
    assert not is_media_public(states)
