"""Telephone numbers: typed as people write them at home, kept as E.164."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from socialproof.domain.contact import LONGEST
from socialproof.domain.text import clean_line

REGIONS = {"sv": "SE", "da": "DK", "nb": "NO", "nn": "NO", "no": "NO", "fi": "FI", "de": "DE", "en": "GB"}
"""The country whose national form is meant where only a language is known."""


HOMES = {
    "Europe/Stockholm": "SE",
    "Europe/Copenhagen": "DK",
    "Europe/Oslo": "NO",
    "Europe/Helsinki": "FI",
    "Europe/Mariehamn": "FI",
    "Europe/Berlin": "DE",
    "Europe/London": "GB",
}
"""The country of a time zone, where a zone has one."""


def home_of(time_zone: str, language: str) -> str:
    """In which country a company is at home: its time zone tells, for many write English that are not in Britain."""
    return HOMES.get(time_zone) or region_of(language)


def e164(typed: str, language_or_region: str) -> str | None:
    """The number as +46701234567; None when it is none.

    `language_or_region`: a language such as "sv", or a country such as "SE"; "" leaves only the international form.
    """
    text = clean_line(typed)
    if not text or len(text) > LONGEST["phone"]:
        return None
    try:
        number = phonenumbers.parse(text, region_of(language_or_region) or None)
    except NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def readable(phone: str) -> str:
    """The number in groups, in its international form: +46 70 123 45 67."""
    try:
        number = phonenumbers.parse(phone, None)
    except NumberParseException:
        return phone
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def region_of(language_or_region: str) -> str:
    """The country code of a language or a country, "" when unknown."""
    word = language_or_region.strip()
    if len(word) == 2 and word.isupper():
        return word
    return REGIONS.get(word.lower().replace("_", "-").split("-")[0], "")
