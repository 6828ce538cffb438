"""The real one: asks the machine's own name server, or the one that the setting names."""

from __future__ import annotations

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.txtbase import TXTBase

from socialproof.backends.dns.port import DnsUnavailable
from socialproof.domain.text import clean_line

MOST_RECORDS = 20
LONGEST_RECORD = 4000
"""Bytes; a key of RSA 4096 needs some 750."""


class DnsResolver:
    """`server` is address:port, empty for the machine's own; `patience` is seconds for one name with all repeats."""

    def __init__(self, server: str = "", *, patience: float = 4.0) -> None:
        self.server = server
        self.patience = patience

    def texts(self, name: str) -> list[str]:
        """See the port. Follows aliases; a truncated answer is asked for again over TCP, in the same time."""
        try:
            answer = self._asking().resolve(dns.name.from_text(name), "TXT", search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise DnsUnavailable(type(error).__name__) from error
        return [_text(record) for record in list(answer)[:MOST_RECORDS] if isinstance(record, TXTBase)]

    def _asking(self) -> dns.resolver.Resolver:
        """Made anew for each question: the machine's settings may change while we run."""
        resolver = dns.resolver.Resolver(configure=not self.server)
        if self.server:
            host, _colon, port = self.server.rpartition(":")
            resolver.nameservers, resolver.port = [host.strip("[]")], int(port)
        resolver.timeout, resolver.lifetime = min(2.0, self.patience), self.patience
        return resolver


def _text(record: TXTBase) -> str:
    return clean_line(b"".join(record.strings)[:LONGEST_RECORD].decode("utf-8", "replace"))
