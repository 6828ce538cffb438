"""A real little name server: one UDP socket that knows a few text records."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest


class NameServer:
    """`texts` is what it knows; names in `silent` are never answered, those in `broken` with an error."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.silent: set[str] = set()
        self.broken: set[str] = set()
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in it
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                packet, client = self._socket.recvfrom(4096)
            except OSError:
                return
            if not packet:
                return
            with contextlib.suppress(dns.exception.DNSException):
                self._answer(packet, client)

    def _answer(self, packet: bytes, client: tuple[str, int]) -> None:
        query = dns.message.from_wire(packet)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if name in self.silent:
            return
        reply = dns.message.make_response(query)
        if name in self.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.texts:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif self.texts[name] and question.rdtype == dns.rdatatype.TXT:
            words = [_quoted(text) for text in self.texts[name]]
            reply.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", "TXT", words))
        self._socket.sendto(reply.to_wire(), client)


def _quoted(text: str) -> str:
    """In strings of at most 255 bytes, as a zone file holds them."""
    parts = [text[start : start + 200] for start in range(0, len(text), 200)] or [""]
    return " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    server = NameServer()
    server.start()
    yield server
    server.stop()
