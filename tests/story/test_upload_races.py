"""Two at the same moment: whoever takes a video back wins over whoever finishes it, and nothing is finished twice."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job
from socialproof.backends.storage.local import LocalStorage
from socialproof.backends.storage.port import MissingUpload, Part, UploadIncomplete
from socialproof.backends.transcoder.port import TranscoderFailed
from socialproof.database import db, transaction
from socialproof.domain.errors import NotFound
from socialproof.domain.recording import Recorded
from socialproof.media import giving_up, processing, uploads
from socialproof.media.models import Media, Upload
from socialproof.media.room import Limits
from socialproof.responses.models import Response
from socialproof.web import EXTENSION
from tests.factories import Factories

LIMITS = Limits(10_000_000, 1_000_000_000)
JOINED = uploads.Joined(5, "", True)
SEEN = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")


@pytest.fixture
def response(factories: Factories) -> Response:
    return factories.response()


@pytest.fixture
def other(app: Flask) -> Iterator[Session]:
    """Somebody else's session on the same database."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def upload(app: Flask, session: Session, response: Response, factories: Factories) -> Upload:
    """As `complete` read it a moment ago, before its parts were joined."""
    storage = app.extensions[EXTENSION].backends.storage
    with transaction(session):
        return uploads.begin_upload(
            session, response=response, storage=storage, limits=LIMITS, size=5, now=factories.now
        )


def same(session: Session, upload: Upload) -> Upload:
    return session.scalars(select(Upload).where(Upload.id == upload.id)).one()


def finish(session: Session, upload: Upload, factories: Factories, seconds: float = 3.0) -> Media:
    with transaction(session):
        return uploads.complete_upload(
            session, upload=upload, joined=JOINED, recorded=Recorded(seconds), now=factories.now
        )


def test_what_its_customer_discards_while_it_is_joined_does_not_come_back(
    session: Session, other: Session, upload: Upload, response: Response, factories: Factories
) -> None:
    session.commit()
    with transaction(other):
        taken_back = other.merge(response)
        giving_up.discard_upload(other, response=taken_back, public_id=upload.public_id, now=factories.now)
    with pytest.raises(NotFound):
        finish(session, upload, factories)
    other.rollback()
    found = same(other, upload)
    assert (found.state, found.media.state, found.media.stored_byte_count) == ("aborted", "deleted", 0)


def test_two_tabs_that_complete_at_once_make_one_video_of_one_description(
    session: Session, other: Session, upload: Upload, factories: Factories
) -> None:
    session.commit()
    finish(other, same(other, upload), factories, 3.0)
    assert finish(session, upload, factories, 9.0).state == "uploaded"
    other.rollback()
    assert same(other, upload).media.recorded_seconds == 3.0
    assert len(other.scalars(select(Job).where(Job.kind == "media.process_video")).all()) == 1


def test_what_is_taken_back_while_the_worker_says_something_stays_deleted(
    session: Session, other: Session, response: Response, factories: Factories
) -> None:
    media = factories.media(response, kind="video", state="processing")
    session.commit()

    def park() -> None:
        with transaction(other):
            processing.note_parked(other, error=TranscoderFailed("x"), media_id=media.id, company_id=media.company_id)

    worker = threading.Thread(target=park)
    with transaction(session):
        session.refresh(media, with_for_update=True)
        media.state = "deleted"
        session.flush()
        worker.start()
        wait_for_the_other(session)
    worker.join()
    session.refresh(media)
    assert media.state == "deleted"


def test_a_file_that_another_tab_joined_is_not_called_by_another_checksum(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    place = uploads.Place("companies/a/media/b/source", storage.begin("companies/a/media/b/source"), 1)
    digest = hashlib.sha256(b"x").hexdigest()
    storage.write_part(place.key, place.storage_upload_id, Part(1, 1, digest), io.BytesIO(b"x"))
    for _ in range(2):
        assert uploads.join_parts(storage, place=place, size=1, sha256=digest, limits=LIMITS).sha256 == digest
    with pytest.raises(UploadIncomplete):
        uploads.join_parts(storage, place=place, size=1, sha256="0" * 64, limits=LIMITS)


def test_an_upload_that_is_joined_at_this_moment_is_unknown_and_no_error(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    upload_id = storage.begin("companies/a/media/b/source")
    (tmp_path / "uploads" / upload_id / "key").unlink()
    part = Part(1, 1, "0" * 64)
    for act in (
        lambda: storage.list_parts("companies/a/media/b/source", upload_id),
        lambda: storage.write_part("companies/a/media/b/source", upload_id, part, io.BytesIO(b"x")),
    ):
        with pytest.raises(MissingUpload):
            act()


def wait_for_the_other(session: Session) -> None:
    """Until it waits for our row; SQLite has one writer, which waits before it reads anything."""
    if session.get_bind().dialect.name != "postgresql":
        return
    until = time.monotonic() + 20
    while not session.scalar(SEEN) and time.monotonic() < until:
        time.sleep(0.01)
