"""Letting somebody in: always a new session, never the one the browser came with."""

from __future__ import annotations

from flask import Response, current_app, redirect, request
from sqlalchemy.orm import Session

from socialproof import clock
from socialproof.companies import sessions
from socialproof.companies.models import User
from socialproof.web.marketer.access import current_session
from socialproof.web.marketer.cookie import give_cookie


def new_session(session: Session, user: User, *, company_id: int | None = None) -> str:
    """End this browser's former session and begin another; returns its secret. Part of the caller's transaction."""
    now, former = clock.now(), current_session()
    if former is not None:
        sessions.end_session(session, user_session=former, now=now)
    agent = request.user_agent.string
    return sessions.start_session(session, user=user, now=now, user_agent=agent, company_id=company_id)


def see(path: str) -> Response:
    """Go on with a GET of a page of the room."""
    return current_app.make_response(redirect(request.script_root + path, 303))


def enter(secret: str, path: str = "/app/") -> Response:
    """Give the cookie and go on."""
    return give_cookie(see(path), secret)
