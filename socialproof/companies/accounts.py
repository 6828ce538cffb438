"""A team member's own account: sign-in, name, language, password, and the way back when it is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from socialproof.backends.jobs.queue import enqueue
from socialproof.companies import attempts, audit, passwords, sessions
from socialproof.companies.models import PasswordReset, User
from socialproof.companies.queries import reset_by_secret, user_by_email
from socialproof.domain.errors import NotFound, RuleBroken
from socialproof.tokens import digest, new_secret

RESET_LIFETIME = timedelta(hours=1)
RESETS_PER_HOUR = 10  # more than a job's attempts, so that a mail server's bad hour does not use them up


def user_with_password(session: Session, *, email: str, password: str, now: datetime) -> User:
    """The user of this address and password; RuleBroken("wrong_password") alike for unknown and wrong.

    The caller has counted the attempt by `attempts.begin_attempt` and committed it.
    """
    user = user_by_email(session, email)
    if not passwords.matches(user.password_hash if user else None, password) or user is None:
        raise RuleBroken("wrong_password")
    attempts.forgive(session, email=email)
    newer = passwords.rewritten(user.password_hash, password)
    if newer:
        user.password_hash = newer
    return user


def change_account(session: Session, *, user: User, name: str, language: str, now: datetime) -> None:
    """Change the name others see and the language of the interface ('' follows the browser)."""
    if (user.name, user.language) == (name, language):
        return
    user.name, user.language = name, language
    audit.note_everywhere(session, user=user, action="account.changed", now=now)


def change_password(session: Session, *, user: User, password: str, now: datetime) -> None:
    """Set a password that the rules have accepted. Every session ends, also this one: start a new one after."""
    _set_password(session, user, password, now)
    audit.note_everywhere(session, user=user, action="password.changed", now=now)


def request_password_reset(session: Session, *, email: str, now: datetime) -> None:
    """Ask for a reset mail. The same work for known and unknown addresses: the job sees whether one is sent."""
    user = user_by_email(session, email)
    user_id = user.id if user else 0
    key = f"password-reset-{user_id}"
    enqueue(session, "companies.send_password_reset", {"user_id": user_id}, now=now, key=key)


def open_password_reset(session: Session, *, user: User, now: datetime) -> str | None:
    """A new single-use secret for the reset link, good for an hour; None when too many were asked for.

    Made when the mail is written, so that no table ever holds a secret that opens something. Older links end.
    """
    of_user = PasswordReset.user_id == user.id
    recent = select(func.count()).where(of_user, PasswordReset.created_at > now - RESET_LIFETIME)
    if (session.scalar(recent) or 0) >= RESETS_PER_HOUR:
        return None
    _end_resets(session, user, now)
    secret = new_secret()
    session.add(
        PasswordReset(
            user=user,
            secret_hash=digest(secret),
            created_at=now,
            expires_at=now + RESET_LIFETIME,
            used_at=None,
        )
    )
    return secret


def use_password_reset(session: Session, *, secret: str, password: str, now: datetime) -> User:
    """Set a new password by the mailed link, once; NotFound when the link opens nothing (any more)."""
    reset = reset_by_secret(session, secret, now=now)
    if reset is None:
        raise NotFound
    used = update(PasswordReset).where(PasswordReset.id == reset.id, PasswordReset.used_at.is_(None))
    result = session.execute(used.values(used_at=now), execution_options={"synchronize_session": False})
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise NotFound
    user = reset.user
    _set_password(session, user, password, now)
    attempts.forgive(session, email=user.email)
    audit.note_everywhere(session, user=user, action="password.reset", now=now)
    return user


def forget_resets(session: Session, *, now: datetime) -> None:
    """Take away links that open nothing any more and are too old to count against the next one."""
    session.execute(
        delete(PasswordReset).where(PasswordReset.expires_at < now - RESET_LIFETIME),
        execution_options={"synchronize_session": False},
    )


def _set_password(session: Session, user: User, password: str, now: datetime) -> None:
    user.password_hash = passwords.hashed(password)
    sessions.end_sessions(session, user=user, now=now)
    _end_resets(session, user, now)


def _end_resets(session: Session, user: User, now: datetime) -> None:
    session.execute(
        update(PasswordReset)
        .where(PasswordReset.user_id == user.id, PasswordReset.used_at.is_(None))
        .values(used_at=now),
        execution_options={"synchronize_session": False},
    )
