"""What the worker does with a sent video. It may be killed and run again."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from socialproof.backends.jobs.port import GiveUp, JobContext
from socialproof.backends.jobs.queue import enqueue, unpark_same
from socialproof.backends.storage.port import MissingObject, StorageFull
from socialproof.backends.transcoder.port import Recording, Transcoded, TranscoderFailed, VideoRefused
from socialproof.database import record
from socialproof.domain.errors import Conflict
from socialproof.domain.events import MediaParked, MediaReady, MediaUnreadable
from socialproof.media.models import Media
from socialproof.media.source import fetch_source
from socialproof.media.work import private_folder, remove_others

log = logging.getLogger(__name__)

PROCESS_VIDEO = "media.process_video"
TOLD_EVERY = timedelta(seconds=2)


class _Lost(Exception):
    """Another worker has this job now: its word counts, and this run says nothing."""


@dataclass(frozen=True)
class _Task:
    """What one run needs of the row, read once."""

    media_id: int
    company_id: int
    public_id: str
    prefix: str
    sha256: str
    segment_byte_counts: tuple[int, ...]
    max_seconds: float
    recorded_seconds: float | None
    trim_start: float | None
    trim_end: float | None
    is_partial: bool

    def recording(self, segments: tuple[Path, ...]) -> Recording:
        return Recording(
            segments, self.max_seconds, self.recorded_seconds, self.trim_start, self.trim_end, self.is_partial
        )


def process_video(context: JobContext, *, media_id: int, company_id: int) -> None:
    """Make the playable videos and pictures from the source; one result however often it is started."""
    task = _begin(context, media_id, company_id)
    if task is None:
        _clear_erased(context, media_id, company_id)
        return
    remove_others(context.settings.data_dir, task.public_id)
    with private_folder(context.settings.data_dir, task.public_id) as folder:
        try:
            made, source_bytes = _make(context, task, folder)
        except _Lost:
            return
        except (VideoRefused, MissingObject) as refused:
            code = refused.code if isinstance(refused, VideoRefused) else "unreadable"
            # Another worker's run has taken this run's folder away: then its word counts, and this one's says nothing.
            if context.renew():
                _note_unreadable(context, task, code, str(refused))
            return
        if context.renew():
            _keep(context, task.prefix, made)
            _note_ready(context, task, made, source_bytes)


def _begin(context: JobContext, media_id: int, company_id: int) -> _Task | None:
    with context.transaction() as session:
        media = _wanted(session, media_id, company_id)
        if media is None:
            return None
        media.state, media.reason, media.progress_percent = "processing", "", 0
        return _Task(
            media_id,
            company_id,
            media.public_id,
            media.prefix,
            media.sha256,
            tuple(media.segment_byte_counts),
            float(_max_seconds(context, media)),
            media.recorded_seconds,
            media.trim_start_seconds,
            media.trim_end_seconds,
            media.is_partial,
        )


def _make(context: JobContext, task: _Task, folder: Path) -> tuple[Transcoded, int]:
    """The finished files, and how many bytes the source has."""
    source = fetch_source(
        context.backends.storage,
        f"{task.prefix}/source",
        folder,
        sha256=task.sha256,
        segment_byte_counts=task.segment_byte_counts,
    )
    progress = _Progress(context, task)
    made = context.backends.transcoder.transcode(task.recording(source.segments), folder, progress=progress.tell)
    return made, source.byte_count


@dataclass
class _Progress:
    """Writes how far the worker is, every two seconds at most; raises _Lost once another worker has the job."""

    context: JobContext
    task: _Task
    percent: int = 0
    next_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.next_at = self.context.now()

    def tell(self, share: float) -> None:
        percent, now = min(99, int(share * 100)), self.context.now()
        if percent <= self.percent or now < self.next_at:
            return
        if not self.context.renew():
            raise _Lost
        self.percent, self.next_at = percent, now + TOLD_EVERY
        task = self.task
        is_task = (Media.company_id == task.company_id, Media.id == task.media_id, Media.state == "processing")
        with self.context.transaction() as session:
            session.execute(update(Media).where(*is_task).values(progress_percent=percent))


def _wanted(session: Session, media_id: int, company_id: int) -> Media | None:
    """For writing: who takes it back at this moment waits for us, or we for them, and find it deleted."""
    statement = select(Media).where(
        Media.company_id == company_id, Media.id == media_id, Media.state.in_(("uploaded", "processing"))
    )
    return session.scalar(statement.with_for_update())


def _max_seconds(context: JobContext, media: Media) -> int:
    allowed = context.settings.max_video_seconds
    return min(allowed, media.response.survey.max_video_seconds) if media.response else allowed


def _keep(context: JobContext, prefix: str, made: Transcoded) -> None:
    for name, path in made.files.items():
        with path.open("rb") as file:
            context.backends.storage.put(f"{prefix}/{name}", file)


def _note_ready(context: JobContext, task: _Task, made: Transcoded, source_bytes: int) -> None:
    with context.transaction() as session:
        media = _wanted(session, task.media_id, task.company_id)
        if media is not None:
            _fill(media, made, source_bytes, context.now())
            record(session, MediaReady(task.company_id, task.media_id))
            return
    _clear_erased(context, task.media_id, task.company_id)


def _clear_erased(context: JobContext, media_id: int, company_id: int) -> None:
    """What was taken back while it was processed stays erased: also what a run wrote that was killed after it."""
    erased = select(Media.prefix).where(Media.company_id == company_id, Media.id == media_id, Media.state == "deleted")
    with context.transaction() as session:
        prefix = session.scalar(erased)
    if prefix is not None:
        log.info("media %s was erased while it was processed", media_id)
        context.backends.storage.delete_prefix(prefix)


def _fill(media: Media, made: Transcoded, source_bytes: int, now: datetime) -> None:
    media.state, media.reason, media.ready_at, media.progress_percent = "ready", "", now, 100
    media.variants, media.is_audio = list(made.files), made.is_audio
    media.stored_byte_count = source_bytes + sum(path.stat().st_size for path in made.files.values())
    media.width, media.height, media.duration_seconds = made.width, made.height, made.duration_seconds
    media.details = {**media.details, "has_audio": made.has_audio, **made.details}


def _note_unreadable(context: JobContext, task: _Task, code: str, detail: str) -> None:
    log.warning("media %s is unreadable: %s", task.media_id, detail)
    with context.transaction() as session:
        media = _wanted(session, task.media_id, task.company_id)
        if media is not None:
            media.state, media.reason = "unreadable", code
            record(session, MediaUnreadable(task.company_id, task.media_id))


def note_parked(session: Session, *, error: Exception, media_id: int, company_id: int) -> None:
    """The machine failed for good: the team sees the video with the reason, and may let it run again."""
    media = _wanted(session, media_id, company_id)
    if media is not None:
        media.state, media.reason = "parked", _parked_reason(error)
        record(session, MediaParked(company_id, media_id))


def _parked_reason(error: Exception) -> str:
    """A code that the edge has a sentence for; the words of the error itself may hold paths."""
    kinds: list[tuple[type[Exception] | tuple[type[Exception], ...], str]] = [
        (GiveUp, "worker_lost"),
        (StorageFull, "storage_full"),
        (TranscoderFailed, "transcoder_failed"),
    ]
    return next((code for kind, code in kinds if isinstance(error, kind)), "machine_failed")


def run_again(session: Session, *, media: Media, now: datetime) -> None:
    """Let a parked video be tried again from the first attempt; Conflict when it is not parked any more."""
    if media.state != "parked":
        raise Conflict("not_parked")
    _wait_again(media)
    payload = {"company_id": media.company_id, "media_id": media.id}
    if not unpark_same(session, PROCESS_VIDEO, payload, now=now):
        enqueue(session, PROCESS_VIDEO, payload, now=now)


def note_revived(session: Session, *, now: datetime, media_id: int, company_id: int) -> None:
    """The operator revived the job itself: its video waits again."""
    statement = select(Media).where(Media.company_id == company_id, Media.id == media_id, Media.state == "parked")
    media = session.scalar(statement)
    if media is not None:
        _wait_again(media)


def _wait_again(media: Media) -> None:
    media.state, media.reason, media.progress_percent = "uploaded", "", 0
