"""The words of a campaign's letters in one language, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form, StringField, SubmitField, TextAreaField
from wtforms.validators import StopValidation

from socialproof.campaigns.letters import own_words
from socialproof.campaigns.models import Campaign
from socialproof.domain.campaign import asks_for_reference
from socialproof.domain.letter import LIMITS, unknown_placeholders
from socialproof.domain.text import clean_line, clean_text
from socialproof.web.marketer.fields import one_line
from socialproof.web.marketer.survey_forms import at_most

OF_CHANNEL: dict[str, tuple[str, ...]] = {
    "mail": ("from_name", "subject", "intro", "signature", "reminder_subject", "reminder_intro"),
    "sms": ("sms_text",),
}
"""Fields that letters have, and those of text messages."""
OF_REFERENCE: dict[str, tuple[str, ...]] = {"mail": ("reference_subject", "reference_intro"), "sms": ()}
"""Fields of the letters that only some templates send."""
_MAY_HOLD = {"from_name": ("company",), "sms_text": ("name", "company", "link")}


def _line(text: str | None) -> str:
    return clean_line(text or "")


def _text(text: str | None) -> str:
    return clean_text(text or "")


def _only_known(_form: Form, field: Field) -> None:
    """Refuse braces that nobody fills in: a customer would read them."""
    allowed = _MAY_HOLD.get(field.short_name, ("name", "company", "organisation"))
    unknown = unknown_placeholders(field.data or "", allowed)
    if unknown:
        known = " ".join(f"{{{word}}}" for word in allowed)
        raise StopValidation(_("{%(word)s} is not filled in by anybody. Use %(known)s.", word=unknown[0], known=known))


def line_field(label: Any, name: str) -> StringField:
    return StringField(label, [one_line(LIMITS[name]), _only_known], filters=[_line])


def text_field(label: Any, name: str) -> TextAreaField:
    return TextAreaField(label, [at_most(LIMITS[name]), _only_known], filters=[_text])


class LetterForm(FlaskForm):  # type: ignore[misc]
    """Field names are those of the wording; an empty field means the standard words."""

    from_name = line_field(_l("Sender’s name"), "from_name")
    subject = line_field(_l("Subject"), "subject")
    intro = text_field(_l("Words before the question"), "intro")
    signature = text_field(_l("Words after the question"), "signature")
    reminder_subject = line_field(_l("Subject of the reminder"), "reminder_subject")
    reminder_intro = text_field(_l("Words of the reminder"), "reminder_intro")
    reference_subject = line_field(_l("Subject of the request"), "reference_subject")
    reference_intro = text_field(_l("Words of the request"), "reference_intro")
    sms_text = text_field(_l("Text message"), "sms_text")
    send = SubmitField(_l("Save"))

    @classmethod
    def of(cls, campaign: Campaign, language: str) -> LetterForm:
        """The form with what was sent, else with the company's own words; only the fields that the campaign uses."""
        own, used = own_words(campaign, language), OF_CHANNEL[campaign.channel]
        if asks_for_reference(campaign.template):
            used = used + OF_REFERENCE[campaign.channel]
        form = cls(data=own)
        form.kept = {}
        for name in LIMITS:
            if name not in used:
                form.kept[name] = own[name]
                del form[name]
        return form

    kept: dict[str, str]

    def words(self) -> dict[str, str]:
        """What was typed, field by field; fields that are not in the form as they are kept."""
        return {name: self.kept[name] if name in self.kept else self[name].data or "" for name in LIMITS}
