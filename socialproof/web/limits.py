"""How often somebody may do something, counted in the memory of this process: every process counts for itself.

For what may be wrong by that factor, such as guesses at links that nobody can guess. What must hold whatever happens
is counted in the database (companies/attempts.py).
"""

from __future__ import annotations

import math
import threading
from collections import deque
from datetime import datetime, timedelta

from flask import current_app

MOST_KEYS = 10_000
"""Remembered at once; beyond it those that were seen longest ago are forgotten."""


def limit_of_application(name: str, most: int, window: timedelta) -> Limit:
    """The application's own count of this name; two applications in one process share nothing."""
    found: Limit = current_app.extensions.setdefault(name, Limit(most, window))
    return found


class Limit:
    """At most `most` acts of one key in any `window`."""

    def __init__(self, most: int, window: timedelta) -> None:
        self.most = most
        self.window = window.total_seconds()
        self._acts: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def seconds_left(self, key: str, now: datetime) -> int:
        """Whole seconds until this key may act again; 0: it may."""
        with self._lock:
            acts = self._recent(key, now.timestamp())
            return max(1, math.ceil(acts[0] + self.window - now.timestamp())) if len(acts) >= self.most else 0

    def count(self, key: str, now: datetime) -> None:
        """Remember one act."""
        with self._lock:
            acts = self._recent(key, now.timestamp())
            acts.append(now.timestamp())
            self._acts.pop(key, None)
            self._acts[key] = acts
            while len(self._acts) > MOST_KEYS:
                self._acts.pop(next(iter(self._acts)))

    def take(self, key: str, now: datetime) -> int:
        """Remember one act unless it is one too many: then, in how many seconds it is not."""
        left = self.seconds_left(key, now)
        if not left:
            self.count(key, now)
        return left

    def _recent(self, key: str, now: float) -> deque[float]:
        acts = self._acts.get(key) or deque(maxlen=self.most)
        while acts and acts[0] <= now - self.window:
            acts.popleft()
        return acts
