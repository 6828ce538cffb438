"""What the team does with the captions of a testimonial's video; the testimonial's history keeps who did it.

A decision about a testimonial is one about everything that would be public. So the testimonial's version grows
whenever reviewed captions, or whether it has any, change: a moderator who looked before is told who was first.
A draft is not public and takes nothing from anybody's decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.companies.models import User
from socialproof.domain.errors import Conflict
from socialproof.domain.publication import CAPTIONED
from socialproof.media import captions as keeping
from socialproof.media.captions import Written
from socialproof.media.models import Captions, Media
from socialproof.testimonials.models import ModerationEntry, Testimonial
from socialproof.testimonials.moderating import note
from socialproof.testimonials.service import raise_version

DRAFTED = "captions"
REVIEWED = "captions_reviewed"
NO_SPEECH = "no_speech"
REOPENED = "captions_reopened"
ACTIONS = (DRAFTED, REVIEWED, NO_SPEECH, REOPENED)


def save(
    session: Session,
    *,
    testimonial: Testimonial,
    media: Media,
    user: User,
    version: int,
    written: Written,
    now: datetime,
) -> Captions:
    """Keep a draft. Conflict names who was first; RuleBroken as in `media.captions.save_captions`."""
    was_public = _is_public(media)
    with _named(session, testimonial):
        kept = keeping.save_captions(session, media=media, version=version, written=written, now=now)
    _note(session, testimonial, user, DRAFTED, now, was_public)
    return kept


def review(
    session: Session,
    *,
    testimonial: Testimonial,
    media: Media,
    user: User,
    version: int,
    written: Written,
    now: datetime,
) -> Captions:
    """Keep the captions and say that they are right."""
    with _named(session, testimonial):
        kept = keeping.review(session, media=media, version=version, written=written, by=user, now=now)
    _note(session, testimonial, user, REVIEWED, now, is_judgement=True)
    return kept


def say_no_speech(
    session: Session,
    *,
    testimonial: Testimonial,
    media: Media,
    user: User,
    version: int,
    language: str,
    now: datetime,
    is_sure: bool = False,
) -> Captions:
    """Say that nobody speaks; RuleBroken("captions_speak") where cues say otherwise until `is_sure`."""
    with _named(session, testimonial):
        kept = keeping.say_no_speech(
            session, media=media, version=version, language=language, by=user, now=now, is_sure=is_sure
        )
    _note(session, testimonial, user, NO_SPEECH, now, is_judgement=True)
    return kept


def reopen(
    session: Session, *, testimonial: Testimonial, media: Media, user: User, version: int, now: datetime
) -> Captions:
    """Make them a draft again, which takes the video from the public at once."""
    was_public = _is_public(media)
    with _named(session, testimonial):
        kept = keeping.reopen(session, media=media, version=version, now=now)
    _note(session, testimonial, user, REOPENED, now, was_public)
    return kept


def last_editor(session: Session, testimonial: Testimonial) -> str:
    """The name of who last did something with the captions; "" when that is unknown."""
    entry = _newest(session, testimonial, ACTIONS)
    return entry.user.name if entry is not None and entry.user is not None else ""


@contextmanager
def _named(session: Session, testimonial: Testimonial) -> Iterator[None]:
    """Puts the name of who was first into a Conflict."""
    try:
        yield
    except Conflict as conflict:
        raise Conflict(conflict.code, by=last_editor(session, testimonial)) from None


def _is_public(media: Media) -> bool:
    return media.captions is not None and media.captions.state in CAPTIONED


def _note(
    session: Session, testimonial: Testimonial, user: User, action: str, now: datetime, is_judgement: bool
) -> None:
    """Drafts saved one after the other by the same person are one entry, with the time of the last."""
    if is_judgement:
        raise_version(session, testimonial)
    newest = _newest(session, testimonial)
    if action == DRAFTED and newest is not None and (newest.action, newest.user_id) == (DRAFTED, user.id):
        newest.happened_at = now
        return
    note(session, testimonial, user, action, testimonial.state, now)


def _newest(session: Session, testimonial: Testimonial, actions: tuple[str, ...] = ()) -> ModerationEntry | None:
    entries = select(ModerationEntry).where(
        ModerationEntry.company_id == testimonial.company_id, ModerationEntry.testimonial_id == testimonial.id
    )
    if actions:
        entries = entries.where(ModerationEntry.action.in_(actions))
    return session.scalar(entries.order_by(ModerationEntry.id.desc()).limit(1))
