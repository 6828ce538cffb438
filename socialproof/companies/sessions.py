"""Signed-in browsers. The cookie holds a secret, the table its hash; ending a session ends every copy of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session, joinedload

from socialproof.companies.models import Membership, User, UserSession
from socialproof.tokens import digest, new_secret

IDLE = timedelta(days=7)
ABSOLUTE = timedelta(days=30)
TOUCH_EVERY = timedelta(minutes=5)
LONGEST_SECRET = 100


def start_session(
    session: Session, *, user: User, now: datetime, user_agent: str = "", company_id: int | None = None
) -> str:
    """Begin a session and return its secret for the cookie. Without a company it opens where the user stood last."""
    secret = new_secret()
    session.add(
        UserSession(
            secret_hash=digest(secret),
            user=user,
            company_id=company_id or _first_company_id(session, user),
            user_agent=user_agent[:320],
            created_at=now,
            seen_at=now,
            expires_at=now + ABSOLUTE,
            ended_at=None,
        )
    )
    _forget_old(session, user, now)
    return secret


def session_of(session: Session, secret: str, *, now: datetime) -> UserSession | None:
    """The living session of this secret: not ended, not idle for too long, not too old."""
    if not secret or len(secret) > LONGEST_SECRET:
        return None
    return session.scalar(
        select(UserSession)
        .where(UserSession.secret_hash == digest(secret), *_living(now))
        .options(joinedload(UserSession.user))
    )


def sessions_of(session: Session, user_id: int, *, now: datetime) -> Sequence[UserSession]:
    """The user's living sessions, last used first."""
    mine = select(UserSession).where(UserSession.user_id == user_id, *_living(now))
    return session.scalars(mine.order_by(UserSession.seen_at.desc())).all()


def is_stale(user_session: UserSession, *, now: datetime) -> bool:
    """Is it time to note that the session is in use? Not on every click: that would be a write per read."""
    return user_session.seen_at <= now - TOUCH_EVERY


def touch(session: Session, *, user_session: UserSession, now: datetime) -> None:
    """The session is in use."""
    session.execute(update(UserSession).where(UserSession.id == user_session.id).values(seen_at=now))


def end_session(session: Session, *, user_session: UserSession, now: datetime) -> None:
    """Sign out: the cookie, and every copy of it, is dead."""
    user_session.ended_at = now


def end_sessions(session: Session, *, user: User, now: datetime, but: UserSession | None = None) -> int:
    """Sign out everywhere, optionally sparing one session. Returns how many ended."""
    living = [one for one in sessions_of(session, user.id, now=now) if but is None or one.id != but.id]
    for one in living:
        one.ended_at = now
    return len(living)


def leave_company(session: Session, *, user_id: int, company_id: int) -> None:
    """The user's sessions no longer stand in this company."""
    session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.company_id == company_id)
        .values(company_id=None)
    )


def forget_old(session: Session, *, now: datetime) -> None:
    """Take away sessions that are over, with the browser's name in them, a month after they could last be used."""
    session.execute(
        delete(UserSession).where(UserSession.expires_at < now - ABSOLUTE),
        execution_options={"synchronize_session": False},
    )


def _living(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        UserSession.ended_at.is_(None),
        UserSession.expires_at > now,
        UserSession.seen_at > now - IDLE,
    )


def _first_company_id(session: Session, user: User) -> int | None:
    """Where the user stood last, if they are still a member there, else their oldest membership."""
    mine = select(Membership.company_id).where(Membership.user_id == user.id)
    stood = UserSession.company_id.in_(mine)
    last = select(UserSession.company_id).where(UserSession.user_id == user.id, stood)
    return session.scalar(last.order_by(UserSession.seen_at.desc()).limit(1)) or session.scalar(
        mine.order_by(Membership.id).limit(1)
    )


def _forget_old(session: Session, user: User, now: datetime) -> None:
    session.execute(
        delete(UserSession).where(UserSession.user_id == user.id, UserSession.expires_at < now - ABSOLUTE),
        execution_options={"synchronize_session": False},
    )
