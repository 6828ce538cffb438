"""How often one network may ask in a minute: kept in this process's memory, because it protects only the database.

Far above what forty people behind one address do; a program that asks without end costs no row and no write.
"""

from __future__ import annotations

from datetime import datetime

from flask import current_app

MOST_PER_MINUTE = 120
MOST_NETWORKS = 10_000


class Allowance:
    """Asks by network in the minute that runs now."""

    def __init__(self) -> None:
        self._minute = ""
        self._counts: dict[str, int] = {}

    def take(self, network: str, now: datetime) -> bool:
        """One ask more; False when this network has had all it may have in this minute."""
        minute = now.isoformat(timespec="minutes")
        if minute != self._minute or len(self._counts) > MOST_NETWORKS:
            self._minute, self._counts = minute, {}
        asked = self._counts[network] = self._counts.get(network, 0) + 1
        return asked <= MOST_PER_MINUTE


def is_within_allowance(network: str, now: datetime) -> bool:
    """Whether this application has not heard too much from that network in this minute."""
    allowance: Allowance = current_app.extensions.setdefault("popup_allowance", Allowance())
    return allowance.take(network, now)
