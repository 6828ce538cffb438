"""The widget feed from our own process, against a bare WSGI application and a plain Flask view under the same server.

    python benchmarks/widget_feed.py [rounds] [seconds]

Three granian processes with one worker each take turns; the client keeps a few connections on the loopback busy and
counts whole answers. Printed last: the medians of the ratios within each round (goals: ≥ 4 and ≥ 0.85).
"""

from __future__ import annotations

import gzip
import json
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CONNECTIONS = 8
STORIES = 30
PATH_FILE = "SOCIALPROOF_BENCHMARK_PATH"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def feed_bytes() -> bytes:
    """Some ready bytes of the size of our feed."""
    return Path(os.environ[PATH_FILE] + ".gz").read_bytes()


def bare() -> Application:
    """The least that WSGI can do: the same bytes with the same number of headers."""
    body = feed_bytes()
    headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))]
    headers += [("ETag", 'W/"x"'), ("Cache-Control", "public, max-age=30"), ("Vary", "Accept-Encoding")]
    headers += [("Access-Control-Allow-Origin", "*"), ("X-Content-Type-Options", "nosniff")]
    headers += [("Cross-Origin-Resource-Policy", "cross-origin"), ("Referrer-Policy", "no-referrer")]

    def application(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", list(headers))
        return (body,)

    return application


def plain_flask() -> Application:
    """A Flask view that returns ready bytes, and nothing else in the application."""
    from flask import Flask, Response

    app, body = Flask("plain"), feed_bytes()

    @app.get("/w/<widget_id>/<language>.json")
    def feed(widget_id: str, language: str) -> Response:
        return Response(body, mimetype="application/json", headers={"Content-Encoding": "gzip"})

    return app  # type: ignore[return-value]


def ours() -> Application:
    """Our whole application, as operators run it."""
    from socialproof.app import create_app
    from socialproof.settings import Settings

    return create_app(Settings.from_env())  # type: ignore[return-value]


if PATH_FILE in os.environ:
    bare_application, flask_application, our_application = bare(), plain_flask(), ours()


def prepare(folder: Path) -> tuple[dict[str, str], str]:
    """A database with one company, many stories and a published widget; returns the environment and the feed's path."""
    environment = {
        "SOCIALPROOF_SECRET_KEY": "a-secret-key-for-the-benchmark-only-012345",
        "SOCIALPROOF_DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/benchmark.db",
    }
    from sqlalchemy.orm import Session

    from socialproof.app import create_app
    from socialproof.database import Base, db
    from socialproof.settings import Settings
    from socialproof.widgets import queries, service
    from tests.factories import Factories

    app = create_app(Settings.from_env(environment))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        with Session(db.engine, expire_on_commit=False) as session:
            factories = Factories(session)
            survey = factories.survey(factories.company(name="Nordlys Kaffe AB"))
            for number in range(STORIES):
                text = f"Story {number}. They answered within an hour and fixed it the same day. " * 3
                factories.testimonial(factories.response(survey, 9 + number % 2), state="approved", text=text)
            look = service.Look(name="Benchmark")
            widget = service.create_widget(session, company=survey.company, look=look, now=datetime.now(UTC))
            session.commit()
            snapshot = queries.published(session, widget.public_id, "en")
            assert snapshot is not None
            (folder / "feed.gz").write_bytes(gzip.compress(snapshot.body, 9, mtime=0))
            print(f"feed: {len(snapshot.body)} bytes, {len(snapshot.gzip_body)} gzip'd")
            path = f"/w/{widget.public_id}/en.json"
    return {**os.environ, **environment, PATH_FILE: str(folder / "feed")}, path


class Server:
    """One granian process on a free port."""

    def __init__(self, application: str, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--no-access-log", "--log-level", "error", f"widget_feed:{application}"]
        self.process = subprocess.Popen(command, cwd=Path(__file__).parent, env=environment)

    def wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("a server did not start")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


def load(port: int, path: str, seconds: float) -> float:
    """Answers per second over a few kept connections, one request at a time on each."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    size = _answer_size(port, request)
    waiting = selectors.DefaultSelector()
    sockets = [socket.create_connection(("127.0.0.1", port)) for _number in range(CONNECTIONS)]
    missing = dict.fromkeys(sockets, size)
    for one in sockets:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting.register(one, selectors.EVENT_READ)
        one.sendall(request)
    count, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        for key, _events in waiting.select(1):
            one: Any = key.fileobj
            missing[one] -= len(one.recv(65536))
            if missing[one] <= 0:
                count, missing[one] = count + 1, size
                one.sendall(request)
    for one in sockets:
        one.close()
    return count / passed


def _answer_size(port: int, request: bytes) -> int:
    """Bytes of one whole answer: the same every time, so later ones need not be parsed."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += one.recv(65536)
        head, _end, _body = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        return len(head) + 4 + int(lines[b"content-length"])


def main(rounds: int = 15, seconds: float = 0.7) -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment, path = prepare(Path(folder))
        servers = {name: Server(f"{name}_application", environment) for name in ("bare", "our", "flask")}
        rates: dict[str, list[float]] = defaultdict(list)
        try:
            for server in servers.values():
                server.wait()
                load(server.port, path, 0.3)
            for number in range(rounds):
                names = list(servers)
                for name in names[number % 3 :] + names[: number % 3]:
                    rates[name].append(load(servers[name].port, path, seconds))
        finally:
            for server in servers.values():
                server.stop()
    median = {name: statistics.median(found) for name, found in rates.items()}
    print(json.dumps({name: round(rate) for name, rate in median.items()}), "answers per second, medians")
    for name, words in (("flask", "plain Flask view"), ("bare", "bare WSGI")):
        ratios = [ours / other for ours, other in zip(rates["our"], rates[name], strict=True)]
        print(f"ours / {words}: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]), *(float(argument) for argument in sys.argv[2:3]))
