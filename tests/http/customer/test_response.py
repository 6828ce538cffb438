"""After the score: why, and thank you."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.app import EXTENSION
from socialproof.responses.models import Response, ScoreCount
from socialproof.tokens import Purpose
from tests.answers import answer, counted, response_path, responses
from tests.factories import Factories


def path_of(app: Flask, factories: Factories, score: int = 9, **values: object) -> str:
    return response_path(app, factories.response(factories.survey(), score, **values))


def asked_count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.sum(ScoreCount.asked_count))) or 0


@pytest.mark.parametrize(
    ("score", "why", "thanks"),
    [
        (0, "What went wrong", "want to make this right"),
        (6, "What went wrong", "want to make this right"),
        (7, "What would have made it a 10?", "what to improve next"),
        (8, "What would have made it a 10?", "what to improve next"),
        (9, "What was missing for a 10?", "It means a lot"),
    ],
)
def test_each_score_has_its_own_why_and_its_own_thank_you(
    app: Flask, client: FlaskClient, factories: Factories, score: int, why: str, thanks: str
) -> None:
    path = path_of(app, factories, score)
    assert why in client.get(path).text
    sent = client.post(path, data={"comment": "Slow at the till."})
    assert sent.status_code == 303
    assert thanks in client.get(sent.location).text


def test_the_score_is_there_before_the_comment_and_stays_without_one(
    client: FlaskClient, factories: Factories, session: Session
) -> None:
    sent = answer(client, factories.survey(), 3)
    client.get(sent.location)
    assert [(given.score, given.comment) for given in responses(session)] == [(3, "")]


@pytest.mark.parametrize("blank", ["", "   \n\t ", "\u200b\u200b", "\ufeff \u2060", "\u00a0", "\x00"])
def test_a_comment_that_cannot_be_seen_is_no_comment(
    app: Flask, client: FlaskClient, factories: Factories, session: Session, blank: str
) -> None:
    assert client.post(path_of(app, factories), data={"comment": blank}).status_code == 303
    assert responses(session)[0].comment == ""


@pytest.mark.both_databases
def test_what_disturbs_a_comment_is_cleaned_and_the_words_stay(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    path = path_of(app, factories)
    body = b"comment=" + b"Go%00od %E2%80%AEcoffee %FF%ED%A0%80"
    sent = client.post(path, data=body, content_type="application/x-www-form-urlencoded")
    assert sent.status_code == 303
    comment = responses(session)[0].comment
    assert comment.startswith("Good coffee")
    assert "\x00" not in comment
    assert "\u202e" not in comment


@pytest.mark.both_databases
def test_a_comment_of_a_megabyte_comes_back_to_be_shortened(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    long = "å" * 1_000_000
    sent = client.post(path_of(app, factories), data={"comment": long})
    assert sent.status_code == 422
    assert "only 5,000 fit" in sent.text
    assert "nothing is lost" in sent.text
    assert long in sent.text
    assert responses(session)[0].comment == ""


def test_five_thousand_characters_fit_exactly(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    path = path_of(app, factories)
    assert client.post(path, data={"comment": "é" * 5001}).status_code == 422
    assert client.post(path, data={"comment": "é" * 5000}).status_code == 303
    assert len(responses(session)[0].comment) == 5000


def test_a_survey_that_closes_while_typing_says_so_and_keeps_the_text(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    response = factories.response(factories.survey(state="closed"), 9)
    sent = client.post(response_path(app, response), data={"comment": "Half an hour of typing"})
    assert sent.status_code == 409
    assert "has closed" in sent.text
    assert "Half an hour of typing</textarea>" in sent.text
    assert [(given.score, given.comment) for given in responses(session)] == [(9, "")]


def test_a_comment_in_html_is_shown_as_the_letters_it_is(app: Flask, client: FlaskClient, factories: Factories) -> None:
    path = path_of(app, factories)
    sent = client.post(path, data={"comment": "</textarea><script>alert(1)</script>"})
    for page in (client.get(sent.location), client.get(path)):
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text


# Changing one's mind


@pytest.mark.both_databases
def test_the_score_may_be_changed_for_a_day(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    path = path_of(app, factories, 9)
    assert "You answered 9. Change it?" in client.get(path).text
    changed = client.post(path + "/score", data={"score": 3})
    assert changed.status_code == 303
    assert "What went wrong" in client.get(changed.location).text
    (given,) = responses(session)
    assert (given.score, [change.old_score for change in given.changes]) == (3, [9])
    assert counted(session) == {3: 1}


def test_after_a_day_a_change_is_refused_with_an_explanation(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    path = path_of(app, factories, 9, answered_at=factories.now - timedelta(hours=25))
    assert "Change it?" not in client.get(path).text
    refused = client.post(path + "/score", data={"score": 3})
    assert refused.status_code == 409
    assert "your first answer stays" in refused.text
    assert responses(session)[0].score == 9


@pytest.mark.parametrize("score", ["11", "9.5", "", "ten"])
def test_a_bad_score_changes_nothing(
    app: Flask, client: FlaskClient, factories: Factories, session: Session, score: str
) -> None:
    refused = client.post(path_of(app, factories, 9) + "/score", data={"score": score})
    assert refused.status_code == 422
    assert responses(session)[0].score == 9


def test_looking_at_the_address_of_a_change_leads_back(app: Flask, client: FlaskClient, factories: Factories) -> None:
    path = path_of(app, factories)
    seen = client.get(path + "/score?lang=sv")
    assert (seen.status_code, seen.location) == (302, path + "?lang=sv")


def test_a_comment_may_be_changed_for_a_day_and_the_old_one_is_kept(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        path = path_of(app, factories)
        client.post(path, data={"comment": "First"})
        client.post(path, data={"comment": "Second"})
        clock.shift(timedelta(hours=25))
        assert client.post(path, data={"comment": "Third"}).status_code == 409
    (given,) = responses(session)
    assert (given.comment, [change.old_comment for change in given.changes]) == ("Second", ["First"])


# The ask


def test_a_promoter_is_asked_at_once_with_three_choices(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    path = path_of(app, factories, 9)
    sent = client.post(path, data={"comment": "They remember my name."})
    page = client.get(sent.location).text
    assert "They remember my name." in page
    assert f'href="{path}/testimonial?from=comment"' in page
    assert f'href="{path}/testimonial"' in page
    assert f'href="{path}/video"' in page
    assert asked_count(session) == 1


def test_a_promoter_who_wrote_nothing_may_still_write_or_record(
    app: Flask, client: FlaskClient, factories: Factories
) -> None:
    path = path_of(app, factories, 9)
    page = client.get(client.post(path, data={"comment": ""}).location).text
    assert "from=comment" not in page
    assert f'href="{path}/testimonial"' in page
    assert f'href="{path}/video"' in page


@pytest.mark.both_databases
def test_a_ten_writes_and_chooses_on_one_page(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    sent = answer(client, factories.survey(), 10)
    page = client.get(sent.location).text
    assert 'name="comment"' in page
    assert 'name="next" value="quote"' in page
    assert asked_count(session) == 1
    path = response_path(app, responses(session)[0])
    quoted = client.post(path, data={"comment": "Best coffee in town", "next": "quote", "from": "thanks"})
    assert quoted.location == f"{path}/testimonial?from=comment"
    assert responses(session)[0].comment == "Best coffee in town"
    assert client.post(path, data={"next": "record"}).location == f"{path}/video"
    assert asked_count(session) == 1


def test_who_sends_only_to_the_company_is_not_asked_a_second_time(
    app: Flask, client: FlaskClient, factories: Factories
) -> None:
    path = path_of(app, factories, 10)
    sent = client.post(path, data={"comment": "Between us", "next": "thanks", "from": "thanks"})
    page = client.get(sent.location).text
    assert "Between us" in page
    assert "May we quote you?" not in page
    assert f'href="{path}/testimonial' in page


def test_a_refused_comment_of_a_ten_stays_on_the_page_with_the_choices(
    app: Flask, client: FlaskClient, factories: Factories
) -> None:
    sent = client.post(path_of(app, factories, 10), data={"comment": "x" * 6000, "from": "thanks"})
    assert sent.status_code == 422
    assert "x" * 6000 in sent.text
    assert 'name="next" value="quote"' in sent.text


def test_passives_and_detractors_get_a_smaller_way(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    for score in (3, 8):
        path = path_of(app, factories, score)
        page = client.get(path + "/thanks").text
        assert f'href="{path}/testimonial"' in page
        assert "May we quote you?" not in page
    assert asked_count(session) == 0


@pytest.mark.parametrize("score", [3, 9, 10])
def test_who_has_given_a_testimonial_is_not_asked_again(
    app: Flask, client: FlaskClient, factories: Factories, score: int
) -> None:
    response = factories.response(factories.survey(), score)
    factories.testimonial(response)
    assert "/testimonial" not in client.get(response_path(app, response) + "/thanks").text


def test_promoters_only_offers_the_others_nothing(app: Flask, client: FlaskClient, factories: Factories) -> None:
    survey = factories.survey(promoters_only=True)
    low, high = (response_path(app, factories.response(survey, score)) for score in (3, 9))
    assert "/testimonial" not in client.get(low + "/thanks").text
    assert "/testimonial" in client.get(high + "/thanks").text


def test_a_survey_that_does_not_ask_asks_nobody(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    survey = factories.survey(asks_for_testimonial=False)
    for score in (3, 9, 10):
        path = response_path(app, factories.response(survey, score))
        client.post(path, data={"comment": ""})
        assert "/testimonial" not in client.get(path + "/thanks").text
    assert asked_count(session) == 0


def test_a_survey_without_video_offers_none(app: Flask, client: FlaskClient, factories: Factories) -> None:
    path = response_path(app, factories.response(factories.survey(allows_video=False), 9, comment="Good"))
    assert "/video" not in client.get(path + "/thanks").text


@pytest.mark.parametrize("score", [0, 8, 10])
def test_a_reward_is_told_to_every_score(app: Flask, client: FlaskClient, factories: Factories, score: int) -> None:
    survey = factories.survey(reward_text="A bag of beans for every answer")
    path = response_path(app, factories.response(survey, score))
    assert "A bag of beans for every answer" in client.get(path + "/thanks").text


def test_looking_at_the_thank_you_records_nothing(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    path = path_of(app, factories, 10)
    client.get(path + "/thanks")
    assert responses(session)[0].asked_for_testimonial_at is None


# Whose link it is


def test_a_token_of_another_purpose_or_a_changed_one_is_not_found(
    app: Flask, client: FlaskClient, factories: Factories
) -> None:
    response = factories.response()
    tokens = app.extensions[EXTENSION].tokens
    wrong = [tokens.sign(purpose, response.public_id) for purpose in set(Purpose) - {Purpose.RESPONSE}]
    wrong.append(tokens.sign(Purpose.RESPONSE, response.public_id)[:-1])
    wrong.append(tokens.sign(Purpose.RESPONSE, "missing"))
    for token in wrong:
        for address in (f"/s/r/{token}", f"/s/r/{token}/thanks"):
            assert client.get(address).status_code == 404
        assert client.post(f"/s/r/{token}", data={"comment": "x"}).status_code == 404
        assert client.post(f"/s/r/{token}/score", data={"score": 1}).status_code == 404


def test_the_response_of_a_deleted_contact_says_goodbye(
    app: Flask, client: FlaskClient, factories: Factories, session: Session
) -> None:
    survey = factories.survey()
    contact = factories.contact(survey.company, name="Kerttu Virtanen", deleted_at=factories.now)
    path = response_path(app, factories.response(survey, 9, contact_id=contact.id))
    page = client.post(path, data={"comment": "x"})
    assert page.status_code == 410
    assert "Kerttu" not in page.text
    assert session.scalar(select(func.count(Response.id)).where(Response.comment != "")) == 0


def test_a_nine_is_offered_to_write_before_what_was_missing_is_offered_as_a_quote(
    client: FlaskClient, app: Flask, factories: Factories
) -> None:
    pages = {
        score: client.get(f"{response_path(app, factories.response(score=score, comment='More beans.'))}/thanks").text
        for score in (9, 10)
    }
    assert pages[9].index("Write something") < pages[9].index("Use what I just wrote")
    assert pages[10].index("Use what I just wrote") < pages[10].index("Write something")
