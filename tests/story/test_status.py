"""`flask status`: what the operator reads at three in the morning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job
from socialproof.campaigns.models import Campaign
from tests.factories import Factories

HOUR = timedelta(hours=1)


@pytest.fixture
def status(app: Flask, session: Session) -> Callable[[], Result]:
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
    assert "1 run, 0 are paused" in line(result, "campaigns")


@pytest.mark.both_databases
def test_without_a_worker_the_late_letters_and_jobs_are_told_and_it_ends_with_an_error(
    status: Callable[[], Result], factories: Factories, campaign: Campaign
) -> None:
    late = factories.now - HOUR
    factories.invitation(campaign.survey, campaign=campaign, channel="mail", due_at=late)
    factories.add(Job(kind="campaigns.tick", run_at=late, created_at=late))
    result = status()
    assert result.exit_code == 1
    assert line(result, "letters").startswith("FAILED  letters: 1 letters and texts could go out")
    assert line(result, "worker").startswith("FAILED  worker: 1 jobs wait")
    assert f"since {late:%Y-%m-%d %H:%M} UTC" in line(result, "letters")
    assert "look at: worker, letters." in result.output


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
    assert "1 are paused" in line(result, "campaigns")


def test_the_last_words_of_the_relay_are_told_with_how_many_letters_they_stopped(
    status: Callable[[], Result], factories: Factories, campaign: Campaign
) -> None:
    for words in ("451 greylisted", "451 greylisted", "421 busy"):
        factories.invitation(
            campaign.survey, campaign=campaign, channel="mail", due_at=factories.now + HOUR, error=words
        )
    said = line(status(), "relay")
    assert said.startswith("warning ")
    assert said.endswith("2 × 451 greylisted; 1 × 421 busy")


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
