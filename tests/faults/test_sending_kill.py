"""A worker that is killed while it sends: others send the rest, and only what was on its way may come twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job, WorkerPresence
from socialproof.backends.jobs.queue import enqueue
from socialproof.campaigns.models import Invitation
from socialproof.clock import now
from socialproof.database import transaction
from socialproof.settings import Settings
from tests.conftest import SECRET
from tests.factories import Factories
from tests.peers import SmtpPeer
from tests.servers import ROOT, environment

LETTERS, CONNECTIONS, PATIENCE_SECONDS = 120, 4, 60
ALWAYS: dict[str, Any] = {
    "send_from_minute": 0,
    "send_until_minute": 1440,
    "weekdays": [1, 2, 3, 4, 5, 6, 7],
    "most_reminders": 0,
}


def test_a_killed_worker_repeats_at_most_the_letters_that_were_on_their_way(
    app: Flask, settings: Settings, session: Session, factories: Factories, smtp_peer: SmtpPeer
) -> None:
    company_id = _campaign(factories)
    _put_on_the_table(session, company_id)
    with _worker(settings, smtp_peer) as process:
        _until(lambda: len(smtp_peer.messages) >= LETTERS // 4)
        process.send_signal(signal.SIGKILL)
        assert process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    assert _unsent(session) > 0
    _put_on_the_table(session, company_id)
    with _worker(settings, smtp_peer) as second:
        _until(lambda: _unsent(session) == 0)
        assert _present(session) == {process.pid, second.pid}
        second.send_signal(signal.SIGTERM)
        assert second.wait(PATIENCE_SECONDS) == 0
    assert _present(session) == {process.pid}, "who died said no goodbye, who was told to stop did"
    sent = Counter(smtp_peer.recipients)
    assert len(sent) == LETTERS
    assert max(sent.values()) <= 2
    assert sum(sent.values()) - LETTERS <= 2 * CONNECTIONS
    for recipient in sent:
        ids = {letter["Message-ID"] for letter in smtp_peer.messages if letter["To"] == recipient}
        assert len(ids) == 1


def _campaign(factories: Factories) -> int:
    survey = factories.survey()
    campaign = factories.campaign(survey, "one_off", planned_at=factories.now, **ALWAYS)
    for _number in range(LETTERS):
        factories.invitation(
            survey,
            campaign_id=campaign.id,
            channel="mail",
            occasion="once",
            wanted_at=factories.now,
            due_at=factories.now,
            asked_at=None,
        )
    return survey.company_id


def _put_on_the_table(session: Session, company_id: int) -> None:
    """The leases of whoever died are over, and the minute's look puts the job there again."""
    gone = now() - timedelta(seconds=1)
    with transaction(session):
        session.execute(update(Invitation).where(Invitation.claim.is_not(None)).values(claimed_until=gone))
        session.execute(update(Job).where(Job.state == "running").values(lease_until=gone))
        payload = {"company_id": company_id}
        enqueue(session, "campaigns.deliver", payload, now=now(), key=f"campaigns.deliver:{company_id}")


def _unsent(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count(Invitation.id)).where(Invitation.sent_at.is_(None))) or 0


def _present(session: Session) -> set[int]:
    """The processes of workers that have said they are at work, and not that they stop."""
    session.rollback()
    return {int(name.rpartition(":")[2]) for name in session.scalars(select(WorkerPresence.worker))}


@contextmanager
def _worker(settings: Settings, relay: SmtpPeer) -> Iterator[subprocess.Popen[bytes]]:
    env = environment(settings.database_url, settings.data_dir, 8000, SECRET)
    env |= {"SOCIALPROOF_MAIL_URL": relay.url, "SOCIALPROOF_MAIL_CONNECTIONS": str(CONNECTIONS)}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--threads", "1"]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)
