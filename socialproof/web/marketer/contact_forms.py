"""The form of one contact: what may be typed, and the words for what may not."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectChoice, SelectField, StringField, SubmitField, TelField

from socialproof.companies.models import Company, User
from socialproof.companies.queries import team
from socialproof.contacts.checking import Fault, Reading, checked, team_by_email
from socialproof.contacts.models import Contact
from socialproof.contacts.phones import home_of, readable
from socialproof.database import db
from socialproof.domain.contact import ATTRIBUTE, FIELDS, MOST_ATTRIBUTES, ContactValues
from socialproof.domain.text import clean_line
from socialproof.languages import LANGUAGES, language_name
from socialproof.web.marketer.contact_words import FIELDS as LABELS
from socialproof.web.marketer.contact_words import fault_words

PLACES = ("Europe/", "America/", "Asia/", "Africa/", "Australia/", "Atlantic/", "Pacific/", "Indian/")


class ContactForm(FlaskForm):  # type: ignore[misc]
    """Field names are those of `domain.contact.FIELDS`; free attributes are pairs of inputs beside them."""

    email = EmailField(LABELS["email"])
    phone = TelField(LABELS["phone"])
    name = StringField(LABELS["name"])
    role = StringField(LABELS["role"])
    organisation = StringField(LABELS["organisation"])
    language = SelectField(LABELS["language"])
    time_zone = StringField(LABELS["time_zone"])
    customer_since = StringField(LABELS["customer_since"])
    owner = SelectField(LABELS["owner"])
    send = SubmitField(_l("Save"))

    company: Company
    attributes: list[tuple[str, str]]
    attribute_error = ""
    values: ContactValues

    @classmethod
    def of(cls, company: Company, contact: Contact | None = None, **options: Any) -> ContactForm:
        """The form with what was sent, else with what the contact has."""
        form = cls(data=_shown(contact), **options)
        form.company = company
        form.language.choices = [SelectChoice("", _l("The company’s")), *_languages()]
        form.owner.choices = [SelectChoice("", _l("Nobody")), *_owners(company, contact)]
        kept = [] if contact is None else list(contact.attributes.items())
        form.attributes = _sent_attributes() if form.is_submitted() else kept
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """Check everything by the one rule for contacts; `values` is what can be kept when all is well."""
        is_valid: bool = super().validate(extra_validators)
        named = [clean_line(name) for name, _value in self.attributes]
        typed = {name: self[name].data or "" for name in FIELDS}
        typed |= {ATTRIBUTE + name: value for name, (_typed, value) in zip(named, self.attributes, strict=True)}
        values, faults = checked(typed, Reading(self._region(), team_by_email(self._people())))
        if len(set(named)) < len(named):
            faults.append(Fault(ATTRIBUTE, "same_name", ""))
        for fault in faults:
            self.refuse(fault.field, fault_words(fault.code, fault.most))
        self.values = ContactValues(**values) if not faults else ContactValues()
        return is_valid and not faults

    def refuse(self, field: str, words: str) -> None:
        """Say beside a field what is wrong with it."""
        if field in self._fields:
            self[field].errors = [words]
        else:
            self.attribute_error = self.attribute_error or words

    def _region(self) -> str:
        """English is what people from everywhere are written to in; it says nothing about their country."""
        chosen = self.language.data or ""
        home = home_of(self.company.time_zone, self.company.default_language)
        return home if chosen in ("", "en") else chosen

    def _people(self) -> list[User]:
        return [member.user for member in team(db.session(), self.company.id)]


def rows_of(attributes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The rows to show: those that there are, and room for one more."""
    return [*attributes, ("", "")][: MOST_ATTRIBUTES + 1]


@lru_cache
def time_zones() -> list[str]:
    """Names to choose from."""
    return sorted(name for name in available_timezones() if name.startswith(PLACES))


def _shown(contact: Contact | None) -> dict[str, Any]:
    if contact is None:
        return {}
    values: dict[str, Any] = {name: getattr(contact, name) or "" for name in FIELDS if name != "owner"}
    values["phone"] = readable(contact.phone) if contact.phone else ""
    return values | {"owner": contact.owner.email if contact.owner else ""}


def _languages() -> list[SelectChoice]:
    return [SelectChoice(code, language_name(code)) for code in LANGUAGES]


def _owners(company: Company, contact: Contact | None) -> list[SelectChoice]:
    """The team, by address, because names repeat."""
    return [SelectChoice(member.user.email, member.user.name) for member in team(db.session(), company.id)]


def _sent_attributes() -> list[tuple[str, str]]:
    """Pairs in which something stands. More than may be kept are said to be too many, not cut off in silence."""
    names, values = request.form.getlist("attribute_name"), request.form.getlist("attribute_value")
    pairs = list(zip(names, values, strict=False))[: MOST_ATTRIBUTES + 20]
    return [(name, value) for name, value in pairs if clean_line(name) or clean_line(value)]
