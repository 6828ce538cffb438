"""How passwords are kept: argon2id, renewed when the parameters change, equally slow for unknown people."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from socialproof.domain.passwords import LONGEST, normalised

_HASHER = PasswordHasher()  # the library's defaults follow RFC 9106 and move with it; see `rewritten`


def hashed(password: str) -> str:
    """The argon2id hash to keep. Costs about 50 ms and 64 MB on purpose."""
    return _HASHER.hash(normalised(password))


def matches(kept: str | None, password: str) -> bool:
    """Is this the password? With nothing kept the answer is no, after the same work as for a real one."""
    if len(password) > LONGEST:
        return False
    try:
        verified = _HASHER.verify(kept or _nobodys(), normalised(password))
    except (VerificationError, InvalidHashError):
        return False
    return verified and kept is not None


def rewritten(kept: str, password: str) -> str | None:
    """A new hash when the kept one has older parameters, else None. Call after `matches` said yes."""
    return hashed(password) if _HASHER.check_needs_rehash(kept) else None


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody signs in with this")
