"""The dashboard: one figure with honest context, at any filter, for whoever may see it."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product

import pytest

from socialproof.responses.models import ScoreCount


@pytest.fixture
def viewer(signed_in):
    return signed_in("viewer")


@pytest.fixture
def survey(factories, viewer):
    return factories.survey(viewer.company, name="Yearly")


@pytest.fixture
def answer(factories, session):
    """Many counted answers on one day, straight into the counters."""

    def give(survey, days_ago=1, **counts):
        row = ScoreCount(
            company_id=survey.company_id,
            survey_id=survey.id,
            day_on=(factories.now - timedelta(days=days_ago)).date(),
            slot=len(counts) + days_ago,
            **counts,
        )
        return factories.add(row)

    return give


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_it_shows_the_score_with_margin_band_and_number_of_answers(viewer, survey, answer):
    answer(survey, score_10=45, score_8=40, score_3=15)
    page = viewer.get("/app/")
    assert page.status_code == 200
    assert "+30 ± 14" in text_of(page)
    assert "Room to grow" in page.text
    assert "between +16 and +44" in page.text
    assert "100 answers" in page.text


def test_below_twenty_answers_there_is_no_number(viewer, survey, answer):
    answer(survey, score_10=7)
    page = text_of(viewer.get("/app/"))
    assert "Collecting answers: 7" in page
    assert "+100 ±" not in page


def test_five_of_five_promoters_are_never_100_plus_minus_0(viewer, session, survey, answer):
    answer(survey, score_10=5)
    assert "± 0" not in viewer.get("/app/").text
    viewer.company.customer_count = 5
    session.merge(viewer.company)
    session.commit()
    page = text_of(viewer.get("/app/"))
    assert "± 0" not in page
    assert "+100 ± 1" in page


def test_a_step_within_chance_is_not_called_a_change(viewer, survey, answer):
    answer(survey, days_ago=40, score_10=45, score_8=40, score_3=15)
    answer(survey, days_ago=1, score_10=50, score_8=36, score_3=14)
    page = viewer.get("/app/?period=30d")
    assert 'data-beyond-chance="no"' in page.text
    assert "within chance" in page.text


def test_a_step_larger_than_chance_is_marked(viewer, survey, answer):
    answer(survey, days_ago=40, score_10=450, score_8=400, score_3=150)
    answer(survey, days_ago=1, score_10=700, score_8=200, score_3=100)
    page = viewer.get("/app/?period=30d")
    assert 'data-beyond-chance="yes"' in page.text
    assert "▲ +30" in page.text


def test_kinds_are_never_one_figure(viewer, factories, survey, answer):
    event = factories.survey(viewer.company, kind="transactional", name="After delivery")
    answer(survey, score_10=30)
    answer(event, score_0=30)
    assert "+100 ±" in text_of(viewer.get("/app/"))
    transactional = viewer.get("/app/?kind=transactional")
    assert "−100 ±" in text_of(transactional)
    assert "Yearly" not in transactional.text
    mixed = viewer.get(f"/app/?kind=transactional&survey={survey.public_id}")
    assert "−100 ±" in text_of(mixed)


def test_the_trend_has_a_table_beside_the_drawing(viewer, survey, answer):
    answer(survey, days_ago=1, score_10=30, score_3=10)
    answer(survey, days_ago=65, score_10=5)
    page = viewer.get("/app/")
    assert "<polyline" not in page.text
    assert page.text.count("collecting answers") >= 2
    assert "+50 ±" in text_of(page)
    assert re.search(r"<svg[^>]*aria-labelledby=\"trend-wide\"", page.text)


ODD = [
    "kind=both",
    "survey=nobody",
    "segment=angry",
    "period=forever",
    "period=30D",
    "by=second",
    "before=%00",
    "before=" + "x" * 3000,
    "survey=" + "%E2%80%AE" * 20,
    "kind=relationship&kind=transactional",
    "survey=1&period=-1&by=&segment=9999999999999999999999",
    "lang=xx",
    "survey[]=x&period[$ne]=1",
]


@pytest.mark.both_databases
def test_an_odd_choice_means_the_usual_one(viewer, survey, answer):
    answer(survey, score_10=30)
    for query in ODD:
        page = viewer.get("/app/?" + query)
        assert page.status_code == 200, query
        assert "30 answers" in page.text, query


def test_every_choice_is_an_address(viewer, survey, answer):
    answer(survey, score_10=30)
    for period, by in product(["30d", "90d", "12m", "all"], ["month", "quarter"]):
        page = viewer.get(f"/app/?kind=relationship&survey={survey.public_id}&period={period}&by={by}&segment=promoter")
        assert page.status_code == 200
        assert f'<option value="{survey.public_id}" selected>' in page.text


def test_newest_answers_come_in_pages(viewer, factories, survey):
    for number in range(13):
        factories.response(survey, 9, comment=f"No. {number}.", answered_at=factories.now - timedelta(hours=number))
    first = viewer.get("/app/")
    assert "No. 0." in first.text
    assert "No. 10." not in first.text
    older = re.search(r'href="([^"]*before=[^"]*)"', first.text)[1].replace("&amp;", "&").partition("#")[0]
    second = viewer.get(older)
    assert "No. 10." in second.text
    assert "No. 0." not in second.text


def test_a_segment_narrows_the_list_but_never_the_score(viewer, factories, survey):
    for score in [10] * 20 + [2] * 5:
        factories.response(survey, score, comment="Dreadful." if score == 2 else "Lovely.")
    page = viewer.get("/app/?segment=detractor")
    assert "Dreadful." in page.text
    assert "Lovely." not in page.text
    assert "+60 ±" in text_of(page)


def test_hostile_text_stays_text(viewer, factories):
    survey = factories.survey(viewer.company, name='"><img src=x onerror=alert(1)>')
    contact = factories.contact(viewer.company, name="</bdi><script>alert(2)</script>")
    factories.response(survey, 9, comment="<b>bold</b> \u202ereversed", contact_id=contact.id)
    page = viewer.get("/app/").text
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page


@pytest.mark.parametrize("role", ["admin", "moderator"])
def test_without_a_survey_it_says_what_to_do(signed_in, role):
    page = signed_in(role).get("/app/")
    assert "Ask your customers one question" in page.text
    assert ("/app/surveys/new" in page.text) == (role == "admin")


def test_a_draft_is_to_be_opened_and_an_open_survey_to_be_shared(viewer, factories):
    draft = factories.survey(viewer.company, state="draft")
    assert "No survey is open" in viewer.get("/app/").text
    assert f"/app/surveys/{draft.public_id}" in viewer.get(f"/app/?survey={draft.public_id}").text
    opened = factories.survey(viewer.company)
    page = viewer.get("/app/").text
    assert "Waiting for the first answer" in page
    assert f"/app/surveys/{opened.public_id}/share" in page


def test_a_choice_without_answers_offers_all_of_them(viewer, survey, answer):
    answer(survey, days_ago=400, score_10=30)
    page = viewer.get("/app/?period=30d").text
    assert "No answers in this choice" in page
    assert "30 answers" in viewer.get("/app/?period=all").text


def test_another_companys_survey_is_as_unknown_as_a_missing_one(viewer, factories, survey, answer):
    foreign = factories.survey(name="Not yours")
    answer(foreign, score_0=50)
    answer(survey, score_10=30)
    page = viewer.get(f"/app/?survey={foreign.public_id}")
    assert "Not yours" not in page.text
    assert "+100 ±" in text_of(page)


def test_nobody_who_is_not_signed_in_sees_it(client, survey):
    page = client.get("/app/")
    assert page.status_code == 303
    assert "/app/sign-in" in page.location


def test_it_is_written_in_the_readers_language_and_carries_no_inline_style(viewer, survey, answer):
    answer(survey, score_10=3000)
    page = viewer.get("/app/?lang=fi").text
    assert '<html lang="fi"' in page
    assert " style=" not in page
    assert "3\xa0000" in page
