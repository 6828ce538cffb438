"""What the pages of an import say: fields, encodings, and what is wrong with a file or a row."""

from __future__ import annotations

from babel import Locale
from babel.units import format_unit
from flask import Blueprint
from flask_babel import get_locale
from flask_babel import gettext as _

from socialproof.domain.contact_cells import asked_day
from socialproof.domain.contact_file import MOST_COLUMNS, MOST_ROWS


def register_import_words(blueprint: Blueprint) -> None:
    """Make the words known to the templates of this page."""
    blueprint.add_app_template_filter(problem_word, "import_problem_word")
    blueprint.add_app_template_filter(import_state_word, "import_state_word")
    blueprint.add_app_template_filter(failure_word, "import_failure_word")
    blueprint.add_app_template_filter(size_word, "import_size_word")
    blueprint.add_app_template_filter(country_word, "import_country_word")
    blueprint.add_app_template_filter(asked_day, "import_asked_day")


def size_word(byte_count: int) -> str:
    """The size of a file as its reader writes it, such as 46,9 kB."""
    number, unit = (
        (byte_count / 1e6, "digital-megabyte") if byte_count >= 1e6 else (byte_count / 1e3, "digital-kilobyte")
    )
    return str(format_unit(number, unit, "short", "#,##0.#", locale=get_locale()))


def country_word(code: str) -> str:
    """The name of a country in the reader's language."""
    return str(Locale.parse(str(get_locale())).territories.get(code, code))


def field_words() -> dict[str, str]:
    """The fields that a column can become, in the order of the list."""
    return {
        "email": _("E-mail address"),
        "phone": _("Phone number"),
        "name": _("Name"),
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "role": _("Role"),
        "organisation": _("Organisation"),
        "language": _("Language"),
        "time_zone": _("Time zone"),
        "customer_since": _("Customer since"),
        "owner": _("Owner in your team (e-mail address)"),
        "unsubscribed": _("Unsubscribed (yes or no)"),
    }


def encoding_words() -> dict[str, str]:
    """How letters may be written in a file."""
    return {
        "utf-8": _("UTF-8 (most programs today)"),
        "windows-1252": _("Windows-1252 (older Excel files of western Europe)"),
        "utf-16-le": _("UTF-16 (“Unicode text” of Excel)"),
        "utf-16-be": _("UTF-16, the other way round"),
    }


def delimiter_words() -> dict[str, str]:
    """What may stand between two cells."""
    return {",": _("Comma"), ";": _("Semicolon"), "\t": _("Tab character")}


def refusal_word(code: str, **details: object) -> str:
    """Why a file cannot be taken, or its columns not like this."""
    words: dict[str, str] = {
        "no_file": _("Please choose a file."),
        "empty": _("This file is empty."),
        "only_heading": _("This file holds only a heading: there are no rows below it."),
        "too_large": _("This file is too large: at most 50 MB. Please send it in parts."),
        "not_text": _("This is not a CSV file. Open it in your spreadsheet program and save it as CSV."),
        "heading_unreadable": _("The first line of this file cannot be read. Please save it as CSV once more."),
        "too_many_columns": _("This file has too many columns: at most %(count)s.", count=MOST_COLUMNS),
        "no_heading": _("The first line must name the columns, such as “E-mail” and “Name”. It holds a contact."),
        "storage_full": _("There is no room for files at the moment. Nothing was imported."),
        "unknown_encoding": _("Please choose above how the letters of the file are written."),
        "unknown_reading": _("Please choose how the file is to be read."),
        "unknown_dates": _("Please say what comes first in the days of the file."),
        "unknown_phones": _("Please say which country numbers without a country code are from."),
        "no_address": _("One column must be the e-mail address or the phone number."),
        "field_twice": _("“%(field)s” is chosen for two columns.", field=_field(str(details.get("field", "")))),
        "name_twice": _("Choose either “Name”, or “First name” and “Last name”."),
        "too_many_attributes": _("Those are too many fields of your own: at most 40."),
        "missing": _("The file is not there any more. Please choose it again."),
    }
    return words.get(code) or _("This file cannot be imported.")


def _field(name: str) -> str:
    return field_words().get(name, name.removeprefix("attributes."))


def problem_word(code: str) -> str:
    """What is wrong with a row or a cell."""
    words: dict[str, str] = {
        "no_address": _("Neither an e-mail address nor a phone number"),
        "bad_email": _("Not an e-mail address"),
        "bad_phone": _("Not a phone number"),
        "no_country": _("No country code"),
        "ambiguous_phone": _("Could be a number of two countries: write it with + and the country code"),
        "unknown_language": _("Not a language that we speak"),
        "unknown_time_zone": _("Not a time zone"),
        "not_a_day": _("Not a day"),
        "unknown_owner": _("Nobody in your team has this e-mail address"),
        "not_yes_or_no": _("Neither yes nor no"),
        "too_long": _("Too long"),
        "too_many_attributes": _("More than 40 fields of your own on one contact"),
        "too_many_cells": _("More cells than columns: a quotation mark or delimiter is out of place"),
        "cell_too_long": _("A cell is far too long"),
        "quote_open": _("A quotation mark is opened and not closed"),
        "unreadable": _("Holds bytes that are no letters"),
    }
    return words.get(code, code)


def import_state_word(state: str) -> str:
    """How far an import is, in a word."""
    words: dict[str, str] = {
        "uploaded": _("Not started"),
        "waiting": _("Waiting"),
        "running": _("Running"),
        "done": _("Done"),
        "failed": _("Failed"),
        "cancelled": _("Cancelled"),
    }
    return words.get(state, state)


def failure_word(code: str) -> str:
    """Why an import ended before its last row."""
    words: dict[str, str] = {
        "too_many_rows": _("The file has more than %(count)s rows. Please send it in parts.", count=MOST_ROWS),
        "gave_up": _(
            "Something on our side went wrong again and again. Whoever runs this installation can let it go on."
        ),
    }
    return words.get(code) or refusal_word(code)
