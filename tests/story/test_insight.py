"""Figures come from the counters and are still exactly what the answers say."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from socialproof.domain.errors import RuleBroken
from socialproof.domain.nps import Scores, Segment
from socialproof.domain.periods import Step
from socialproof.responses import insight
from socialproof.responses.models import Response
from socialproof.responses.service import change_score, note_ask, record_response
from socialproof.testimonials.insight import proof_funnel
from socialproof.testimonials.models import Testimonial
from socialproof.testimonials.queries import counts_as_shown, is_shown

TODAY = datetime(2026, 11, 21, 12, tzinfo=UTC)

answers = st.tuples(st.just("answer"), st.integers(0, 10), st.integers(0, 3), st.integers(0, 400), st.integers(0, 1))
changes = st.tuples(st.just("change"), st.integers(0, 10), st.integers(0, 20), st.integers(0, 30), st.just(0))


@given(st.lists(answers | changes, max_size=14))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_counters_equal_a_full_recount_after_any_sequence(session, factories, steps):
    company = factories.company()
    surveys = [factories.survey(company), factories.survey(company, kind="transactional")]
    contacts = [factories.contact(company) for _ in range(3)]
    given_answers: list[Response] = []
    for act, score, who, hours, which in steps:
        if act == "answer":
            given_answers.append(answer(session, factories, surveys[which], contacts, score, who, hours))
        elif given_answers:
            changed = given_answers[who % len(given_answers)]
            with suppress(RuleBroken):  # later than 24 hours
                change_score(session, response=changed, score=score, now=changed.answered_at + timedelta(hours=hours))
        session.commit()
    for survey in surveys:
        recount = recounted(session, survey)
        assert insight.score_counts(session, company.id, survey.id) == Scores.of(recount.elements())
        first = TODAY.date() - timedelta(days=30)
        points = insight.trend(session, company.id, survey.kind, Step.MONTH, first, TODAY.date(), survey.id)
        assert sum((point.scores for point in points), Scores()) == Scores.of(recount.elements())
    both = insight.answers_by_survey(session, company.id)
    assert {survey_id: scores.answers for survey_id, scores in both.items() if scores.answers} == {
        survey.id: recounted(session, survey).total() for survey in surveys if recounted(session, survey)
    }


def answer(session, factories, survey, contacts, score, who, hours):
    """Contact 0 is nobody: the open link. The others come by a personal link of their own."""
    at = TODAY - timedelta(hours=hours)
    invitation = factories.invitation(survey, contacts[who - 1]) if who else None
    return record_response(
        session,
        survey=survey,
        score=score,
        source="invitation" if who else "link",
        answer_key=f"{survey.id}-{factories._number('key')}",
        language="en",
        invitation=invitation,
        now=at,
    )


def recounted(session, survey) -> Counter[int]:
    counted = select(Response.score).where(Response.survey_id == survey.id, Response.is_counted)
    return Counter(session.scalars(counted))


@pytest.fixture
def survey(factories):
    return factories.survey()


def test_kinds_are_never_mixed_in_one_figure(session, factories, survey):
    other = factories.survey(survey.company, kind="transactional")
    factories.response(survey, 10)
    factories.response(other, 0)
    figures = {
        kind: insight.score_counts(session, survey.company_id, kind=kind).nps()
        for kind in ("relationship", "transactional")
    }
    assert figures == {"relationship": 100, "transactional": -100}


def test_another_company_is_never_counted(session, factories, survey):
    factories.response(factories.survey(), 0)
    assert insight.score_counts(session, survey.company_id).answers == 0
    foreign = factories.survey()
    factories.response(foreign, 0)
    assert insight.score_counts(session, survey.company_id, foreign.id).answers == 0
    assert insight.newest_answers(session, survey.company_id, "relationship", survey_id=foreign.id).responses == []


def test_both_ends_of_a_period_belong_to_it(session, factories, survey):
    for day in (9, 10, 20, 21):
        factories.response(survey, 9, answered_at=datetime(2026, 11, day, 23, 59, 59, tzinfo=UTC))
    period = (date(2026, 11, 10), date(2026, 11, 20))
    assert insight.score_counts(session, survey.company_id, None, *period).answers == 2
    page = insight.newest_answers(session, survey.company_id, "relationship", from_on=period[0], to_on=period[1])
    assert len(page.responses) == 2


def test_the_trend_shows_empty_months_and_quarters_too(session, factories, survey):
    factories.response(survey, 9, answered_at=datetime(2026, 1, 31, tzinfo=UTC))
    factories.response(survey, 3, answered_at=datetime(2026, 5, 1, tzinfo=UTC))
    span = (date(2026, 1, 15), date(2026, 6, 2))
    months = insight.trend(session, survey.company_id, "relationship", Step.MONTH, *span)
    assert [point.scores.answers for point in months] == [1, 0, 0, 0, 1, 0]
    quarters = insight.trend(session, survey.company_id, "relationship", Step.QUARTER, *span)
    assert [(point.start_on.month, point.scores.answers) for point in quarters] == [(1, 1), (4, 1)]


def test_pages_of_answers_follow_each_other_without_gap_or_repetition(session, factories, survey):
    at = TODAY
    given_answers = [factories.response(survey, n % 11, answered_at=at - timedelta(hours=n // 3)) for n in range(23)]
    seen, before = [], None
    while True:
        page = insight.newest_answers(session, survey.company_id, "relationship", before=before, limit=5)
        seen += [response.id for response in page.responses]
        before = page.before
        if before is None:
            break
    assert sorted(seen) == sorted(response.id for response in given_answers)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("before", ["nobody", "", "x" * 5000, "\u202e"])
def test_an_unknown_page_is_the_first_page(session, factories, survey, before):
    factories.response(survey, 9)
    page = insight.newest_answers(session, survey.company_id, "relationship", before=before)
    assert len(page.responses) == 1


def test_a_segment_narrows_the_list(session, factories, survey):
    for score in range(11):
        factories.response(survey, score)
    page = insight.newest_answers(session, survey.company_id, "relationship", segment=Segment.PASSIVE)
    assert sorted(response.score for response in page.responses) == [7, 8]


def test_the_public_score_takes_the_latest_answer_of_each_contact_in_twelve_months(session, factories, survey):
    contact = factories.contact(survey.company)
    other = factories.survey(survey.company)
    for days, score, asked in ((400, 0, survey), (200, 3, survey), (10, 10, other)):
        at = TODAY - timedelta(days=days)
        factories.response(asked, score, contact_id=contact.id, answered_at=at)
    for score in (9, 9, 7):
        factories.response(survey, score, answered_at=TODAY - timedelta(days=1))
    factories.response(factories.survey(survey.company, kind="transactional"), 0, answered_at=TODAY)
    factories.response(survey, 0, is_counted=False, answered_at=TODAY)
    factories.response(survey, 0, answered_at=TODAY + timedelta(days=1))
    found = insight.public_scores(session, survey.company_id, "relationship", TODAY)
    assert found == Scores.of([10, 9, 9, 7])
    of_one = insight.public_scores(session, survey.company_id, "relationship", TODAY, survey.id)
    assert of_one == Scores.of([3, 9, 9, 7])
    assert insight.public_scores(session, survey.company_id, "transactional", TODAY, survey.id).answers == 0


def test_the_funnel_counts_each_step_once(session, factories, survey):
    for _ in range(3):
        factories.invitation(survey)
    invitation = factories.invitation(survey)
    answered = record_response(
        session,
        survey=survey,
        score=10,
        source="invitation",
        answer_key="k",
        language="en",
        invitation=invitation,
        now=factories.now,
    )
    note_ask(session, response=answered, now=factories.now)
    note_ask(session, response=answered, now=factories.now)
    session.commit()
    factories.testimonial(answered, state="approved")
    factories.testimonial(factories.response(survey, 9), state="submitted")
    factories.testimonial(factories.response(survey, 9), state="approved", purposes=())
    replies = insight.response_funnel(session, survey.company_id, "relationship")
    assert replies == insight.ResponseFunnel(invited=4, invited_answered=1, answered=3, asked=1)
    gifts = proof_funnel(session, survey.company_id, "relationship", survey.id)
    assert (gifts.submitted, gifts.published) == (3, 1)
    assert proof_funnel(session, survey.company_id, "transactional").submitted == 0


def test_what_is_counted_as_published_is_what_the_gate_lets_through(session, factories):
    survey = factories.survey()
    kinds = product(
        ("approved", "submitted"), ("text", "video"), ("Words.", "  ", ""), (("website",), ("advertising",))
    )
    for (state, kind, text, purposes), videos in product(kinds, ((), ("ready",), ("ready", "processing"))):
        given = factories.testimonial(factories.response(survey), state, purposes, kind=kind, text=text)
        for media_state in videos:
            factories.media(given.response, given, state=media_state)
    factories.testimonial(factories.response(survey), "approved", erased_at=factories.now)
    taken_back = factories.testimonial(factories.response(survey), "approved", purposes=())
    factories.consent(taken_back, withdrawn_at=factories.now)
    session.expire_all()
    shown = {each.id for each in session.scalars(select(Testimonial)) if is_shown(each)}
    assert shown == set(session.scalars(select(Testimonial.id).where(counts_as_shown())))
    assert proof_funnel(session, survey.company_id, "relationship").published == len(shown) == 6
