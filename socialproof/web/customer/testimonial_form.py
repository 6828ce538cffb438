"""The form of words and author, on the page where a testimonial is given and on the one where it is changed."""

from __future__ import annotations

from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Field, Form, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from socialproof.domain.errors import RuleBroken
from socialproof.domain.testimonial import (
    ATTRIBUTION_NAMES,
    ATTRIBUTIONS,
    FULL_NAME,
    MOST_EMAIL,
    MOST_NAME,
    MOST_TEXT,
)
from socialproof.domain.text import clean_line, clean_text, has_line_break
from socialproof.domain.widget import monogram, shown_name
from socialproof.testimonials.models import Testimonial
from socialproof.testimonials.service import Author


def _text(value: Any) -> str:
    return clean_text(value) if isinstance(value, str) else ""


def _line(value: Any) -> str:
    return clean_line(value) if isinstance(value, str) else ""


def _one_line(_form: Form, field: Field) -> None:
    raw = str(field.raw_data[0]) if field.raw_data else ""
    if has_line_break(raw.strip()):
        raise StopValidation(_("This must be one line, without a line break."))
    if len(field.data or "") > MOST_NAME:
        raise StopValidation(_("Please use at most %(most)s characters.", most=MOST_NAME))


def _email(_form: Form, field: Field) -> None:
    address = field.data or ""
    raw = str(field.raw_data[0]) if field.raw_data else ""
    if not address:
        return
    try:
        if len(address) > MOST_EMAIL or has_line_break(raw.strip()):
            raise EmailNotValidError
        field.data = validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise StopValidation(_("This does not look like an e-mail address, such as name@example.com.")) from None


def _short(_form: Form, field: Field) -> None:
    length = len(field.data or "")
    if length > MOST_TEXT:
        words = _("Your text has %(length)s characters, but only %(most)s fit. Please shorten it; nothing is lost.")
        raise StopValidation(words % {"length": length, "most": MOST_TEXT})


class TestimonialForm(Form):  # type: ignore[misc]
    """Words and author. There is no CSRF field: the address of the page is the secret."""

    __test__ = False

    text = TextAreaField(_l("Your words"), [_short], filters=[_text])
    name = StringField(_l("Your name"), [_one_line], filters=[_line])
    role = StringField(_l("Your role"), [_one_line], filters=[_line])
    organisation = StringField(_l("Company"), [_one_line], filters=[_line])
    email = EmailField(_l("E-mail for your receipt"), [_email], filters=[_line])
    attribution = RadioField(
        _l("How should we name you?"),
        choices=[SelectChoice(each, _l(ATTRIBUTION_NAMES[each])) for each in ATTRIBUTIONS],
        default=FULL_NAME,
        validate_choice=False,
    )

    @property
    def author(self) -> Author:
        """The author as typed."""
        return Author(self.name.data, self.role.data, self.organisation.data, self.email.data)

    @property
    def chosen_attribution(self) -> str:
        """One of the four ways; anything else means the full name, as when nothing was chosen."""
        return self.attribution.data if self.attribution.data in ATTRIBUTIONS else FULL_NAME

    def appearances(self) -> dict[str, str]:
        """How the typed name would look, for each way to be named; '' where there is nothing to show."""
        return {each: shown_name(self.name.data or "", each) for each in ATTRIBUTIONS}

    @property
    def shown_initials(self) -> str:
        """The letters in the circle, as the chosen way of being named has them."""
        return monogram(self.appearances()[self.chosen_attribution])

    def refuse(self, broken: RuleBroken) -> None:
        """Put a broken rule beside the field that can repair it."""
        field = {"text_missing": self.text, "text_too_long": self.text, "name_missing": self.name}.get(broken.code)
        words = {
            "text_missing": _("Please write a few words, or record a video."),
            "name_missing": _("Please write your name, or choose “Without a name”."),
        }.get(broken.code, _("Please check this once more."))
        (field or self.attribution).errors = [words]


def filled_from(testimonial: Testimonial) -> TestimonialForm:
    """The form with what is stored."""
    return TestimonialForm(
        data={
            "text": testimonial.text,
            "name": testimonial.author_name,
            "role": testimonial.author_role,
            "organisation": testimonial.author_organisation,
            "email": testimonial.author_email,
            "attribution": testimonial.attribution,
        }
    )
