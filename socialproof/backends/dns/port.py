"""What the rest of the house knows about the domain name system."""

from __future__ import annotations

from typing import Protocol


class DnsUnavailable(Exception):
    """No answer in time, or none that says anything: try again later."""


class Resolver(Protocol):
    """Asks for text records. Safe to call from several threads."""

    def texts(self, name: str) -> list[str]:
        """The text records of this name, each in one piece and cleaned; empty when there are none.

        Whoever runs the domain wrote them: they are strangers' words. Raise DnsUnavailable when nobody answers.
        """
        ...
