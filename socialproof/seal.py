"""Secrets that must be used again, such as a signing key: stored closed, opened with the installation's secret key."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class BrokenSeal(Exception):
    """Nobody can open it: the installation's secret key is another one than when it was closed."""


class Seal:
    """Closes with the first key, opens with all of them, so that keys can be rotated."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        self._box = MultiFernet([Fernet(_key(secret)) for secret in secret_keys])

    def close(self, text: str) -> str:
        """What may stand in the database."""
        return self._box.encrypt(text.encode()).decode("ascii")

    def open(self, closed: str) -> str:
        """The secret itself; BrokenSeal when it was closed with a key that is not known any more."""
        try:
            return self._box.decrypt(closed.encode("ascii")).decode()
        except (InvalidToken, UnicodeError) as error:
            raise BrokenSeal from error


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"socialproof.seal." + secret.encode()).digest())
