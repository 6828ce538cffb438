"""Links that carry authority: each has one purpose, so that none opens a door of another kind.

Signed links name a public row and stay readable as long as the secret key does. Single-use links are random
secrets of which only the hash is stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from binascii import Error as NotBase
from collections.abc import Callable
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

MAX_LENGTH = 300
MARK_LENGTH = 36
_ID_BYTES, _MARK_PROOF_BYTES = 12, 10


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
        # Made once: each letter holds two links, and to make a signer takes longer than to sign.
        self._permanent = {
            purpose: URLSafeSerializer(self._keys, salt=f"socialproof.{purpose}", signer_kwargs=_SIGNER)
            for purpose in Purpose
        }

    def sign(self, purpose: Purpose, subject: str) -> str:
        """A permanent link to `subject` for this purpose."""
        return str(self._permanent[purpose].dumps(subject))

    def read(self, purpose: Purpose, token: str) -> str:
        """The subject of a permanent link; BadToken for anything else."""
        return _checked(token, self._permanent[purpose].loads)

    def sign_timed(self, purpose: Purpose, subject: str) -> str:
        """A link that remembers when it was made."""
        return str(self._timed(purpose).dumps(subject))

    def read_timed(self, purpose: Purpose, token: str, max_age: int) -> str:
        """The subject of a timed link that is at most `max_age` seconds old; BadToken for anything else."""
        return _checked(token, lambda text: self._timed(purpose).loads(text, max_age=max_age))

    def bounce_mark(self, public_id: str) -> str:
        """The invitation in the address to which its letter comes back: bounces+<mark>@host.

        36 letters and digits, whatever their case, because some servers forget it: base32 of the 12 bytes of the
        public id and the first 80 bits of an HMAC over them. A local part holds 64, so 27 are left for its name.
        """
        subject = base64.urlsafe_b64decode(public_id)
        if len(subject) != _ID_BYTES:
            raise ValueError("only a public id of our own making has a mark")
        return base64.b32encode(subject + _proof(self._keys[-1], subject)).decode("ascii").rstrip("=").lower()

    def read_bounce_mark(self, mark: str) -> str:
        """The public id of the invitation that a mark names; BadToken for anything else."""
        try:
            whole = base64.b32decode(mark.upper() + "====") if len(mark) == MARK_LENGTH else b""
        except (NotBase, ValueError) as error:
            raise BadToken from error
        subject, proof = whole[:_ID_BYTES], whole[_ID_BYTES:]
        if len(proof) != _MARK_PROOF_BYTES:
            raise BadToken
        if not any(hmac.compare_digest(proof, _proof(key, subject)) for key in self._keys):
            raise BadToken
        return base64.urlsafe_b64encode(subject).decode("ascii")

    def _timed(self, purpose: Purpose) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._keys, salt=f"socialproof.timed.{purpose}", signer_kwargs=_SIGNER)


def _proof(key: str, subject: bytes) -> bytes:
    own_key = hmac.digest(key.encode(), f"socialproof.{Purpose.BOUNCE}".encode(), "sha256")
    return hmac.digest(own_key, subject, "sha256")[:_MARK_PROOF_BYTES]


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
