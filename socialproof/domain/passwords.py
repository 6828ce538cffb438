"""What a password must be: long enough to be hard to guess, short enough to be hashed quickly, and not a common one."""

from __future__ import annotations

import unicodedata

SHORTEST = 10
LONGEST = 1024
FEWEST_DIFFERENT = 4

# The commonest passwords of ten characters and more, after `_plain`: what a guesser tries first.
_COMMON_WORDS = """
    1234567890 12345678910 123456789a 123456789q 0123456789 0987654321 9876543210 1234567891 1q2w3e4r5t
    1q2w3e4r5t6y q1w2e3r4t5 qwertyuiop qwerty1234 qwerty12345 qwerty123456 asdfghjkl1 zxcvbnm123 1qaz2wsx3edc
    password10 password12 password123 password1234 password12345 passw0rd123 passwordpassword
    mypassword mypassword1 letmein123 letmein1234 welcome123 welcome1234 changeme123 iloveyou12 iloveyou123
    administrator admin12345 admin123456 abcd123456 abc1234567 abcdefghij football123 sunshine123 princess123
    lösenord123 losenord123 salasana123 adgangskode passord123 correcthorsebatterystaple socialproof
"""
COMMON = frozenset(_COMMON_WORDS.split())


def normalised(password: str) -> str:
    """The one form that is hashed and compared: the same letters typed on two keyboards are the same password."""
    return unicodedata.normalize("NFC", password)


def fault(password: str, *, email: str = "") -> str | None:
    """Why this password is refused: too_long, too_short, too_simple, like_email, common; None when it is good."""
    if len(password) > LONGEST:
        return "too_long"
    if len(password) < SHORTEST:
        return "too_short"
    if len(set(password)) < FEWEST_DIFFERENT:
        return "too_simple"
    plain = _plain(password)
    if email and plain in {_plain(email), _plain(email.partition("@")[0])}:
        return "like_email"
    return "common" if plain in COMMON else None


def _plain(text: str) -> str:
    return normalised(text).casefold().strip()
