"""What somebody typed about a contact, by hand or in a file, made into what is kept; one rule for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from socialproof.companies.emails import kept_email
from socialproof.companies.models import User
from socialproof.contacts.phones import e164
from socialproof.domain import contact as rules
from socialproof.domain.errors import RuleBroken
from socialproof.domain.text import clean_line
from socialproof.languages import LANGUAGES, known_language, language_name


@dataclass(frozen=True, slots=True)
class Fault:
    """One value that cannot be kept. Codes: line_break, too_long, not_an_email, not_a_phone, unknown_language,
    unknown_time_zone, not_a_day, not_in_team, no_name, too_many_attributes."""

    field: str
    code: str
    value: str
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How typed text is to be understood."""

    region: str = ""
    """Language or country whose national form of telephone numbers is meant."""
    owners: Mapping[str, int] = field(default_factory=dict)
    """The team's user ids by e-mail address in lower case."""


def team_by_email(members: Iterable[User]) -> dict[str, int]:
    """Who may own a contact."""
    return {user.email: user.id for user in members}


def checked(typed: Mapping[str, str], reading: Reading) -> tuple[dict[str, Any], list[Fault]]:
    """The values that can be kept, by field of ContactValues, and what is wrong with the others.

    `typed` has words of `domain.contact.FIELDS` and "attributes.<name>"; only those that it has are in the result,
    all free attributes together under "attributes". Empty text is the field's empty value.
    """
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    attributes: dict[str, str] = {}
    for name, text in typed.items():
        try:
            if rules.is_attribute(name):
                attributes[name.removeprefix(rules.ATTRIBUTE)] = rules.line(name, text)
            else:
                values["owner_id" if name == "owner" else name] = _READERS[name](text, reading)
        except RuleBroken as broken:
            faults.append(_fault(name, text, broken))
    if any(map(rules.is_attribute, typed)):
        _keep_attributes(attributes, values, faults)
    return values, faults


def _keep_attributes(attributes: dict[str, str], values: dict[str, Any], faults: list[Fault]) -> None:
    try:
        values["attributes"] = rules.checked_attributes(attributes)
    except RuleBroken as broken:
        faults.append(_fault(rules.ATTRIBUTE, "", broken))


def _fault(name: str, text: str, broken: RuleBroken) -> Fault:
    most = broken.details.get("most")
    return Fault(
        name, broken.code, clean_line(text[: rules.LONGEST_ATTRIBUTE]), most if isinstance(most, int) else None
    )


def _email(typed: str, _reading: Reading) -> str | None:
    text = rules.line("email", typed)
    kept = kept_email(text)
    if text and kept is None:
        raise RuleBroken("not_an_email")
    return kept


def _phone(typed: str, reading: Reading) -> str | None:
    text = rules.line("phone", typed)
    kept = e164(text, reading.region)
    if text and kept is None:
        raise RuleBroken("not_a_phone")
    return kept


def _language(typed: str, _reading: Reading) -> str:
    """A tag such as sv-FI, or the language's own name."""
    text = rules.line("language", typed)
    by_name = {language_name(code).lower(): code for code in LANGUAGES}
    kept = known_language(text) or by_name.get(text.lower(), "")
    if text and not kept:
        raise RuleBroken("unknown_language")
    return kept


def _owner(typed: str, reading: Reading) -> int | None:
    text = rules.line("owner", typed).lower()
    if text and text not in reading.owners:
        raise RuleBroken("not_in_team")
    return reading.owners.get(text)


def _line_of(name: str) -> Callable[[str, Reading], str]:
    return lambda typed, _reading: rules.line(name, typed)


_READERS: dict[str, Callable[[str, Reading], Any]] = {
    "email": _email,
    "phone": _phone,
    "name": _line_of("name"),
    "role": _line_of("role"),
    "organisation": _line_of("organisation"),
    "language": _language,
    "time_zone": lambda typed, _reading: rules.time_zone_of(typed),
    "customer_since": lambda typed, _reading: rules.day_of(typed),
    "owner": _owner,
}
