"""Letters to the authors of testimonials, and the end of their files. Every handler may run twice."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.port import GiveUp, JobContext
from socialproof.backends.mail import MailRefused, Message, MessageMalformed, render
from socialproof.backends.mail.bounces import without_addresses
from socialproof.domain.testimonial import ANONYMOUS
from socialproof.domain.widget import shown_name
from socialproof.media.models import Media
from socialproof.testimonials.hiding import delete_everywhere
from socialproof.testimonials.models import ProposedEdit, Testimonial
from socialproof.testimonials.service import note_refused_mail
from socialproof.tokens import Purpose


@dataclass(frozen=True)
class Letter:
    """All that a message needs, read in one transaction and sent after it."""

    name: str
    to: str
    key: str
    language: str
    values: dict[str, object]


def send_receipt(context: JobContext, *, company_id: int, testimonial_id: int) -> None:
    """Send the customer the receipt with the link by which everything can be changed and taken back."""
    with context.transaction() as session:
        testimonial = _testimonial(session, company_id, testimonial_id)
        letter = _receipt(context, testimonial) if testimonial else None
    _send(context, company_id, testimonial_id, letter)


def send_proposal(context: JobContext, *, company_id: int, proposal_id: int) -> None:
    """Ask the customer whether a shorter text may be shown."""
    with context.transaction() as session:
        proposal = session.scalar(
            select(ProposedEdit).where(ProposedEdit.company_id == company_id, ProposedEdit.id == proposal_id)
        )
        if proposal is None or proposal.state != "pending":
            return
        testimonial_id = proposal.testimonial_id
        letter = _proposal(context, proposal)
    _send(context, company_id, testimonial_id, letter)


def erase_media(context: JobContext, *, company_id: int, testimonial_id: int, media_prefixes: list[str]) -> None:
    """Delete every file of an erased testimonial, also where it was moved to after the fact was recorded."""
    with context.transaction() as session:
        of_testimonial = (Media.company_id == company_id, Media.testimonial_id == testimonial_id)
        moved = session.scalars(select(Media.prefix).where(*of_testimonial, Media.state == "deleted")).all()
    for prefix in dict.fromkeys([*media_prefixes, *moved]):
        delete_everywhere(context, prefix)


def _testimonial(session: Session, company_id: int, testimonial_id: int) -> Testimonial | None:
    return session.scalar(
        select(Testimonial).where(
            Testimonial.company_id == company_id,
            Testimonial.id == testimonial_id,
            Testimonial.erased_at.is_(None),
        )
    )


def _receipt(context: JobContext, testimonial: Testimonial) -> Letter:
    author = "" if testimonial.attribution == ANONYMOUS else testimonial.author_name
    return Letter(
        name="receipt",
        to=testimonial.author_email,
        key=f"receipt:{testimonial.public_id}",
        language=testimonial.language,
        values={
            "company": testimonial.survey.company.name,
            "author": author,
            "shown_as": shown_name(testimonial.author_name, testimonial.attribution),
            "text": testimonial.text,
            "has_video": testimonial.kind == "video",
            "reward": testimonial.survey.reward_text,
            "consents": [consent.text for consent in testimonial.consents if consent.withdrawn_at is None],
            "url": _link(context, Purpose.MANAGE, "t", testimonial.public_id),
        },
    )


def _proposal(context: JobContext, proposal: ProposedEdit) -> Letter:
    testimonial = proposal.testimonial
    contact = testimonial.contact
    known = contact.email if contact is not None and contact.deleted_at is None else None
    return Letter(
        name="proposal",
        to=testimonial.author_email or known or "",
        key=f"proposal:{proposal.public_id}",
        language=testimonial.language,
        values={
            "company": testimonial.survey.company.name,
            "author": testimonial.author_name,
            "old_text": proposal.old_text,
            "new_text": proposal.new_text,
            "url": _link(context, Purpose.PROPOSAL, "p", proposal.public_id),
            "manage_url": _link(context, Purpose.MANAGE, "t", testimonial.public_id),
        },
    )


def _link(context: JobContext, purpose: Purpose, door: str, public_id: str) -> str:
    return f"{context.settings.base_url}/s/{door}/{context.tokens.sign(purpose, public_id)}"


def _send(context: JobContext, company_id: int, testimonial_id: int, letter: Letter | None) -> None:
    """Send what can be sent. A refusal for good is written into the history, and not tried again."""
    if letter is None or not letter.to:
        return
    written = render(letter.name, letter.language, **letter.values)
    company = str(letter.values["company"])
    try:
        message = Message(
            letter.to,
            written.subject,
            written.text,
            written.html,
            letter.key,
            letter.language,
            from_name=company,
        )
        context.backends.mailer.send(message)
    except MessageMalformed as error:
        raise GiveUp(str(error)) from error
    except MailRefused as refused:
        with context.transaction() as session:
            testimonial = _testimonial(session, company_id, testimonial_id)
            if testimonial is not None:
                note_refused_mail(
                    session,
                    testimonial=testimonial,
                    code=refused.code,
                    now=context.now(),
                    address=letter.to,
                    reason=without_addresses(refused.reason),
                    is_about_address=refused.is_about_address,
                )
