"""The form of a widget, for saving it and for looking at it before it is saved."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    ColorField,
    Field,
    Form,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    SubmitField,
)
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from socialproof.companies.models import Company
from socialproof.domain.colour import brand_colour
from socialproof.domain.widget import MOST_SHOWN
from socialproof.surveys.models import Survey
from socialproof.web.marketer.fields import language_field, name_field
from socialproof.widgets import queries
from socialproof.widgets.models import Widget
from socialproof.widgets.service import Look


def _a_colour(form: Form, field: Field) -> None:
    if form["own_accent"].data and brand_colour(field.data or "") is None:
        raise StopValidation(_("Please choose a colour such as #1f5c4d."))


def _a_count(_form: Form, field: Field) -> None:
    if field.data is None or not 1 <= field.data <= MOST_SHOWN:
        field.errors = []
        raise StopValidation(_("A whole number from 1 to %(most)s.", most=MOST_SHOWN))


class WidgetForm(FlaskForm):  # type: ignore[misc]
    name = name_field(_l("Name of the widget"))
    layout = RadioField(
        _l("Layout"),
        choices=[
            SelectChoice("wall", _l("Wall")),
            SelectChoice("single", _l("One at a time")),
            SelectChoice("badge", _l("Badge")),
        ],
    )
    theme = RadioField(
        _l("Colours"),
        choices=[
            SelectChoice("auto", _l("Like the page")),
            SelectChoice("light", _l("Light")),
            SelectChoice("dark", _l("Dark")),
        ],
    )
    own_accent = BooleanField(_l("A colour of its own"))
    accent = ColorField(_l("Accent"), [_a_colour])
    language = language_field(_l("Language"))
    max_count = IntegerField(_l("Most stories shown"), [_a_count])
    survey = SelectField(_l("Stories from"))
    tags = SelectMultipleField(
        _l("Only with one of these tags"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    shows_nps = BooleanField(_l("Show the public score"))
    nps_kind = RadioField(
        _l("Score of"),
        choices=[
            SelectChoice("relationship", _l("Regular surveys")),
            SelectChoice("transactional", _l("Surveys after an event")),
        ],
    )
    send = SubmitField(_l("Save"))

    surveys: dict[str, Survey]

    @classmethod
    def of(cls, session: Session, company: Company, widget: Widget | None = None, **options: Any) -> WidgetForm:
        """The form with what was sent, else with what the widget has, else with what suits most companies."""
        form = cls(data=_values(company, widget), **options)
        form.surveys = {each.public_id: each for each in queries.survey_choices(session, company.id)}
        form.survey.choices = [
            SelectChoice("", _("All surveys")),
            *(SelectChoice(key, each.name) for key, each in form.surveys.items()),
        ]
        tags = dict.fromkeys([*queries.tag_choices(session, company.id), *(widget.tags if widget else [])])
        form.tags.choices = [SelectChoice(tag, tag) for tag in tags]
        return form

    def look(self) -> Look:
        """What was chosen."""
        return Look(
            name=self.name.data,
            layout=self.layout.data,
            theme=self.theme.data,
            accent=brand_colour(self.accent.data or "") or "" if self.own_accent.data else "",
            language=self.language.data,
            max_count=self.max_count.data,
            tags=tuple(self.tags.data or ()),
            survey=self.surveys.get(self.survey.data),
            shows_nps=self.shows_nps.data,
            nps_kind=self.nps_kind.data,
        )


def _values(company: Company, widget: Widget | None) -> dict[str, Any]:
    if widget is None:
        return {
            "layout": "wall",
            "theme": "auto",
            "accent": company.brand_color,
            "language": company.default_language,
            "max_count": 30,
            "shows_nps": True,
            "nps_kind": "relationship",
            "survey": "",
        }
    return {
        "name": widget.name,
        "layout": widget.layout,
        "theme": widget.theme,
        "own_accent": bool(widget.accent),
        "accent": widget.accent or company.brand_color,
        "language": widget.language,
        "max_count": widget.max_count,
        "survey": widget.survey.public_id if widget.survey else "",
        "tags": widget.tags,
        "shows_nps": widget.shows_nps,
        "nps_kind": widget.nps_kind,
    }
