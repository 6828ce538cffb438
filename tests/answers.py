"""What a customer does with a survey link, over HTTP and without JavaScript; and what the database then holds."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof.app import EXTENSION
from socialproof.campaigns.models import Invitation
from socialproof.campaigns.service import invitation_token
from socialproof.domain.nps import SCORES
from socialproof.responses.models import Response, ScoreCount
from socialproof.surveys.models import Survey
from socialproof.tokens import Purpose

_KEY = re.compile(r'name="answer_key" value="([^"]+)"')


def answer_key(html: str) -> str:
    """The signed key of a survey page."""
    found = _KEY.search(html)
    assert found, "the page holds no answer key"
    return found.group(1)


def survey_path(survey: Survey) -> str:
    return f"/s/{survey.public_id}"


def open_survey(client: FlaskClient, survey: Survey, query: str = "", **options: Any) -> str:
    """Open the page and give back its answer key."""
    return answer_key(client.get(survey_path(survey) + query, **options).text)


def answer(client: FlaskClient, survey: Survey, score: object, **options: Any) -> TestResponse:
    """Open the page, choose, press Send."""
    form = {"score": score, "answer_key": open_survey(client, survey)}
    return client.post(survey_path(survey), data=form, **options)


def invitation_path(app: Flask, invitation: Invitation) -> str:
    return f"/s/i/{invitation_token(app.extensions[EXTENSION].tokens, invitation)}"


def response_path(app: Flask, response: Response) -> str:
    return f"/s/r/{app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)}"


def responses(session: Session) -> list[Response]:
    """All responses as the database has them now, oldest first."""
    session.rollback()
    session.expire_all()
    return list(session.scalars(select(Response).order_by(Response.id)))


def counted(session: Session) -> dict[int, int]:
    """How many answers the counters know, by score; without the scores that nobody gave."""
    session.rollback()
    sums = session.execute(select(*(func.sum(getattr(ScoreCount, f"score_{score}")) for score in SCORES))).one()
    return {score: int(total) for score, total in zip(SCORES, sums, strict=True) if total}


def recounted(session: Session) -> dict[int, int]:
    """The same, counted from the responses themselves."""
    session.rollback()
    rows = session.execute(select(Response.score, func.count()).where(Response.is_counted).group_by(Response.score))
    return {int(score): int(total) for score, total in rows}
