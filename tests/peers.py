"""Real peers on this machine: an SMTP server, a website on another origin."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from email.parser import BytesParser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
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
        return f"smtp://127.0.0.1:{self._listener.getsockname()[1]}"

    def start(self) -> None:
        """Listens at once on a port that is nobody else's; connections wait there until the loop runs."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    async def _serve(self) -> None:
        """Until the end; and then until the last connection is closed, however busy this machine is."""
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        open_now: set[asyncio.BaseTransport] = set()
        server = await self._loop.create_server(lambda: _Conversation(self, open_now, self._loop), sock=self._listener)
        self._ready.set()
        await self._end.wait()
        self._loop.remove_reader(self._listener)  # nobody is let in any more
        for _step in range(5):  # who was let in a moment ago has a transport by then
            await asyncio.sleep(0)
        while open_now:
            for transport in open_now:
                transport.abort()  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        server.close()


class _Conversation(SMTP):
    """One connection, in `open_now` until it is closed."""

    def __init__(self, peer: SmtpPeer, open_now: set[asyncio.BaseTransport], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(peer, hostname="127.0.0.1", enable_SMTPUTF8=True, loop=loop)
        self._open_now = open_now

    def connection_made(self, transport: Any) -> None:
        self._own = transport
        self._open_now.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._open_now.discard(self._own)
        super().connection_lost(error)


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
