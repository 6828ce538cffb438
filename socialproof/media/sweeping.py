"""What is swept up: uploads never completed, videos that nobody claimed, files that were sent and are older than their
survey keeps them, and what killed workers left behind.
"""

from __future__ import annotations

import shutil
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from socialproof.backends.jobs.port import JobContext
from socialproof.media.giving_up import UNCLAIMED_LIFETIME, give_up
from socialproof.media.models import Media, Upload
from socialproof.media.queries import KEPT_DAYS, SENT, SETTLED
from socialproof.media.uploads import UPLOAD_LIFETIME
from socialproof.media.work import left_folders
from socialproof.responses.models import Response
from socialproof.surveys.models import Survey

WORK_LIFETIME = timedelta(hours=1)
PHOTO_LIFETIME = timedelta(hours=1)
"""A photo that was noted and then not stored, because its process was killed or the storage refused."""
SWEPT_AT_ONCE = 200


def sweep_uploads(context: JobContext) -> None:
    """Forget uploads never completed, videos that nobody claimed, sources that are old enough, and what killed workers
    left behind.

    Rows say first that something is given up, then its bytes go, then the note of them: a kill loses nothing, and
    nobody waits for a lock while files are deleted.
    """
    for act in (_give_up_old, _abort, _clear):
        while act(context) == SWEPT_AT_ONCE:
            continue
    for days in _retentions(context):
        while _drop_sources(context, days) == SWEPT_AT_ONCE:
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
    half_sent = select(Media).where(
        Media.kind == "photo", Media.state == "uploading", Media.created_at < now - PHOTO_LIFETIME
    )
    with context.transaction() as session:
        # Who claims one at this moment holds its row, and keeps it.
        uploads = session.scalars(expired.limit(SWEPT_AT_ONCE).with_for_update(of=Upload, skip_locked=True)).all()
        for upload in uploads:
            give_up(upload)
        media = session.scalars(unclaimed.limit(SWEPT_AT_ONCE).with_for_update(skip_locked=True)).all()
        media = [*media, *session.scalars(half_sent.limit(SWEPT_AT_ONCE))]
        for each in media:
            each.state = "deleted"
        return min(max(len(uploads), len(media)), SWEPT_AT_ONCE)


def _abort(context: JobContext) -> int:
    """Remove the parts of what was given up; and the file, if somebody was killed between joining and saying so."""
    aborted = select(Upload).where(Upload.state == "aborted", Upload.storage_upload_id != "").limit(SWEPT_AT_ONCE)
    with context.transaction() as session:
        places = {upload.id: (upload.key, upload.storage_upload_id) for upload in session.scalars(aborted)}
    for key, storage_upload_id in places.values():
        context.backends.storage.abort(key, storage_upload_id)
        context.backends.storage.delete(key)
    with context.transaction() as session:
        session.execute(update(Upload).where(Upload.id.in_(places)).values(storage_upload_id=""))
    return len(places)


def _clear(context: JobContext) -> int:
    """Remove the bytes of what was deleted."""
    has_bytes = Media.byte_count.is_not(None) | (Media.stored_byte_count > 0)
    deleted = select(Media).where(Media.state == "deleted", has_bytes).limit(SWEPT_AT_ONCE)
    with context.transaction() as session:
        prefixes = {media.id: media.prefix for media in session.scalars(deleted)}
    for prefix in prefixes.values():
        context.backends.storage.delete_prefix(prefix)
    with context.transaction() as session:
        for media in session.scalars(select(Media).where(Media.id.in_(prefixes), Media.state == "deleted")):
            media.byte_count, media.stored_byte_count, media.variants = None, 0, []
    return len(prefixes)


def _retentions(context: JobContext) -> list[int]:
    """The days that surveys keep what was sent; few different ones."""
    with context.transaction() as session:
        return sorted({KEPT_DAYS, *session.scalars(select(Survey.video_retention_days).distinct())})


def _drop_sources(context: JobContext, days: int) -> int:
    """Remove the files that were sent this long before, as `source_kept_until` says; what was made of them stays.

    The bytes go first and the note of it follows: a kill between the two has them removed once more.
    """
    before = context.now() - timedelta(days=days)
    old = (
        select(Media)
        .outerjoin(Media.response)
        .outerjoin(Response.survey)
        .where(
            Media.kind == "video",
            Media.state.in_(SETTLED),
            Media.created_at < before,
            func.coalesce(Media.ready_at, Media.created_at) < before,
            Media.source_deleted_at.is_(None),
            func.coalesce(Survey.video_retention_days, KEPT_DAYS) == days,
        )
        .limit(SWEPT_AT_ONCE)
    )
    with context.transaction() as session:
        prefixes = {media.id: media.prefix for media in session.scalars(old)}
    for prefix in prefixes.values():
        context.backends.storage.delete(f"{prefix}/source")
    gone = select(Media).where(Media.id.in_(prefixes), Media.source_deleted_at.is_(None)).with_for_update()
    with context.transaction() as session:
        for media in session.scalars(gone):
            if media.prefix == prefixes[media.id]:  # else it was moved meanwhile, and its source with it
                media.source_deleted_at = context.now()
                media.stored_byte_count = max(0, media.stored_byte_count - (media.byte_count or 0))
    return len(prefixes)


def _sweep_folders(context: JobContext) -> None:
    """Remove work folders older than an hour, unless their video is still being processed."""
    left = left_folders(context.settings.data_dir, context.now() - WORK_LIFETIME)
    named = select(Media.public_id).where(Media.public_id.in_(set(left.values())), Media.state == "processing")
    with context.transaction() as session:
        busy = set(session.scalars(named))
    for path, name in left.items():
        if name not in busy:
            shutil.rmtree(path, ignore_errors=True)
