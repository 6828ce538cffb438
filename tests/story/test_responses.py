"""One answer: given once, changed within its day, counted once per person and period."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation
from socialproof.database import transaction
from socialproof.domain.errors import RuleBroken
from socialproof.domain.events import ResponseChanged, ResponseCommented, ResponseRecorded
from socialproof.responses.models import Response, ScoreCount
from socialproof.responses.service import add_comment, change_score, note_ask, record_response
from socialproof.surveys.models import Survey
from tests.answers import counted, recounted, responses
from tests.factories import Factories

DAY = timedelta(days=1)


@pytest.fixture
def survey(factories: Factories) -> Survey:
    return factories.survey()


@pytest.fixture
def record(session: Session, survey: Survey, factories: Factories) -> Callable[..., Response]:
    """Records an answer and commits."""

    def give(score: int, answer_key: str = "key", **values: Any) -> Response:
        defaults = {"survey": survey, "source": "link", "language": "sv", "now": factories.now}
        given = record_response(session, score=score, answer_key=answer_key, **defaults | values)
        session.commit()
        return given

    return give


def happened(session: Session) -> list[type]:
    return [type(fact) for fact in session.info.get("events", [])]


def test_an_answer_is_kept_counted_and_told(session: Session, survey: Survey, factories: Factories) -> None:
    given = record_response(
        session, survey=survey, score=9, source="qr", answer_key="key", language="fi", now=factories.now
    )
    assert happened(session) == [ResponseRecorded]
    session.commit()
    assert (given.company_id, given.score, given.source, given.language) == (survey.company_id, 9, "qr", "fi")
    assert counted(session) == {9: 1}


def test_an_answer_that_is_rolled_back_is_not_counted(session: Session, survey: Survey, factories: Factories) -> None:
    record_response(session, survey=survey, score=9, source="qr", answer_key="key", language="fi", now=factories.now)
    session.rollback()
    assert responses(session) == []
    assert counted(session) == {}


def test_the_same_key_again_is_the_same_answer(record: Callable[..., Response], session: Session) -> None:
    assert record(7).id == record(7).id
    assert counted(session) == {7: 1}
    assert responses(session)[0].changed_at is None


def test_the_same_key_with_another_score_replaces_it_and_keeps_the_history(
    record: Callable[..., Response], session: Session, factories: Factories
) -> None:
    record(7)
    record(2, now=factories.now + timedelta(hours=23))
    (given,) = responses(session)
    assert (given.score, [change.old_score for change in given.changes]) == (2, [7])
    assert counted(session) == recounted(session) == {2: 1}


def test_a_change_next_day_moves_the_count_on_the_day_of_the_answer(
    record: Callable[..., Response], session: Session, factories: Factories
) -> None:
    late = factories.now.replace(hour=23)
    record(7, now=late)
    record(2, now=late + timedelta(hours=5))
    days = session.scalars(select(ScoreCount.day_on)).all()
    assert set(days) == {late.date()}
    assert counted(session) == {2: 1}


def test_after_24_hours_the_score_stays(
    record: Callable[..., Response], session: Session, factories: Factories
) -> None:
    record(7)
    with pytest.raises(RuleBroken) as refused:
        record(2, now=factories.now + DAY)
    assert refused.value.code == "edit_window_over"
    session.rollback()
    assert counted(session) == {7: 1}
    assert record(7, now=factories.now + DAY).score == 7


@pytest.mark.parametrize("state", ["draft", "closed"])
def test_only_an_open_survey_takes_answers(
    record: Callable[..., Response], session: Session, factories: Factories, state: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        record(7, survey=factories.survey(state=state))
    assert refused.value.code == "survey_not_open"
    assert responses(session) == []


def test_an_invitation_is_answered_once_whatever_the_key(
    record: Callable[..., Response], session: Session, survey: Survey, factories: Factories
) -> None:
    invitation = factories.invitation(survey)
    for key in ("one", "two"):
        record(7, key, invitation=invitation)
    (given,) = responses(session)
    assert (given.invitation_id, given.contact_id) == (invitation.id, invitation.contact_id)
    assert session.get_one(Invitation, invitation.id).state == "answered"
    assert counted(session) == {7: 1}


def test_of_two_invitations_in_a_period_the_latest_answer_counts(
    record: Callable[..., Response], session: Session, survey: Survey, factories: Factories
) -> None:
    first = factories.invitation(survey)
    second = factories.invitation(survey, first.contact)
    quarter = factories.now.replace(year=2026, month=11, day=2)
    record(9, "one", invitation=first, now=quarter)
    record(3, "two", invitation=second, now=quarter + 3 * DAY)
    assert [given.is_counted for given in responses(session)] == [False, True]
    assert counted(session) == recounted(session) == {3: 1}


def test_a_superseded_answer_may_change_and_still_does_not_count(
    record: Callable[..., Response], session: Session, survey: Survey, factories: Factories
) -> None:
    first = factories.invitation(survey)
    record(9, "one", invitation=first)
    record(3, "two", invitation=factories.invitation(survey, first.contact))
    record(10, "one", invitation=first)
    assert [given.score for given in responses(session)] == [10, 3]
    assert counted(session) == recounted(session) == {3: 1}


def test_the_next_quarter_counts_again(
    record: Callable[..., Response], session: Session, survey: Survey, factories: Factories
) -> None:
    first = factories.invitation(survey)
    autumn = factories.now.replace(year=2026, month=9, day=30)
    record(9, "one", invitation=first, now=autumn)
    record(3, "two", invitation=factories.invitation(survey, first.contact), now=autumn + DAY)
    assert counted(session) == {3: 1, 9: 1}


def test_the_same_person_counts_in_each_survey(
    record: Callable[..., Response], session: Session, survey: Survey, factories: Factories
) -> None:
    first = factories.invitation(survey)
    other = factories.survey(survey.company)
    record(9, "one", invitation=first)
    record(3, "two", survey=other, invitation=factories.invitation(other, first.contact))
    assert counted(session) == {3: 1, 9: 1}


def in_parallel(
    session: Session, count: int, act: Callable[[Session, int], None], turns: int = 1
) -> list[BaseException]:
    """`count` writers at once, each in its own thread and session, `turns` times; returns what they raised."""
    engine, together, raised = session.get_bind(), threading.Barrier(count), list[BaseException]()

    def run(number: int) -> None:
        together.wait()
        try:
            with Session(engine) as own:
                for turn in range(turns):
                    with transaction(own):
                        act(own, number + turn * count)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_one_invitation_answered_by_many_at_once_is_one_answer(
    session: Session, survey: Survey, factories: Factories
) -> None:
    invitation, now = factories.invitation(survey), factories.now

    def act(own: Session, number: int) -> None:
        record_response(
            own,
            survey=own.get_one(Survey, survey.id),
            score=number % 11,
            source="invitation",
            answer_key="same" if number % 2 else f"key {number}",
            language="en",
            invitation=own.get_one(Invitation, invitation.id),
            now=now,
        )

    assert in_parallel(session, 12, act) == []
    assert len(responses(session)) == 1
    assert counted(session) == recounted(session)


def test_one_person_with_many_invitations_at_once_counts_once(
    session: Session, survey: Survey, factories: Factories
) -> None:
    contact, now = factories.contact(survey.company), factories.now
    invitations = [factories.invitation(survey, contact).id for _ in range(8)]

    def act(own: Session, number: int) -> None:
        record_response(
            own,
            survey=own.get_one(Survey, survey.id),
            score=number,
            source="invitation",
            answer_key=f"key {number}",
            language="en",
            invitation=own.get_one(Invitation, invitations[number]),
            now=now,
        )

    assert in_parallel(session, 8, act) == []
    assert len(responses(session)) == 8
    assert counted(session) == recounted(session)
    assert sum(counted(session).values()) == 1


def test_many_changes_at_once_leave_the_counters_equal_to_a_recount(
    record: Callable[..., Response], session: Session, factories: Factories
) -> None:
    given, now = record(0), factories.now

    def act(own: Session, number: int) -> None:
        change_score(own, response=own.get_one(Response, given.id), score=number % 11, now=now)

    assert in_parallel(session, 10, act) == []
    assert counted(session) == recounted(session)
    assert sum(counted(session).values()) == 1


def test_many_strangers_at_once_are_all_counted(session: Session, survey: Survey, factories: Factories) -> None:
    def act(own: Session, number: int) -> None:
        record_response(
            own,
            survey=own.get_one(Survey, survey.id),
            score=number % 11,
            source="link",
            answer_key=f"key {number}",
            language="en",
            now=factories.now,
        )

    assert in_parallel(session, 16, act, turns=5) == []
    assert len(responses(session)) == 80
    assert counted(session) == recounted(session)


def test_a_comment_is_kept_and_told(record: Callable[..., Response], session: Session, factories: Factories) -> None:
    given = record(9)
    session.info.clear()
    add_comment(session, response=given, comment="Good coffee", now=factories.now)
    assert happened(session) == [ResponseCommented]
    session.commit()
    assert responses(session)[0].comment == "Good coffee"


def test_nothing_written_takes_nothing_away(
    record: Callable[..., Response], session: Session, factories: Factories
) -> None:
    given = record(9)
    add_comment(session, response=given, comment="Good coffee", now=factories.now)
    session.info.clear()
    add_comment(session, response=given, comment="", now=factories.now)
    assert happened(session) == []
    assert given.comment == "Good coffee"


def test_a_late_first_comment_is_welcome_and_a_late_change_is_not(
    record: Callable[..., Response], session: Session, factories: Factories
) -> None:
    given, late = record(9), factories.now + 2 * DAY
    add_comment(session, response=given, comment="Late but here", now=late)
    with pytest.raises(RuleBroken) as refused:
        add_comment(session, response=given, comment="Something else", now=late)
    assert refused.value.code == "edit_window_over"


def test_a_changed_score_is_told(record: Callable[..., Response], session: Session, factories: Factories) -> None:
    given = record(9)
    session.info.clear()
    change_score(session, response=given, score=1, now=factories.now)
    assert happened(session) == [ResponseChanged]


def test_an_ask_is_counted_once_and_for_promoters_only(
    record: Callable[..., Response], session: Session, factories: Factories
) -> None:
    promoter, passive = record(9, "one"), record(8, "two")
    for given in (promoter, promoter, passive):
        note_ask(session, response=given, now=factories.now)
    session.commit()
    assert session.scalars(select(ScoreCount.asked_count)).all().count(1) == 1
    assert sum(session.scalars(select(ScoreCount.asked_count)).all()) == 1
    assert promoter.asked_for_testimonial_at == factories.now
    assert passive.asked_for_testimonial_at is None
