"""What is said in a video becomes a draft of its captions: by a scripted ear, and by the real one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from socialproof import wiring
from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.queue import MAX_ATTEMPTS
from socialproof.backends.jobs.worker import run_next
from socialproof.backends.speech.port import Heard, RecognizerBusy, RecognizerFailed, RecognizerTooSlow
from socialproof.cli.work import job_context
from socialproof.database import record, transaction
from socialproof.domain.captions import LINE
from socialproof.domain.events import MediaReady
from socialproof.media.hearing import DRAFT_CAPTIONS, draft_captions, readable
from socialproof.media.models import Captions, Media
from tests.clips import MP4, ffmpeg
from tests.factories import Factories
from tests.speech import write_silence, write_voice

SAID = [Heard(0.2, 1.4, "De svarade inom en timme."), Heard(1.6, 2.8, "Kaffet är alltid färskt.")]


class Ear:
    """Hears what it was told to hear; remembers what it was given."""

    def __init__(self, *words: Heard, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.words, self.meanwhile = list(words), meanwhile
        self.given: list[tuple[str, float]] = []

    def recognize(self, audio: Path, *, language: str, seconds: float) -> list[Heard]:
        assert audio.read_bytes()[:4] == b"RIFF"
        self.given.append((language, seconds))
        self.meanwhile()
        return self.words


class Deaf:
    """Fails with the same error every time."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def recognize(self, audio: Path, *, language: str, seconds: float) -> list[Heard]:
        raise self.error


@pytest.fixture
def context(app: Flask) -> JobContext:
    return job_context(app)


@pytest.fixture
def video(factories: Factories, context: JobContext, clip: Callable[..., Path]) -> Callable[..., Media]:
    """A ready video of three seconds, as the worker leaves it."""

    def make(path: Path | None = None, **values: object) -> Media:
        defaults = {"duration_seconds": 3.0, "variants": ["video.mp4"], "captions": ""}
        media = factories.media(factories.response(language="sv"), **defaults | values)
        with (path or clip("a.mp4", seconds=3)).open("rb") as file:
            context.backends.storage.put(f"{media.prefix}/video.mp4", file)
        return media

    return make


def with_ear(context: JobContext, ear: object) -> JobContext:
    return replace(context, backends=replace(context.backends, speech=ear))  # type: ignore[arg-type]


def hear(context: JobContext, ear: object, media: Media) -> None:
    draft_captions(with_ear(context, ear), media_id=media.id, company_id=media.company_id)


def drafts(session: Session) -> list[Captions]:
    session.rollback()
    session.expire_all()
    return list(session.query(Captions))


def leftovers(context: JobContext) -> list[Path]:
    return list((context.settings.data_dir / "work").glob("*"))


def test_what_is_heard_is_a_draft_in_the_language_of_the_answer(
    context: JobContext, video: Callable[..., Media], session: Session
) -> None:
    ear, media = Ear(*SAID), video()
    hear(context, ear, media)
    [captions] = drafts(session)
    assert ear.given == [("sv", 3.0)]
    assert (captions.state, captions.source, captions.language) == ("draft", "speech", "sv")
    assert [(cue["start"], cue["end"], cue["text"]) for cue in captions.cues] == [
        (0.2, 1.4, "De svarade inom en timme."),
        (1.6, 2.8, "Kaffet är alltid färskt."),
    ]
    assert leftovers(context) == []


def test_long_speech_is_cut_into_cues_of_two_lines() -> None:
    words = "Lentokonesuihkuturbiinimoottori toimii hyvin, ja huolto vastasi tunnissa. " * 5
    cues = readable([Heard(2, 22, words), Heard(22.5, 24, "Kiitos!")])
    assert len(cues) > 5
    assert all(len(line) <= LINE for cue in cues for line in cue.text.split("\n"))
    assert all(cue.text.count("\n") <= 1 for cue in cues)
    assert cues[0].start == 2 and cues[-1] == type(cues[0])(22.5, 24, "Kiitos!")
    assert all(first.end <= second.start + 0.001 for first, second in pairwise(cues))
    assert " ".join(" ".join(cue.text.split()) for cue in cues[:-1]) == words.strip()


def test_where_nobody_speaks_nothing_is_drafted(
    context: JobContext, video: Callable[..., Media], session: Session
) -> None:
    hear(context, Ear(), video())
    silent = Ear(*SAID)
    hear(context, silent, video(details={"has_audio": False}))
    assert (drafts(session), silent.given) == ([], [])


@pytest.mark.parametrize("values", [{"kind": "photo"}, {"state": "processing"}, {"captions": "no_speech"}])
def test_only_ready_videos_without_captions_are_heard(
    context: JobContext, video: Callable[..., Media], values: dict[str, str]
) -> None:
    ear = Ear(*SAID)
    hear(context, ear, video(**values))
    assert ear.given == []


def test_another_companys_number_is_nobodys(
    context: JobContext, video: Callable[..., Media], factories: Factories
) -> None:
    ear, other = Ear(*SAID), factories.company()
    draft_captions(with_ear(context, ear), media_id=video().id, company_id=other.id)
    assert ear.given == []


def test_hearing_twice_makes_one_draft(context: JobContext, video: Callable[..., Media], session: Session) -> None:
    media = video()
    hear(context, Ear(*SAID), media)
    hear(context, Ear(Heard(0, 1, "Something else")), media)
    [captions] = drafts(session)
    assert captions.cues[0]["text"] == "De svarade inom en timme."


def test_what_a_person_writes_while_the_machine_hears_stays(
    context: JobContext, video: Callable[..., Media], session: Session, factories: Factories
) -> None:
    media = video()

    def write() -> None:
        factories.add(
            Captions(
                company_id=media.company_id,
                media_id=media.id,
                language="sv",
                cues=[{"start": 0, "end": 2, "text": "Typed"}],
                updated_at=factories.now,
            )
        )

    hear(context, Ear(*SAID, meanwhile=write), media)
    [captions] = drafts(session)
    assert (captions.source, captions.cues[0]["text"]) == ("typed", "Typed")


def test_a_video_that_is_erased_meanwhile_gets_no_captions(
    context: JobContext, video: Callable[..., Media], session: Session
) -> None:
    media = video()

    def erase() -> None:
        with context.transaction() as other:
            other.get_one(Media, media.id).state = "deleted"
        context.backends.storage.delete_prefix(media.prefix)

    hear(context, Ear(*SAID, meanwhile=erase), media)
    hear(context, Ear(*SAID), media)
    assert drafts(session) == []
    assert leftovers(context) == []


# ---- as the worker does it -------------------------------------------------------------------------------


def announce(session: Session, media: Media) -> None:
    """Say that the video is ready, as the worker does."""
    session.rollback()
    with transaction(session):
        record(session, MediaReady(media.company_id, media.id))


def jobs(session: Session) -> list[Job]:
    session.rollback()
    return list(session.query(Job).filter_by(kind=DRAFT_CAPTIONS).populate_existing())


def work(context: JobContext) -> None:
    while run_next(context, wiring.JOBS):
        continue


def at(context: JobContext, moment: datetime) -> JobContext:
    return replace(context, now=lambda: moment)


def test_a_finished_video_is_heard(context: JobContext, video: Callable[..., Media], session: Session) -> None:
    announce(session, video())
    work(with_ear(context, Ear(*SAID)))
    assert [captions.source for captions in drafts(session)] == ["speech"]
    assert jobs(session) == []


def test_without_a_recognizer_a_finished_video_stays_as_it_is(
    run_jobs: Callable[[], int], video: Callable[..., Media], session: Session
) -> None:
    media = video()
    announce(session, media)
    run_jobs()
    assert (drafts(session), jobs(session), media.state) == ([], [], "ready")


def test_one_that_waits_for_its_turn_comes_back_however_long_it_takes(
    context: JobContext, video: Callable[..., Media], session: Session
) -> None:
    announce(session, video())
    busy, later = with_ear(context, Deaf(RecognizerBusy("busy"))), context.now()
    for _ in range(MAX_ATTEMPTS + 3):
        work(at(busy, later))
        [job] = jobs(session)
        assert (job.state, job.error) == ("waiting", "")
        later += timedelta(minutes=1)
    work(at(with_ear(context, Ear(*SAID)), later))
    assert len(drafts(session)) == 1
    assert jobs(session) == []


@pytest.mark.parametrize(
    ("error", "attempts"), [(RecognizerFailed("killed"), MAX_ATTEMPTS), (RecognizerTooSlow("took longer"), 1)]
)
def test_one_that_always_fails_is_parked_with_its_reason_and_the_video_stays_ready(
    context: JobContext, video: Callable[..., Media], session: Session, error: Exception, attempts: int
) -> None:
    media, later = video(), context.now()
    announce(session, media)
    for _ in range(MAX_ATTEMPTS + 1):
        work(at(with_ear(context, Deaf(error)), later))
        later += timedelta(hours=7)
    [job] = jobs(session)
    assert (job.state, job.attempt_count) == ("parked", attempts)
    assert str(error) in job.error
    session.refresh(media)
    assert (media.state, leftovers(context)) == ("ready", [])


def test_the_real_library_drafts_cues_inside_the_video(
    make_app: Callable[..., Flask], whisper_model: Path, video: Callable[..., Media], session: Session, tmp_path: Path
) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=6")
    spoken, silent = tmp_path / "spoken.mp4", tmp_path / "silent.mp4"
    ffmpeg(*picture, "-i", write_voice(tmp_path / "voice.wav", 6), *MP4, spoken)
    ffmpeg(*picture, "-i", write_silence(tmp_path / "silence.wav", 6), *MP4, silent)
    media = video(spoken, duration_seconds=6.0)
    for each in (media, video(silent, duration_seconds=6.0)):
        announce(session, each)
    context = job_context(make_app(speech_model=str(whisper_model)))
    work(context)
    [captions] = drafts(session)
    assert captions.media_id == media.id
    assert captions.cues
    assert all(0 <= cue["start"] < cue["end"] <= 6 and cue["text"] for cue in captions.cues)
    assert (jobs(session), leftovers(context)) == ([], [])


def test_two_workers_that_hear_the_same_video_leave_one_draft(
    context: JobContext, video: Callable[..., Media], session: Session
) -> None:
    media, together = video(), threading.Barrier(2, timeout=60)
    session.rollback()
    crew = [threading.Thread(target=hear, args=(context, Ear(*SAID, meanwhile=together.wait), media)) for _ in range(2)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert len(drafts(session)) == 1
