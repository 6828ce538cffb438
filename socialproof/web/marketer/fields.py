"""The fields that several pages of the team ask for, with the words for what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Field, Form, PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, StopValidation

from socialproof.companies.emails import LONGEST as LONGEST_EMAIL
from socialproof.companies.emails import kept_email
from socialproof.domain import passwords
from socialproof.domain.text import clean_line, has_line_break
from socialproof.languages import LANGUAGES, language_name

LONGEST_NAME = 120
Check = Callable[[Form, Field], None]


def version_named(word: str) -> int:
    """The version that a form says was looked at; a form of ours always names one."""
    if not (word.isascii() and word.isdigit() and len(word) < 10):
        abort(400)
    return int(word)


def name_field(label: Any, **options: Any) -> StringField:
    """A name in one line."""
    return StringField(
        label,
        [InputRequired(_l("Please fill this in.")), one_line(LONGEST_NAME), not_blank],
        filters=[_cleaned],
        **options,
    )


def email_field(label: Any = None) -> EmailField:
    """An e-mail address; its `kept` form comes from `kept_email`."""
    return EmailField(label or _l("E-mail address"), [InputRequired(_l("Please write an e-mail address.")), _email])


def password_field(label: Any = None) -> PasswordField:
    """A password that is to be checked, whatever it is."""
    return PasswordField(label or _l("Password"), [InputRequired(_l("Please write your password.")), _short_enough])


def new_password_field(label: Any = None, email: Callable[[Form], str] = lambda form: "") -> PasswordField:
    """A password that is to be set. `email` finds whose it is, because an address is no password."""

    def good(form: Form, field: Field) -> None:
        why = passwords.fault(field.data or "", email=email(form))
        if why:
            raise StopValidation(password_words(why))

    return PasswordField(label or _l("New password"), [InputRequired(_l("Please write a password.")), good])


def language_field(label: Any, *, follow_browser: bool = False) -> SelectField:
    """One of the product's languages by its own name; optionally none, which follows the browser."""
    choices = [SelectChoice(code, language_name(code)) for code in LANGUAGES]
    first = [SelectChoice("", _l("As in my browser"))] if follow_browser else []
    return SelectField(label, choices=[*first, *choices])


def password_words(why: str) -> str:
    """What is wrong with a new password."""
    words: dict[str, str] = {
        "too_long": _("That is too long: at most %(count)s characters.", count=passwords.LONGEST),
        "too_short": _("Too short: at least %(count)s characters, a sentence is fine.", count=passwords.SHORTEST),
        "too_simple": _("Too simple: it repeats the same few characters."),
        "like_email": _("Your e-mail address is the first thing somebody would try."),
        "common": _("This is one of the most common passwords. Please choose another."),
    }
    return words[why]


def one_line(longest: int) -> Check:
    """Refuse line breaks, which would be a second header in a mail, and what is too long."""

    def check(_form: Form, field: Field) -> None:
        typed = field.raw_data[0] if field.raw_data else ""
        if has_line_break(typed.strip(" ")):
            raise StopValidation(_("This must be a single line."))
        if len(field.data or "") > longest:
            raise StopValidation(_("That is too long: at most %(count)s characters.", count=longest))

    return check


def not_blank(_form: Form, field: Field) -> None:
    """Refuse what is nothing once the invisible characters are gone."""
    if not field.data:
        raise StopValidation(_("Please fill this in."))


def _cleaned(typed: str | None) -> str:
    return clean_line(typed or "")


def _email(_form: Form, field: Field) -> None:
    typed = field.data or ""
    if len(typed) > LONGEST_EMAIL:
        raise StopValidation(_("That is too long: at most %(count)s characters.", count=LONGEST_EMAIL))
    if kept_email(typed) is None:
        raise StopValidation(_("This does not look like an e-mail address."))


def _short_enough(_form: Form, field: Field) -> None:
    if len(field.data or "") > passwords.LONGEST:
        raise StopValidation(password_words("too_long"))
