"""Revision 0002 with data in place: what was stored stays, and the new columns say what is true of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from socialproof.database import db
from socialproof.settings import Settings
from tests.migrations.conftest import MOMENT, Release, Write, rows
from tests.servers import ROOT

pytestmark = pytest.mark.both_databases


@pytest.fixture
def old(release: Release) -> Write:
    return release("0001")


@pytest.fixture
def planted(old: Write) -> None:
    old("company", id=1, public_id="company-1", name="Nordlys Kaffe AB")
    old("user_account", id=1, email="owner@nordlys.example")
    old("survey", id=1, company_id=1, public_id="survey-1", kind="relationship", state="open")
    for number, state in enumerate(("submitted", "approved", "rejected"), 1):
        old(
            "response",
            id=number,
            company_id=1,
            survey_id=1,
            public_id=f"response-{number}",
            answer_key=f"k{number}",
            score=9,
        )
        old(
            "testimonial",
            id=number,
            company_id=1,
            survey_id=1,
            response_id=number,
            public_id=f"testimonial-{number}",
            state=state,
            attribution="full_name",
            submitted_at=MOMENT,
            decided_at=None if state == "submitted" else MOMENT.replace(day=2),
        )
        old(
            "media",
            id=number,
            company_id=1,
            response_id=number,
            testimonial_id=number,
            public_id=f"media-{number}",
            kind="video",
            state="ready",
            byte_count=1000 * number,
            duration_seconds=12.5,
            variants=["video.mp4"],
        )
    old("media", id=4, company_id=1, public_id="media-4", kind="photo", state="uploading", byte_count=None)
    old("upload", id=1, company_id=1, media_id=4, public_id="upload-1", state="open", expires_at=MOMENT)


def test_what_was_stored_stays_and_is_counted(app: Flask, planted: None) -> None:
    with app.app_context():
        upgrade()
        with db.engine.connect() as connection:
            assert rows(connection, "select id, stored_byte_count, duration_seconds from media order by id") == [
                (1, 1000, 12.5),
                (2, 2000, 12.5),
                (3, 3000, 12.5),
                (4, 0, None),
            ]
            assert rows(connection, "select media_id from upload") == [(4,)]
            assert rows(connection, "select video_retention_days from survey") == [(180,)]
            judged = rows(connection, "select id from media where judged_at is not null order by id")
            assert judged == [(2,), (3,)]


def test_what_is_published_is_built_anew_once(
    app: Flask, planted: None, old: Write, run_jobs: Callable[[], int]
) -> None:
    old("company", id=2, public_id="company-2", name="Another company")
    waiting = {"kind": "widgets.rebuild", "state": "waiting", "payload": {"company_id": 2}, "run_at": MOMENT}
    old("job", id=100, key="widgets.rebuild:2", **waiting)
    with app.app_context():
        upgrade()
        with db.engine.connect() as connection:
            keys = rows(connection, "select key from job order by key")
    assert keys == [("widgets.rebuild:1",), ("widgets.rebuild:2",)]
    assert run_jobs() == 2


def test_the_checks_and_the_ties_between_tables_still_hold(app: Flask, planted: None) -> None:
    with app.app_context():
        upgrade()
        with db.engine.begin() as connection:
            connection.execute(text("update media set state = 'parked' where id = 1"))
        for wrong in (
            "update media set state = 'nonsense' where id = 1",
            "update media set kind = 'nonsense' where id = 1",
            "update media set company_id = 77 where id = 1",
            "update media set public_id = 'media-2' where id = 1",
        ):
            with pytest.raises(IntegrityError), db.engine.begin() as connection:
                connection.execute(text(wrong))
        with db.engine.begin() as connection:
            connection.execute(text("delete from media where id = 4"))
            assert rows(connection, "select count(*) from upload") == [(0,)]


def test_the_release_before_still_writes(app: Flask, planted: None, old: Write) -> None:
    with app.app_context():
        upgrade()
    old("media", id=5, company_id=1, public_id="media-5", kind="video", state="uploading")
    old("survey", id=2, company_id=1, public_id="survey-2", kind="relationship", state="open")
    with app.app_context(), db.engine.connect() as connection:
        assert rows(connection, "select progress_percent, is_audio from media where id = 5") == [(0, False)]


KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from alembic import op
from flask_migrate import upgrade
from socialproof.app import create_app
from socialproof.settings import Settings
op.create_table = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
with create_app(Settings(("x" * 32,), sys.argv[1], sys.argv[2], testing=True)).app_context():
    upgrade()
"""


def test_killed_in_the_middle_and_run_again_it_completes(
    app: Flask, planted: None, settings: Settings, tmp_path: Path
) -> None:
    script = KILLED_IN_THE_MIDDLE.replace("sys.argv[2]", "__import__('pathlib').Path(sys.argv[2])")
    command = [sys.executable, "-c", script, settings.database_url, str(tmp_path)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    with app.app_context():
        with db.engine.connect() as connection:
            assert rows(connection, "select version_num from alembic_version") == [("0001",)]
        upgrade(revision="0002")
        with db.engine.connect() as connection:
            assert rows(connection, "select version_num from alembic_version") == [("0002",)]
            assert rows(connection, "select count(*) from media") == [(4,)]
