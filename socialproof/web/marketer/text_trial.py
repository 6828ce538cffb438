"""A test text of a campaign to a phone number of the member's own."""

from __future__ import annotations

from flask import Blueprint, flash
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import StringField

from socialproof.backends.sms.port import SmsDelayed, SmsMessage, SmsRefused
from socialproof.campaigns import texts
from socialproof.campaigns.models import Campaign
from socialproof.campaigns.tested_numbers import note_text_test
from socialproof.campaigns.trying_text import trial_message
from socialproof.clock import now
from socialproof.contacts.phones import e164, home_of, readable
from socialproof.database import transaction
from socialproof.domain.errors import RuleBroken
from socialproof.domain.letter import Part
from socialproof.domain.sms import size_of
from socialproof.web import services
from socialproof.web.marketer.access import current, role_required
from socialproof.web.marketer.campaign_page import found
from socialproof.web.marketer.campaign_words import register_campaign_words
from socialproof.web.marketer.letter import part_of, spoken, words_page
from socialproof.web.marketer.letter_form import LetterForm
from socialproof.web.marketer.reach_words import register_reach_words

blueprint = Blueprint("text_trial", __name__, url_prefix="/campaigns/<campaign_id>/letter/<language>/text")
register_reach_words(blueprint)
register_campaign_words(blueprint)


class TextTrialForm(LetterForm):
    """The words of the letter's form, and where a test of them goes."""

    phone = StringField(_l("Your own phone number"))


@blueprint.post("")
@role_required("admin")
def send(campaign_id: str, language: str) -> Response:
    """Send the text with the words in the form, and say at once what became of it."""
    campaign, acting = found(campaign_id), current()
    form = TextTrialForm.of(campaign, spoken(language))
    company, company_id = acting.company, acting.company.id
    to = e164(form.phone.data or "", home_of(company.time_zone, company.default_language))
    if campaign.channel != "sms" or not form.validate():
        return words_page(campaign, language, form, 422)
    if to is None:
        wrong = _("This is not a phone number. Write it with its country, such as +46 70 123 45 67.")
        return _refused(campaign, language, form, wrong)
    try:
        with transaction() as session:
            note_text_test(session, campaign=campaign, user=acting.user, phone=to, now=now())
            message = trial_message(
                campaign,
                language,
                form.words(),
                part=Part(part_of(campaign)),
                name=acting.user.name,
                to=to,
                settings=services().settings,
            )
    except RuleBroken as broken:
        return _refused(campaign, language, form, _fault_words(broken.code, limit=broken.details.get("limit")))
    fault = _hand_over(message, company_id)
    if fault:
        return _refused(campaign, language, form, fault)
    flash(_("A test is on its way to %(number)s. Words that you have not saved are in it.", number=readable(to)))
    flash(_("It takes %(count)s of at most 2 messages.", count=size_of(message.text).segments))
    return words_page(campaign, language, form)


def _hand_over(message: SmsMessage, company_id: int) -> str:
    """Give the text to the service; what is wrong in the reader's words, or nothing. A STOP that it knows is kept."""
    fault = ""
    try:
        services().backends.sms.send(message)
    except SmsDelayed:
        fault = _("The text message service did not answer, or takes nothing from us now. Please try again later.")
    except SmsRefused as refused:
        if refused.code == "stopped":
            with transaction() as session:
                texts.stop(session, company_id=company_id, phone=message.to, now=now())
        fault = _fault_words(refused.code, reason=refused.reason)
    return fault


def _fault_words(code: str, *, reason: object = "", limit: object = "") -> str:
    words: dict[str, str] = {
        "too_many_tests": _("You have sent yourself %(limit)s tests. Please wait an hour.", limit=limit),
        "stopped": _("The owner of this number wants no more messages from you."),
        "not_a_number": _("The text message service does not know this number."),
        "refused": _("The text message service refused: %(reason)s", reason=reason),
    }
    return words[code]


def _refused(campaign: Campaign, language: str, form: TextTrialForm, words: str) -> Response:
    form.phone.errors = [words]
    return words_page(campaign, language, form, 422)
