"""What customers do with their testimonial: give it, change it, allow and forbid its use, take it back.

The customer's word comes first: each act raises the version, so that a moderator who looked at the old
words loses.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from socialproof.campaigns.references import call_off
from socialproof.contacts.suppression import note_bounce
from socialproof.database import insert_into, new_public_id, record
from socialproof.domain import moderation
from socialproof.domain.consent import require_purposes, standing
from socialproof.domain.errors import Conflict, NotFound, RuleBroken
from socialproof.domain.events import (
    ConsentChanged,
    EditDecided,
    TestimonialEdited,
    TestimonialSubmitted,
    TestimonialWithdrawn,
)
from socialproof.domain.testimonial import best_line_after, require_attribution, require_words
from socialproof.media.models import Media
from socialproof.media.queries import SENT
from socialproof.responses.models import Response
from socialproof.testimonials.models import ConsentRecord, ModerationEntry, ProposedEdit, Testimonial
from socialproof.testimonials.queries import testimonial_of_response
from socialproof.testimonials.wording import consent_text


@dataclass(frozen=True)
class Author:
    """Who speaks, as typed and cleaned. Only `name` may be needed; `email` is for the receipt and never
    shown.
    """

    name: str = ""
    role: str = ""
    organisation: str = ""
    email: str = ""


def submit_testimonial(
    session: Session,
    *,
    response: Response,
    text: str,
    author: Author,
    attribution: str,
    purposes: Collection[str],
    language: str,
    photo_media: Media | None = None,
    video_media: Media | None = None,
    now: datetime,
) -> Testimonial:
    """Keep the testimonial of this response, with one consent record per granted purpose. Sent again it
    stays one.

    RuleBroken: text_missing, text_too_long, name_missing, attribution, purpose. NotFound for media of
    somebody else.
    """
    granted = require_purposes(purposes)
    values = {
        "text": require_words(text, has_video=video_media is not None),
        "attribution": require_attribution(attribution, author.name),
        "kind": "video" if video_media is not None else "text",
        "language": language,
        **_author_values(author),
    }
    media = [_own(session, each, response) for each in (photo_media, video_media) if each is not None]
    testimonial = _insert(session, response, values, now)
    if testimonial is None:
        return _already_given(session, response)
    testimonial.media.extend(media)
    _grant(session, testimonial, granted, language, now)
    _note(session, testimonial, "submit", moderation.SUBMITTED, now, old_state=moderation.DRAFT)
    session.flush()
    if response.invitation_id is not None:
        call_off(session, invitation_id=response.invitation_id)
    record(session, TestimonialSubmitted(testimonial.company_id, testimonial.id))
    return testimonial


def edit_testimonial(
    session: Session,
    *,
    testimonial: Testimonial,
    text: str,
    author: Author,
    attribution: str,
    now: datetime,
) -> Testimonial:
    """Replace the words and the author. What the public would read anew waits for a new decision.

    Another way of being named, or another address for receipts, is nothing that the team must judge: it takes
    effect at once. RuleBroken as in submit_testimonial, and "withdrawn" when it was taken back.
    """
    _claim(session, testimonial)
    require_words(text, has_video=testimonial.kind == "video")
    require_attribution(attribution, author.name)
    fresh = {"text": text, **_author_values(author)}
    changed = {name for name, value in fresh.items() if getattr(testimonial, name) != value}
    if not changed and testimonial.attribution == attribution:
        return testimonial
    for name, value in fresh.items():
        setattr(testimonial, name, value)
    testimonial.attribution = attribution
    if "text" in changed:
        testimonial.original_text = text
        testimonial.best_line = best_line_after(testimonial.best_line, text)
        _end_proposals(testimonial, "superseded", now)
    if changed - {"author_email"}:
        _resubmit(session, testimonial, now)
    record(session, TestimonialEdited(testimonial.company_id, testimonial.id))
    return testimonial


def change_photo(session: Session, *, testimonial: Testimonial, photo_media: Media | None, now: datetime) -> None:
    """Put another photo in the place of the present one, or none. A new face waits for a new decision."""
    _claim(session, testimonial)
    if photo_media is not None and photo_media.response_id != testimonial.response_id:
        raise NotFound()
    for media in testimonial.media:
        if media.kind == "photo" and media is not photo_media:
            # The bytes go with the next sweep; from this moment on nobody is given them.
            media.state = "deleted"
    if photo_media is not None:
        photo_media.testimonial_id = testimonial.id
        _resubmit(session, testimonial, now)
    record(session, TestimonialEdited(testimonial.company_id, testimonial.id))


def change_consents(
    session: Session, *, testimonial: Testimonial, purposes: Collection[str], language: str, now: datetime
) -> None:
    """From now on exactly these purposes are allowed; a purpose that stays keeps its record."""
    wanted = require_purposes(purposes)
    _claim(session, testimonial)
    before = standing(testimonial.consents)
    if before == set(wanted):
        return
    for consent in testimonial.consents:
        if consent.withdrawn_at is None and consent.purpose not in wanted:
            consent.withdrawn_at = now
    _grant(session, testimonial, [purpose for purpose in wanted if purpose not in before], language, now)
    session.flush()
    session.expire(testimonial, ["consents"])
    _note(session, testimonial, "consent", testimonial.state, now, granted=list(wanted))
    record(session, ConsentChanged(testimonial.company_id, testimonial.id))


def withdraw_testimonial(session: Session, *, testimonial: Testimonial, now: datetime) -> None:
    """Take everything back: no consent stands, nothing of it is public. Saying it twice is the same as
    once.
    """
    if testimonial.state == moderation.WITHDRAWN:
        return
    _claim(session, testimonial)
    take_back(session, testimonial, now)
    _note(session, testimonial, "withdraw", moderation.WITHDRAWN, now)
    testimonial.state = moderation.WITHDRAWN
    record(session, TestimonialWithdrawn(testimonial.company_id, testimonial.id))


def take_back(session: Session, testimonial: Testimonial, now: datetime) -> None:
    """End every consent and every open proposal."""
    testimonial.withdrawn_at = testimonial.withdrawn_at or now
    testimonial.is_featured = False
    for consent in testimonial.consents:
        consent.withdrawn_at = consent.withdrawn_at or now
    _end_proposals(testimonial, "cancelled", now)


def decide_proposal(session: Session, *, proposal: ProposedEdit, is_approved: bool, now: datetime) -> None:
    """The customer says yes or no to a shorter text; only a yes makes it the text. The original is kept.

    RuleBroken("proposal_<state>") when it was decided, replaced or cancelled before, or the words have
    changed since.
    """
    testimonial = proposal.testimonial
    if testimonial.state == moderation.WITHDRAWN:
        raise RuleBroken("proposal_cancelled")
    _claim(session, testimonial)
    session.refresh(proposal)
    if proposal.state == "pending" and testimonial.text != proposal.old_text:
        raise RuleBroken("proposal_superseded")
    if proposal.state != "pending":
        raise RuleBroken(f"proposal_{proposal.state}")
    proposal.state, proposal.decided_at = ("approved" if is_approved else "declined"), now
    if is_approved:
        testimonial.text = proposal.new_text
        testimonial.best_line = best_line_after(testimonial.best_line, testimonial.text)
    _note(session, testimonial, "approve_edit" if is_approved else "decline_edit", testimonial.state, now)
    record(session, EditDecided(testimonial.company_id, proposal.id))


def note_refused_mail(
    session: Session,
    *,
    testimonial: Testimonial,
    code: int,
    now: datetime,
    address: str = "",
    reason: str = "",
    is_about_address: bool = True,
) -> None:
    """Tell the team, in the testimonial's history, that the customer's mail server refuses the address for
    good. A contact that has this same `address` gets no letters either, when the mailbox itself is at fault.
    """
    _note(session, testimonial, "mail_refused", testimonial.state, now, code=code)
    contact = testimonial.contact
    if is_about_address and contact is not None and contact.email and contact.email == address.strip().lower():
        note_bounce(session, contact=contact, reason=reason, now=now)


def _author_values(author: Author) -> dict[str, str]:
    return {
        "author_name": author.name,
        "author_role": author.role,
        "author_organisation": author.organisation,
        "author_email": author.email,
    }


def _own(session: Session, media: Media, response: Response) -> Media:
    session.refresh(media, with_for_update=True)
    if media.response_id != response.id or media.company_id != response.company_id or media.state not in SENT:
        raise NotFound()
    return media


def _insert(session: Session, response: Response, values: dict[str, Any], now: datetime) -> Testimonial | None:
    """The new row, or None when this response has its testimonial already."""
    insert = insert_into(Testimonial, session.get_bind().dialect.name)
    row = {
        "public_id": new_public_id(),
        "company_id": response.company_id,
        "survey_id": response.survey_id,
        "response_id": response.id,
        "contact_id": response.contact_id,
        "state": moderation.SUBMITTED,
        "original_text": values["text"],
        "is_verified": response.invitation_id is not None,
        "is_rewarded": bool(response.survey.reward_text),
        "created_at": now,
        "submitted_at": now,
        **values,
    }
    added = insert.on_conflict_do_nothing(index_elements=["response_id"]).returning(Testimonial)
    return session.scalars(added, row).one_or_none()


def _already_given(session: Session, response: Response) -> Testimonial:
    given = testimonial_of_response(session, response)
    if given is None:
        raise Conflict("answered_elsewhere")
    return given


def _grant(session: Session, testimonial: Testimonial, purposes: Collection[str], language: str, now: datetime) -> None:
    for purpose in purposes:
        shown = consent_text(purpose, testimonial.survey.company.name, language)
        session.add(
            ConsentRecord(
                company_id=testimonial.company_id,
                testimonial_id=testimonial.id,
                purpose=purpose,
                text_version=shown.version,
                language=language,
                text=shown.text,
                text_sha256=shown.sha256,
                granted_at=now,
            )
        )


def raise_version(session: Session, testimonial: Testimonial) -> None:
    """Take the row, as it is now: a moderator who looked at an older version loses."""
    session.execute(
        update(Testimonial)
        .where(Testimonial.company_id == testimonial.company_id, Testimonial.id == testimonial.id)
        .values(version=Testimonial.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.expire(testimonial)


def _claim(session: Session, testimonial: Testimonial) -> None:
    """Take the row; RuleBroken("withdrawn") when it was taken back."""
    raise_version(session, testimonial)
    if testimonial.state == moderation.WITHDRAWN:
        raise RuleBroken("withdrawn")


def _resubmit(session: Session, testimonial: Testimonial, now: datetime) -> None:
    state = moderation.after("resubmit", testimonial.state)
    _note(session, testimonial, "edit", state, now)
    testimonial.state = state
    testimonial.rejection_reason = ""
    testimonial.decided_by_id = testimonial.decided_at = None


def _end_proposals(testimonial: Testimonial, state: str, now: datetime) -> None:
    for proposal in testimonial.proposals:
        if proposal.state == "pending":
            proposal.state, proposal.decided_at = state, now


def _note(
    session: Session,
    testimonial: Testimonial,
    action: str,
    new_state: str,
    now: datetime,
    old_state: str = "",
    **details: Any,
) -> None:
    """Write the customer's act into the history; never words or names, which an erasure would have to
    find.
    """
    session.add(
        ModerationEntry(
            company_id=testimonial.company_id,
            testimonial_id=testimonial.id,
            user_id=None,
            action=action,
            old_state=old_state or testimonial.state,
            new_state=new_state,
            details=details,
            happened_at=now,
        )
    )
