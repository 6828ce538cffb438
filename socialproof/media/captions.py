"""Keeping the captions of a video. Each change names the version that was looked at: of two editors one wins.

Captions are public in two states: reviewed by a person, or a person heard that nobody speaks. Whatever changes
what is public is told as `CaptionsChanged`; a draft is nobody's business but the team's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from socialproof.companies.models import User
from socialproof.database import record
from socialproof.domain import captions as rules
from socialproof.domain.captions import Cue
from socialproof.domain.errors import Conflict, RuleBroken
from socialproof.domain.events import CaptionsChanged
from socialproof.domain.publication import CAPTIONED, NO_SPEECH, REVIEWED
from socialproof.domain.text import clean_text
from socialproof.media.models import Captions, Media

DRAFT = "draft"
TYPED = "typed"
UPLOADED = "uploaded"
SPEECH = "speech"


@dataclass(frozen=True)
class Written:
    """What an editor has on the page. `source` is where the words came from first."""

    cues: Sequence[Cue]
    language: str
    transcript: str = ""
    source: str = TYPED


def cues_of(captions: Captions | None) -> list[Cue]:
    """The cues as the rules know them; none where nobody has begun."""
    return [Cue(each["start"], each["end"], each["text"]) for each in captions.cues] if captions else []


def is_only_heard(captions: Captions) -> bool:
    """Whether they are what a machine heard, and no person has touched them."""
    return (captions.source, captions.state, captions.version) == (SPEECH, DRAFT, 1)


def captions_vtt(captions: Captions | None) -> str:
    """The WebVTT file of a video, written anew on every request; one without cues where nobody speaks.

    Who may read it is the caller's question: only captions in a state of `publication.CAPTIONED` are public.
    """
    return rules.write_vtt([] if captions is None or captions.state == NO_SPEECH else cues_of(captions))


def save_captions(session: Session, *, media: Media, version: int, written: Written, now: datetime) -> Captions:
    """Keep a draft, whatever is still wrong with it; captions that were public are not until they are reviewed.

    `version` is the one that was looked at, 0 where there were none. Conflict("captions_changed") when somebody
    was first; RuleBroken captions_many, captions_long or transcript_long.
    """
    captions, was_public = _claim(session, media, version, written.language, now)
    _write(captions, written)
    return _settle(session, captions, DRAFT, was_public, now)


def review(session: Session, *, media: Media, version: int, written: Written, by: User, now: datetime) -> Captions:
    """Keep the captions and say that they are right. RuleBroken("captions_none") without any words,
    RuleBroken("captions_problems") while a cue stands where it cannot be read.
    """
    if not written.cues:
        raise RuleBroken("captions_none")
    found = rules.problems(rules.in_order(written.cues), media.duration_seconds)
    if any(problem.is_hard for problem in found):
        raise RuleBroken("captions_problems")
    captions, was_public = _claim(session, media, version, written.language, now)
    _write(captions, written)
    return _settle(session, captions, REVIEWED, was_public, now, by)


def say_no_speech(
    session: Session, *, media: Media, version: int, language: str, by: User, now: datetime, is_sure: bool = False
) -> Captions:
    """Say that nobody speaks in the video, so that it needs no captions.

    Cues that are there contradict it: RuleBroken("captions_speak") until `is_sure`. They are kept with the
    captions, are shown nowhere, and are there again after `reopen`.
    """
    captions, was_public = _claim(session, media, version, language, now)
    if captions.cues and not is_sure:
        raise RuleBroken("captions_speak")
    return _settle(session, captions, NO_SPEECH, was_public, now, by)


def reopen(session: Session, *, media: Media, version: int, now: datetime) -> Captions:
    """Make the captions a draft again: the video is not public until they are reviewed."""
    if media.captions is None:
        raise RuleBroken("captions_none")
    captions, was_public = _claim(session, media, version, media.captions.language, now)
    return _settle(session, captions, DRAFT, was_public, now)


def draft_from_speech(
    session: Session, *, media: Media, cues: Sequence[Cue], language: str, now: datetime
) -> Captions | None:
    """Keep what a machine heard, for a person to check; None, and nothing is changed, where a person wrote
    or decided anything before. A draft of a machine that nobody touched is replaced.
    """
    held = _held(session, media)
    if held is not None and not is_only_heard(held):
        return None
    kept = rules.tidy(cues, media.duration_seconds)[: rules.MOST_CUES]
    try:
        captions, was_public = _claim(session, media, held.version if held else 0, language, now)
    except Conflict:
        return None
    captions.version = 1
    _write(captions, Written(kept, language, source=SPEECH))
    return _settle(session, captions, DRAFT, was_public, now)


def _held(session: Session, media: Media) -> Captions | None:
    query = select(Captions).where(Captions.company_id == media.company_id, Captions.media_id == media.id)
    return session.scalar(query.execution_options(populate_existing=True))


def _claim(session: Session, media: Media, version: int, language: str, now: datetime) -> tuple[Captions, bool]:
    """The captions for writing, and whether they were public, if they are still as they were looked at.

    The one conditional UPDATE, or the one row that a video may have, decides between two editors.
    """
    if version == 0:
        return _begin(session, media, language, now), False
    taken = session.execute(
        update(Captions)
        .where(Captions.company_id == media.company_id)
        .where(Captions.media_id == media.id, Captions.version == version)
        .values(version=version + 1, language=language)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(taken, CursorResult)
    captions = _held(session, media)
    if not taken.rowcount or captions is None:
        raise Conflict("captions_changed")
    return captions, captions.state in CAPTIONED


def _begin(session: Session, media: Media, language: str, now: datetime) -> Captions:
    captions = Captions(company_id=media.company_id, media_id=media.id, language=language, updated_at=now)
    try:
        with session.begin_nested():
            session.add(captions)
    except IntegrityError:
        raise Conflict("captions_changed") from None
    session.expire(media, ["captions"])
    return captions


def _write(captions: Captions, written: Written) -> None:
    cues = rules.in_order(rules.cue(each.start, each.end, each.text) for each in written.cues)
    if len(cues) > rules.MOST_CUES:
        raise RuleBroken("captions_many", most=rules.MOST_CUES)
    if any(len(each.text) > rules.MOST_CHARACTERS for each in cues):
        raise RuleBroken("captions_long", most=rules.MOST_CHARACTERS)
    transcript = clean_text(written.transcript)
    if len(transcript) > rules.LONGEST_TRANSCRIPT:
        raise RuleBroken("transcript_long", most=rules.LONGEST_TRANSCRIPT)
    captions.cues = [{"start": each.start, "end": each.end, "text": each.text} for each in cues]
    captions.transcript, captions.source = transcript, written.source


def _settle(
    session: Session, captions: Captions, state: str, was_public: bool, now: datetime, by: User | None = None
) -> Captions:
    captions.state, captions.updated_at = state, now
    captions.reviewed_at, captions.reviewed_by = (now, by) if by is not None else (None, None)
    session.flush()
    if was_public or state in CAPTIONED:
        record(session, CaptionsChanged(captions.company_id, captions.media_id))
    return captions
