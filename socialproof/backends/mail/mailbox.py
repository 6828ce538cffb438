"""A small SMTP server for letters that come back to us. It takes letters to its own address and to no other."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from socialproof.backends.mail.bounces import MOST_BYTES

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 100
MOST_RECIPIENTS = 20
LETTERS_A_MINUTE = 600
"""Taken from one address; whoever has more is asked to come again."""
PATIENCE = 60.0
"""Seconds for one step of the other server."""
MOST_PEERS = 10_000

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's own: it writes addresses


@dataclass
class Mailbox:
    """Answers the other server, and says 250 only when `take` has done its work.

    `take(recipient, content)` may block and may raise: then the other server keeps the letter and comes again.
    """

    is_ours: Callable[[str], bool]
    take: Callable[[str, bytes], object]
    letters_a_minute: int = LETTERS_A_MINUTE
    threads: int = 4
    open_count: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="mailbox")
        self._times: dict[str, deque[float]] = {}

    async def handle_RCPT(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """For our own address and nobody else: this is no relay."""
        if not self.is_ours(address):
            return "550 5.1.1 There is no such mailbox here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if self._is_too_much(str(session.peer[0]) if session.peer else ""):
            return "451 4.7.1 Too many letters, please come again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take the letter for each recipient, aside from the conversations with other servers."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        loop = asyncio.get_running_loop()
        try:
            for recipient in envelope.rcpt_tos:
                await loop.run_in_executor(self._pool, self.take, recipient, content)
        except Exception:  # whatever it was, the letter must not be lost
            log.exception("a letter that came back could not be taken")
            return "451 4.3.0 Not now, please try again"
        return "250 2.0.0 Taken"

    async def serve(self, host: str, port: int, *, stop: asyncio.Event, ready: Callable[[int], None]) -> None:
        """Take letters until `stop`; `ready` hears the port, which is a free one for 0."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Conversation(self, loop), host, port)
        async with server:
            ready(server.sockets[0].getsockname()[1])
            await stop.wait()
        self._pool.shutdown(wait=True)

    def _is_too_much(self, peer: str) -> bool:
        now = time.monotonic()
        if len(self._times) > MOST_PEERS:
            self._times = {name: times for name, times in self._times.items() if now - times[-1] < 60}
        times = self._times.setdefault(peer, deque(maxlen=self.letters_a_minute))
        if len(times) == self.letters_a_minute and now - times[0] < 60:
            return True
        times.append(now)
        return False


class _Conversation(SMTP):
    """One connection. Beyond so many at once a server is asked to come again."""

    def __init__(self, mailbox: Mailbox, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            mailbox,
            data_size_limit=MOST_BYTES,
            enable_SMTPUTF8=True,
            hostname="mailbox",
            ident="Socialproof",
            timeout=PATIENCE,
            loop=loop,
        )
        self.mailbox = mailbox
        self.is_counted = False

    def connection_made(self, transport: Any) -> None:
        if self.mailbox.open_count >= MOST_CONNECTIONS:
            transport.write(b"421 4.3.2 Too many connections, please come again later\r\n")
            transport.close()
            return
        self.mailbox.open_count += 1
        self.is_counted = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.is_counted:
            self.mailbox.open_count -= 1
            self.is_counted = False
            super().connection_lost(error)
