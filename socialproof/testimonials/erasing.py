"""Erasure: the person goes, the proof that there was a consent and that it ended stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from socialproof.database import record
from socialproof.domain import moderation
from socialproof.domain.events import TestimonialErased
from socialproof.media.giving_up import sweep_soon
from socialproof.media.models import Captions, Media, Upload
from socialproof.responses.models import Response, ResponseChange
from socialproof.testimonials.models import ModerationEntry, Testimonial
from socialproof.testimonials.service import raise_version, take_back

PERSONAL = (
    "text",
    "original_text",
    "best_line",
    "author_name",
    "author_role",
    "author_organisation",
    "author_email",
)


def erase_testimonial(session: Session, *, testimonial: Testimonial, now: datetime) -> None:
    """Forget words, names, address, photo and video for good; once is as good as twice.

    Of each consent its purpose, version, hash and times stay: who holds the text can still show that it
    was this one.
    The score stays in the figures, the words that were written beside it do not.
    """
    if testimonial.erased_at is not None:
        return
    raise_version(session, testimonial)
    take_back(session, testimonial, now)
    _blank(session, testimonial, now)
    if testimonial.response is not None:
        _forget_words(session, testimonial.response)
    all_media = _all_media(session, testimonial)
    _give_up_uploads(session, all_media, now)
    _forget_captions(session, all_media)
    prefixes = [_drop(media) for media in all_media]
    session.flush()
    record(session, TestimonialErased(testimonial.company_id, testimonial.id, tuple(prefixes)))


def _blank(session: Session, testimonial: Testimonial, now: datetime) -> None:
    for name in PERSONAL:
        setattr(testimonial, name, "")
    for consent in testimonial.consents:
        consent.text = ""
    for proposal in testimonial.proposals:
        proposal.old_text = proposal.new_text = ""
    for entry in testimonial.history:
        entry.details = {}
    testimonial.tags.clear()
    session.add(
        ModerationEntry(
            company_id=testimonial.company_id,
            testimonial_id=testimonial.id,
            action="erase",
            old_state=testimonial.state,
            new_state=moderation.WITHDRAWN,
            happened_at=now,
        )
    )
    testimonial.state = moderation.WITHDRAWN
    testimonial.attribution = "anonymous"
    testimonial.contact_id = None
    testimonial.erased_at = now


def _forget_words(session: Session, response: Response) -> None:
    response.comment = ""
    session.execute(update(ResponseChange).where(ResponseChange.response_id == response.id).values(old_comment=""))


def _all_media(session: Session, testimonial: Testimonial) -> list[Media]:
    """Its own, and what was sent with the same response and not used."""
    found = session.query(Media).filter(Media.company_id == testimonial.company_id)
    same = Media.testimonial_id == testimonial.id
    if testimonial.response_id is not None:
        same = same | (Media.response_id == testimonial.response_id)
    return found.filter(same).order_by(Media.id).all()


def _give_up_uploads(session: Session, all_media: list[Media], now: datetime) -> None:
    """What is still on its way arrives nowhere; the parts that are here already go with a sweep after the commit."""
    given_up = session.execute(
        update(Upload)
        .where(Upload.media_id.in_([media.id for media in all_media]), Upload.state == "open")
        .values(state="aborted")
        .returning(Upload.id)
        .execution_options(synchronize_session=False)
    ).all()
    if given_up:
        sweep_soon(session, now)


def _forget_captions(session: Session, all_media: list[Media]) -> None:
    """What was said in a video are the customer's words too."""
    named = [media.id for media in all_media]
    session.execute(delete(Captions).where(Captions.media_id.in_(named)).execution_options(synchronize_session=False))
    for media in all_media:
        session.expire(media, ["captions"])


def _drop(media: Media) -> str:
    """Its row stays, so that a worker who has it in hand sees that it is gone; the sweep looks once more."""
    media.state, media.reason = "deleted", ""
    media.details, media.variants, media.sha256 = {}, [], ""
    return media.prefix
