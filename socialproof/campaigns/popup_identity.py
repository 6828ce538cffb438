"""Who stands before a popup: named by the company's own server with a token that only it can sign.

A JSON Web Token, HS256 and nothing else. Without a right one nobody answers for another person.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from sqlalchemy.orm import Session

from socialproof.companies import audit
from socialproof.companies.emails import kept_email
from socialproof.companies.models import Company, User
from socialproof.domain.popup import LEEWAY, LONGEST_LIFE, TokenFault
from socialproof.domain.text import clean_line
from socialproof.languages import known_language
from socialproof.seal import BrokenSeal, Seal

ALGORITHM = "HS256"
LONGEST_TOKEN = 4000
LONGEST_NAME = 120
OUR_OWN_CHECKS = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
"""The clock is an argument here, and for whom a token was made is said by the secret alone. Other claims are the
company's own: a number of its customer, say.
"""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the company's server has named. `email` is in its kept form."""

    email: str
    name: str = ""
    language: str = ""


class TokenRefused(Exception):
    """The token names nobody; `fault` says why."""

    def __init__(self, fault: TokenFault) -> None:
        super().__init__(fault)
        self.fault = fault


def read_token(token: object, secret: str, *, now: datetime) -> Person:
    """The person that the token names; TokenRefused when it is not exactly what our page says a token is."""
    if not secret:
        raise TokenRefused(TokenFault.NO_SECRET)
    claims = _claims(token, secret)
    _check_time(claims.get("exp"), now)
    email = claims.get("email")
    kept = kept_email(email) if isinstance(email, str) else None
    if kept is None or _is_disguised(str(email), kept):
        raise TokenRefused(TokenFault.NO_EMAIL)
    return Person(kept, _line(claims.get("name"))[:LONGEST_NAME], known_language(_line(claims.get("language"))) or "")


def _is_disguised(email: str, kept: str) -> bool:
    """Whether it became somebody else's address when it was cleaned: the sign for kelvin looks like a K and turns
    into one, while the company's own system may well take the two for different people.
    """
    return kept.isascii() and not email.isascii()


def _claims(token: object, secret: str) -> dict[str, Any]:
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
        raise TokenRefused(TokenFault.MALFORMED)
    try:
        return jwt.decode(token, secret, algorithms=[ALGORITHM], options=OUR_OWN_CHECKS)  # type: ignore[arg-type]
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError) as error:
        raise TokenRefused(TokenFault.WRONG_KEY) from error
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenRefused(TokenFault.MALFORMED) from error


def _check_time(exp: object, now: datetime) -> None:
    if isinstance(exp, bool) or not isinstance(exp, int | float) or not 0 < exp < 1e11:
        raise TokenRefused(TokenFault.NO_EXPIRY)
    ends_at = datetime.fromtimestamp(exp, UTC)
    if ends_at <= now - LEEWAY:
        raise TokenRefused(TokenFault.EXPIRED)
    if ends_at > now + LONGEST_LIFE + LEEWAY:
        raise TokenRefused(TokenFault.TOO_LONG_AHEAD)


def _line(claim: object) -> str:
    return clean_line(claim[:1000]) if isinstance(claim, str) else ""


def identify_secret(company: Company, seal: Seal) -> str:
    """The company's secret; empty when there is none, or when nobody can open it any more."""
    if not company.identify_secret:
        return ""
    try:
        return seal.open(company.identify_secret)
    except BrokenSeal:
        return ""


def replace_identify_secret(session: Session, *, company: Company, user: User, seal: Seal, now: datetime) -> str:
    """Make a new secret (256 bits) and return it. Tokens signed with the one before name nobody from this moment."""
    action = "identify.replaced" if company.identify_secret else "identify.made"
    secret = secrets.token_urlsafe(32)
    company.identify_secret = seal.close(secret)
    audit.note(session, company=company, user=user, action=action, now=now)
    return secret
