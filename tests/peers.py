"""Real peers on this machine: an SMTP server, a website on another origin."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from email.parser import BytesParser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class SmtpPeer:
    """Receives mail; `answers` is what it says to the next messages, by default 250.

    `refused` is what it says to recipients, by address; to those in `stalling` it takes the letter and says nothing.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.envelopes: list[Envelope] = []
        self.answers: list[str] = []
        self.refused: dict[str, str] = {}
        self.stalling: set[str] = set()
        self.is_pipelining = False
        self._controller: Controller

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.is_pipelining else responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.stalling & set(envelope.rcpt_tos):
            await asyncio.sleep(120)
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.envelopes.append(envelope)
            content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
            self.messages.append(BytesParser().parsebytes(content))
        return answer

    @property
    def recipients(self) -> list[str]:
        """Whom the letters were for, in the order they came."""
        return [envelope.rcpt_tos[0] for envelope in self.envelopes]

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=_free_port())
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@pytest.fixture
def smtp_peer() -> Iterator[SmtpPeer]:
    peer = SmtpPeer()
    peer.start()
    yield peer
    peer.stop()


class _Quiet(SimpleHTTPRequestHandler):
    headers_to_add: dict[str, str] = {}

    def log_message(self, format: str, *args: object) -> None:
        pass

    def end_headers(self) -> None:
        for name, value in self.headers_to_add.items():
            self.send_header(name, value)
        super().end_headers()


@pytest.fixture
def foreign_site(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """`foreign_site(html, headers)` serves a page on another origin and returns its address."""
    servers: list[ThreadingHTTPServer] = []

    def serve(html: str, headers: dict[str, str] | None = None) -> str:
        folder = tmp_path / f"site-{len(servers)}"
        folder.mkdir()
        (folder / "index.html").write_text(html, encoding="utf-8")
        handler = type("Handler", (_Quiet,), {"headers_to_add": headers or {}})
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://localhost:{server.server_port}/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()
