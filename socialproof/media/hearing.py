"""Drafting captions: what the machine hears in a finished video, for a person to correct."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from socialproof.backends.jobs.port import GiveUp, JobContext
from socialproof.backends.jobs.queue import enqueue
from socialproof.backends.speech.port import Heard, Recognizer, RecognizerBusy, RecognizerTooSlow
from socialproof.backends.storage.port import MissingObject
from socialproof.backends.transcoder.audio import extract_audio
from socialproof.domain.captions import Cue, distribute
from socialproof.media.captions import draft_from_speech
from socialproof.media.models import Captions, Media
from socialproof.media.work import private_folder

DRAFT_CAPTIONS = "media.draft_captions"
BUSY_SECONDS = 20


def draft_captions(context: JobContext, *, media_id: int, company_id: int) -> None:
    """Draft the captions of a ready video that has none; nothing without a recognizer, or where nobody speaks.

    One video is heard at a time: the next one comes back later. Whatever fails here, the video stays ready.
    """
    with context.transaction() as session:
        media = _unheard(session, media_id, company_id)
    if media is None or context.backends.speech is None:
        return
    try:
        cues = _hear(context, context.backends.speech, media)
    except RecognizerBusy:
        _come_back(context, media_id, company_id)
        return
    except RecognizerTooSlow as slow:
        raise GiveUp(str(slow)) from slow
    with context.transaction() as session:
        media = _unheard(session, media_id, company_id)
        if media is not None and cues:
            draft_from_speech(session, media=media, cues=cues, language=_language(media), now=context.now())


def readable(heard: Iterable[Heard]) -> list[Cue]:
    """Cues of two lines at most; the time of what was heard in one piece is shared out by the length of its words."""
    return [
        replace(cue, start=round(each.start + cue.start, 3), end=round(each.start + cue.end, 3))
        for each in heard
        for cue in distribute(each.text, each.end - each.start)
    ]


def _unheard(session: Session, media_id: int, company_id: int) -> Media | None:
    return session.scalar(
        select(Media)
        .where(Media.company_id == company_id, Media.id == media_id)
        .where(Media.kind == "video", Media.state == "ready")
        .where(~exists().where(Captions.media_id == Media.id))
        .options(joinedload(Media.response))
    )


def _language(media: Media) -> str:
    return media.response.language if media.response else "en"


def _hear(context: JobContext, speech: Recognizer, media: Media) -> list[Cue]:
    if not media.details.get("has_audio", True):
        return []
    with private_folder(context.settings.data_dir, f"{media.public_id}-heard") as folder:
        video = folder / "video.mp4"
        try:
            context.backends.storage.copy_to_path(f"{media.prefix}/video.mp4", video)
        except MissingObject:
            return []  # it was erased since
        audio = extract_audio(video, folder, program=context.settings.ffmpeg)
        return readable(speech.recognize(audio, language=_language(media), seconds=media.duration_seconds or 0.0))


def _come_back(context: JobContext, media_id: int, company_id: int) -> None:
    """As a new job: waiting for one's turn is no failure that would be counted."""
    now, payload = context.now(), {"company_id": company_id, "media_id": media_id}
    with context.transaction() as session:
        run_at = now + timedelta(seconds=BUSY_SECONDS)
        enqueue(session, DRAFT_CAPTIONS, payload, now=now, run_at=run_at, key=f"{DRAFT_CAPTIONS}:{media_id}")
