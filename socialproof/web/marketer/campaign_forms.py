"""The one form of a campaign's settings. It holds only the fields that the campaign's template uses."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    Field,
    Form,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
)
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from socialproof.campaigns.campaigning import CampaignSettings, rhythm_of
from socialproof.campaigns.catalogue import surveys_for
from socialproof.campaigns.models import Campaign
from socialproof.contacts.models import ContactSegment
from socialproof.contacts.queries import segments_of
from socialproof.domain import campaign as rules
from socialproof.domain.customer_event import MOST_LETTERS
from socialproof.domain.text import clean_line
from socialproof.surveys.models import Survey
from socialproof.web.marketer.campaign_words import minute_word, weekday_word
from socialproof.web.marketer.dashboard_words import state_word
from socialproof.web.marketer.fields import name_field, one_line

HALF_HOURS = range(0, rules.DAY_MINUTES + 1, 30)
PLAIN = ("name", "channel", "every_months", "spread", "event_name", "delay_days", "sample_percent", "daily_cap")


def _line(text: str | None) -> str:
    return clean_line(text or "")


def number_field(label: Any, least: int, most: int, *, optional: bool = False) -> IntegerField:
    """A whole number within limits, refused in one sentence; an optional one may stay empty."""

    def check(_form: Form, field: Field) -> None:
        typed = (field.raw_data or [""])[0]
        if optional and not str(typed).strip():
            field.errors = []
            raise StopValidation
        if field.data is None or not least <= field.data <= most:
            field.errors = []
            raise StopValidation(_("Please write a number from %(least)s to %(most)s.", least=least, most=most))

    return IntegerField(label, [check])


def _months(typed: str) -> tuple[int, ...]:
    """Whole numbers separated by commas or spaces; CampaignRefused for anything else."""
    words = typed.replace(",", " ").replace(";", " ").split()
    if not all(word.isascii() and word.isdigit() and len(word) < 5 for word in words):
        raise rules.CampaignRefused("range", field="milestones", least=1, most=rules.LAST_MILESTONE)
    return rules.milestones_of([int(word) for word in words])


class CampaignForm(FlaskForm):  # type: ignore[misc]
    name = name_field(_l("Name of the campaign"))
    survey = SelectField(_l("Survey"))
    segment = SelectField(_l("Whom it asks"))
    channel = RadioField(
        _l("Channel"), choices=[SelectChoice("mail", _l("E-mail")), SelectChoice("sms", _l("Text message"))]
    )
    every_months = number_field(_l("Months from round to round"), rules.LEAST_MONTHS, rules.MOST_MONTHS)
    spread = RadioField(
        _l("Within a round"),
        choices=[
            SelectChoice("drip", _l("A few each working day")),
            SelectChoice("at_once", _l("Everybody at once")),
        ],
    )
    milestones = StringField(_l("Months after they became a customer"), filters=[_line])
    event_name = StringField(_l("Name of the event"), [one_line(MOST_LETTERS)], filters=[_line])
    delay_days = number_field(_l("Days after the event"), 0, rules.MOST_DELAY_DAYS)
    sample_percent = number_field(_l("Share of contacts asked, in per cent"), 1, 100)
    daily_cap = number_field(_l("Most letters a day"), 1, rules.MOST_DAILY_CAP, optional=True)
    weekdays = SelectMultipleField(
        _l("Days"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    send_from_minute = SelectField(_l("From"), coerce=int)
    send_until_minute = SelectField(_l("Until"), coerce=int)
    reminds = BooleanField(_l("Remind once those who have not answered"))
    reminder_after_days = number_field(
        _l("Days until the reminder"), rules.LEAST_REMINDER_DAYS, rules.MOST_REMINDER_DAYS
    )
    send = SubmitField(_l("Save"))

    surveys: dict[str, Survey]
    segments: dict[str, ContactSegment]
    campaign: Campaign

    @classmethod
    def of(cls, session: Session, campaign: Campaign) -> CampaignForm:
        """The form with what was sent, else with what the campaign has; without fields that are not its template's."""
        form = cls(data=_values(campaign))
        form.campaign = campaign
        for name in rules.RHYTHMIC - set(rules.USES[rules.CampaignTemplate(campaign.template)]):
            del form[name]
        form._offer_surveys(session, campaign)
        form._offer_segments(session, campaign)
        form.weekdays.choices = [SelectChoice(number, weekday_word(number, "wide")) for number in range(1, 8)]
        times = sorted({*HALF_HOURS, campaign.send_from_minute, campaign.send_until_minute})
        form.send_from_minute.choices = [SelectChoice(minute, minute_word(minute)) for minute in times[:-1]]
        form.send_until_minute.choices = [SelectChoice(minute, minute_word(minute)) for minute in times[1:]]
        return form

    def _offer_surveys(self, session: Session, campaign: Campaign) -> None:
        """Once started it stays with its survey, so that there is nothing to choose."""
        fitting = surveys_for(session, campaign.company_id, campaign.template) if campaign.state == "draft" else []
        self.surveys = {each.public_id: each for each in [campaign.survey, *fitting]}
        self.survey.choices = [SelectChoice(key, _survey_word(each)) for key, each in self.surveys.items()]

    def _offer_segments(self, session: Session, campaign: Campaign) -> None:
        self.segments = {each.public_id: each for each in segments_of(session, campaign.company_id)}
        self.segment.choices = [
            SelectChoice("", _("All contacts")),
            *(SelectChoice(key, each.name) for key, each in self.segments.items()),
        ]

    def validate_milestones(self, field: Field) -> None:
        try:
            _months(field.data or "")
        except rules.CampaignRefused as refused:
            raise StopValidation(_milestone_words(refused)) from None

    def validate_weekdays(self, field: Field) -> None:
        if not field.data:
            raise StopValidation(_("Tick at least one day."))

    def validate_send_until_minute(self, field: Field) -> None:
        begins = self.send_from_minute.data
        if begins is not None and field.data is not None and field.data - begins < rules.LEAST_WINDOW_MINUTES:
            raise StopValidation(_("There must be at least one hour from beginning to end."))

    def settings(self) -> CampaignSettings:
        """The checked values; what the form does not hold stays as the campaign has it."""
        sent = {name: self[name].data for name in PLAIN[1:] if name in self}
        if "milestones" in self:
            sent["milestones"] = _months(self["milestones"].data or "")
        hours = {name: self[name].data for name in ("send_from_minute", "send_until_minute", "reminder_after_days")}
        before = rhythm_of(self.campaign)
        kept = {name: getattr(before, name) for name in before.__slots__}
        most = int(self.reminds.data)
        weekdays = tuple(sorted(self.weekdays.data))
        return CampaignSettings(
            name=self.name.data,
            survey=self.surveys[self.survey.data],
            segment=self.segments.get(self.segment.data),
            rhythm=rules.Rhythm(**kept | sent | hours | {"most_reminders": most, "weekdays": weekdays}),
        )


def _survey_word(survey: Survey) -> str:
    if survey.state == "open":
        return survey.name
    return str(_("%(name)s (%(state)s)", name=survey.name, state=state_word(survey.state)))


def _milestone_words(refused: rules.CampaignRefused) -> str:
    if refused.code == "too_many_milestones":
        return str(_("At most %(count)s of them.", count=rules.MOST_MILESTONES))
    if refused.code == "milestones_missing":
        return str(_("Please write at least one number."))
    return str(_("Whole months from 1 to %(most)s, separated by commas.", most=rules.LAST_MILESTONE))


def _values(campaign: Campaign) -> dict[str, Any]:
    values = {name: getattr(campaign, name) for name in PLAIN}
    return values | {
        "survey": campaign.survey.public_id,
        "segment": campaign.segment.public_id if campaign.segment else "",
        "milestones": ", ".join(str(number) for number in campaign.milestones),
        "weekdays": campaign.weekdays,
        "send_from_minute": campaign.send_from_minute,
        "send_until_minute": campaign.send_until_minute,
        "reminds": bool(campaign.most_reminders),
        "reminder_after_days": campaign.reminder_after_days,
    }
