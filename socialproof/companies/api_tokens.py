"""API tokens: what another program of the company shows instead of a person.

A token is `<id>.<secret>`. Only the hash of the secret is kept, so it can be shown once and never again. It works as
long as whoever made it is in the team and may do by hand what it does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from hmac import compare_digest

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, joinedload

from socialproof.companies import audit
from socialproof.companies.models import ApiToken, Company, Membership, User
from socialproof.domain.errors import RuleBroken
from socialproof.domain.roles import Role
from socialproof.tokens import digest, new_secret

EVENTS = "events"
"""The scope to tell what happened with contacts."""
SCOPES = (EVENTS,)
LOWEST_ROLE = Role.MODERATOR
"""Whoever made the token must still be able to note events by hand."""
MOST_TOKENS = 50
LONGEST = 200
TOUCH_EVERY = timedelta(minutes=1)
_NOBODY = digest("nobody")


def make_token(
    session: Session, *, company: Company, name: str, scopes: Sequence[str], user: User, now: datetime
) -> tuple[ApiToken, str]:
    """A new token, and how it is written: the only moment in which anybody sees that. RuleBroken("too_many_tokens")."""
    if len(tokens_of(session, company.id)) >= MOST_TOKENS:
        raise RuleBroken("too_many_tokens", most=MOST_TOKENS)
    secret = new_secret()
    token = ApiToken(
        company=company,
        name=name,
        secret_hash=digest(secret),
        scopes=[scope for scope in SCOPES if scope in scopes],
        created_by_id=user.id,
        created_at=now,
    )
    session.add(token)
    session.flush()
    audit.note(session, company=company, user=user, action="token.created", subject=name, now=now)
    return token, f"{token.public_id}.{secret}"


def revoke_token(session: Session, *, token: ApiToken, user: User, now: datetime) -> None:
    """It is refused from the next request on."""
    if token.revoked_at is None:
        token.revoked_at = now
        audit.note(session, company=token.company, user=user, action="token.revoked", subject=token.name, now=now)
    session.flush()


def token_shown(session: Session, shown: str) -> ApiToken | None:
    """The living token that is written like this, with its company; None for any other text, after the same work."""
    public_id, _dot, secret = shown[:LONGEST].partition(".")
    public_id = public_id if re.fullmatch(r"[A-Za-z0-9_-]{1,22}", public_id) else "-"
    found = session.scalar(
        select(ApiToken).where(ApiToken.public_id == public_id).options(joinedload(ApiToken.company, innerjoin=True))
    )
    is_right = compare_digest(digest(secret), found.secret_hash if found else _NOBODY)
    if found is None or not is_right or found.revoked_at is not None or not maker_may(session, found):
        return None
    return found


def maker_may(session: Session, token: ApiToken) -> bool:
    """Whether the person who made the token is still in the team, in a role that may do what it does."""
    role = session.scalar(
        select(Membership.role).where(
            Membership.company_id == token.company_id, Membership.user_id == token.created_by_id
        )
    )
    return role is not None and Role(role).covers(LOWEST_ROLE)


def note_use(session: Session, *, token: ApiToken, now: datetime) -> None:
    """When it was used last, to the minute: many requests at once do not wait for each other to write that down."""
    session.execute(
        update(ApiToken)
        .where(ApiToken.id == token.id, or_(ApiToken.used_at.is_(None), ApiToken.used_at <= now - TOUCH_EVERY))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def tokens_of(session: Session, company_id: int) -> Sequence[ApiToken]:
    """The company's tokens that nobody has revoked, newest first."""
    return session.scalars(
        select(ApiToken)
        .where(ApiToken.company_id == company_id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
    ).all()


def token_of(session: Session, company_id: int, public_id: str) -> ApiToken | None:
    """The company's token that nobody has revoked, or None."""
    return session.scalar(
        select(ApiToken).where(
            ApiToken.company_id == company_id, ApiToken.public_id == public_id, ApiToken.revoked_at.is_(None)
        )
    )
