"""`flask status` says in a few lines whether the installation works, and where to look when it does not."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from socialproof import clock
from socialproof.backends.jobs import presence
from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.queue import is_due, is_in_hand
from socialproof.campaigns.backlog import Backlog, backlog, campaign_counts
from socialproof.campaigns.jobs import DELIVER
from socialproof.database import db
from socialproof.web import EXTENSION, Services

LATE = timedelta(minutes=5)
"""The worker looks every second for jobs and every minute for letters: what waits longer, waits for a worker."""
LEAST_FREE_BYTES = 1024**3
LOOK = "Is `flask --app wsgi worker` running, and what does its log say?"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer. A warning is no fault of the installation, but somebody should know."""

    name: str
    words: str
    is_well: bool = True
    is_warning: bool = False


@click.command()
@with_appcontext
def status() -> None:
    """Say whether database, worker, letters and disk are well; ends with an error when one is not."""
    services: Services = current_app.extensions[EXTENSION]
    findings = _findings(db.session(), services.settings.data_dir, clock.now())
    for finding in findings:
        mark = "warning" if finding.is_warning else "ok" if finding.is_well else "FAILED"
        click.echo(f"{mark:8}{finding.name}: {finding.words}")
    failed = [finding.name for finding in findings if not finding.is_well]
    if failed:
        raise click.ClickException(f"look at: {', '.join(failed)}.")


def _findings(session: Session, data_dir: Path, now: datetime) -> list[Finding]:
    try:
        found = [
            _database(session),
            _workers(session, now),
            _jobs(session, now),
            _parked(session),
            *_sending(session, now),
        ]
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        found = [Finding("database", f"it does not answer: {reason}", is_well=False)]
    return [*found, _disk(data_dir)]


def _disk(data_dir: Path) -> Finding:
    free = shutil.disk_usage(data_dir).free
    words = f"{free / 1024**3:.1f} GB free in the data directory."
    return Finding("disk", words, is_well=free >= LEAST_FREE_BYTES)


def _database(session: Session) -> Finding:
    revision = session.execute(text("select version_num from alembic_version")).scalar_one()
    return Finding("database", f"{session.get_bind().dialect.name}, schema {revision}.")


def _jobs(session: Session, now: datetime) -> Finding:
    count, since = session.execute(select(func.count(), func.min(Job.run_at)).where(is_due(now))).one()
    if since is not None and now - since > LATE:
        return Finding("jobs", f"{count} waiting, the oldest since {_at(since)}. {LOOK}", is_well=False)
    running = session.scalar(select(func.count()).where(is_in_hand(now)))
    return Finding("jobs", f"none is late; {running} in hand.")


def _workers(session: Session, now: datetime) -> Finding:
    count = presence.present_workers(session, since=now - LATE)
    if count:
        return Finding("worker", f"{count} at work.")
    seen_at = presence.last_seen_at(session)
    since = f" since {_at(seen_at)}" if seen_at else ""
    return Finding("worker", f"none is at work{since}: start `flask --app wsgi worker`.", is_well=False)


def _parked(session: Session) -> Finding:
    count = session.scalar(select(func.count()).where(Job.state == "parked")) or 0
    if count:
        words = f"{count} given up. `flask --app wsgi jobs list` says why, `jobs retry NUMBER` runs one again."
        return Finding("parked jobs", words, is_warning=True)
    return Finding("parked jobs", "none.")


def _sending(session: Session, now: datetime) -> list[Finding]:
    counts, left = campaign_counts(session), backlog(session, now)
    campaigns = f"{counts.get('running', 0)} running, {counts.get('paused', 0)} paused."
    return [Finding("campaigns", campaigns), _letters(left, now, is_sending=_is_sending(session, now)), _servers(left)]


def _is_sending(session: Session, now: datetime) -> bool:
    """Whether a worker sends letters right now, or takes its next turn soon: hundreds of thousands take hours."""
    has_next_turn = (Job.state == "waiting") & (Job.run_at.between(now - LATE, now)) & (Job.attempt_count == 0)
    turn = select(Job.id).where(Job.kind == DELIVER, is_in_hand(now) | has_next_turn)
    return session.scalar(turn.limit(1)) is not None


def _letters(left: Backlog, now: datetime, *, is_sending: bool) -> Finding:
    if left.due_since is not None and now - left.due_since > LATE:
        words = f"{left.due_count} letters and texts could go out, the oldest since {_at(left.due_since)}."
        if is_sending:
            return Finding("letters", f"{words} They are being sent.", is_warning=True)
        return Finding("letters", f"{words} {LOOK}", is_well=False)
    waits = f"; {left.waiting_count} wait for their time, the next until {_at(left.next_at)}" if left.next_at else ""
    return Finding("letters", f"none is late{waits}.")


def _servers(left: Backlog) -> Finding:
    if not left.put_off:
        return Finding("relay", "nothing was put off by a server.")
    words = "; ".join(f"{count} × {said}" for said, count in left.put_off)
    if left.stuck_count:
        return Finding("relay", f"it takes nothing from us. Its last words: {words}", is_well=False)
    return Finding("relay", f"put off and tried again, with these last words: {words}", is_warning=True)


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
