"""The form of the sender's page, with what is wrong with it in words."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, Form, SelectChoice, SelectField, StringField, SubmitField, TextAreaField
from wtforms.validators import StopValidation

from socialproof.companies.emails import ascii_email, kept_email
from socialproof.companies.models import Company, MailSender
from socialproof.companies.sender import LONGEST_POSTAL_ADDRESS, NPS_REST_DAYS, REST_DAYS, SenderValues, time_zones
from socialproof.domain.text import clean_line, clean_text
from socialproof.web.marketer.fields import LONGEST_NAME, Check, one_line


def _address_or_nothing(_form: Form, field: Field) -> None:
    typed = (field.data or "").strip()
    kept = kept_email(typed) if typed else ""
    if kept is None or (kept and ascii_email(kept) is None):
        raise StopValidation(_("This does not look like an e-mail address."))


def _short_enough(_form: Form, field: Field) -> None:
    if len(field.data or "") > LONGEST_POSTAL_ADDRESS:
        raise StopValidation(_("That is too long: at most %(count)s characters.", count=LONGEST_POSTAL_ADDRESS))


def _number_within(least: int, most: int) -> Check:
    def check(_form: Form, field: Field) -> None:
        typed = str(field.data or "").strip()
        if not (typed.isascii() and typed.isdecimal() and len(typed) < 6 and least <= int(typed) <= most):
            raise StopValidation(_("A whole number from %(least)s to %(most)s.", least=least, most=most))

    return check


def _not_fewer(form: Form, field: Field) -> None:
    rest = str(form["rest_days"].data or "").strip()
    if rest.isascii() and rest.isdecimal() and int(field.data) < int(rest):
        raise StopValidation(_("This cannot be fewer than the days between any two questions."))


def _line(typed: str | None) -> str:
    return clean_line(typed or "")


def _text(typed: str | None) -> str:
    return clean_text(typed or "")


class SenderForm(FlaskForm):  # type: ignore[misc]
    """Who writes, where they are, and how often they ask."""

    from_name = StringField(_l("Sender’s name"), [one_line(LONGEST_NAME)], filters=[_line])
    from_address = EmailField(_l("Sender's address"), [_address_or_nothing])
    reply_to = EmailField(_l("Answers go to"), [_address_or_nothing])
    postal_address = TextAreaField(_l("Postal address"), [_short_enough], filters=[_text])
    time_zone = SelectField(_l("Time zone"))
    rest_days = StringField(_l("Days between any two questions"), [_number_within(*REST_DAYS)])
    nps_rest_days = StringField(
        _l("Days between two questions for a score"), [_number_within(*NPS_REST_DAYS), _not_fewer]
    )
    send = SubmitField(_l("Save"))

    def __init__(self, zone: str, **options: Any) -> None:
        """`zone` is the company's present one: it stays a choice even if no list knows it."""
        super().__init__(**options)
        zones = time_zones() if zone in time_zones() else (zone, *time_zones())
        self.time_zone.choices = [SelectChoice(each, each.replace("_", " ")) for each in zones]

    def values(self) -> SenderValues:
        """What was sent, in its kept form."""
        return SenderValues(
            from_name=self.from_name.data or "",
            from_address=kept_email(self.from_address.data or "") or "",
            reply_to=kept_email(self.reply_to.data or "") or "",
            postal_address=self.postal_address.data or "",
        )


def filled(sender: MailSender | None, company: Company) -> SenderForm:
    """The form as it stands now."""
    known = {name: getattr(sender, name) if sender else "" for name in SenderValues.__annotations__}
    rest = {name: getattr(company, name) for name in ("time_zone", "rest_days", "nps_rest_days")}
    return SenderForm(company.time_zone, formdata=None, data=known | rest)
