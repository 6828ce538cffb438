"""What is swept up: uploads never completed, videos that nobody claimed, what killed workers left behind."""

from __future__ import annotations

import shutil
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from socialproof.backends.jobs.port import JobContext
from socialproof.media.giving_up import UNCLAIMED_LIFETIME, give_up
from socialproof.media.models import Media, Upload
from socialproof.media.queries import SENT
from socialproof.media.uploads import UPLOAD_LIFETIME

WORK_LIFETIME = timedelta(hours=1)
SWEPT_AT_ONCE = 200


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


def _give_up_old(context: JobContext) -> int:
    now = context.now()
    expired = select(Upload).where(Upload.state == "open", Upload.expires_at < now).options(joinedload(Upload.media))
    unclaimed = select(Media).where(
        Media.testimonial_id.is_(None),
        Media.state.in_((*SENT, "unreadable")),
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
            media.byte_count, media.stored_byte_count, media.variants = None, 0, []
    return len(prefixes)


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
