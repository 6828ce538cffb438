"""`flask status`: what the operator reads at three in the morning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from socialproof import clock
from socialproof.backends.jobs import presence
from socialproof.backends.jobs.models import Job
from socialproof.campaigns.models import Campaign
from tests.factories import Factories

HOUR = timedelta(hours=1)


@pytest.fixture
def status(app: Flask, session: Session) -> Callable[[], Result]:
    """With a worker at work, unless a test ends it."""
    presence.note_present(session, "machine:1", now=clock.now())
    session.commit()

    def run() -> Result:
        session.rollback()
        return app.test_cli_runner().invoke(args=["status"])

    return run


def line(result: Result, name: str) -> str:
    """The line about this part, with its mark."""
    return next(line for line in result.output.splitlines() if line[8:].startswith(f"{name}:"))


@pytest.fixture
def campaign(factories: Factories) -> Campaign:
    return factories.campaign()


@pytest.mark.both_databases
def test_a_quiet_installation_is_well(status: Callable[[], Result], factories: Factories, campaign: Campaign) -> None:
    factories.invitation(campaign.survey, campaign=campaign, channel="mail", due_at=factories.now + HOUR)
    result = status()
    assert result.exit_code == 0
    assert {line[:8].strip() for line in result.output.splitlines()} == {"ok"}
    assert "1 wait for their time" in line(result, "letters")
    assert "1 running, 0 paused" in line(result, "campaigns")


@pytest.mark.both_databases
def test_late_letters_and_jobs_are_told_and_it_ends_with_an_error(
    status: Callable[[], Result], factories: Factories, campaign: Campaign
) -> None:
    late = factories.now - HOUR
    factories.invitation(campaign.survey, campaign=campaign, channel="mail", due_at=late)
    factories.add(Job(kind="campaigns.tick", run_at=late, created_at=late))
    result = status()
    assert result.exit_code == 1
    assert line(result, "letters").startswith("FAILED  letters: 1 letters and texts could go out")
    assert line(result, "jobs").startswith("FAILED  jobs: 1 waiting")
    assert f"since {late:%Y-%m-%d %H:%M} UTC" in line(result, "letters")
    assert "look at: jobs, letters." in result.output


@pytest.mark.both_databases
def test_a_worker_that_died_is_missed_although_nothing_is_late(
    status: Callable[[], Result], session: Session, factories: Factories
) -> None:
    assert line(status(), "worker") == "ok      worker: 1 at work."
    seen_at = factories.now - HOUR
    presence.note_present(session, "machine:1", now=seen_at)
    session.commit()
    result = status()
    assert result.exit_code == 1
    assert line(result, "worker").startswith(f"FAILED  worker: none is at work since {seen_at:%Y-%m-%d %H:%M} UTC")
    presence.note_absent(session, "machine:1")
    session.commit()
    assert line(status(), "worker").startswith("FAILED  worker: none is at work: start")


def test_many_letters_that_are_being_sent_are_no_failure(
    status: Callable[[], Result], factories: Factories, campaign: Campaign
) -> None:
    factories.invitation(campaign.survey, campaign=campaign, channel="mail", due_at=factories.now - HOUR)
    later = factories.now + HOUR
    sending = Job(
        kind="campaigns.deliver", state="running", run_at=factories.now, created_at=factories.now, lease_until=later
    )
    factories.add(sending)
    result = status()
    assert (result.exit_code, line(result, "letters")[:8].strip()) == (0, "warning")
    sending.lease_until = factories.now - HOUR
    factories.session.commit()
    assert line(status(), "letters").startswith("FAILED"), "whoever sent them is dead"


def test_a_paused_campaign_is_late_with_nothing(
    status: Callable[[], Result], factories: Factories, session: Session
) -> None:
    paused = factories.campaign(state="paused")
    factories.invitation(paused.survey, campaign=paused, channel="mail", due_at=factories.now - HOUR)
    result = status()
    assert result.exit_code == 0
    assert "none is late" in line(result, "letters")
    assert "1 paused" in line(result, "campaigns")


def test_the_last_words_of_the_relay_are_told_with_how_many_letters_they_stopped(
    status: Callable[[], Result], factories: Factories, campaign: Campaign
) -> None:
    for words in ("451 greylisted", "451 greylisted", "421 busy"):
        factories.invitation(
            campaign.survey,
            campaign=campaign,
            channel="mail",
            due_at=factories.now + HOUR,
            error=words,
            attempt_count=1,
        )
    said = line(status(), "relay")
    assert said.startswith("warning ")
    assert said.endswith("2 × 451 greylisted; 1 × 421 busy")


def test_a_relay_that_is_away_is_a_failure(
    status: Callable[[], Result], factories: Factories, campaign: Campaign
) -> None:
    words = "127.0.0.1:25: [Errno 111] Connection refused"
    factories.invitation(campaign.survey, campaign=campaign, channel="mail", due_at=factories.now + HOUR, error=words)
    result = status()
    assert result.exit_code == 1
    assert line(result, "relay") == f"FAILED  relay: it takes nothing from us. Its last words: 1 × {words}"


def test_a_job_that_was_given_up_is_a_warning(status: Callable[[], Result], factories: Factories) -> None:
    factories.add(Job(kind="widgets.rebuild", state="parked", run_at=factories.now, created_at=factories.now))
    result = status()
    assert (result.exit_code, line(result, "parked jobs")[:8].strip()) == (0, "warning")


def test_a_database_that_is_not_there_is_told_and_the_disk_is_still_looked_at(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    app = make_app(database_url=f"sqlite:///{tmp_path}/no-such-folder/socialproof.db")
    result = app.test_cli_runner().invoke(args=["status"])
    assert result.exit_code == 1
    assert line(result, "database") == "FAILED  database: it does not answer: unable to open database file"
    assert line(result, "disk")
