"""One durable answer over HTTP: ours, a bare Flask app with the raw driver, and a raw insert-and-commit loop.

    python benchmarks/submit.py [rounds] [answers]

Both applications run under granian with the same options and are sent the same forms by the same few connections; both
and the loop write to the same kind of database with every commit on disk. Ours also checks its signed key, counts the
answer and writes to the outbox. Interleaved rounds, medians; the ratios are printed last (goal: ours ≥ 0.5 of bare).
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CLIENTS = 8
BARE_URL = "SOCIALPROOF_BENCHMARK_DATABASE"
TABLE = (
    "create table bare_answer (id {serial} primary key, answer_key text unique, score int, comment text, "
    "language text, source text, answered_at text)"
)
INSERT = "insert into bare_answer (answer_key, score, comment, language, source, answered_at) values "
Post = Callable[[int], float]


class Raw:
    """The driver alone, one connection for each thread."""

    def __init__(self, url: str) -> None:
        self._is_sqlite, self._url, self._own = url.startswith("sqlite"), url, threading.local()
        self._insert = INSERT + ("(?, ?, ?, ?, ?, ?)" if self._is_sqlite else "(%s, %s, %s, %s, %s, %s)")

    def connection(self) -> Any:
        if not hasattr(self._own, "connection"):
            self._own.connection = self._connect()
        return self._own.connection

    def _connect(self) -> Any:
        if not self._is_sqlite:
            import psycopg

            return psycopg.connect(self._url.replace("+psycopg", ""))
        connection = sqlite3.connect(self._url.removeprefix("sqlite:///"), timeout=15)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"pragma {pragma}")
        return connection

    def make_table(self) -> None:
        serial = "integer" if self._is_sqlite else "bigint generated always as identity"
        self.connection().execute(TABLE.format(serial=serial))
        self.connection().commit()

    def keep(self, key: str, score: int) -> None:
        connection = self.connection()
        connection.execute(self._insert, (key, score, "", "en", "link", datetime.now(UTC).isoformat()))
        connection.commit()


def bare() -> Any:
    """The least that a form on the web can be."""
    from flask import Flask, redirect, request

    app, raw = Flask("bare"), Raw(os.environ[BARE_URL])

    @app.post("/s/<survey>")
    def submit(survey: str) -> Any:
        raw.keep(request.form["answer_key"], int(request.form["score"]))
        return redirect(f"/thanks/{survey}", 303)

    return app


if BARE_URL in os.environ:
    bare_application = bare()


class Server:
    """One granian process on a free port."""

    def __init__(self, application: str, folder: Path, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--blocking-threads", str(CLIENTS), "--log-level", "error", application]
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 – lives as long as the process
        self.process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=self.log, stderr=self.log
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.1)
        self.log.seek(0)
        raise SystemExit("a server did not start: " + self.log.read().decode(errors="replace")[-2000:])

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def prepare(folder: Path, url: str) -> tuple[str, Callable[[], str], Callable[[], int]]:
    """Tables and an open survey; returns its path, a maker of signed answer keys, and a counter of answers kept."""
    from flask_migrate import upgrade
    from sqlalchemy import func, select
    from sqlalchemy.orm import Session

    from socialproof.app import create_app
    from socialproof.database import db
    from socialproof.responses.models import Response
    from socialproof.settings import Settings
    from socialproof.web.customer.answering import new_answer_key
    from tests.factories import Factories

    app = create_app(Settings.from_env(environment(folder, url)))
    context = app.app_context()
    context.push()
    upgrade()
    with Session(db.engine, expire_on_commit=False) as session:
        survey = Factories(session).survey()

    def kept() -> int:
        with Session(db.engine) as session:
            return session.scalar(select(func.count()).select_from(Response)) or 0

    return f"/s/{survey.public_id}", lambda: new_answer_key(survey), kept


def environment(folder: Path, url: str) -> dict[str, str]:
    return {
        "SOCIALPROOF_SECRET_KEY": "a-secret-key-for-the-benchmark-only-012345",
        "SOCIALPROOF_DATA_DIR": str(folder),
        "DATABASE_URL": url,
        BARE_URL: url,
    }


def posting(server: Server, path: str, new_key: Callable[[], str]) -> Post:
    """Send that many forms over a few connections that stay open; every one must be accepted."""

    def send(keys: list[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        for key in keys:
            connection.request("POST", path, urlencode({"score": 9, "answer_key": key}), headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 303, answer.status
        connection.close()

    def run(answers: int) -> float:
        keys = [new_key() for _ in range(answers)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            began = time.perf_counter()
            list(pool.map(send, [keys[number::CLIENTS] for number in range(CLIENTS)]))
            return answers / (time.perf_counter() - began)

    return run


def looping(raw: Raw, new_key: Callable[[], str]) -> Post:
    def run(answers: int) -> float:
        keys = [new_key() for _ in range(answers)]
        began = time.perf_counter()
        for key in keys:
            raw.keep(key, 9)
        return answers / (time.perf_counter() - began)

    return run


def measure(label: str, url: str, folder: Path, rounds: int, answers: int) -> str:
    """Take turns on one database; returns the line with the ratios."""
    path, new_key, kept = prepare(folder, url)
    raw = Raw(url)
    raw.make_table()
    servers = [
        Server("wsgi:app", ROOT, environment(folder, url)),
        Server("submit:bare_application", Path(__file__).parent, environment(folder, url)),
    ]
    try:
        for server in servers:
            server.wait()
        ours, bare_flask = (posting(server, path, new_key) for server in servers)
        runs = {"raw loop": looping(raw, new_key), "bare Flask": bare_flask, "ours": ours}
        for run in runs.values():
            run(10 * CLIENTS)
        rates = {name: [] for name in runs}  # type: dict[str, list[float]]
        for _ in range(rounds):
            for name, run in runs.items():
                rates[name].append(run(answers))
    finally:
        for server in servers:
            server.stop()
    assert kept() == rounds * answers + 10 * CLIENTS, "an acknowledged answer is missing"
    middle = {name: statistics.median(found) for name, found in rates.items()}
    for name, rate in middle.items():
        print(f"{label:11} {name:11} {rate:7.0f} answers/s")
    to_bare, to_raw = middle["ours"] / middle["bare Flask"], middle["ours"] / middle["raw loop"]
    return f"{label}: ours is {to_bare:.2f} of bare Flask (goal 0.50) and {to_raw:.2f} of the raw loop"


@contextmanager
def postgres() -> Iterator[str]:
    """The tests' own server, but with every commit on disk."""
    from tests.databases import PostgresServer, _run

    server = PostgresServer.start()
    try:
        if server._folder is not None and server._binaries_dir is not None:
            options = f"-c listen_addresses= -c unix_socket_directories={server._folder / 's'} -c max_connections=150"
            control = server._binaries_dir / "pg_ctl"
            _run(control, "-D", server._folder / "data", "-w", "-o", options, "-l", server._folder / "log", "restart")
        with server.database() as url:
            yield url
    finally:
        server.stop()


def main() -> None:
    rounds = max(5, int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    answers = int(sys.argv[2]) if len(sys.argv) > 2 else 240
    from tests.parts import MissingPart

    lines = []
    with tempfile.TemporaryDirectory() as name:
        lines.append(measure("SQLite", f"sqlite:///{name}/benchmark.db", Path(name), rounds, answers))
    try:
        with tempfile.TemporaryDirectory() as name, postgres() as url:
            lines.append(measure("PostgreSQL", url, Path(name), rounds, answers))
    except MissingPart as missing:
        lines.append(f"PostgreSQL: not measured, {missing}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
