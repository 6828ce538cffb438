"""A worker that is killed while it makes a video: another one finishes it, once, and nothing is left lying about."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from socialproof.backends.jobs import queue
from socialproof.backends.jobs.models import Job
from socialproof.cli.work import job_context
from socialproof.clock import now
from socialproof.database import record, transaction
from socialproof.domain.events import MediaUploaded
from socialproof.media import processing, sweeping
from socialproof.media.models import Media
from socialproof.settings import Settings
from socialproof.web import EXTENSION
from tests.conftest import SECRET
from tests.factories import Factories
from tests.servers import ROOT, environment

FILES = ["poster.webp", "preview.webp", "source", "video-360.mp4", "video.mp4"]
PATIENCE_SECONDS = 60


@dataclass
class Scene:
    """One installation with videos that wait, and a worker process that may be killed."""

    app: Flask
    settings: Settings
    session: Session
    factories: Factories
    env: dict[str, str] = field(default_factory=dict)

    def send(self, content: bytes) -> Media:
        response = self.factories.response()
        digest = hashlib.sha256(content).hexdigest()
        media = self.factories.media(response, state="uploaded", byte_count=len(content), sha256=digest)
        self.app.extensions[EXTENSION].backends.storage.put(f"{media.prefix}/source", io.BytesIO(content))
        with transaction(self.session):
            record(self.session, MediaUploaded(media.company_id, media.id))
        return media

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """`flask worker` as an operator starts it; killed at the end as the kernel would, the worker alone."""
        env = environment(self.settings.database_url, self.settings.data_dir, 8000, SECRET) | self.env
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--threads", "1"]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def lease_runs_out(self) -> None:
        with transaction(self.session):
            gone = now() - timedelta(seconds=1)
            self.session.execute(update(Job).where(Job.state == "running").values(lease_until=gone))

    def an_hour_passes(self) -> None:
        """For everything that a killed worker may have left."""
        past = time.time() - 3700
        for place in ("work", "media/half"):
            for path in (self.settings.data_dir / place).rglob("*"):
                os.utime(path, (past, past))

    def jobs(self) -> list[Job]:
        self.session.rollback()
        return list(self.session.scalars(select(Job).where(Job.kind == processing.PROCESS_VIDEO)))

    def fresh(self, media: Media) -> Media:
        self.session.rollback()
        self.session.refresh(media)
        return media

    def work_files(self, media: Media) -> set[str]:
        return {path.name for path in (self.settings.data_dir / "work").glob(f"{media.public_id}.*/*")}

    def stored(self, media: Media) -> list[str]:
        folder = self.settings.data_dir / "media" / "objects" / media.prefix
        return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def scene(app: Flask, settings: Settings, session: Session, factories: Factories) -> Scene:
    return Scene(app, settings, session, factories, {"FFMPEG": settings.ffmpeg})


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


MOMENTS: list[tuple[str, Callable[[Scene, Media], object]]] = [
    ("its folder is there", lambda scene, media: scene.work_files(media)),
    ("it has said how far it is", lambda scene, media: scene.fresh(media).progress_percent > 0),
    ("half a video is written", lambda scene, media: "video.mp4" in scene.work_files(media)),
    ("the frames are being looked at", lambda scene, media: "sample-01.ppm" in scene.work_files(media)),
    ("the first file is kept", lambda scene, media: "video.mp4" in scene.stored(media)),
]


def living_in(folder: Path) -> list[str]:
    """Programs that still work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = os.readlink(process / "cwd")
        except OSError:
            continue
        if place.startswith(str(folder)):
            found.append(process.name)
    return found


def test_a_worker_killed_twenty_times_mid_transcode_leaves_one_ready_video_each_and_nothing_else(
    scene: Scene, clip: Callable[..., Path]
) -> None:
    content = clip("a.webm", seconds=4, size="640x360").read_bytes()
    videos = [scene.send(content) for _ in range(4)]
    work = scene.settings.data_dir / "work"
    killed_midway = 0
    for media in videos:
        for _name, has_come in MOMENTS:
            with scene.worker():
                until(lambda: has_come(scene, media) or scene.fresh(media).state == "ready")  # noqa: B023 – at once
            killed_midway += scene.fresh(media).state == "processing"
            scene.lease_runs_out()
        until(lambda: not living_in(work))
    assert killed_midway >= 16, "the kills came too late: the test proves nothing"
    with scene.worker():
        until(lambda: all(scene.fresh(media).state == "ready" for media in videos))
        until(lambda: scene.jobs() == [])
    scene.an_hour_passes()
    sweeping.sweep_uploads(job_context(scene.app))
    assert [scene.stored(media) for media in videos] == [FILES] * 4
    assert list(work.iterdir()) == []
    assert [media.progress_percent for media in videos] == [100] * 4
    left = [path for path in (scene.settings.data_dir / "media").rglob("*") if path.is_file()]
    assert len(left) == len(FILES) * 4, left


def test_a_video_that_kills_every_worker_is_parked_and_runs_again_on_a_better_day(
    scene: Scene, clip: Callable[..., Path], tmp_path: Path, run_jobs: Callable[[], int]
) -> None:
    media = scene.send(clip("a.webm", seconds=1).read_bytes())
    deadly = tmp_path / "deadly-ffmpeg"
    deadly.write_text("#!/bin/sh\nkill -9 $PPID\n")
    deadly.chmod(0o755)
    scene.env["FFMPEG"] = str(deadly)
    with transaction(scene.session):
        scene.session.execute(update(Job).values(attempt_count=queue.MAX_ATTEMPTS - 3))  # so many it had before
    for _ in range(3):
        with scene.worker() as process:
            assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        assert scene.fresh(media).state == "processing"
        scene.lease_runs_out()
    with scene.worker():
        until(lambda: scene.fresh(media).state == "parked")
    assert media.reason == "worker_lost"
    with transaction(scene.session):
        processing.run_again(scene.session, media=media, now=now())
    run_jobs()
    assert scene.fresh(media).state == "ready"
    assert scene.stored(media) == FILES
    assert list((scene.settings.data_dir / "work").iterdir()) == []
