"""The public link, as its customer meets it, and as a robot does."""

from __future__ import annotations

import gzip
import re
import threading
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from socialproof.surveys.models import Survey, SurveyWording
from tests.answers import answer, answer_key, counted, open_survey, recounted, responses, survey_path
from tests.factories import Factories

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def survey(factories: Factories) -> Survey:
    return factories.survey(factories.company(name="Nordlys Kaffe AB", brand_color="#ffe14d"))


def test_it_asks_one_question_with_eleven_answers(client: FlaskClient, survey: Survey) -> None:
    page = client.get(survey_path(survey))
    assert page.status_code == 200
    assert "How likely are you to recommend Nordlys Kaffe AB" in page.text
    assert re.findall(r'name="score" value="(\d+)"', page.text) == [str(score) for score in range(11)]


def test_it_takes_an_answer_without_javascript_and_without_cookies(
    app: Flask, survey: Survey, session: Session
) -> None:
    client = app.test_client(use_cookies=False)
    sent = answer(client, survey, 6)
    assert sent.status_code == 303
    assert [(given.score, given.source, given.language) for given in responses(session)] == [(6, "link", "en")]
    assert counted(session) == {6: 1}
    assert "What went wrong" in client.get(sent.location).text


def test_a_nine_is_asked_what_was_missing_and_a_ten_goes_straight_to_the_thank_you(
    client: FlaskClient, survey: Survey
) -> None:
    nine, ten = answer(client, survey, 9), answer(client, survey, 10)
    assert "What was missing for a 10?" in client.get(nine.location).text
    assert urllib.parse.urlsplit(ten.location).path.endswith("/thanks")
    assert "It means a lot to us" in client.get(ten.location).text


def test_the_room_sets_no_cookie_keeps_no_trace_and_runs_nothing_inline(client: FlaskClient, survey: Survey) -> None:
    for page in (client.get(survey_path(survey)), answer(client, survey, 3), client.get("/s/unknown")):
        assert "Set-Cookie" not in page.headers
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert page.headers["Cache-Control"] == "no-store"
        policy = page.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
    html = client.get(survey_path(survey)).text
    assert " style=" not in html
    assert "<script>" not in html


def test_it_may_be_framed_only_where_the_survey_says(client: FlaskClient, factories: Factories) -> None:
    nowhere = factories.survey()
    listed = factories.survey(embed_domains=["https://shop.example", "https://evil.example; script-src *"])
    assert client.get(survey_path(nowhere)).headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    policy = client.get(survey_path(listed)).headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://shop.example")


def test_an_answer_in_a_frame_says_so_and_stays_in_the_frame(
    client: FlaskClient, survey: Survey, session: Session
) -> None:
    page = client.get(survey_path(survey) + "?embed=1")
    action = re.search(r'action="([^"]+)"', page.text).group(1).replace("&amp;", "&")  # type: ignore[union-attr]
    sent = client.post(action, data={"score": 4, "answer_key": answer_key(page.text), "source": "embed"})
    assert "embed=1" in sent.location
    assert responses(session)[0].source == "embed"


# Nobody but a person answers


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_is_not_answering(client: FlaskClient, survey: Survey, session: Session, method: str) -> None:
    for score in range(11):
        seen = client.open(f"{survey_path(survey)}?score={score}", method=method, headers={"Sec-Purpose": "prefetch"})
        assert seen.status_code == 200
    assert responses(session) == []


def test_a_score_in_the_link_is_chosen_and_waits_for_a_person(client: FlaskClient, survey: Survey) -> None:
    html = client.get(survey_path(survey) + "?score=7").text
    assert re.findall(r'value="(\d+)" required checked', html) == ["7"]
    assert 'data-confirm="gesture"' in html


@pytest.mark.parametrize("score", ["11", "-1", "9.5", "", "x", "7\x00", "７", "9" * 5000])
def test_nonsense_in_the_link_chooses_nothing(client: FlaskClient, survey: Survey, score: str) -> None:
    page = client.get(survey_path(survey), query_string={"score": score})
    assert page.status_code == 200
    assert " checked" not in page.text


# Bad scores


@pytest.mark.parametrize("score", ["11", "-1", "9.5", "", "null", "[7]", "7 ", "٧", "7\x00"])
def test_a_bad_score_is_refused_in_words_and_nothing_is_stored(
    client: FlaskClient, survey: Survey, session: Session, score: str
) -> None:
    sent = answer(client, survey, score)
    assert sent.status_code == 422
    assert "from 0 to 10" in sent.text
    assert responses(session) == []


def test_a_missing_score_and_a_list_of_scores_are_refused(
    client: FlaskClient, survey: Survey, session: Session
) -> None:
    key = open_survey(client, survey)
    assert client.post(survey_path(survey), data={"answer_key": key}).status_code == 422
    assert client.post(survey_path(survey), data={"score": ["7", "8"], "answer_key": key}).status_code == 422
    assert responses(session) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"score": 7, "score": 8, "answer_key": "KEY"}', 400),
        ('{"score": NaN, "answer_key": "KEY"}', 400),
        ('{"score": Infinity, "answer_key": "KEY"}', 400),
        ("{", 400),
        ("[7]", 400),
        ("7", 400),
        ("[" * 30000, 400),
        (b'{"score": 7, "answer_key": "\xff"}', 400),
        ('{"score": null, "answer_key": "KEY"}', 422),
        ('{"score": [7], "answer_key": "KEY"}', 422),
        ('{"score": 7.0, "answer_key": "KEY"}', 422),
        ('{"score": true, "answer_key": "KEY"}', 422),
        ('{"score": 11, "answer_key": "KEY"}', 422),
        ('{"score": 7, "answer_key": "\\ud800"}', 422),
        ('{"score": 7, "answer_key": 7}', 422),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_bad_json_is_refused_and_nothing_is_stored(
    client: FlaskClient, survey: Survey, session: Session, body: str | bytes, status: int, accept: str
) -> None:
    key = open_survey(client, survey)
    data = body.replace("KEY", key) if isinstance(body, str) else body
    sent = client.post(survey_path(survey), data=data, content_type="application/json", headers={"Accept": accept})
    assert sent.status_code == status
    assert responses(session) == []


def test_good_json_is_an_answer(client: FlaskClient, survey: Survey, session: Session) -> None:
    body = {"score": 7, "answer_key": open_survey(client, survey)}
    sent = client.post(survey_path(survey), json=body, headers={"Accept": "application/json"})
    assert sent.json is not None
    assert sent.json["score"] == 7
    assert client.get(sent.json["next"]).status_code == 200
    assert [given.score for given in responses(session)] == [7]


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_refusal_is_in_the_language_of_the_page(client: FlaskClient, survey: Survey, accept: str) -> None:
    sent = client.post(survey_path(survey) + "?lang=sv", data={"score": "11"}, headers={"Accept": accept})
    if accept == "text/html":
        assert '<html lang="sv"' in sent.text
    else:
        assert sent.json is not None
        assert sent.json["error"] == "not_a_score"


@pytest.mark.both_databases
def test_bytes_that_are_no_text_are_refused_or_cleaned(client: FlaskClient, survey: Survey, session: Session) -> None:
    key = open_survey(client, survey).encode()
    for body in (b"score=%FF&answer_key=" + key, b"\xff\xfe\x00=\x00&score=%00", b"score=%ED%A0%80&answer_key=" + key):
        sent = client.post(survey_path(survey), data=body, content_type="application/x-www-form-urlencoded")
        assert 400 <= sent.status_code < 500
    broken = client.post(survey_path(survey), data=b"--x\r\nbroken", content_type="multipart/form-data; boundary=x")
    assert 400 <= broken.status_code < 500
    assert responses(session) == []


@pytest.mark.both_databases
@pytest.mark.parametrize("public_id", ["%00", "%ff%fe", "a" * 500, "..%2f..", "%F0%9F%98%80", "x%00y"])
def test_an_address_that_names_no_survey_is_not_found(client: FlaskClient, public_id: str) -> None:
    for path in (f"/s/{public_id}", f"/s/i/{public_id}", f"/s/r/{public_id}", f"/s/{public_id}/brand.css"):
        assert client.get(path).status_code == 404


def test_a_body_larger_than_a_score_needs_is_too_large(client: FlaskClient, survey: Survey, session: Session) -> None:
    sent = client.post(survey_path(survey), data={"score": 7, "padding": "x" * 100_000})
    assert sent.status_code == 413
    assert responses(session) == []


# The same answer again


def test_the_same_page_sent_again_is_one_answer(client: FlaskClient, survey: Survey, session: Session) -> None:
    form = {"score": 8, "answer_key": open_survey(client, survey)}
    first, second = (client.post(survey_path(survey), data=form) for _ in range(2))
    assert first.location == second.location
    assert len(responses(session)) == 1
    assert counted(session) == {8: 1}


@pytest.mark.both_databases
def test_the_same_page_sent_with_another_score_changes_the_answer(
    client: FlaskClient, survey: Survey, session: Session
) -> None:
    key = open_survey(client, survey)
    for score in (8, 3):
        client.post(survey_path(survey), data={"score": score, "answer_key": key})
    assert [(given.score, [change.old_score for change in given.changes]) for given in responses(session)] == [(3, [8])]
    assert counted(session) == {3: 1}


@pytest.mark.both_databases
def test_the_same_post_twenty_times_in_parallel_is_one_answer_and_all_are_thanked(
    live_server: str, survey: Survey, client: FlaskClient, session: Session
) -> None:
    form = urllib.parse.urlencode({"score": 9, "answer_key": open_survey(client, survey)}).encode()
    pages: list[tuple[int, str]] = []
    together = threading.Barrier(20)

    def send() -> None:
        together.wait()
        with urllib.request.urlopen(live_server + survey_path(survey), form, timeout=60) as page:
            pages.append((page.status, page.url))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pages) == 20
    assert {status for status, _url in pages} == {200}
    assert len({url for _status, url in pages}) == 1
    assert len(responses(session)) == 1
    assert counted(session) == {9: 1}


@pytest.mark.both_databases
def test_forty_people_behind_one_address_are_all_counted(app: Flask, survey: Survey, session: Session) -> None:
    for person in range(40):
        assert answer(app.test_client(), survey, person % 11).status_code == 303
    assert len(responses(session)) == 40
    assert counted(session) == recounted(session)


def test_a_page_that_stood_open_for_three_hours_is_accepted(
    client: FlaskClient, survey: Survey, session: Session
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        key = open_survey(client, survey)
        clock.shift(timedelta(hours=3))
        assert client.post(survey_path(survey), data={"score": 10, "answer_key": key}).status_code == 303
    assert [given.score for given in responses(session)] == [10]


def test_a_page_of_last_month_keeps_the_choice_and_asks_to_press_send_again(
    client: FlaskClient, survey: Survey, session: Session
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        key = open_survey(client, survey)
        clock.shift(timedelta(days=30))
        refused = client.post(survey_path(survey), data={"score": 10, "answer_key": key})
        assert refused.status_code == 422
        assert re.findall(r'value="(\d+)" required checked', refused.text) == ["10"]
        again = client.post(survey_path(survey), data={"score": 10, "answer_key": answer_key(refused.text)})
        assert again.status_code == 303
    assert len(responses(session)) == 1


@pytest.mark.parametrize("key", ["", "x", "ImEi.x.y", "a" * 400])
def test_a_forged_answer_key_stores_nothing(client: FlaskClient, survey: Survey, session: Session, key: str) -> None:
    assert client.post(survey_path(survey), data={"score": 7, "answer_key": key}).status_code == 422
    assert responses(session) == []


def test_the_key_of_one_survey_does_not_open_another(
    client: FlaskClient, survey: Survey, factories: Factories, session: Session
) -> None:
    key = open_survey(client, factories.survey())
    assert client.post(survey_path(survey), data={"score": 7, "answer_key": key}).status_code == 422
    assert responses(session) == []


# States


def test_a_draft_is_not_there(client: FlaskClient, factories: Factories) -> None:
    draft = factories.survey(state="draft")
    page = client.get(survey_path(draft))
    assert page.status_code == 404
    assert page.text == client.get("/s/nothingofthekind").text
    assert client.get(survey_path(draft) + "/brand.css").status_code == 404


def test_a_survey_that_closed_says_so(client: FlaskClient, factories: Factories) -> None:
    page = client.get(survey_path(factories.survey(state="closed")))
    assert page.status_code == 410
    assert "This survey has closed" in page.text
    assert 'name="score"' not in page.text


def test_a_survey_that_closes_while_the_page_is_open_says_that_nothing_was_saved(
    client: FlaskClient, survey: Survey, session: Session
) -> None:
    key = open_survey(client, survey)
    survey.state = "closed"
    session.add(survey)
    session.commit()
    sent = client.post(survey_path(survey), data={"score": 7, "answer_key": key})
    assert sent.status_code == 409
    assert "nothing was saved" in sent.text
    assert "You chose 7." in sent.text
    by_script = client.post(
        survey_path(survey), data={"score": 7, "answer_key": key}, headers={"Accept": "application/json"}
    )
    assert by_script.json is not None
    assert by_script.json["error"] == "survey_not_open"
    assert responses(session) == []


# Words and looks


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("?lang=fi", "sv", "fi"),
        ("", "sv-SE,en;q=0.5", "sv"),
        ("", "no", "nb"),
        ("", "zh", "da"),
        ("?lang=xx", "", "da"),
    ],
)
def test_the_language_comes_from_the_link_then_the_browser_then_the_survey(
    client: FlaskClient, factories: Factories, query: str, accepted: str, language: str
) -> None:
    survey = factories.survey(default_language="da")
    page = client.get(survey_path(survey) + query, headers={"Accept-Language": accepted})
    assert f'<html lang="{language}"' in page.text


def test_the_next_page_speaks_the_language_of_the_answer(client: FlaskClient, factories: Factories) -> None:
    survey = factories.survey(default_language="da")
    key = open_survey(client, survey)
    sent = client.post(survey_path(survey) + "?lang=fi", data={"score": 5, "answer_key": key})
    assert '<html lang="fi"' in client.get(sent.location).text


def test_the_companys_own_words_are_shown_and_are_only_words(client: FlaskClient, factories: Factories) -> None:
    survey = factories.survey(factories.company(name='"><img src=x onerror=alert(1)>'))
    factories.add(SurveyWording(survey_id=survey.id, language="en", question="<b>Would you?</b>", low_label="Nope"))
    html = client.get(survey_path(survey)).text
    assert "&lt;b&gt;Would you?&lt;/b&gt;" in html
    assert "Nope" in html
    assert "<img src=x" not in html


def test_the_brand_sheet_gives_the_colour_with_an_ink_that_can_be_read(client: FlaskClient, survey: Survey) -> None:
    sheet = client.get(survey_path(survey) + "/brand.css")
    assert sheet.content_type == "text/css; charset=utf-8"
    assert "--action-ink:#000000" in sheet.text
    assert sheet.headers["Cache-Control"] == "public, max-age=600"
    again = client.get(survey_path(survey) + "/brand.css", headers={"If-None-Match": sheet.headers["ETag"]})
    assert again.status_code == 304


def test_a_colour_that_is_no_colour_never_reaches_the_sheet(client: FlaskClient, factories: Factories) -> None:
    survey = factories.survey(factories.company(brand_color="red;}*"), brand_color="")
    assert "red" not in client.get(survey_path(survey) + "/brand.css").text


def test_the_whole_page_weighs_at_most_20_kilobytes(client: FlaskClient, survey: Survey) -> None:
    html = client.get(survey_path(survey)).text
    parts = re.findall(r'(?:href|src)="(/(?:static|s)/[^"]+\.(?:css|js|svg))"', html)
    assert len(parts) >= 5
    weight = len(gzip.compress(html.encode(), 6))
    for part in parts:
        with client.get(part) as loaded:
            weight += len(gzip.compress(loaded.data, 6))
    assert weight <= 20_000, f"{weight} bytes"
