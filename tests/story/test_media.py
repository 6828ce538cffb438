"""A video's way: begun, joined, read by the worker once whatever happens to the worker, and swept when unwanted."""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.port import JobContext
from socialproof.backends.storage.port import MissingUpload, Part, Storage, StorageFull
from socialproof.cli.work import job_context
from socialproof.database import transaction
from socialproof.domain.errors import NotFound, RuleBroken
from socialproof.domain.recording import Recorded
from socialproof.media import giving_up, sweeping, uploads
from socialproof.media.models import Media, Upload
from socialproof.media.queries import source_kept_until, storage_use, unclaimed_uploads
from socialproof.media.room import STEP_BYTES, Limits
from socialproof.responses.models import Response
from socialproof.settings import Settings
from socialproof.surveys.models import Survey
from socialproof.testimonials import moderating
from socialproof.testimonials.erasing import erase_testimonial
from socialproof.testimonials.recording import may_record, require_recording
from socialproof.web import EXTENSION
from tests.factories import Factories

LIMITS = Limits(10_000_000, 1_000_000_000)
SETTLED = timedelta(minutes=10)


@pytest.fixture
def context(app: Flask) -> JobContext:
    return job_context(app)


@pytest.fixture
def storage(app: Flask) -> Storage:
    found: Storage = app.extensions[EXTENSION].backends.storage
    return found


@pytest.fixture
def response(factories: Factories) -> Response:
    return factories.response()


def begin(
    session: Session,
    response: Response,
    storage: Storage,
    now: datetime,
    size: int | None = None,
    limits: Limits = LIMITS,
) -> Upload:
    with transaction(session):
        upload = uploads.begin_upload(session, response=response, storage=storage, limits=limits, size=size, now=now)
    place = uploads.open_place(storage, key=upload.key)
    with transaction(session):
        uploads.set_place(session, upload=upload, storage_upload_id=place)
    return upload


def send(
    session: Session, response: Response, storage: Storage, content: bytes, now: datetime, seconds: float | None = None
) -> Media:
    """The whole way of one video."""
    upload = begin(session, response, storage, now)
    place = uploads.place_of(upload)
    digest = hashlib.sha256(content).hexdigest()
    part = Part(1, len(content), digest)
    uploads.store_part(storage, place=place, part=part, source=io.BytesIO(content), limits=LIMITS)
    joined = uploads.join_parts(storage, place=place, size=len(content), sha256=digest, limits=LIMITS)
    with transaction(session):
        return uploads.complete_upload(session, upload=upload, joined=joined, recorded=Recorded(seconds), now=now)


def fresh(session: Session, media: Media) -> Media:
    session.rollback()
    session.refresh(media)
    return media


def work_folders(settings: Settings) -> list[str]:
    work = settings.data_dir / "work"
    return [path.name for path in work.iterdir()] if work.is_dir() else []


def test_an_abandoned_upload_is_swept_with_its_bytes(
    session: Session, response: Response, storage: Storage, factories: Factories, context: JobContext
) -> None:
    upload = begin(session, response, storage, factories.now - uploads.UPLOAD_LIFETIME - SETTLED)
    living = begin(session, response, storage, factories.now)
    sweeping.sweep_uploads(context)
    session.refresh(upload)
    session.refresh(upload.media)
    assert (upload.state, upload.media.state) == ("aborted", "deleted")
    with pytest.raises(MissingUpload):
        storage.list_parts(upload.key, upload.storage_upload_id)
    assert living.state == "open"
    assert storage.list_parts(living.key, living.storage_upload_id) == []


def test_a_file_that_was_joined_by_a_process_that_died_before_saying_so_is_swept_too(
    session: Session, response: Response, storage: Storage, factories: Factories, context: JobContext
) -> None:
    upload = begin(session, response, storage, factories.now - uploads.UPLOAD_LIFETIME - SETTLED)
    content = b"\x1a\x45\xdf\xa3 webm"
    part = Part(1, len(content), hashlib.sha256(content).hexdigest())
    storage.write_part(upload.key, upload.storage_upload_id, part, io.BytesIO(content))
    uploads.join_parts(storage, place=uploads.place_of(upload), size=part.size, sha256=part.sha256, limits=LIMITS)
    sweeping.sweep_uploads(context)
    assert storage.stat(upload.key) is None


def test_a_video_that_nobody_claimed_is_swept_and_one_of_a_testimonial_stays(
    session: Session, response: Response, storage: Storage, factories: Factories, context: JobContext
) -> None:
    old = factories.now - giving_up.UNCLAIMED_LIFETIME - SETTLED
    unclaimed = factories.media(response, created_at=old, byte_count=4)
    claimed = factories.media(response, factories.testimonial(response), created_at=old, byte_count=4)
    for media in (unclaimed, claimed):
        storage.put(f"{media.prefix}/source", io.BytesIO(b"clip"))
    sweeping.sweep_uploads(context)
    assert (fresh(session, unclaimed).state, fresh(session, claimed).state) == ("deleted", "ready")
    assert storage.stat(f"{unclaimed.prefix}/source") is None
    assert storage.stat(f"{claimed.prefix}/source") is not None


def test_of_many_takes_the_last_two_are_kept(
    session: Session, response: Response, storage: Storage, factories: Factories, context: JobContext
) -> None:
    content = b"\x1a\x45\xdf\xa3 webm"
    takes = [send(session, response, storage, content, factories.now) for _ in range(4)]
    assert [fresh(session, take).state for take in takes] == ["deleted", "deleted", "uploaded", "uploaded"]
    sweeping.sweep_uploads(context)
    assert storage.stat(f"{takes[0].prefix}/source") is None
    assert storage.stat(f"{takes[3].prefix}/source") is not None


def test_what_killed_workers_left_is_swept_after_an_hour(context: JobContext, settings: Settings) -> None:
    left, living = settings.data_dir / "work" / "old.1", settings.data_dir / "work" / "new.1"
    for folder in (left, living):
        folder.mkdir(parents=True)
    past = time.time() - 2 * 3600
    os.utime(left, (past, past))
    sweeping.sweep_uploads(context)
    assert work_folders(settings) == ["new.1"]


def test_one_upload_too_many_has_the_oldest_swept_at_once(
    session: Session, response: Response, storage: Storage, factories: Factories, run_jobs: Callable[[], int]
) -> None:
    first = begin(session, response, storage, factories.now)
    for _ in range(LIMITS.max_per_link):
        begin(session, response, storage, factories.now)
    storage_upload_id = first.storage_upload_id
    assert run_jobs() == 1
    with pytest.raises(MissingUpload):
        storage.list_parts(first.key, storage_upload_id)


def test_more_than_one_sweep_takes_at_once_is_swept_whole(
    session: Session,
    response: Response,
    factories: Factories,
    context: JobContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeping, "SWEPT_AT_ONCE", 2)
    for _ in range(5):
        factories.media(response, state="deleted", byte_count=4)
    sweeping.sweep_uploads(context)
    assert set(session.scalars(select(Media.byte_count))) == {None}


def test_an_upload_is_found_only_by_its_own_response(
    session: Session, response: Response, storage: Storage, factories: Factories
) -> None:
    upload = begin(session, response, storage, factories.now)
    assert uploads.upload_of(session, response=response, public_id=upload.public_id) is upload
    for stranger in (factories.response(response.survey), factories.response()):
        with pytest.raises(NotFound):
            uploads.upload_of(session, response=stranger, public_id=upload.public_id)


def test_an_answer_that_was_lost_after_joining_can_be_asked_for_again(
    session: Session, response: Response, storage: Storage, factories: Factories
) -> None:
    content = b"\x1a\x45\xdf\xa3 webm"
    digest = hashlib.sha256(content).hexdigest()
    place = uploads.place_of(begin(session, response, storage, factories.now))
    part = Part(1, len(content), digest)
    uploads.store_part(storage, place=place, part=part, source=io.BytesIO(content), limits=LIMITS)
    first = uploads.join_parts(storage, place=place, size=len(content), sha256=digest, limits=LIMITS)
    assert uploads.join_parts(storage, place=place, size=len(content), sha256=digest, limits=LIMITS) == first


def test_who_is_not_asked_for_a_testimonial_records_no_video(session: Session, factories: Factories) -> None:
    response = factories.response(factories.survey(promoters_only=True), score=3)
    assert not may_record(session, response=response)
    with pytest.raises(RuleBroken, match="video_off"):
        require_recording(session, response=response)


def test_a_survey_without_video_takes_none(session: Session, factories: Factories) -> None:
    response = factories.response(factories.survey(allows_video=False))
    with pytest.raises(RuleBroken, match="video_off"):
        require_recording(session, response=response)


def test_a_video_on_its_way_is_erased_with_the_testimonial(
    session: Session,
    response: Response,
    storage: Storage,
    factories: Factories,
    run_jobs: Callable[[], int],
) -> None:
    upload = begin(session, response, storage, factories.now)
    part = Part(1, 4, hashlib.sha256(b"face").hexdigest())
    storage.write_part(upload.key, upload.storage_upload_id, part, io.BytesIO(b"face"))
    place = uploads.place_of(upload)
    testimonial = factories.testimonial(response)
    with transaction(session):
        erase_testimonial(session, testimonial=testimonial, now=factories.now)
    run_jobs()
    with pytest.raises(MissingUpload):
        storage.list_parts(place.key, place.storage_upload_id)
    with pytest.raises(NotFound):
        uploads.upload_of(session, response=response, public_id=upload.public_id)


def test_a_crowd_at_one_company_takes_only_so_much_room(
    session: Session, storage: Storage, factories: Factories
) -> None:
    company, other = factories.survey(), factories.survey()
    narrow = Limits(10_000_000, 2 * STEP_BYTES + 5_000_000)

    def begin_one(survey: Survey, size: int | None = None) -> Upload:
        return begin(session, factories.response(survey), storage, factories.now, size, narrow)

    first, _second = begin_one(company), begin_one(company)
    begin_one(company, 5_000_000)
    with pytest.raises(StorageFull):
        begin_one(company, 1)
    begin_one(other)
    with transaction(session):
        giving_up.give_up(first)
    begin_one(company, 1)


def test_who_announces_much_and_sends_nothing_holds_one_step(
    session: Session, storage: Storage, factories: Factories
) -> None:
    survey = factories.survey()
    wide = Limits(100_000_000, 120_000_000)
    for _ in range(3):
        begin(session, factories.response(survey), storage, factories.now, 90_000_000, wide)
    assert storage_use(session, survey.company_id).stored == 3 * STEP_BYTES
    with pytest.raises(StorageFull):
        begin(session, factories.response(survey), storage, factories.now, 99_000_000, wide)


def test_what_was_judged_makes_room(session: Session, storage: Storage, factories: Factories) -> None:
    survey = factories.survey()
    waiting = factories.testimonial(factories.response(survey))
    media = factories.media(waiting.response, waiting, stored_byte_count=9_000_000)
    factories.media(factories.response(survey), stored_byte_count=9_000_000)
    narrow = Limits(10_000_000, 20_000_000)

    def begin_one() -> Upload:
        return begin(session, factories.response(survey), storage, factories.now, 3_000_000, narrow)

    with pytest.raises(StorageFull):
        begin_one()
    with transaction(session):
        user = factories.user()
        moderating.reject(session, testimonial=waiting, user=user, version=1, now=factories.now, reason="duplicate")
    assert media.judged_at == factories.now
    assert begin_one().state == "open"


def test_more_than_was_announced_is_not_taken(
    session: Session, response: Response, storage: Storage, factories: Factories
) -> None:
    upload = begin(session, response, storage, factories.now, 4)
    place = uploads.place_of(upload)

    def put(number: int) -> Part:
        part = Part(number, 4, hashlib.sha256(b"face").hexdigest())
        return uploads.store_part(storage, place=place, part=part, source=io.BytesIO(b"face"), limits=LIMITS)

    put(1)
    with pytest.raises(RuleBroken):
        put(2)


def ready_video(factories: Factories, storage: Storage, days_old: float, **values: Any) -> Media:
    """A processed video with its source, made so many days ago."""
    made = factories.now - timedelta(days=days_old)
    survey = factories.survey(video_retention_days=values.pop("kept_days", 30))
    testimonial = factories.testimonial(factories.response(survey))
    defaults = {"created_at": made, "ready_at": made, "byte_count": 6, "stored_byte_count": 10}
    media = factories.media(testimonial.response, testimonial, **defaults | values)
    for name in ("source", "video.mp4"):
        storage.put(f"{media.prefix}/{name}", io.BytesIO(b"source"))
    return media


def has_source(storage: Storage, media: Media) -> bool:
    return storage.stat(f"{media.prefix}/source") is not None


def test_a_source_goes_when_its_survey_says_so_and_what_was_made_of_it_stays(
    session: Session, storage: Storage, factories: Factories, context: JobContext
) -> None:
    old, young = (ready_video(factories, storage, days) for days in (30.1, 29.9))
    patient = ready_video(factories, storage, 30.1, kept_days=31)
    sweeping.sweep_uploads(context)
    assert [has_source(storage, media) for media in (old, young, patient)] == [False, True, True]
    assert storage.stat(f"{old.prefix}/video.mp4") is not None
    assert fresh(session, old).source_deleted_at is not None
    assert (old.state, old.byte_count, old.stored_byte_count) == ("ready", 6, 4)
    assert (fresh(session, young).source_deleted_at, young.stored_byte_count) == (None, 10)
    sweeping.sweep_uploads(context)
    assert fresh(session, old).stored_byte_count == 4


@pytest.mark.parametrize("state", ["uploaded", "processing", "parked"])
def test_a_video_that_is_not_ready_keeps_its_source(
    session: Session, storage: Storage, factories: Factories, context: JobContext, state: str
) -> None:
    media = ready_video(factories, storage, 900, state=state)
    sweeping.sweep_uploads(context)
    assert has_source(storage, media)
    assert fresh(session, media).source_deleted_at is None


def test_the_file_of_a_video_that_could_not_be_read_goes_as_well(
    session: Session, storage: Storage, factories: Factories, context: JobContext
) -> None:
    old, young = (ready_video(factories, storage, days, state="unreadable", ready_at=None) for days in (30.1, 29.9))
    assert source_kept_until(young) == young.created_at + timedelta(days=30)
    sweeping.sweep_uploads(context)
    assert [has_source(storage, media) for media in (old, young)] == [False, True]
    assert source_kept_until(fresh(session, old)) is None


def test_a_source_that_moved_while_it_was_swept_goes_with_the_next_sweep(
    session: Session, storage: Storage, factories: Factories, context: JobContext
) -> None:
    media = ready_video(factories, storage, 40)
    old, new = media.prefix, f"{media.prefix}.2"

    class Moving:
        """Between the sweep's look and its note, hiding has moved everything and said so."""

        def __getattr__(self, name: str) -> Any:
            return getattr(storage, name)

        def delete(self, key: str) -> None:
            if storage.stat(key) is not None:
                storage.move_prefix(old, new)
                fresh(session, media).prefix = new
                session.commit()
            storage.delete(key)

    sweeping.sweep_uploads(replace(context, backends=replace(context.backends, storage=Moving())))
    assert fresh(session, media).source_deleted_at is None
    sweeping.sweep_uploads(context)
    assert fresh(session, media).source_deleted_at is not None
    assert not has_source(storage, media)


def test_a_sweep_that_was_killed_after_the_bytes_and_before_the_note_is_finished_by_the_next(
    session: Session, storage: Storage, factories: Factories, context: JobContext
) -> None:
    media = ready_video(factories, storage, 40)

    class Killed(BaseException):
        pass

    class Dying:
        def __getattr__(self, name: str) -> Any:
            return getattr(storage, name)

        def delete(self, key: str) -> None:
            storage.delete(key)
            raise Killed

    dying = replace(context, backends=replace(context.backends, storage=Dying()))
    with pytest.raises(Killed):
        sweeping.sweep_uploads(dying)
    assert fresh(session, media).source_deleted_at is None
    sweeping.sweep_uploads(context)
    assert fresh(session, media).source_deleted_at is not None
    assert (media.state, media.stored_byte_count) == ("ready", 4)


def test_a_video_whose_response_is_gone_keeps_its_source_for_180_days(
    session: Session, storage: Storage, factories: Factories, context: JobContext
) -> None:
    old, young = (ready_video(factories, storage, days, kept_days=1) for days in (181, 179))
    for media in (old, young):
        media.response_id = None
    session.commit()
    sweeping.sweep_uploads(context)
    assert [has_source(storage, media) for media in (old, young)] == [False, True]


def test_an_upload_of_last_friday_goes_on_after_the_weekend(
    session: Session, response: Response, storage: Storage, factories: Factories, context: JobContext
) -> None:
    upload = begin(session, response, storage, factories.now - timedelta(days=6))
    sweeping.sweep_uploads(context)
    assert uploads.upload_of(session, response=response, public_id=upload.public_id).state == "open"
    assert storage.list_parts(upload.key, upload.storage_upload_id) == []


def test_a_photo_that_was_noted_and_never_stored_is_swept(
    session: Session, response: Response, factories: Factories, context: JobContext
) -> None:
    old = factories.now - timedelta(hours=2)
    left = factories.media(response, kind="photo", state="uploading", created_at=old, stored_byte_count=5)
    living = factories.media(response, kind="photo", state="uploading", stored_byte_count=5)
    sweeping.sweep_uploads(context)
    assert (fresh(session, left).state, left.stored_byte_count) == ("deleted", 0)
    assert (fresh(session, living).state, living.stored_byte_count) == ("uploading", 5)


def test_room_is_held_in_steps_while_a_recording_goes_on_and_given_back_at_its_end(
    session: Session, response: Response, storage: Storage, factories: Factories
) -> None:
    wide = Limits(40_000_000, 1_000_000_000)
    upload = begin(session, response, storage, factories.now, None, wide)
    assert upload.media.stored_byte_count == STEP_BYTES
    for byte_count, held in ((STEP_BYTES, STEP_BYTES), (STEP_BYTES + 1, 2 * STEP_BYTES), (40_000_000, 40_000_000)):
        with transaction(session):
            uploads.hold(session, upload=upload, byte_count=byte_count, limits=wide)
        assert fresh(session, upload.media).stored_byte_count == held
    with pytest.raises(RuleBroken, match="too_large"), transaction(session):
        uploads.hold(session, upload=upload, byte_count=40_000_001, limits=wide)
    with transaction(session):
        joined = uploads.Joined(5_000_000, "", True)
        uploads.complete_upload(session, upload=upload, joined=joined, recorded=Recorded(3.0), now=factories.now)
    assert storage_use(session, response.company_id).stored == 5_000_000


def test_an_upload_whose_place_was_never_opened_takes_nothing(
    session: Session, response: Response, storage: Storage, factories: Factories
) -> None:
    with transaction(session):
        upload = uploads.begin_upload(
            session, response=response, storage=storage, limits=LIMITS, size=None, now=factories.now
        )
    with pytest.raises(NotFound):
        uploads.place_of(upload)
    assert unclaimed_uploads(session, response=response) == []


def test_what_is_discarded_while_its_place_is_opened_stays_discarded(
    session: Session, response: Response, storage: Storage, factories: Factories
) -> None:
    with transaction(session):
        upload = uploads.begin_upload(
            session, response=response, storage=storage, limits=LIMITS, size=None, now=factories.now
        )
    with transaction(session):
        giving_up.discard_upload(session, response=response, public_id=upload.public_id, now=factories.now)
    with pytest.raises(NotFound), transaction(session):
        uploads.set_place(session, upload=upload, storage_upload_id="x")
    assert storage_use(session, response.company_id).stored == 0
