"""The forms of the popup pages: its settings, and the question of the inspector."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    Field,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import StopValidation

from socialproof.campaigns.models import Popup
from socialproof.companies.emails import kept_email
from socialproof.companies.models import Company
from socialproof.domain import popup as rules
from socialproof.domain.popup import PopupRefused, PopupSettings
from socialproof.domain.text import clean_line
from socialproof.surveys.catalogue import surveys_of
from socialproof.surveys.models import Survey
from socialproof.web.marketer.fields import name_field

LONGEST_TYPED = 20_000


def _line(typed: str | None) -> str:
    return clean_line(typed or "")


def _text(typed: str | None) -> str:
    return (typed or "").replace("\r\n", "\n").strip()


class PopupForm(FlaskForm):  # type: ignore[misc]
    name = name_field(_l("Name of the popup"))
    survey = SelectField(_l("Survey"))
    mode = RadioField(
        _l("How it stands in the page"),
        choices=[
            SelectChoice("popup", _l("A panel that comes up in a corner")),
            SelectChoice("tab", _l("A small tab that opens it")),
            SelectChoice("inline", _l("In its own place in the page")),
        ],
    )
    position = RadioField(
        _l("Corner"), choices=[SelectChoice("right", _l("Bottom right")), SelectChoice("left", _l("Bottom left"))]
    )
    trigger = RadioField(
        _l("The panel comes up"),
        choices=[
            SelectChoice("seconds", _l("After some seconds on the page")),
            SelectChoice("scroll", _l("When so many percent of the page were scrolled")),
            SelectChoice("exit", _l("When the pointer leaves the page at its top")),
            SelectChoice("event", _l("When your page reports an event")),
        ],
    )
    trigger_value = IntegerField(_l("Seconds, or percent"))
    event_name = StringField(_l("Name of the event"), filters=[_line])
    pages = TextAreaField(_l("Only on these pages"), filters=[_text])
    pages_not = TextAreaField(_l("Never on these pages"), filters=[_text])
    sample_percent = IntegerField(_l("Sample, in percent"))
    is_identified_only = BooleanField(_l("Only to people whom your server has named"))
    send = SubmitField(_l("Save"))

    surveys: dict[str, Survey]

    @classmethod
    def of(cls, session: Session, company: Company, popup: Popup | None = None, **options: Any) -> PopupForm:
        """The form with what was sent, else with what the popup has, else with what suits most sites."""
        form = cls(data=_values(popup), **options)
        form.surveys = {each.public_id: each for each in surveys_of(session, company.id)}
        form.survey.choices = [SelectChoice(key, each.name) for key, each in form.surveys.items()]
        return form

    def validate_pages(self, field: Field) -> None:
        _check_pages(field)

    def validate_pages_not(self, field: Field) -> None:
        _check_pages(field)

    def validate_trigger_value(self, field: Field) -> None:
        least, most = rules.LIMITS.get(self.trigger.data, (0, 3600))
        _check_number(field, least, most)

    def validate_sample_percent(self, field: Field) -> None:
        _check_number(field, 1, 100)

    def validate_event_name(self, field: Field) -> None:
        if self.trigger.data == "event" and not field.data:
            raise StopValidation(_("Please name the event, such as order-placed."))
        if len(field.data) > rules.LONGEST_EVENT:
            raise StopValidation(_("That is too long: at most %(count)s characters.", count=rules.LONGEST_EVENT))

    def settings(self) -> PopupSettings:
        """The checked values."""
        return PopupSettings(
            name=self.name.data,
            mode=self.mode.data,
            position=self.position.data,
            trigger=self.trigger.data,
            trigger_value=self.trigger_value.data,
            event_name=rules.event_word(self.event_name.data) or "",
            pages=rules.page_patterns(self.pages.data),
            pages_not=rules.page_patterns(self.pages_not.data),
            sample_percent=self.sample_percent.data,
            is_identified_only=self.is_identified_only.data,
        )


class WhyForm(FlaskForm):  # type: ignore[misc]
    """Who stands before which page? With a token the person in it, else the one with the address, else anybody."""

    page = StringField(_l("Address of the page"), filters=[_line])
    email = StringField(_l("E-mail address"), filters=[_line])
    token = TextAreaField(_l("Token of your server"), filters=[_text])
    send = SubmitField(_l("Look"))

    def validate_page(self, field: Field) -> None:
        if rules.path_of(field.data) is None or rules.origin_of(field.data) is None:
            raise StopValidation(_("Please write the whole address, such as https://www.example.com/pricing."))

    def validate_email(self, field: Field) -> None:
        if field.data and kept_email(field.data) is None:
            raise StopValidation(_("This does not look like an e-mail address."))


def _check_number(field: Field, least: int, most: int) -> None:
    if field.data is None or not least <= field.data <= most:
        field.errors = []
        raise StopValidation(_("Please write a number from %(least)s to %(most)s.", least=least, most=most))


def _check_pages(field: Field) -> None:
    if len(field.data) > LONGEST_TYPED:
        raise StopValidation(_("That is too long: at most %(count)s characters.", count=LONGEST_TYPED))
    try:
        rules.page_patterns(field.data)
    except PopupRefused as refused:
        if refused.code == "too_many_paths":
            raise StopValidation(_("At most %(count)s pages.", count=rules.MOST_PAGES)) from None
        typed = refused.details["typed"]
        raise StopValidation(_("“%(typed)s” is no page; write it like /pricing or /blog/*", typed=typed)) from None


def _values(popup: Popup | None) -> dict[str, Any]:
    if popup is None:
        return {"mode": "popup", "position": "right", "trigger": "seconds", "trigger_value": 20, "sample_percent": 100}
    values = {name: getattr(popup, name) for name in PopupSettings.__slots__}
    lists = {name: "\n".join(values[name]) for name in ("pages", "pages_not")}
    return values | lists | {"survey": popup.survey.public_id}
