"""Text messages: what one says, what its reader sends back, and what the service reports of it."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.sms.port import SmsMessage
from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.outcomes import end_unwanted, note_delivered
from socialproof.campaigns.queries import language_of, wording_in
from socialproof.campaigns.tested_numbers import companies_that_tested
from socialproof.companies.models import Company
from socialproof.contacts import suppression
from socialproof.contacts.models import Contact
from socialproof.domain import sms
from socialproof.domain.invitation import LINK_LIFETIME
from socialproof.domain.letter import Part
from socialproof.languages import translations
from socialproof.settings import Settings
from socialproof.surveys.models import Survey
from socialproof.surveys.wording import wording_for

REFERENCE = "r"
"""What stands behind a short link that leads to the form for a reference, where every letter costs."""
NEVER_REACHED = ("undelivered", "failed")
STOPPED_CODE = "21610"
"""The service's number for: its owner told us to stop, and the service heard it before we did."""


def text_for(
    session: Session, campaign: Campaign, invitation: Invitation, settings: Settings, part: Part = Part.FIRST
) -> SmsMessage:
    """The text message of this invitation: words, its short link, how to stop; at most two segments.

    The short code is made when there is none yet. SmsMalformed when the contact has no number.
    """
    if invitation.short_code is None:
        invitation.short_code = sms.new_short_code()
        session.flush()
    language = language_of(invitation)
    link = f"{settings.base_url}/s/k/{invitation.short_code}"
    own = wording_in(campaign, language)
    return SmsMessage(
        to=invitation.contact.phone or "",
        text=text_of(
            own.sms_text if own else "",
            survey=invitation.survey,
            name=invitation.contact.name,
            language=language,
            link=link,
            sender=settings.sms_from,
            part=part,
        ),
        key=f"invitation:{invitation.public_id}:{invitation.reminder_count}",
    )


def text_of(
    own: str, *, survey: Survey, name: str, language: str, link: str, sender: str, part: Part = Part.FIRST
) -> str:
    """The company's own words, or the product's where there are none, with everything that belongs to a text.

    The request for a reference is always in the product's words; it leads straight to the form.
    """
    ending = stop_line(language, sender, link)
    if part is Part.REFERENCE:
        _ = translations(language).gettext
        words = _("{company}: thank you for your answer! May we quote you? A few words take two minutes:")
        return _filled(words, "", survey.company.name, f"{link}/{REFERENCE}", ending)
    return _filled(own.strip() or standard_text(survey, language), name, survey.company.name, link, ending)


def standard_text(survey: Survey, language: str) -> str:
    """The product's own words: who asks, and the question."""
    company, question = survey.company.name, wording_for(survey, language).question
    return question if company in question else f"{company}: {question}"


def stop_line(language: str, sender: str, link: str) -> str:
    """How to get no more. Nobody can answer a name, so a text from a name carries an address for it."""
    _ = translations(language).gettext
    if sender and not re.fullmatch(r"\+?[0-9]{3,}", sender):
        return _("Stop: %(link)s") % {"link": f"{link}/stop"}
    return _("Reply STOP to end.")


def hear_reply(session: Session, *, phone: str, text: str, now: datetime) -> str:
    """Do what a reply to our texts wants: `stop`, `start`, or nothing for any other words.

    It holds for every company that sent a text to this number (E.164), because all of them send from one number. One
    that texted somebody and erased them since cannot know whose number it was: it remembers the word for this one.
    """
    meaning = sms.meaning_of(text)
    texting = _texting_companies(session, phone, now) if meaning else []
    erased = _companies_that_erased(session, now) if meaning else []
    if meaning == "stop":
        for company_id in texting:
            stop(session, company_id=company_id, phone=phone, now=now)
        for company_id in erased:
            suppression.remember_address(
                session, company_id=company_id, address=phone, reason=suppression.STOPPED, now=now
            )
    elif meaning:
        for company_id in {*texting, *erased}:
            suppression.resume_texts(session, company_id=company_id, phone=phone)
    return meaning


def stop(session: Session, *, company_id: int, phone: str, now: datetime) -> None:
    """No more texts of this company to this number; what waits or could be repeated ends."""
    # Invitations first, then the contacts: whoever sends takes them in this order too.
    of_number = select(Contact.id).where(Contact.company_id == company_id, Contact.phone == phone)
    open_texts = (
        Invitation.company_id == company_id,
        Invitation.channel == "sms",
        Invitation.contact_id.in_(of_number),
    )
    end_unwanted(session, *open_texts, reason=suppression.STOPPED)
    suppression.stop_texts(session, company_id=company_id, phone=phone, now=now)


def hear_report(session: Session, *, key: str, provider_key: str, status: str, code: str, now: datetime) -> bool:
    """Note what the service reports of one text; whether it was one of ours. Late, twice, in any order: no matter."""
    invitation = _reported(session, key, provider_key)
    if invitation is None or invitation.channel != "sms":
        return False
    if status == "delivered":
        note_delivered(session, invitation=invitation, now=now)
    elif status in NEVER_REACHED:
        _note_lost(session, invitation, code, now)
        phone = invitation.contact.phone
        if code == STOPPED_CODE and phone:
            stop(session, company_id=invitation.company_id, phone=phone, now=now)
    return True


def invitation_with_code(session: Session, code: str) -> Invitation | None:
    """The invitation behind a short link. The code is the authority."""
    return session.scalar(select(Invitation).where(Invitation.short_code == code)) if sms.is_short_code(code) else None


def _note_lost(session: Session, invitation: Invitation, code: str, now: datetime) -> None:
    """The text did not arrive. Its number stays: a telephone that is off today is on tomorrow, for another survey."""
    session.refresh(invitation, with_for_update=True)
    invitation.error = code
    invitation.due_at = None
    if invitation.state in ("pending", "sent"):
        invitation.state, invitation.reason, invitation.bounced_at = "bounced", "refused", now
    session.flush()


def _reported(session: Session, key: str, provider_key: str) -> Invitation | None:
    kind, _colon, rest = key.partition(":")
    public_id = rest.partition(":")[0]
    if kind == "invitation" and re.fullmatch(r"[A-Za-z0-9_-]{1,22}", public_id):
        return session.scalar(select(Invitation).where(Invitation.public_id == public_id))
    return session.scalar(select(Invitation).where(Invitation.provider_key == provider_key)) if provider_key else None


def _texting_companies(session: Session, phone: str, now: datetime) -> list[int]:
    """Also those that sent a test there.

    By way of the companies: numbers are found by an index that begins with theirs.
    """
    texted = (
        select(Company.id)
        .join(Contact, Contact.company_id == Company.id)
        .join(Invitation, Invitation.contact_id == Contact.id)
        .where(Contact.phone == phone, Invitation.channel == "sms", Invitation.asked_at.is_not(None))
        .distinct()
    )
    return sorted({*session.scalars(texted), *companies_that_tested(session, phone, now)})


def _companies_that_erased(session: Session, now: datetime) -> list[int]:
    """Those that texted somebody who is erased since, as long as the link in the text lives."""
    erased = (
        select(Invitation.company_id)
        .join(Contact, Contact.id == Invitation.contact_id)
        .where(Contact.deleted_at.is_not(None), Invitation.channel == "sms", Invitation.asked_at > now - LINK_LIFETIME)
        .distinct()
    )
    return sorted(session.scalars(erased))


def _filled(words: str, name: str, company: str, link: str, ending: str) -> str:
    """The words with name and company in them. The link stands where they say, else behind them; it is never cut."""
    values = {"{name}": name, "{company}": company}
    before, found, after = words.partition("{link}")
    said = [sms.plain(_replaced(part.replace("{link}", ""), values)) for part in (before, after)]
    tail = " ".join(filter(None, (link, said[1] if found else "", ending)))
    if sms.size_of(tail).segments > sms.MOST_SEGMENTS:  # too much behind the link: that goes first
        said, tail = [f"{said[0]} {said[1]}".strip(), ""], f"{link} {ending}"
    return sms.fitted(said[0], f" {tail}").strip()


def _replaced(words: str, values: dict[str, str]) -> str:
    """In one go, so that a name that looks like a placeholder stays a name."""
    return re.sub(r"\{(?:name|company)\}", lambda found: values[found.group()], words)
