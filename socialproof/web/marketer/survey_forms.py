"""The forms of the survey pages: what may be typed, and the words for what may not."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    Form,
    IntegerField,
    RadioField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, StopValidation

from socialproof.companies.emails import LONGEST as LONGEST_EMAIL
from socialproof.companies.emails import kept_email
from socialproof.domain import survey as rules
from socialproof.domain.colour import brand_colour
from socialproof.domain.text import clean_line, clean_text
from socialproof.surveys.models import Survey
from socialproof.surveys.service import SurveySettings
from socialproof.surveys.wording import WORDING_FIELDS
from socialproof.web.marketer.fields import language_field, name_field, one_line

MAX_THANKS_CHARACTERS = 600
MAX_REWARD_CHARACTERS = 300


def _line(text: str | None) -> str:
    return clean_line(text or "")


def _text(text: str | None) -> str:
    return clean_text(text or "")


def at_most(longest: int) -> Any:
    """Refuse a text that is too long; it stays in its field."""

    def check(_form: Form, field: Field) -> None:
        if len(field.data or "") > longest:
            raise StopValidation(_("That is too long: at most %(count)s characters.", count=longest))

    return check


def label_field(label: Any) -> StringField:
    return StringField(label, [one_line(rules.MAX_LABEL_CHARACTERS)], filters=[_line])


def question_field(label: Any) -> TextAreaField:
    """One sentence, in a field of several lines so that it is seen whole; line breaks become spaces."""
    return TextAreaField(label, [at_most(rules.MAX_SENTENCE_CHARACTERS)], filters=[_line])


class NewSurveyForm(FlaskForm):  # type: ignore[misc]
    name = name_field(_l("Name of the survey"))
    kind = RadioField(
        _l("Kind"),
        choices=[
            SelectChoice("relationship", _l("Relationship")),
            SelectChoice("transactional", _l("Transactional")),
        ],
        default="relationship",
        validators=[InputRequired(_l("Please choose one."))],
    )
    language = language_field(_l("Main language"))
    send = SubmitField(_l("Make the survey"))


class SettingsForm(FlaskForm):  # type: ignore[misc]
    name = name_field(_l("Name of the survey"))
    default_language = language_field(_l("Main language"))
    brand_color = StringField(_l("Colour"), filters=[_line])
    asks_for_testimonial = BooleanField(_l("Ask for a testimonial"))
    allows_video = BooleanField(_l("Offer to record a video"))
    promoters_only = BooleanField(_l("Ask promoters only"))
    max_video_seconds = IntegerField(_l("Longest video, in seconds"))
    video_retention_days = IntegerField(_l("Keep the original recording, in days"))
    reward_text = TextAreaField(_l("Thank-you gift"), [at_most(MAX_REWARD_CHARACTERS)], filters=[_text])
    embed_domains = TextAreaField(_l("Websites that may show the survey"), filters=[_text])
    send = SubmitField(_l("Save"))

    longest_video = 120

    @classmethod
    def of(cls, survey: Survey, longest_video: int) -> SettingsForm:
        """The form with what was sent, else with what the survey has."""
        values = {name: getattr(survey, name) for name in SurveySettings.__slots__}
        form = cls(data=values | {"embed_domains": "\n".join(survey.embed_domains)})
        form.longest_video = longest_video
        return form

    def validate_brand_color(self, field: Field) -> None:
        if field.data and brand_colour(field.data) is None:
            raise StopValidation(_("Please write a colour such as #1f5c4d."))

    def validate_max_video_seconds(self, field: Field) -> None:
        _between(field, rules.SHORTEST_VIDEO_SECONDS, self.longest_video)

    def validate_video_retention_days(self, field: Field) -> None:
        _between(field, rules.LEAST_RETENTION_DAYS, rules.MOST_RETENTION_DAYS)

    def validate_embed_domains(self, field: Field) -> None:
        try:
            rules.embed_origins(field.data or "")
        except rules.SurveyRefused as refused:
            raise StopValidation(_domain_words(refused)) from None

    def settings(self) -> SurveySettings:
        """The checked values."""
        return SurveySettings(
            name=self.name.data,
            default_language=self.default_language.data,
            brand_color=brand_colour(self.brand_color.data) or "",
            asks_for_testimonial=self.asks_for_testimonial.data,
            allows_video=self.allows_video.data,
            promoters_only=self.promoters_only.data,
            max_video_seconds=self.max_video_seconds.data,
            video_retention_days=self.video_retention_days.data,
            reward_text=self.reward_text.data,
            embed_domains=rules.embed_origins(self.embed_domains.data),
        )


def _between(field: Field, least: int, most: int) -> None:
    """Refuse what is no whole number from `least` to `most`, with one sentence."""
    if field.data is None or not least <= field.data <= most:
        field.errors = []
        raise StopValidation(_("Please write a number from %(least)s to %(most)s.", least=least, most=most))


def _domain_words(refused: rules.SurveyRefused) -> str:
    if refused.code == "too_many_domains":
        return str(_("At most %(count)s websites.", count=rules.MAX_EMBED_DOMAINS))
    typed = refused.details["typed"]
    return str(_("“%(typed)s” is no website address; write it like https://www.example.com", typed=typed))


class WordingForm(FlaskForm):  # type: ignore[misc]
    """Field names are those of the wording; an empty field means the standard words."""

    question = question_field(_l("The question"))
    low_label = label_field(_l("Word beside 0"))
    high_label = label_field(_l("Word beside 10"))
    why_detractor = question_field(_l("After 0 to 6"))
    why_passive = question_field(_l("After 7 or 8"))
    why_nine = question_field(_l("After 9"))
    why_ten = question_field(_l("After 10"))
    thanks_detractor = TextAreaField(_l("To detractors"), [at_most(MAX_THANKS_CHARACTERS)], filters=[_text])
    thanks_passive = TextAreaField(_l("To passives"), [at_most(MAX_THANKS_CHARACTERS)], filters=[_text])
    thanks_promoter = TextAreaField(_l("To promoters"), [at_most(MAX_THANKS_CHARACTERS)], filters=[_text])
    testimonial_prompts = TextAreaField(_l("Guiding questions, one per line"), filters=[_text])
    is_understood = BooleanField(_l("I know that answers before and after this change are not the same measure"))
    send = SubmitField(_l("Save"))

    @classmethod
    def of(cls, survey: Survey, language: str) -> WordingForm:
        """The form with what was sent, else with the company's own words in this language."""
        own = next((wording for wording in survey.wordings if wording.language == language), None)
        values = {name: getattr(own, name) for name in WORDING_FIELDS} if own else {}
        values["testimonial_prompts"] = "\n".join(values.get("testimonial_prompts", []))
        return cls(data=values)

    def validate_testimonial_prompts(self, field: Field) -> None:
        prompts = self.words()["testimonial_prompts"]
        if len(prompts) > rules.MAX_PROMPTS:
            raise StopValidation(_("At most %(count)s questions.", count=rules.MAX_PROMPTS))
        if any(len(prompt) > rules.MAX_SENTENCE_CHARACTERS for prompt in prompts):
            count = rules.MAX_SENTENCE_CHARACTERS
            raise StopValidation(_("That is too long: at most %(count)s characters.", count=count))

    def words(self) -> dict[str, Any]:
        """What was typed, field by field; the prompts as a list."""
        words = {name: self[name].data or "" for name in WORDING_FIELDS}
        lines = map(clean_line, words["testimonial_prompts"].split("\n"))
        return words | {"testimonial_prompts": [line for line in lines if line]}


class PersonalLinkForm(FlaskForm):  # type: ignore[misc]
    person = name_field(_l("Customer's name"))
    email = EmailField(_l("E-mail address"))
    language = language_field(_l("Language"))
    anyway = BooleanField(_l("Make the link anyway; it is noted that I did"))
    send = SubmitField(_l("Make a personal link"))

    def validate_email(self, field: Field) -> None:
        if field.data and (len(field.data) > LONGEST_EMAIL or kept_email(field.data) is None):
            raise StopValidation(_("This does not look like an e-mail address."))
