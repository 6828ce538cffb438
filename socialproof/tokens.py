"""Links that carry authority: each has one purpose, so that none opens a door of another kind.

Signed links name a public row and stay readable as long as the secret key does. Single-use links are random
secrets of which only the hash is stored.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

MAX_LENGTH = 300


class Purpose(StrEnum):
    """What a signed link is for; a link of one purpose is unknown at every other door."""

    ANSWER_KEY = "answer-key"
    INVITATION = "invitation"
    RESPONSE = "response"
    MANAGE = "manage"
    PROPOSAL = "proposal"
    WELCOME = "welcome"
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"
    HOOK = "hook"


class BadToken(Exception):
    """The link is forged, damaged, of another purpose, or too old."""


class Tokens:
    """Signs and reads links. The first key signs, all keys are accepted, so keys can be rotated."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        self._keys = list(reversed(secret_keys))

    def sign(self, purpose: Purpose, subject: str) -> str:
        """A permanent link to `subject` for this purpose."""
        return str(self._permanent(purpose).dumps(subject))

    def read(self, purpose: Purpose, token: str) -> str:
        """The subject of a permanent link; BadToken for anything else."""
        return _checked(token, self._permanent(purpose).loads)

    def sign_timed(self, purpose: Purpose, subject: str) -> str:
        """A link that remembers when it was made."""
        return str(self._timed(purpose).dumps(subject))

    def read_timed(self, purpose: Purpose, token: str, max_age: int) -> str:
        """The subject of a timed link that is at most `max_age` seconds old; BadToken for anything else."""
        return _checked(token, lambda text: self._timed(purpose).loads(text, max_age=max_age))

    def _permanent(self, purpose: Purpose) -> URLSafeSerializer:
        return URLSafeSerializer(self._keys, salt=f"socialproof.{purpose}", signer_kwargs=_SIGNER)

    def _timed(self, purpose: Purpose) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._keys, salt=f"socialproof.timed.{purpose}", signer_kwargs=_SIGNER)


def _checked(token: str, loads: Callable[[str], object]) -> str:
    if len(token) > MAX_LENGTH:
        raise BadToken
    try:
        if not all(map(_is_exact, token.split("."))):
            raise BadToken
        subject = loads(token)
    except (BadData, UnicodeError, ValueError) as error:
        raise BadToken from error
    if not isinstance(subject, str):
        raise BadToken
    return subject


def _is_exact(part: str) -> bool:
    """Base64 forgives stray characters and the last bits, so that many spellings were one link; only ours is."""
    return base64_encode(base64_decode(part)).decode("ascii") == part


_SIGNER = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


def new_secret() -> str:
    """A random secret (256 bits) for a single-use link or a session."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a random secret: SHA-256, hex. A guess is hopeless, so no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
