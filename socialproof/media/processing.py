"""What the worker does with a sent video. It may be killed and run again."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.port import JobContext
from socialproof.backends.storage.port import MissingObject
from socialproof.backends.transcoder.port import Transcoded, VideoRefused
from socialproof.database import record
from socialproof.domain.events import MediaReady, MediaUnreadable
from socialproof.media.models import Media

log = logging.getLogger(__name__)

VARIANTS = ["video.mp4", "poster.webp"]


def process_video(context: JobContext, *, media_id: int, company_id: int) -> None:
    """Make the playable video and its poster from the source; one result however often it is started."""
    with context.transaction() as session:
        media = _wanted(session, media_id, company_id)
        if media is None:
            return
        media.state = "processing"
        key, public_id, prefix = f"{media.prefix}/source", media.public_id, media.prefix
        recorded, max_seconds = media.recorded_seconds, float(_max_seconds(context, media))
    with _private_folder(context.settings.data_dir, public_id) as folder:
        try:
            context.backends.storage.copy_to_path(key, folder / "source")
            made = context.backends.transcoder.transcode(
                folder / "source", folder, max_seconds=max_seconds, recorded_seconds=recorded
            )
        except (VideoRefused, MissingObject) as refused:
            code = refused.code if isinstance(refused, VideoRefused) else "unreadable"
            # Another worker's run has taken this run's folder away: then its word counts, and this one's says nothing.
            if context.renew():
                _note_unreadable(context, media_id, company_id, code, str(refused))
            return
        if context.renew():
            _keep(context, prefix, made)
            _note_ready(context, media_id, company_id, prefix, made)


def _wanted(session: Session, media_id: int, company_id: int) -> Media | None:
    statement = select(Media).where(
        Media.company_id == company_id, Media.id == media_id, Media.state.in_(("uploaded", "processing"))
    )
    return session.scalar(statement)


def _max_seconds(context: JobContext, media: Media) -> int:
    allowed = context.settings.max_video_seconds
    return min(allowed, media.response.survey.max_video_seconds) if media.response else allowed


def _keep(context: JobContext, prefix: str, made: Transcoded) -> None:
    for name, path in zip(VARIANTS, (made.video, made.poster), strict=True):
        with path.open("rb") as file:
            context.backends.storage.put(f"{prefix}/{name}", file)


def _note_ready(context: JobContext, media_id: int, company_id: int, prefix: str, made: Transcoded) -> None:
    with context.transaction() as session:
        media = _wanted(session, media_id, company_id)
        if media is not None:
            media.state, media.reason, media.ready_at = "ready", "", context.now()
            media.variants, media.progress_percent = list(VARIANTS), 100
            made_bytes = sum(path.stat().st_size for path in (made.video, made.poster))
            media.stored_byte_count = (media.byte_count or 0) + made_bytes
            media.width, media.height, media.duration_seconds = made.width, made.height, made.duration_seconds
            media.details = {**media.details, "has_audio": made.has_audio}
            record(session, MediaReady(company_id, media_id))
            return
        of_media = select(Media.state).where(Media.company_id == company_id, Media.id == media_id)
        state = session.scalar(of_media)
    if state in (None, "deleted"):
        log.info("media %s was erased while it was processed", media_id)
        context.backends.storage.delete_prefix(prefix)


def _note_unreadable(context: JobContext, media_id: int, company_id: int, code: str, detail: str) -> None:
    log.warning("media %s is unreadable: %s", media_id, detail)
    with context.transaction() as session:
        media = _wanted(session, media_id, company_id)
        if media is not None:
            media.state, media.reason = "unreadable", code
            record(session, MediaUnreadable(company_id, media_id))


@contextmanager
def _private_folder(data_dir: Path, public_id: str) -> Iterator[Path]:
    """An empty folder for this run alone; what a killed run of the same video left is removed first."""
    work = data_dir / "work"
    for left in work.glob(f"{public_id}.*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = work / f"{public_id}.{uuid4().hex}"
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
