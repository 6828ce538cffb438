"""The server that we ship, with many slow senders at its door."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from socialproof.settings import Settings
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.factories import Factories

ROOT = Path(__file__).parents[3]
SENDERS = 50
BODY = b"x" * 100_000


@pytest.fixture
def granian(settings: Settings, app: Flask, tmp_path: Path) -> Iterator[int]:
    """The real server on a free port, with the threads that `dev.py start` gives it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = {
        **os.environ,
        "SOCIALPROOF_SECRET_KEY": ",".join(settings.secret_keys),
        "SOCIALPROOF_DATA_DIR": str(settings.data_dir),
        "SOCIALPROOF_BASE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": settings.database_url,
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "granian.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--blocking-threads", "32", "wsgi:app"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            if _get(port, "/healthz") == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("granian did not start")


def _get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def _seconds_for(port: int, path: str) -> float:
    """How long a page takes; the best of a few is asked, because the test machine has other work too."""
    started = time.monotonic()
    assert _get(port, path) == 200
    return time.monotonic() - started


def test_50_uploads_at_1_kb_per_second_leave_other_pages_quick(
    granian: int, app: Flask, client: FlaskClient, factories: Factories
) -> None:
    survey = factories.survey()
    senders: list[socket.socket] = []
    over = threading.Event()

    def drip() -> None:
        while not over.wait(1):
            for sender in senders:
                try:
                    sender.sendall(b"x" * 1000)
                except OSError:
                    continue

    for _ in range(SENDERS):
        response = factories.response(survey)
        token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
        upload = client.post(f"/s/r/{token}/uploads", json={}).json
        head = (
            f"PUT /s/r/{token}/uploads/{upload['upload']}/parts/1 HTTP/1.1\r\nHost: 127.0.0.1:{granian}\r\n"
            f"Content-Length: {len(BODY)}\r\nX-Part-SHA256: {hashlib.sha256(BODY).hexdigest()}\r\n\r\n"
        )
        sender = socket.create_connection(("127.0.0.1", granian))
        sender.sendall(head.encode() + BODY[:1000])
        senders.append(sender)
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        time.sleep(1)
        assert min(_seconds_for(granian, f"/s/{survey.public_id}") for _ in range(3)) < 1
    finally:
        over.set()
        thread.join()
        for sender in senders:
            sender.close()
