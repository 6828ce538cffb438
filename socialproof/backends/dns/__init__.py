"""Questions to the domain name system: one port, and a resolver with little patience."""

from __future__ import annotations

from socialproof.backends.dns.port import DnsUnavailable, Resolver
from socialproof.backends.dns.resolver import DnsResolver

__all__ = ["DnsResolver", "DnsUnavailable", "Resolver"]
