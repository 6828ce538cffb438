"""What the worker makes of a sent video, whatever the file is and whatever happens to the worker."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof import wiring
from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.worker import run_next
from socialproof.backends.storage.port import Storage, StorageFull
from socialproof.backends.transcoder.port import Recording, Transcoded, TranscoderFailed
from socialproof.cli.work import job_context
from socialproof.database import record, transaction
from socialproof.domain.errors import Conflict
from socialproof.domain.events import MediaUploaded
from socialproof.media import processing
from socialproof.media.models import Media
from socialproof.media.words import sentence
from socialproof.responses.models import Response
from socialproof.settings import Settings
from socialproof.testimonials.models import Testimonial
from socialproof.web import EXTENSION
from socialproof.web.marketer.moderation_words import MEDIA_REASONS
from tests.factories import Factories

VARIANTS = ["video.mp4", "video-360.mp4", "poster.webp", "preview.webp"]
Clip = Callable[..., Path]


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


@pytest.fixture
def sent(session: Session, response: Response, storage: Storage, factories: Factories) -> Callable[..., Media]:
    """`sent(content)` is a video that arrived; its job waits."""

    def send(content: bytes, testimonial: Testimonial | None = None, **values: Any) -> Media:
        digest = hashlib.sha256(content).hexdigest()
        media = factories.media(
            response, testimonial, **{"state": "uploaded", "byte_count": len(content), "sha256": digest} | values
        )
        storage.put(f"{media.prefix}/source", io.BytesIO(content))
        with transaction(session):
            record(session, MediaUploaded(media.company_id, media.id))
        return media

    return send


@pytest.fixture
def process(context: JobContext) -> Callable[..., None]:
    """`process(media)` does the worker's work once; another context may be given."""

    def do(media: Media, other: JobContext | None = None) -> None:
        processing.process_video(other or context, media_id=media.id, company_id=media.company_id)

    return do


def fresh(session: Session, media: Media) -> Media:
    session.rollback()
    session.refresh(media)
    return media


def work_folders(settings: Settings) -> list[str]:
    work = settings.data_dir / "work"
    return [path.name for path in work.iterdir()] if work.is_dir() else []


class Interrupted:
    """A transcoder that says how far it is, and during whose work something happens."""

    def __init__(self, act: Callable[[], None] = lambda: None, shares: Sequence[float] = ()) -> None:
        self.act, self.shares = act, shares
        self.recordings: list[Recording] = []
        self.contents: list[list[bytes]] = []

    def transcode(self, recording: Recording, folder: Path, *, progress: Callable[[float], None]) -> Transcoded:
        self.recordings.append(recording)
        self.contents.append([path.read_bytes() for path in recording.segments])
        for share in self.shares:
            progress(share)
            self.act()
        if not self.shares:
            self.act()
        for name in VARIANTS:
            (folder / name).write_bytes(b"made")
        return Transcoded({name: folder / name for name in VARIANTS}, 320, 180, 1.0, True)


def with_transcoder(context: JobContext, transcoder: Interrupted) -> JobContext:
    return replace(context, backends=replace(context.backends, transcoder=transcoder))


def failing(error: Exception) -> Interrupted:
    def fail() -> None:
        raise error

    return Interrupted(fail)


def test_a_sent_video_becomes_ready(
    session: Session,
    sent: Callable[..., Media],
    storage: Storage,
    run_jobs: Callable[[], int],
    clip: Clip,
    settings: Settings,
) -> None:
    media = sent(clip("a.webm", seconds=2).read_bytes(), recorded_seconds=2.0)
    run_jobs()
    fresh(session, media)
    assert (media.state, media.reason, media.variants, media.progress_percent) == ("ready", "", VARIANTS, 100)
    assert (media.width, media.height, media.is_audio) == (320, 180, False)
    assert media.duration_seconds == pytest.approx(2, abs=0.2)
    small = {"width": 320, "height": 180}
    assert (media.details["has_audio"], media.details["small"], media.details["preview"]) == (True, small, small)
    stored = [storage.stat(f"{media.prefix}/{name}") for name in ("source", *VARIANTS)]
    assert media.stored_byte_count == sum(found.size for found in stored if found is not None)
    assert None not in stored
    assert work_folders(settings) == []


def test_only_sound_becomes_a_video(
    session: Session, sent: Callable[..., Media], run_jobs: Callable[[], int], sound: Clip
) -> None:
    media = sent(sound("a.webm").read_bytes())
    run_jobs()
    assert (fresh(session, media).state, media.is_audio, media.width, media.height) == ("ready", True, 1280, 720)


def test_an_interrupted_and_continued_recording_is_one_video_cut_as_its_sender_wants(
    session: Session, sent: Callable[..., Media], run_jobs: Callable[[], int], clip: Clip
) -> None:
    pieces = [clip("a.webm", seconds=2).read_bytes(), clip("b.webm", seconds=2).read_bytes()]
    sizes = [len(piece) for piece in pieces]
    trim = {"trim_start_seconds": 1.0, "trim_end_seconds": 3.5}
    media = sent(b"".join(pieces), segment_byte_counts=sizes, recorded_seconds=4.0, **trim)
    run_jobs()
    assert fresh(session, media).state == "ready"
    assert media.duration_seconds == pytest.approx(2.5, abs=0.15)


def test_the_pieces_reach_the_transcoder_apart(
    sent: Callable[..., Media], process: Callable[..., None], context: JobContext
) -> None:
    transcoder = Interrupted()
    process(sent(b"aaabbbbcc", segment_byte_counts=[3, 4, 2]), with_transcoder(context, transcoder))
    process(sent(b"one piece", is_partial=True), with_transcoder(context, transcoder))
    assert transcoder.contents == [[b"aaa", b"bbbb", b"cc"], [b"one piece"]]
    assert [recording.is_partial for recording in transcoder.recordings] == [False, True]


@pytest.mark.parametrize("damage", [{"sha256": "0" * 64}, {"segment_byte_counts": [3, 3]}])
def test_a_source_that_is_not_the_one_announced_is_refused(
    session: Session, sent: Callable[..., Media], process: Callable[..., None], damage: dict[str, Any]
) -> None:
    media = sent(b"\x1a\x45\xdf\xa3 webm", **damage)
    process(media)
    assert (fresh(session, media).state, media.reason) == ("unreadable", "source_damaged")


def test_a_source_whose_checksum_nobody_knows_is_read(
    session: Session, sent: Callable[..., Media], process: Callable[..., None], clip: Clip
) -> None:
    media = sent(clip("a.webm", seconds=2).read_bytes(), sha256="", is_partial=True, recorded_seconds=60.0)
    process(media)
    assert fresh(session, media).state == "ready"


def test_a_hostile_file_ends_as_unreadable_and_the_testimonial_keeps_its_words(
    session: Session,
    response: Response,
    sent: Callable[..., Media],
    factories: Factories,
    run_jobs: Callable[[], int],
) -> None:
    testimonial = factories.testimonial(response, text="My words stay.")
    media = sent(b"\x1a\x45\xdf\xa3 webm <script>alert(1)</script>" * 20, testimonial)
    run_jobs()
    fresh(session, media)
    assert (media.state, media.reason, media.variants) == ("unreadable", "unreadable", [])
    session.refresh(testimonial)
    assert (testimonial.text, testimonial.state, len(testimonial.consents)) == ("My words stay.", "submitted", 1)
    assert "could not be read" in sentence(media.reason, lambda words: words)


def test_a_recording_without_its_end_is_incomplete(
    session: Session, sent: Callable[..., Media], run_jobs: Callable[[], int], clip: Clip
) -> None:
    media = sent(clip("a.webm", seconds=2).read_bytes(), recorded_seconds=30.0)
    run_jobs()
    assert (fresh(session, media).state, media.reason) == ("unreadable", "incomplete")


def test_the_job_run_twice_leaves_one_result(
    session: Session, sent: Callable[..., Media], process: Callable[..., None], clip: Clip
) -> None:
    media = sent(clip("a.webm", seconds=1).read_bytes())
    for _ in range(2):
        process(media)
    assert fresh(session, media).state == "ready"


def test_a_job_for_another_company_does_nothing(
    session: Session, sent: Callable[..., Media], context: JobContext
) -> None:
    media = sent(b"\x1a\x45\xdf\xa3 webm")
    processing.process_video(context, media_id=media.id, company_id=media.company_id + 1)
    assert fresh(session, media).state == "uploaded"


def test_what_is_erased_while_it_is_processed_stays_erased(
    session: Session, sent: Callable[..., Media], process: Callable[..., None], storage: Storage, context: JobContext
) -> None:
    media = sent(b"\x1a\x45\xdf\xa3 webm")
    prefix = media.prefix

    def erase() -> None:
        fresh(session, media).state = "deleted"
        session.commit()
        storage.delete_prefix(prefix)

    process(media, with_transcoder(context, Interrupted(erase)))
    assert fresh(session, media).state == "deleted"
    assert storage.stat(f"{prefix}/video.mp4") is None


def test_what_a_killed_run_wrote_after_the_erasure_is_removed_by_the_next_one(
    session: Session, sent: Callable[..., Media], process: Callable[..., None], storage: Storage
) -> None:
    media = sent(b"\x1a\x45\xdf\xa3 webm", state="deleted")
    storage.put(f"{media.prefix}/video.mp4", io.BytesIO(b"made"))
    process(media)
    assert storage.stat(f"{media.prefix}/video.mp4") is None


def test_a_worker_that_lost_its_job_changes_nothing(
    session: Session, sent: Callable[..., Media], process: Callable[..., None], storage: Storage, context: JobContext
) -> None:
    media = sent(b"\x1a\x45\xdf\xa3 webm")
    process(media, replace(with_transcoder(context, Interrupted()), renew=lambda: False))
    assert fresh(session, media).state == "processing"
    assert storage.stat(f"{media.prefix}/video.mp4") is None


def test_a_worker_that_lost_its_job_stops_as_soon_as_it_hears_of_it(
    session: Session, sent: Callable[..., Media], process: Callable[..., None], context: JobContext
) -> None:
    steps: list[int] = []
    transcoder = Interrupted(lambda: steps.append(1), shares=(0.1, 0.2, 0.3))
    media = sent(b"\x1a\x45\xdf\xa3 webm")
    process(media, replace(with_transcoder(context, transcoder), renew=lambda: False))
    assert steps == []
    assert (fresh(session, media).state, media.progress_percent) == ("processing", 0)


def test_a_worker_that_lost_its_video_does_not_call_it_unreadable(
    session: Session, sent: Callable[..., Media], process: Callable[..., None], context: JobContext
) -> None:
    media = sent(b"\x1a\x45\xdf\xa3 webm, and no more")
    process(media, replace(context, renew=lambda: False))
    assert fresh(session, media).state == "processing"


def test_how_far_it_is_grows_and_is_written_every_two_seconds_at_most(
    session: Session, sent: Callable[..., Media], process: Callable[..., None], context: JobContext
) -> None:
    seen: list[int] = []
    moments = iter(range(1000))
    start = context.now()

    def clock() -> datetime:
        return start + timedelta(seconds=next(moments))

    media = sent(b"\x1a\x45\xdf\xa3 webm")
    transcoder = Interrupted(
        lambda: seen.append(fresh(session, media).progress_percent), shares=(0.1, 0.2, 0.3, 0.25, 0.5, 0.6, 1.0)
    )
    process(media, replace(with_transcoder(context, transcoder), now=clock))
    assert seen == sorted(seen)
    assert (seen[0], seen[1], seen[2]) == (10, 10, 30), "one in two is written where each takes a second"
    assert max(seen) < 100
    assert fresh(session, media).progress_percent == 100


def test_a_failing_machine_leaves_nothing_and_may_try_again(
    session: Session,
    sent: Callable[..., Media],
    process: Callable[..., None],
    context: JobContext,
    settings: Settings,
) -> None:
    media = sent(b"\x1a\x45\xdf\xa3 webm")
    with pytest.raises(TranscoderFailed):
        process(media, with_transcoder(context, failing(TranscoderFailed("no room"))))
    assert work_folders(settings) == []
    process(media, with_transcoder(context, Interrupted()))
    assert fresh(session, media).state == "ready"


def park(context: JobContext, error: Exception) -> None:
    """Let every due job fail until it is given up."""
    days = iter(range(1000))
    start = context.now()
    broken = with_transcoder(context, failing(error))
    while run_next(replace(broken, now=lambda: start + timedelta(days=next(days))), wiring.JOBS, wiring.PARKED):
        continue


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TranscoderFailed("no ffmpeg at /usr/local/secret"), "transcoder_failed"),
        (StorageFull("/var/data is full"), "storage_full"),
        (OSError("/var/data"), "machine_failed"),
    ],
)
def test_a_job_that_always_fails_is_parked_with_its_reason_and_runs_again_when_the_team_asks(
    session: Session,
    sent: Callable[..., Media],
    context: JobContext,
    run_jobs: Callable[[], int],
    clip: Clip,
    error: Exception,
    reason: str,
) -> None:
    media = sent(clip("a.webm", seconds=1).read_bytes())
    park(context, error)
    assert (fresh(session, media).state, media.reason) == ("parked", reason)
    assert reason in MEDIA_REASONS
    with transaction(session):
        processing.run_again(session, media=media, now=context.now())
    assert (fresh(session, media).state, media.reason, media.progress_percent) == ("uploaded", "", 0)
    assert [job.state for job in session.scalars(select(Job))] == ["waiting"]
    session.rollback()
    run_jobs()
    assert (fresh(session, media).state, media.variants) == ("ready", VARIANTS)
    assert session.scalars(select(Job)).all() == []


def test_a_parked_video_whose_job_is_gone_gets_a_new_one(
    session: Session, response: Response, factories: Factories, context: JobContext
) -> None:
    media = factories.media(response, state="parked", reason="worker_lost")
    with transaction(session):
        processing.run_again(session, media=media, now=context.now())
    job = session.scalars(select(Job)).one()
    assert (job.kind, job.payload) == (processing.PROCESS_VIDEO, {"company_id": media.company_id, "media_id": media.id})


def test_only_a_parked_video_is_run_again(
    session: Session, response: Response, factories: Factories, context: JobContext
) -> None:
    media = factories.media(response)
    with pytest.raises(Conflict):
        processing.run_again(session, media=media, now=context.now())


def test_the_operator_lets_it_run_again(
    app: Flask, session: Session, sent: Callable[..., Media], context: JobContext
) -> None:
    media = sent(b"\x1a\x45\xdf\xa3 webm")
    park(context, TranscoderFailed("no ffmpeg"))
    job_id = session.scalars(select(Job.id)).one()
    session.rollback()
    said = app.test_cli_runner().invoke(args=["jobs", "retry", str(job_id)])
    assert "It runs again." in said.output
    assert (fresh(session, media).state, media.reason) == ("uploaded", "")


def test_the_newest_of_several_parked_jobs_of_one_kind_is_found_by_what_it_is_for(
    session: Session, sent: Callable[..., Media], context: JobContext
) -> None:
    first, second = sent(b"\x1a\x45\xdf\xa3 webm 1"), sent(b"\x1a\x45\xdf\xa3 webm 2")
    park(context, TranscoderFailed("no ffmpeg"))
    with transaction(session):
        processing.run_again(session, media=fresh(session, first), now=context.now())
    states = {job.payload["media_id"]: job.state for job in session.scalars(select(Job))}
    assert states == {first.id: "waiting", second.id: "parked"}
