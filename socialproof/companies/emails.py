"""The one form in which an e-mail address of the team is kept and compared."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from socialproof.domain.text import has_line_break

LONGEST = 254


def kept_email(typed: str) -> str | None:
    """The address trimmed, normalised and in lower case; None when it is none. Nothing is looked up."""
    if len(typed) > LONGEST + 2 or has_line_break(typed):
        return None
    try:
        found = validate_email(typed.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.normalized.lower()


def ascii_email(kept: str) -> str | None:
    """A kept address as every mail server takes it, its domain in the form xn--…; None when it has no such form."""
    try:
        return validate_email(kept, check_deliverability=False, test_environment=True).ascii_email
    except EmailNotValidError:
        return None
