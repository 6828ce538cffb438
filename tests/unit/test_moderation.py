import time

import pytest

from socialproof.domain import moderation
from socialproof.domain.errors import RuleBroken


def code_of(act, *args):
    with pytest.raises(RuleBroken) as broken:
        act(*args)
    return broken.value.code


def test_a_submitted_testimonial_is_approved_or_rejected():
    assert moderation.steps_from("submitted") == ("approve", "reject")
    assert moderation.after("approve", "submitted") == "approved"
    assert moderation.after("reject", "submitted") == "rejected"


def test_every_decision_can_be_undone():
    for state in ("approved", "rejected", "archived"):
        assert moderation.after("reopen", state) == "submitted"


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_a_moderator_decides_nothing_about_a_draft_or_a_withdrawn_testimonial(state):
    assert moderation.steps_from(state) == ()


def test_a_withdrawal_is_final():
    assert not [step for step in moderation.STEPS if moderation.may(step, "withdrawn")]


def test_a_step_from_the_wrong_state_is_refused():
    assert code_of(moderation.after, "approve", "rejected") == "wrong_state"


def test_every_step_leads_from_known_states_to_a_known_state():
    for before, leads_to in moderation.STEPS.values():
        assert before <= set(moderation.STATES)
        assert leads_to in moderation.STATES


def test_negative_is_not_a_reason_to_reject():
    assert moderation.REASONS == (
        "privacy",
        "abuse",
        "not_a_customer",
        "off_topic",
        "duplicate",
        "advertising",
        "rights",
    )
    for reason in ("negative", "", "Privacy", "low_score"):
        assert code_of(moderation.require_reason, reason) == "reason"
    assert moderation.require_reason("privacy") == "privacy"


def test_nothing_is_approved_without_consent_to_the_website():
    assert code_of(moderation.require_approvable, "submitted", {"social"}, []) == "no_consent"
    moderation.require_approvable("submitted", {"website"}, ["ready", "deleted"])


@pytest.mark.parametrize(
    ("states", "code"),
    [
        (["uploading"], "media_processing"),
        (["processing", "ready"], "media_processing"),
        (["ready", "unreadable"], "media_unreadable"),
    ],
)
def test_nothing_is_approved_before_its_media_is_ready(states, code):
    assert code_of(moderation.require_approvable, "submitted", {"website"}, states) == code


def test_all_obstacles_are_named_at_once():
    assert moderation.obstacles(set(), ["unreadable", "processing"]) == (
        "no_consent",
        "media_unreadable",
        "media_processing",
    )


TEXT = "We slept.\nBest  coffee (really!) in Åbo – ☕️ every day.\nBest coffee again."


@pytest.mark.parametrize(
    ("marked", "kept"),
    [
        ("Best coffee", "Best  coffee"),
        ("  slept. Best coffee (really!) ", "slept.\nBest  coffee (really!)"),
        ("Åbo – ☕️ every", "Åbo – ☕️ every"),
        ("again.", "again."),
        (" \n", ""),
    ],
)
def test_the_best_line_is_cut_from_the_text_itself(marked, kept):
    assert moderation.best_line(TEXT, marked) == kept


@pytest.mark.parametrize("marked", ["best coffee", "Best tea", "Bestcoffee", "We slept. every", ".*"])
def test_a_best_line_that_is_not_in_the_text_is_refused(marked):
    assert code_of(moderation.best_line, TEXT, marked) == "best_line"


def test_tags_are_compared_without_case_or_spaces():
    assert moderation.clean_tag("  #Kahvi  TILAUS ") == "kahvi tilaus"
    assert code_of(moderation.clean_tag, " # ") == "tag_empty"
    assert code_of(moderation.clean_tag, "x" * 41) == "tag_long"


def test_a_proposal_is_other_words_and_not_more_of_them():
    assert moderation.require_shorter("Long and good.", " Good. ") == "Good."
    assert code_of(moderation.require_shorter, "Good.", "  ") == "proposal_empty"
    assert code_of(moderation.require_shorter, "Good.", " Good. ") == "proposal_same"
    assert code_of(moderation.require_shorter, "Good.", "Very good.") == "proposal_longer"


def test_the_difference_shows_what_went_and_what_came_and_loses_nothing():
    parts = moderation.difference("We really like it a lot", "We love it")
    assert "".join(words for kind, words in parts if kind != "new") == "We really like it a lot"
    assert "".join(words for kind, words in parts if kind != "gone") == "We love it"
    assert ("new", "love") in parts


@pytest.mark.parametrize("words", [".", "a ", "a b "])
def test_thousands_of_equal_words_are_compared_at_once(words: str) -> None:
    before = words * (5000 // len(words))
    now = before[:2000] + "!" + before[2500:]
    begun = time.process_time()
    assert moderation.difference(before, before) == (("same", before),)
    parts = moderation.difference(before, now)
    assert time.process_time() - begun < 2
    assert "".join(text for kind, text in parts if kind != "new") == before
    assert "".join(text for kind, text in parts if kind != "gone") == now
