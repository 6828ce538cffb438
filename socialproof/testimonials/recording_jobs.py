"""What the worker does with a sent video, and what it sweeps up. Each may be killed and run again."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from socialproof.backends.jobs.port import JobContext
from socialproof.backends.storage.port import MissingObject
from socialproof.backends.transcoder.port import Transcoded, VideoRefused
from socialproof.database import record
from socialproof.domain.events import MediaReady, MediaUnreadable
from socialproof.testimonials.models import Media, Upload
from socialproof.testimonials.recording import UNCLAIMED_LIFETIME, UPLOAD_LIFETIME, give_up

log = logging.getLogger(__name__)

VARIANTS = ["video.mp4", "poster.webp"]
WORK_LIFETIME = timedelta(hours=1)
SWEPT_AT_ONCE = 200


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


def sweep_uploads(context: JobContext) -> None:
    """Forget uploads never completed, videos that nobody claimed, and what killed workers left behind.

    Rows say first that something is given up, then its bytes go, then the note of them: a kill loses nothing, and
    nobody waits for a lock while files are deleted.
    """
    for act in (_give_up_old, _abort, _clear):
        while act(context) == SWEPT_AT_ONCE:
            continue
    context.backends.storage.sweep(context.now() - UPLOAD_LIFETIME - timedelta(hours=1))
    _sweep_folders(context)


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
            media.variants = list(VARIANTS)
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


def _give_up_old(context: JobContext) -> int:
    now = context.now()
    expired = select(Upload).where(Upload.state == "open", Upload.expires_at < now).options(joinedload(Upload.media))
    unclaimed = select(Media).where(
        Media.testimonial_id.is_(None),
        Media.state.in_(("uploaded", "processing", "ready", "unreadable")),
        Media.created_at < now - UNCLAIMED_LIFETIME,
    )
    with context.transaction() as session:
        uploads = session.scalars(expired.limit(SWEPT_AT_ONCE)).all()
        for upload in uploads:
            give_up(upload)
        media = session.scalars(unclaimed.limit(SWEPT_AT_ONCE)).all()
        for each in media:
            each.state = "deleted"
        return max(len(uploads), len(media))


def _abort(context: JobContext) -> int:
    """Remove the parts of what was given up."""
    aborted = select(Upload).where(Upload.state == "aborted", Upload.storage_upload_id != "").limit(SWEPT_AT_ONCE)
    with context.transaction() as session:
        places = {upload.id: (upload.key, upload.storage_upload_id) for upload in session.scalars(aborted)}
    for key, storage_upload_id in places.values():
        context.backends.storage.abort(key, storage_upload_id)
    with context.transaction() as session:
        session.execute(update(Upload).where(Upload.id.in_(places)).values(storage_upload_id=""))
    return len(places)


def _clear(context: JobContext) -> int:
    """Remove the bytes of what was deleted."""
    deleted = select(Media).where(Media.state == "deleted", Media.byte_count.is_not(None)).limit(SWEPT_AT_ONCE)
    with context.transaction() as session:
        prefixes = {media.id: media.prefix for media in session.scalars(deleted)}
    for prefix in prefixes.values():
        context.backends.storage.delete_prefix(prefix)
    with context.transaction() as session:
        for media in session.scalars(select(Media).where(Media.id.in_(prefixes), Media.state == "deleted")):
            media.byte_count, media.variants = None, []
    return len(prefixes)


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


def _sweep_folders(context: JobContext) -> None:
    """Remove work folders older than an hour, unless their video is still being processed."""
    work = context.settings.data_dir / "work"
    before = (context.now() - WORK_LIFETIME).timestamp()
    old = [path for path in (work.iterdir() if work.is_dir() else ()) if path.stat().st_mtime < before]
    names = {path.name.partition(".")[0] for path in old}
    with context.transaction() as session:
        busy = set(
            session.scalars(select(Media.public_id).where(Media.public_id.in_(names), Media.state == "processing"))
        )
    for path in old:
        if path.name.partition(".")[0] not in busy:
            shutil.rmtree(path, ignore_errors=True)
