"""One answer: given once however often it is sent, changed within its day, counted once per person and period."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from socialproof.campaigns.models import Invitation
from socialproof.campaigns.references import weigh_again
from socialproof.campaigns.service import mark_answered
from socialproof.database import insert_into, new_public_id, record
from socialproof.domain.asking import Ask, ask_of
from socialproof.domain.errors import Conflict, RuleBroken
from socialproof.domain.events import ResponseChanged, ResponseCommented, ResponseRecorded
from socialproof.domain.responding import MAX_COMMENT_CHARACTERS, counting_period, may_change
from socialproof.responses import counting
from socialproof.responses.models import Response, ResponseChange
from socialproof.responses.queries import response_already_given
from socialproof.surveys.models import Survey

MOST_ATTEMPTS = 8


def record_response(
    session: Session,
    *,
    survey: Survey,
    score: int,
    source: str,
    answer_key: str,
    language: str,
    invitation: Invitation | None = None,
    now: datetime,
) -> Response:
    """Keep this answer, and count it. Sent again, with the same key or by the same invitation, it stays one answer.

    Another score for the same answer changes it for 24 hours (RuleBroken("edit_window_over") after that). An earlier
    answer of the same contact to the same survey in the same period gives up its place in the figures.
    RuleBroken("survey_not_open") when the survey takes no answers.
    """
    if survey.state != "open":
        raise RuleBroken("survey_not_open")
    values = _first_values(survey, score, source, answer_key, language, invitation, now)
    for _attempt in range(MOST_ATTEMPTS):
        response = _insert(session, values)
        if response is not None:
            _after_first_answer(session, response, invitation, now)
            return response
        invitation_id = invitation.id if invitation else None
        given = response_already_given(session, survey.id, answer_key=answer_key, invitation_id=invitation_id)
        if given is not None:
            return change_score(session, response=given, score=score, now=now)
        _take_place(session, str(values["counted_key"]))
    raise Conflict("answered_elsewhere")


def _first_values(
    survey: Survey,
    score: int,
    source: str,
    answer_key: str,
    language: str,
    invitation: Invitation | None,
    now: datetime,
) -> dict[str, object]:
    counted_key = None
    if invitation is not None:
        counted_key = f"{survey.id}:{invitation.contact_id}:{counting_period(survey.kind, now)}"
    return {
        "public_id": new_public_id(),
        "company_id": survey.company_id,
        "survey_id": survey.id,
        "contact_id": invitation.contact_id if invitation else None,
        "invitation_id": invitation.id if invitation else None,
        "answer_key": answer_key,
        "counted_key": counted_key,
        "score": score,
        "comment": "",
        "language": language,
        "source": source,
        "is_counted": True,
        "answered_at": now,
    }


def _insert(session: Session, values: dict[str, object]) -> Response | None:
    """The new row, or None when the answer key, the invitation or the place in the figures is taken already."""
    return session.scalars(_insert_if_free(session.get_bind().dialect.name), values).one_or_none()


@cache
def _insert_if_free(dialect: str) -> ReturningInsert[Response]:
    insert = insert_into(Response, dialect)
    return insert.on_conflict_do_nothing().returning(Response)


def _take_place(session: Session, counted_key: str) -> None:
    """The earlier answer in this place is superseded: kept, but no longer counted."""
    superseded = session.scalars(
        update(Response)
        .where(Response.counted_key == counted_key)
        .values(counted_key=None, is_counted=False)
        .returning(Response)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    counting.count(session, [counting.step(response, by=-1) for response in superseded])


def _after_first_answer(session: Session, response: Response, invitation: Invitation | None, now: datetime) -> None:
    if invitation is not None:
        mark_answered(session, invitation=invitation, now=now, is_glad=ask_for(response) is Ask.AT_ONCE)
    record(session, ResponseRecorded(response.company_id, response.id))
    counting.count(session, [counting.step(response, by=1)])


def change_score(session: Session, *, response: Response, score: int, now: datetime) -> Response:
    """Replace the score within 24 hours; the old one goes to the history, the figures follow, n stays as it is.

    RuleBroken("edit_window_over") later than that, RuleBroken("survey_not_open") when the survey has closed.
    """
    for _attempt in range(MOST_ATTEMPTS):
        old_score, was_counted = response.score, response.is_counted
        if old_score == score:
            return response
        _refuse_change(response, now)
        if _swap_score(session, response, score, now):
            _keep_old(session, response, old_score, response.comment, now)
            # Invitations before counters, as in a first answer: nobody waits in a ring.
            _tell_campaign(session, response, old_score, now)
            if was_counted:
                steps = [
                    counting.step(response, score=old_score, by=-1),
                    counting.step(response, score=score, by=1),
                ]
                counting.count(session, steps)
            record(session, ResponseChanged(response.company_id, response.id))
            return response
    raise Conflict("answered_elsewhere")


def _tell_campaign(session: Session, response: Response, old_score: int, now: datetime) -> None:
    """Only whoever is glad is asked for a reference later."""
    was_glad, is_glad = (_ask(response.survey, score) is Ask.AT_ONCE for score in (old_score, response.score))
    if was_glad != is_glad and response.invitation is not None:
        weigh_again(session, invitation=response.invitation, is_glad=is_glad, now=now)


def _refuse_change(response: Response, now: datetime) -> None:
    if response.survey.state != "open":
        raise RuleBroken("survey_not_open")
    if not may_change(response.answered_at, now):
        raise RuleBroken("edit_window_over")


def _swap_score(session: Session, response: Response, score: int, now: datetime) -> bool:
    """Change the row only if it is still what was read, so that of two changes at once each is counted once."""
    swapped = session.execute(
        update(Response)
        .where(
            Response.id == response.id,
            Response.score == response.score,
            Response.is_counted == response.is_counted,
        )
        .values(score=score, changed_at=now)
        .returning(Response.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    session.refresh(response)
    return swapped is not None


def _keep_old(session: Session, response: Response, score: int, comment: str, now: datetime) -> None:
    session.add(ResponseChange(response_id=response.id, old_score=score, old_comment=comment, changed_at=now))
    session.flush()


def add_comment(session: Session, *, response: Response, comment: str, now: datetime) -> Response:
    """Keep the answer to "why?". `comment` is cleaned text; empty means nothing to add and takes nothing away.

    RuleBroken: "comment_too_long", "survey_not_open" (the score stays), or "edit_window_over" when an earlier
    comment would be replaced after 24 hours.
    """
    if not comment or comment == response.comment:
        return response
    if len(comment) > MAX_COMMENT_CHARACTERS:
        raise RuleBroken("comment_too_long", length=len(comment), most=MAX_COMMENT_CHARACTERS)
    if response.survey.state != "open":
        raise RuleBroken("survey_not_open")
    if response.comment:
        if not may_change(response.answered_at, now):
            raise RuleBroken("edit_window_over")
        _keep_old(session, response, response.score, response.comment, now)
        response.changed_at = now
    response.comment = comment
    session.flush()
    record(session, ResponseCommented(response.company_id, response.id))
    return response


def ask_for(response: Response) -> Ask:
    """How this customer is asked for a testimonial."""
    return _ask(response.survey, response.score)


def _ask(survey: Survey, score: int) -> Ask:
    return ask_of(score, asks_for_testimonial=survey.asks_for_testimonial, promoters_only=survey.promoters_only)


def note_ask(session: Session, *, response: Response, now: datetime) -> None:
    """The customer is being shown the ask; the first time is counted."""
    if ask_for(response) is not Ask.AT_ONCE:
        return
    first = session.execute(
        update(Response)
        .where(Response.id == response.id, Response.asked_for_testimonial_at.is_(None))
        .values(asked_for_testimonial_at=now)
        .returning(Response.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if first is not None:
        session.refresh(response)
        counting.count(session, [counting.asked_step(response)])
