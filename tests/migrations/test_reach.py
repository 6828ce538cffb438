"""Revision 0003 with data in place: who was asked before the ledger existed is in it."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from socialproof.campaigns.models import Invitation
from socialproof.contacts.models import Contact
from socialproof.database import db
from socialproof.settings import Settings
from tests.migrations.conftest import MOMENT, Release, Write, rows
from tests.servers import ROOT

pytestmark = pytest.mark.both_databases
LATER = MOMENT + timedelta(days=5)


@pytest.fixture
def old(release: Release) -> Write:
    return release("0002")


@pytest.fixture
def planted(old: Write) -> None:
    """Two contacts: one with an answered and a revoked link, one who was never invited."""
    old("company", id=1, public_id="company-1", name="Nordlys Kaffe AB", default_language="fi")
    old("survey", id=1, company_id=1, public_id="survey-1", kind="relationship", state="open")
    for number in (1, 2):
        old("contact", id=number, company_id=1, public_id=f"contact-{number}", email=f"{number}@customer.example")
    links = {"company_id": 1, "survey_id": 1, "contact_id": 1, "expires_at": LATER}
    old("invitation", id=1, public_id="link-1", state="answered", created_at=MOMENT, answered_at=MOMENT, **links)
    old("invitation", id=2, public_id="link-2", state="sent", created_at=LATER, revoked_at=LATER, **links)
    old("link_opening", id=1, invitation_id=1, score=9, opened_at=MOMENT)
    old("response", id=1, company_id=1, survey_id=1, public_id="r-1", invitation_id=1, answer_key="k1", score=9)


def test_who_held_a_living_link_counts_as_asked(app: Flask, planted: None) -> None:
    with app.app_context():
        upgrade()
        asked = [contact.last_asked_at for contact in db.session.query(Contact).order_by(Contact.id)]
        links = [(link.asked_at, link.channel) for link in db.session.query(Invitation).order_by(Invitation.id)]
        db.session.rollback()
    assert asked == [MOMENT, None]
    assert links == [(MOMENT, "link"), (None, "link")]


def test_nothing_that_hangs_on_an_invitation_is_lost(app: Flask, planted: None) -> None:
    with app.app_context():
        upgrade()
        with db.engine.connect() as connection:
            assert rows(connection, "select invitation_id from response") == [(1,)]
            assert rows(connection, "select invitation_id from link_opening") == [(1,)]
            assert rows(connection, "select time_zone, rest_days from company") == [("Europe/Helsinki", 30)]


def test_states_are_wider_and_still_checked(app: Flask, planted: None) -> None:
    with app.app_context():
        upgrade()
        with db.engine.begin() as connection:
            connection.execute(text("update invitation set state = 'deferred', channel = 'mail' where id = 2"))
        for wrong in (
            "update invitation set state = 'nonsense' where id = 1",
            "update invitation set channel = 'pigeon' where id = 1",
            "update invitation set contact_id = 77 where id = 1",
            "update contact set email = '2@customer.example' where id = 1",
            "update contact set owner_id = 77 where id = 1",
        ):
            with pytest.raises(IntegrityError), db.engine.begin() as connection:
                connection.execute(text(wrong))


def test_the_release_before_still_writes(app: Flask, planted: None, old: Write) -> None:
    with app.app_context():
        upgrade()
    old("company", id=2, public_id="company-2", name="Another company", default_language="en")
    old("contact", id=3, company_id=2, public_id="contact-3")
    old("survey", id=2, company_id=2, public_id="survey-2", kind="relationship", state="open")
    of_contact = {"company_id": 2, "survey_id": 2, "contact_id": 3}
    old("invitation", id=3, public_id="link-3", state="pending", expires_at=LATER, **of_contact)
    with app.app_context(), db.engine.connect() as connection:
        assert rows(connection, "select channel, reminder_count from invitation where id = 3") == [("link", 0)]


KILLED_AT_THE_LEDGER = """
import os, signal, sys
from pathlib import Path
from alembic import op
from flask_migrate import upgrade
from socialproof.app import create_app
from socialproof.settings import Settings
op.execute = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
with create_app(Settings(("x" * 32,), sys.argv[1], Path(sys.argv[2]), testing=True)).app_context():
    upgrade()
"""


def test_killed_near_the_end_and_run_again_it_completes(
    app: Flask, planted: None, settings: Settings, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED_AT_THE_LEDGER, settings.database_url, str(tmp_path)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    with app.app_context():
        with db.engine.connect() as connection:
            assert rows(connection, "select version_num from alembic_version") == [("0002",)]
        upgrade(revision="0003")
        with db.engine.connect() as connection:
            assert rows(connection, "select version_num from alembic_version") == [("0003",)]
            assert rows(connection, "select count(*) from invitation") == [(2,)]
