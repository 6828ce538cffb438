from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from socialproof.domain.campaign import (
    DEFAULTS,
    CampaignRefused,
    CampaignTemplate,
    Readiness,
    Rhythm,
    checked,
    fits,
    is_over,
    obstacles,
    state_after,
    unhappy_per_day,
)
from socialproof.domain.errors import RuleBroken

READY = Readiness(
    template="relationship",
    channel="mail",
    event_name="",
    survey_kind="relationship",
    survey_state="open",
    has_contacts=True,
    has_postal_address=True,
)


@pytest.mark.parametrize("template", CampaignTemplate)
def test_the_defaults_of_every_template_are_settings_that_it_may_have(template: CampaignTemplate) -> None:
    assert checked(template, DEFAULTS[template]) == DEFAULTS[template]


def test_a_project_thanks_two_days_after_delivery_and_asks_once_more_one_to_two_months_later() -> None:
    project = DEFAULTS[CampaignTemplate.PROJECT]
    assert (project.event_name, project.delay_days, project.most_reminders) == ("delivered", 2, 1)
    assert 30 <= project.reminder_after_days <= 60


def test_what_a_template_does_not_use_goes_back_to_its_default() -> None:
    kept = checked("relationship", Rhythm(every_months=6, event_name="delivered", milestones=(3,), delay_days=9))
    assert kept == Rhythm(every_months=6)


def test_milestones_are_kept_once_each_and_in_order_and_an_event_by_its_plain_name() -> None:
    assert checked("lifecycle", Rhythm(milestones=(12, 3, 3))).milestones == (3, 12)
    assert checked("event", Rhythm(event_name="  Deal   WON ")).event_name == "deal won"


@pytest.mark.parametrize(
    ("template", "wrong", "field"),
    [
        ("relationship", {"every_months": 0}, "every_months"),
        ("relationship", {"spread": "sometimes"}, "spread"),
        ("relationship", {"channel": "pigeon"}, "channel"),
        ("lifecycle", {"milestones": ()}, "milestones"),
        ("lifecycle", {"milestones": (0, 3)}, "milestones"),
        ("lifecycle", {"milestones": tuple(range(1, 14))}, "milestones"),
        ("event", {"delay_days": 366}, "delay_days"),
        ("event", {"event_name": "x" * 61}, "event_name"),
        ("one_off", {"sample_percent": 0}, "sample_percent"),
        ("one_off", {"daily_cap": 0}, "daily_cap"),
        ("one_off", {"most_reminders": 2}, "most_reminders"),
        ("one_off", {"reminder_after_days": 1}, "reminder_after_days"),
        ("one_off", {"weekdays": ()}, "weekdays"),
        ("one_off", {"weekdays": (0,)}, "weekdays"),
        ("one_off", {"send_from_minute": 17 * 60, "send_until_minute": 9 * 60}, "send_until_minute"),
        ("one_off", {"send_until_minute": 24 * 60 + 1}, "send_until_minute"),
    ],
)
def test_a_setting_out_of_its_limits_is_refused_by_name(template: str, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(CampaignRefused) as refused:
        checked(template, replace(DEFAULTS[CampaignTemplate(template)], **wrong))
    assert refused.value.details["field"] == field


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({}, []),
        ({"survey_state": "draft"}, ["survey_not_open"]),
        ({"survey_kind": "transactional"}, ["survey_kind"]),
        ({"has_postal_address": False}, ["no_postal_address"]),
        ({"has_postal_address": False, "channel": "sms"}, []),
        ({"has_contacts": False}, ["nobody"]),
        ({"template": "event", "survey_kind": "transactional", "has_contacts": False}, ["no_event_name"]),
        ({"template": "one_off", "survey_kind": "transactional"}, []),
    ],
)
def test_what_prevents_starting_has_a_word(known: dict[str, Any], why: list[str]) -> None:
    assert obstacles(replace(READY, **known)) == why


def test_the_kinds_of_surveys_are_never_mixed() -> None:
    assert fits("lifecycle", "relationship") and not fits("lifecycle", "transactional")
    assert fits("project", "transactional") and not fits("project", "relationship")


def test_a_campaign_runs_pauses_runs_again_and_is_stopped_for_good() -> None:
    state = "draft"
    for act in ("start", "pause", "resume", "stop"):
        assert not is_over(state)
        state = state_after(state, act).value
    assert is_over(state)
    for act in ("start", "pause", "resume", "stop", "finish"):
        with pytest.raises(RuleBroken, match="wrong_state"):
            state_after(state, act)


def test_the_daily_cap_says_how_many_unhappy_answers_it_brings() -> None:
    assert unhappy_per_day(50, response_rate=0.3, detractor_share=0.2) == pytest.approx(3)
