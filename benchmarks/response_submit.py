"""One durable answer: our whole submit against a bare Flask view with the raw driver, and against a raw loop.

    python -m benchmarks.response_submit [--answers 200] [--rounds 5]

SQLite (WAL, synchronous FULL) in one process; the three are measured in interleaved rounds, each on its own file in the
same folder. Prints answers per second and, last, our ratio to the bare view (goal: 0.5 or more).
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response, redirect, request
from flask_migrate import upgrade
from itsdangerous import URLSafeTimedSerializer

from socialproof.app import create_app
from socialproof.companies.models import Company
from socialproof.database import db, transaction
from socialproof.settings import Settings
from socialproof.surveys.models import Survey
from socialproof.web import services
from socialproof.web.customer.answering import new_answer_key

SECRET = "a-secret-key-for-benchmarks-0123456789"
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")
TABLE = (
    "create table answer (id integer primary key, answer_key text unique, score int, comment text, "
    "language text, source text, answered_at text)"
)
INSERT = "insert into answer (answer_key, score, comment, language, source, answered_at) values (?, ?, ?, ?, ?, ?)"

Round = Callable[[int], float]


def raw_database(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"pragma {pragma}")
    connection.execute(TABLE)
    return connection


def keep(connection: sqlite3.Connection, key: str, score: int) -> None:
    connection.execute("begin immediate")
    connection.execute(INSERT, (key, score, "", "en", "link", datetime.now(UTC).isoformat()))
    connection.execute("commit")


def raw_loop(folder: Path) -> Round:
    connection = raw_database(folder / "raw.db")
    numbers = iter(range(10**9))

    def run(answers: int) -> float:
        began = time.perf_counter()
        for _ in range(answers):
            keep(connection, f"key {next(numbers)}", 9)
        return answers / (time.perf_counter() - began)

    return run


def bare_view(folder: Path) -> Round:
    """The least a form with a signed key needs: check the key, insert, commit, redirect."""
    connection = raw_database(folder / "bare.db")
    app, signer, numbers = Flask("bare"), URLSafeTimedSerializer(SECRET), iter(range(10**9))

    @app.post("/s/<survey>")
    def submit(survey: str) -> Response:
        key = signer.loads(request.form["answer_key"], max_age=86400)
        keep(connection, key, int(request.form["score"]))
        return redirect(f"/thanks/{survey}", 303)  # type: ignore[return-value]

    return posting(app, "/s/one", lambda: str(signer.dumps(f"key {next(numbers)}")))


def our_submit(folder: Path) -> Round:
    app = create_app(Settings((SECRET,), f"sqlite:///{folder}/ours.db", folder))
    now = datetime.now(UTC)
    with app.app_context():
        upgrade()
        with transaction() as session:
            company = Company(name="Nordlys Kaffe AB", created_at=now)
            survey = Survey(company=company, name="Yearly", kind="relationship", state="open", created_at=now)
            session.add(company)
            session.flush()
            survey.company_id = company.id
            session.add(survey)
        path, public = f"/s/{survey.public_id}", Survey(public_id=survey.public_id)
        db.session.remove()

    def key() -> str:
        with app.app_context():
            assert services()
            return new_answer_key(public)

    return posting(app, path, key)


def posting(app: Flask, path: str, new_key: Callable[[], str]) -> Round:
    client = app.test_client(use_cookies=False)

    def run(answers: int) -> float:
        keys = [new_key() for _ in range(answers)]
        began = time.perf_counter()
        for key in keys:
            answer = client.post(path, data={"score": "9", "answer_key": key}, base_url="http://localhost")
            assert answer.status_code == 303, answer.status
        return answers / (time.perf_counter() - began)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        runs = {"raw loop": raw_loop(Path(name)), "bare Flask": bare_view(Path(name)), "ours": our_submit(Path(name))}
        for run in runs.values():
            run(20)
        rates: dict[str, list[float]] = {label: [] for label in runs}
        for _ in range(wish.rounds):
            for label, run in runs.items():
                rates[label].append(run(wish.answers))
    middle = {label: statistics.median(found) for label, found in rates.items()}
    for label, rate in middle.items():
        sys.stdout.write(f"{label:12} {rate:8.0f} answers/s  {rate / middle['raw loop']:.2f} of the raw loop\n")
    sys.stdout.write(f"ratio {middle['ours'] / middle['bare Flask']:.2f} of bare Flask with the raw driver\n")


if __name__ == "__main__":
    main()
