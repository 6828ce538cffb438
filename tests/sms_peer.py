"""A text message service on this machine that behaves as Twilio does, also when it behaves badly."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

ACCOUNT, TOKEN = "AC0123456789", "the-account's-token"


@dataclass
class SmsPeer:
    """Takes messages; `answers` are what it says to the next ones, as (status, code, words) or as raw bytes."""

    answers: list[tuple[int, int, str] | bytes] = field(default_factory=list)
    messages: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    stall: str = ""
    """`mute`: says nothing; `drip`: one byte at a time, for ever."""
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"twilio+http://{ACCOUNT}:{TOKEN.replace(chr(39), '%27')}@127.0.0.1:{self.port}"

    def hear(self, handler: BaseHTTPRequestHandler) -> None:
        """One request, answered as the test wants it."""
        form = dict(parse_qsl(handler.rfile.read(int(handler.headers["Content-Length"])).decode(), True))
        self.paths.append(handler.path)
        if self.stall:
            self._stall(handler)
            return
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, bytes):
            handler.wfile.write(answer)
        elif b64decode(handler.headers["Authorization"].removeprefix("Basic ")).decode() != f"{ACCOUNT}:{TOKEN}":
            _say(handler, 401, {"code": 20003, "message": "Authenticate", "status": 401})
        elif answer:
            status, code, words = answer
            _say(handler, status, {"code": code, "message": words, "status": status})
        else:
            self.messages.append(form)
            _say(handler, 201, {"sid": f"SM{len(self.messages):032d}", "status": "queued"})

    def _stall(self, handler: BaseHTTPRequestHandler) -> None:
        while not self.over.wait(0.05):
            if self.stall == "drip":
                try:
                    handler.wfile.write(b"H")
                except OSError:
                    return


def _say(handler: BaseHTTPRequestHandler, status: int, answer: dict[str, Any]) -> None:
    body = json.dumps(answer).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def sms_peer() -> Iterator[SmsPeer]:
    peer = SmsPeer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            peer.hear(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    peer.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield peer
    peer.over.set()
    server.shutdown()
    server.server_close()
    thread.join(5)
