"""The letters of a campaign: the company's words or the standard ones, made once for all readers, then for each."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parseaddr

from sqlalchemy.orm import Session

from socialproof.backends.mail import Letter, render
from socialproof.backends.mail.signature import DkimKey
from socialproof.backends.mail.skeleton import Sender, Skeleton, sender_of_installation
from socialproof.campaigns.models import Campaign
from socialproof.campaigns.queries import wording_in
from socialproof.campaigns.texts import text_of
from socialproof.companies.emails import ascii_email
from socialproof.companies.models import Company, MailSender
from socialproof.companies.sender import is_domain_of_another, sender_of
from socialproof.contacts.suppression import link_subject
from socialproof.domain.campaign import CampaignTemplate
from socialproof.domain.colour import ink_on
from socialproof.domain.letter import LIMITS, Part, gap, with_gaps
from socialproof.domain.mail_records import domain_of
from socialproof.languages import translations
from socialproof.seal import BrokenSeal, Seal
from socialproof.settings import Settings
from socialproof.surveys.wording import wording_for
from socialproof.tokens import Purpose, Tokens

log = logging.getLogger(__name__)

LONGEST_LOCAL_PART = 64
"""RFC 5321, 4.5.3.1.1."""
SAMPLE_CODE = "0123456789"


@dataclass(frozen=True, slots=True)
class Stationery:
    """What all letters of one company share."""

    sender: Sender
    postal_address: str
    base_url: str
    bounce_address: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """One letter's reader: who it is, and the invitation that is theirs. `number` 0 is the first letter."""

    invitation_id: str
    contact_id: str
    to: str
    name: str = ""
    organisation: str = ""
    number: int = 0
    address_hash: str = ""
    """Of `to`, keyed; it lets the way out of the letter hold for whoever has the address later."""


def stationery_of(session: Session, company: Company, settings: Settings, *, is_signed: bool = True) -> Stationery:
    """From whom the company writes; unsigned when its signing key cannot be opened any more.

    An address of a domain that another company here has proven to be its own, and this one has not, is not written
    from: the relay that both share would vouch for it.
    """
    chosen = sender_of(session, company)
    sender = sender_of_installation(settings.mail_from, (chosen.from_name if chosen else "") or company.name)
    if chosen is not None:
        sender = replace(sender, reply_to=ascii_email(chosen.reply_to) or "")
        own = ascii_email(chosen.from_address)
        if own and not is_domain_of_another(session, chosen, installation=parseaddr(settings.mail_from)[1]):
            sender = replace(sender, address=own, dkim=_dkim_key(chosen, own, settings) if is_signed else None)
    address = chosen.postal_address if chosen else ""
    return Stationery(sender, address, settings.base_url, settings.bounce_address)


def _dkim_key(chosen: MailSender, address: str, settings: Settings) -> DkimKey | None:
    """The company's, once its record was found; without an own address the relay signs for the installation's."""
    if not (chosen.is_dkim_on and chosen.dkim_private_key):
        return None
    try:
        private_key = Seal(settings.secret_keys).open(chosen.dkim_private_key)
    except BrokenSeal:
        log.warning(
            "letters of company %s go unsigned: its key was sealed with a secret key that is gone", chosen.company_id
        )
        return None
    return DkimKey(domain_of(address), chosen.dkim_selector, private_key)


def own_words(campaign: Campaign, language: str) -> dict[str, str]:
    """The company's own words in this language, field by field; empty where it has none."""
    own = wording_in(campaign, language)
    return {field: getattr(own, field) if own else "" for field in LIMITS}


def words_from(campaign: Campaign, language: str, own: Mapping[str, str]) -> dict[str, str]:
    """Each field of `own` that says something, else the standard words in this language."""
    standard = standard_words(campaign.template, campaign.survey.company.name, language)
    words = {field: own.get(field) or standard.get(field, "") for field in LIMITS}
    if not own.get("reminder_subject"):
        words["reminder_subject"] = translations(language).gettext("Reminder: %(subject)s") % {
            "subject": words["subject"]
        }
    return words


def standard_words(template: str, company: str, language: str) -> dict[str, str]:
    """The product's neutral words of a template; from_name and sms_text have their standard elsewhere."""
    _ = translations(language).gettext
    subjects = {
        CampaignTemplate.LIFECYCLE: _("How has it been with %(company)s so far?"),
        CampaignTemplate.EVENT: _("How did it go with %(company)s?"),
        CampaignTemplate.PROJECT: _("Thank you for working with %(company)s"),
    }
    why = {
        CampaignTemplate.LIFECYCLE: _("You have been a customer of %(company)s for a while. How has it been?"),
        CampaignTemplate.EVENT: _("We have just finished something for you, and your impression is still fresh."),
        CampaignTemplate.PROJECT: _(
            "Thank you for the work together. After the number you can leave a few words as a reference, if you like:"
            " they help others to decide."
        )
        + " "
        + _("An answer within two weeks helps most."),
    }
    again = {
        CampaignTemplate.PROJECT: _(
            "Some weeks have passed, and daily use has shown what the result is worth. May we ask for your view, and"
            " for a few words as a reference?"
        ),
    }
    kind = CampaignTemplate(template)
    subject = subjects.get(kind, _("A question from %(company)s")) % {"company": company}
    greeting, regards = _("Hello %(name)s,") % {"name": "{name}"}, _("Kind regards,")
    press = _("One press on a number is the whole answer.")
    first = why.get(kind, _("%(company)s would like to know what you think.")) % {"company": company}
    reminder = again.get(kind, _("You have not answered yet, and that is fine. We remind you only this once."))
    return {
        "subject": subject,
        "intro": f"{greeting}\n\n{first} {press}",
        "signature": f"{regards}\n{company}",
        "reminder_subject": _("Reminder: %(subject)s") % {"subject": subject},
        "reminder_intro": f"{greeting}\n\n{reminder} {press}",
        "reference_subject": _("A few words about %(company)s?") % {"company": company},
        "reference_intro": f"{greeting}\n\n{_reference_words(company, language)}",
    }


def _reference_words(company: str, language: str) -> str:
    """Whoever gets them has answered gladly; that they are the only ones of their kind is true, so they may say it."""
    _ = translations(language).gettext
    thanks = _("Thank you for your answer: it made us glad.")
    request = _(
        "Would you write a few sentences for others who are about to decide? Two minutes are enough. If you would"
        " rather not, do nothing: %(company)s asks for this only once."
    )
    return f"{thanks}\n\n{request % {'company': company}}"


def skeleton_for(
    campaign: Campaign,
    language: str,
    *,
    part: Part = Part.FIRST,
    stationery: Stationery,
    words: Mapping[str, str] | None = None,
    is_test: bool = False,
) -> Skeleton:
    """The letter that all readers of one language get. `words` replace the company's own, for a preview or a test."""
    survey, company = campaign.survey, campaign.survey.company
    said = words_from(campaign, language, own_words(campaign, language) if words is None else words)
    which = "" if part is Part.FIRST else f"{part}_"
    wording = wording_for(survey, language)
    colour = survey.brand_color or company.brand_color
    rendered = render(
        "reference" if part is Part.REFERENCE else "invitation",
        language,
        subject=with_gaps(said[f"{which}subject"], company=company.name),
        intro=with_gaps(said[f"{which}intro"], company=company.name),
        signature=with_gaps(said["signature"], company=company.name),
        question=wording.question,
        low_label=wording.low_label,
        high_label=wording.high_label,
        company=company.name,
        postal_address=stationery.postal_address,
        colour=colour,
        ink=ink_on(colour),
        score_link=gap("score_link"),
        reference_link=gap("reference_link"),
        unsubscribe=gap("unsubscribe"),
        is_test=is_test,
    )
    name = with_gaps(said["from_name"], company=company.name, name="", organisation="").strip()
    sender = replace(stationery.sender, name=name or stationery.sender.name)
    return Skeleton.of(
        sender=sender, subject=rendered.subject, text=rendered.text, html=rendered.html, language=language
    )


def letter_for(skeleton: Skeleton, reader: Addressee, *, stationery: Stationery, tokens: Tokens) -> Letter:
    """One reader's copy. MessageMalformed when the address is none."""
    link = f"{stationery.base_url}/s/i/{tokens.sign(Purpose.INVITATION, reader.invitation_id)}"
    subject = link_subject(reader.contact_id, reader.address_hash)
    unsubscribe = f"{stationery.base_url}/s/u/{tokens.sign(Purpose.UNSUBSCRIBE, subject)}"
    return skeleton.letter(
        to=reader.to,
        key=f"invitation:{reader.invitation_id}:{reader.number}",
        values={
            "name": reader.name,
            "organisation": reader.organisation,
            "score_link": f"{link}?score=",
            "reference_link": f"{link}/testimonial",
            "unsubscribe": unsubscribe,
        },
        envelope_from=bounce_address(stationery.bounce_address, tokens, reader.invitation_id),
        unsubscribe=f"<{unsubscribe}>",
    )


def bounce_address(address: str, tokens: Tokens, invitation_id: str) -> str:
    """Where this invitation's letter comes back to; empty: to its sender, as none is set or its name is too long."""
    name, _at, host = address.partition("@")
    local = f"{name}+{tokens.bounce_mark(invitation_id)}" if name else ""
    return f"{local}@{host}" if 0 < len(local) <= LONGEST_LOCAL_PART else ""


def sample_values(campaign: Campaign, language: str, *, name: str, base_url: str) -> dict[str, str]:
    """What stands in the gaps of a letter to the team. Its links show the survey's preview, which records nothing."""
    pages = f"{base_url}/app/surveys/{campaign.survey.public_id}/preview?lang={language}"
    return {
        "name": name,
        "organisation": campaign.survey.company.name,
        "score_link": f"{pages}&score=",
        "reference_link": f"{pages}&look=thanks-10",
        "unsubscribe": f"{base_url}/app/campaigns/{campaign.public_id}/letter/{language}",
    }


def sample_text(
    campaign: Campaign,
    language: str,
    words: str,
    *,
    name: str,
    settings: Settings,
    part: Part = Part.FIRST,
    code: str = SAMPLE_CODE,
) -> str:
    """A text message with these words to somebody of the team; without a `code` its short address leads nowhere."""
    link = f"{settings.base_url}/s/k/{code}"
    return text_of(
        words, survey=campaign.survey, name=name, language=language, link=link, sender=settings.sms_from, part=part
    )
