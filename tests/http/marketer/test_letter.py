"""The page of a campaign's letters: words by language, how the letter will look, a test to oneself."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign, CampaignWording, Invitation, LinkOpening
from socialproof.campaigns.rewording import MOST_TESTS
from socialproof.languages import LANGUAGES
from socialproof.web import EXTENSION
from tests.factories import Factories
from tests.people import Marketer

SignedIn = Callable[..., Marketer]
EVIL = '"><img src=x onerror=alert(1)>'
WORDS = {
    "from_name": "Astrid of {company}",
    "subject": "{name}, how was it?",
    "intro": "Dear {name} of {organisation},\n\nhow was it?",
    "signature": "Astrid",
    "reminder_subject": "Once more",
    "reminder_intro": "Dear {name}, once more.",
    "reference_subject": "Two minutes, {name}?",
    "reference_intro": "Dear {name}, a few words for others.",
}


@pytest.fixture
def campaign(factories: Factories) -> Campaign:
    company = factories.company(name="Nordlys Kaffe AB")
    return factories.campaign(factories.survey(company, default_language="sv"), "project")


@pytest.fixture
def marketer(signed_in: SignedIn, campaign: Campaign) -> Marketer:
    return signed_in("admin", campaign.survey.company)


def letter(campaign: Campaign, rest: str = "") -> str:
    return f"/app/campaigns/{campaign.public_id}/letter{rest}"


def test_standard_words_stand_in_grey_in_the_language_of_the_survey(marketer: Marketer, campaign: Campaign) -> None:
    page = marketer.get(letter(campaign)).text
    assert 'lang="sv" dir="auto"' in page or 'dir="auto" ' in page
    assert 'placeholder="Nordlys Kaffe AB"' in page
    assert 'aria-current="true">Svenska' in page


def test_words_are_kept_by_language(marketer: Marketer, campaign: Campaign, session: Session) -> None:
    assert marketer.post(letter(campaign, "/fi"), WORDS).status_code == 303
    [own] = session.scalars(select(CampaignWording).where(CampaignWording.campaign_id == campaign.id))
    assert {name: getattr(own, name) for name in WORDS} == WORDS
    assert own.language == "fi"
    assert html.escape(WORDS["subject"]) in marketer.get(letter(campaign, "/fi")).text
    assert WORDS["subject"] not in marketer.get(letter(campaign, "/sv")).text


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"subject": "{first_name}, how was it?"}, "{first_name} is not filled in"),
        ({"from_name": "{name}"}, "{name} is not filled in"),
        ({"subject": "One\r\nBcc: x@evil.example"}, "single line"),
        ({"from_name": "x" * 61}, "at most 60"),
        ({"intro": "x" * 2001}, "at most 2000"),
    ],
)
def test_what_no_letter_may_hold_is_refused_with_words_and_kept_in_the_form(
    marketer: Marketer, campaign: Campaign, change: dict[str, str], complaint: str
) -> None:
    for rest in ("/en", "/en/test"):
        answer = marketer.post(letter(campaign, rest), WORDS | change)
        assert answer.status_code == 422
        assert complaint in html.unescape(answer.text)
        assert html.escape(WORDS["signature"]) in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", ["first", "reminder", "reference"])
def test_the_preview_is_the_letter_in_each_language(
    marketer: Marketer, campaign: Campaign, language: str, part: str
) -> None:
    answer = marketer.get(letter(campaign, f"/{language}/preview?part={part}"))
    assert f'<html lang="{language}"' in answer.text
    look = "look=thanks-10" if part == "reference" else "score=10"
    assert f"/app/surveys/{campaign.survey.public_id}/preview?lang={language}&amp;{look}" in answer.text
    assert marketer.user.name in answer.text
    assert "<script" not in answer.text
    assert "\x02" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy


def test_the_preview_follows_what_is_typed_and_keeps_nothing(
    marketer: Marketer, campaign: Campaign, session: Session
) -> None:
    typed = WORDS | {"intro": f"Hello {EVIL} {{name}}", "subject": "{nobody}", "view": "html", "ground": "dark"}
    page = marketer.post(letter(campaign, "/en/preview"), typed).text
    assert EVIL in html.unescape(page)
    assert "<img" not in page
    assert "{nobody}" not in page
    assert "@media all" in page
    assert "Astrid of Nordlys Kaffe AB" in page
    text = marketer.post(letter(campaign, "/en/preview"), typed | {"view": "text"}).text
    assert f"Hello {EVIL} {marketer.user.name}" in html.unescape(text)
    assert "<img" not in text
    assert session.scalars(select(CampaignWording)).all() == []


def test_a_test_goes_to_oneself_marked_and_its_links_record_nothing(
    app: Flask, marketer: Marketer, campaign: Campaign, run_jobs: Callable[[], int], session: Session
) -> None:
    answer = marketer.post(letter(campaign, "/en/test"), WORDS | {"part": "reminder"})
    assert answer.status_code == 200
    assert marketer.user.email in answer.text
    run_jobs()
    [sent] = app.extensions[EXTENSION].backends.mailer.messages()
    assert (sent["To"], sent["Subject"]) == (marketer.user.email, "[Test] Once more")
    assert (sent["List-Unsubscribe"], sent["From"].split(" <")[0]) == (None, "Astrid of Nordlys Kaffe AB")
    body = sent.get_body(("html",)).get_content()
    link = urlsplit(html.unescape(body.split('href="')[1].split('"')[0]))
    assert marketer.get(f"{link.path}?{link.query}").status_code == 200
    assert session.scalars(select(Invitation)).all() == []
    assert session.scalars(select(LinkOpening)).all() == []


def test_a_test_of_the_request_for_a_reference_leads_to_a_preview(
    app: Flask, marketer: Marketer, campaign: Campaign, run_jobs: Callable[[], int]
) -> None:
    marketer.post(letter(campaign, "/en/test"), WORDS | {"part": "reference"})
    run_jobs()
    [sent] = app.extensions[EXTENSION].backends.mailer.messages()
    body = sent.get_body(("html",)).get_content()
    assert sent["Subject"] == f"[Test] Two minutes, {marketer.user.name}?"
    assert body.count("/preview?") == 1
    link = urlsplit(html.unescape(body.split('href="')[1].split('"')[0]))
    assert "May we quote you?" in marketer.get(f"{link.path}?{link.query}").text


def test_only_a_project_has_a_request_for_a_reference(
    signed_in: SignedIn, factories: Factories, campaign: Campaign, marketer: Marketer
) -> None:
    assert 'name="reference_intro"' in marketer.get(letter(campaign)).text
    other = factories.campaign(factories.survey(campaign.survey.company), "event")
    assert 'name="reference_intro"' not in marketer.get(letter(other)).text
    assert "score=10" in marketer.get(letter(other, "/en/preview?part=reference")).text


def test_tests_are_limited(marketer: Marketer, campaign: Campaign) -> None:
    answers = [marketer.post(letter(campaign, "/en/test"), WORDS) for _ in range(MOST_TESTS + 1)]
    assert [answer.status_code for answer in answers] == [200] * MOST_TESTS + [422]
    assert "Please wait an hour" in answers[-1].text


@pytest.mark.parametrize(("text", "segments"), [("Hello {name}, a question: {link}", 1), ("Привет {name}, " * 8, 2)])
def test_a_text_message_is_shown_with_its_length(
    signed_in: SignedIn, factories: Factories, text: str, segments: int
) -> None:
    campaign = factories.campaign(factories.survey(), channel="sms")
    marketer = signed_in("admin", campaign.survey.company)
    page = marketer.post(letter(campaign, "/en/preview"), {"sms_text": text}).text
    assert "/s/k/0123456789" in page
    assert ("sent as one message" if segments == 1 else f"sent as {segments} messages") in page
    assert marketer.post(letter(campaign, "/en"), {"sms_text": "{organisation}"}).status_code == 422
    assert marketer.post(letter(campaign, "/en"), {"sms_text": text}).status_code == 303


@pytest.mark.parametrize("rest", ["/en", "/en/preview", "/en/test"])
def test_a_viewer_looks_and_changes_nothing(signed_in: SignedIn, campaign: Campaign, rest: str) -> None:
    viewer = signed_in("viewer", campaign.survey.company)
    assert viewer.get(letter(campaign)).status_code == 200
    assert viewer.get(letter(campaign, "/en/preview")).status_code == 200
    assert viewer.post(letter(campaign, rest), WORDS).status_code == 403


def test_an_unknown_language_or_campaign_is_not_found(marketer: Marketer, campaign: Campaign) -> None:
    wrong: list[Any] = [letter(campaign, "/xx"), letter(campaign, "/xx/preview"), "/app/campaigns/nothing/letter"]
    assert [marketer.get(path).status_code for path in wrong] == [404] * 3
