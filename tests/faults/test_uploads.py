"""A video on a bad line, from slow senders, through a killed server: what arrives is what was sent, byte for byte."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select as query
from sqlalchemy.orm import Session

from socialproof.media.models import Media
from socialproof.responses.models import Response
from socialproof.settings import Settings
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.conftest import SECRET
from tests.factories import Factories
from tests.servers import Granian, environment

PART_BYTES = 200_000
SLOW_SENDERS = 50
MOST_TRIES = 400


def part_of(content: bytes, number: int) -> bytes:
    return content[(number - 1) * PART_BYTES : number * PART_BYTES]


def recording(parts: int, seed: int = 7) -> bytes:
    """Bytes that begin like a WebM and repeat nowhere."""
    return b"\x1a\x45\xdf\xa3 webm" + random.Random(seed).randbytes(parts * PART_BYTES - 1000)


def reset(connection: socket.socket) -> None:
    """Close as a lost line does: at once, what is on its way is gone."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


class BadLine:
    """A TCP proxy that resets each connection after a number of bytes, up or down, that its seed chooses."""

    def __init__(self, port: int, seed: int) -> None:
        self.target, self.resets, self._random = port, 0, random.Random(seed)
        self._door = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        return int(self._door.getsockname()[1])

    @contextmanager
    def open(self) -> Iterator[BadLine]:
        keeper = threading.Thread(target=self._accept)
        keeper.start()
        try:
            yield self
        finally:
            self._door.shutdown(socket.SHUT_RDWR)
            self._door.close()
            keeper.join()
            for thread in self._threads:
                thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._door.accept()
            except OSError:
                return
            up, down = self._random.randint(1, 3 * PART_BYTES), self._random.choice([0, 1, 90, 10**9, 10**9, 10**9])
            thread = threading.Thread(target=self._carry, args=(client, {True: up, False: down}))
            thread.start()
            self._threads.append(thread)

    def _carry(self, client: socket.socket, budget: dict[bool, int]) -> None:
        """Both directions in one thread, until one end hangs up or a budget is spent."""
        server = socket.create_connection(("127.0.0.1", self.target))
        with suppress(OSError):
            while True:
                for source in select.select([client, server], [], [])[0]:
                    is_up = source is client
                    block = source.recv(16_384)
                    budget[is_up] -= len(block)
                    if budget[is_up] < 0:
                        self.resets += 1
                    if not block or budget[is_up] < 0:
                        raise ConnectionResetError
                    (server if is_up else client).sendall(block)
        reset(client)
        reset(server)


@dataclass
class Phone:
    """A customer's browser as the network sees it: one request for each connection, tried again when it is lost."""

    port: int
    host: str
    base: str
    upload: dict[str, Any] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        for _ in range(MOST_TRIES):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                connection.request(method, path, body, {"Host": self.host, **headers})
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read() or b"null")
            except (OSError, http.client.HTTPException):
                continue
            finally:
                connection.close()
        raise AssertionError("the line was never good enough")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        status, answer = self.ask("POST", path, json.dumps(body).encode(), **{"Content-Type": "application/json"})
        assert status in (200, 201), answer
        return answer

    def begin(self) -> None:
        self.upload = self.post(self.base, {"size": None})

    def put(self, content: bytes, number: int) -> int:
        part = part_of(content, number)
        path = f"{self.base}/{self.upload['upload']}/parts/{number}"
        return self.ask("PUT", path, part, **{"X-Part-SHA256": hashlib.sha256(part).hexdigest()})[0]

    def held(self) -> list[int]:
        return [part["number"] for part in self.ask("GET", self.upload["self"])[1]["parts"]]

    def complete(self, content: bytes) -> Any:
        digest = hashlib.sha256(content).hexdigest()
        return self.post(self.upload["complete"], {"size": len(content), "sha256": digest, "seconds": 4.0})


@pytest.fixture
def server(settings: Settings, app: Flask, listening: socket.socket) -> Iterator[Granian]:
    """The web process that we ship, with the threads that `dev.py start` gives it."""
    port = listening.getsockname()[1]
    listening.close()
    granian = Granian(environment(settings.database_url, settings.data_dir, port, SECRET), port, threads=32)
    granian.start()
    yield granian
    granian.stop()


def phone_of(app: Flask, server: Granian, response: Response, port: int | None = None) -> Phone:
    token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
    return Phone(port or server.port, f"127.0.0.1:{server.port}", f"/s/r/{token}/uploads")


def stored(session: Session, settings: Settings) -> str:
    """SHA-256 of the one recording that arrived."""
    session.rollback()
    media = session.scalars(query(Media).where(Media.state == "uploaded")).one()
    source = settings.data_dir / "media" / "objects" / media.prefix / "source"
    return hashlib.sha256(source.read_bytes()).hexdigest()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_line_that_is_reset_again_and_again_brings_the_same_bytes(
    app: Flask, server: Granian, session: Session, settings: Settings, factories: Factories, seed: int
) -> None:
    content = recording(parts=12)
    phone = phone_of(app, server, factories.response())
    phone.begin()
    with BadLine(server.port, seed).open() as line:
        phone.port = line.port
        for number in range(1, 13):
            assert phone.put(content, number) == 200
        answer = phone.complete(content)
        assert line.resets > 5
    assert answer["state"] == "uploaded"
    assert stored(session, settings) == hashlib.sha256(content).hexdigest()
    assert [path.name for path in (settings.data_dir / "media").rglob("*") if path.is_file()] == ["source"]


def test_a_connection_cut_at_60_percent_is_resumed_with_what_is_held(
    app: Flask, server: Granian, session: Session, settings: Settings, factories: Factories
) -> None:
    content = recording(parts=5)
    phone = phone_of(app, server, factories.response())
    phone.begin()
    for number in (1, 2):
        phone.put(content, number)
    line = sending_slowly(phone, part_of(content, 3), PART_BYTES * 6 // 10)
    reset(line)
    held = phone.held()
    assert held == [1, 2]
    for number in {1, 2, 3, 4, 5}.difference(held):
        assert phone.put(content, number) == 200
    phone.complete(content)
    assert stored(session, settings) == hashlib.sha256(content).hexdigest()


def sending_slowly(phone: Phone, part: bytes, first: int) -> socket.socket:
    """A connection over which the first bytes of a part have gone, and no more yet."""
    line = socket.create_connection(("127.0.0.1", phone.port))
    head = (
        f"PUT {phone.base}/{phone.upload['upload']}/parts/3 HTTP/1.1\r\nHost: {phone.host}\r\n"
        f"Content-Length: {len(part)}\r\nX-Part-SHA256: {hashlib.sha256(part).hexdigest()}\r\n\r\n"
    )
    line.sendall(head.encode() + part[:first])
    return line


def test_while_50_uploads_arrive_at_1_kb_per_second_every_other_page_is_answered(
    app: Flask, server: Granian, factories: Factories
) -> None:
    survey = factories.survey()
    part, over, lines = recording(1), threading.Event(), []
    for _ in range(SLOW_SENDERS):
        phone = phone_of(app, server, factories.response(survey))
        phone.begin()
        lines.append(sending_slowly(phone, part, 1000))

    def drip() -> None:
        while not over.wait(1):
            for line in lines:
                with suppress(OSError):
                    line.sendall(b"x" * 1000)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        answered = [phone.ask("GET", f"/s/r/{phone.base.split('/')[3]}/uploads")[0] for _ in range(20)]
        with_page = [page_status(server, f"/s/{survey.public_id}") for _ in range(20)]
    finally:
        over.set()
        thread.join()
        for line in lines:
            reset(line)
    assert answered == [200] * 20
    assert with_page == [200] * 20


def page_status(server: Granian, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_kill_minus_nine_between_parts_keeps_those_that_were_acknowledged(
    app: Flask, server: Granian, session: Session, settings: Settings, factories: Factories
) -> None:
    content = recording(parts=4)
    phone = phone_of(app, server, factories.response())
    phone.begin()
    assert [phone.put(content, number) for number in (1, 2)] == [200, 200]
    dying = sending_slowly(phone, part_of(content, 3), PART_BYTES // 2)
    server.kill()
    reset(dying)
    server.start()
    assert phone.held() == [1, 2]
    assert [phone.put(content, number) for number in (3, 4)] == [200, 200]
    phone.complete(content)
    assert stored(session, settings) == hashlib.sha256(content).hexdigest()
