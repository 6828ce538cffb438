"""How often somebody may do something in a sliding window, counted in the memory of this process: each for itself.

For what may be wrong by that factor: guesses at links that nobody can guess, requests that only cost work. What must
hold whatever happens is counted in the database (companies/attempts.py).
"""

from __future__ import annotations

import math
import threading
from collections import deque
from datetime import datetime, timedelta

from flask import current_app

MOST_KEYS = 10_000
"""Remembered at once; beyond it those that acted longest ago are forgotten."""


def rate_limit(name: str, most: int, window: timedelta) -> RateLimit:
    """The application's own count of this name; two applications in one process share nothing."""
    found: RateLimit = current_app.extensions.setdefault(name, RateLimit(most, window))
    return found


class RateLimit:
    """At most `most` acts of one key in any `window`, wherever a minute of the clock begins."""

    def __init__(self, most: int, window: timedelta) -> None:
        self.most = most
        self.window = window.total_seconds()
        self._acts: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def seconds_left(self, key: str, now: datetime) -> int:
        """Whole seconds until this key may act again; 0: it may."""
        with self._lock:
            return self._seconds_left(key, now.timestamp())

    def count(self, key: str, now: datetime) -> None:
        """Remember one act."""
        with self._lock:
            self._count(key, now.timestamp())

    def take(self, key: str, now: datetime) -> int:
        """Remember one act unless it is one too many: then, in how many seconds it is not. All or nothing."""
        with self._lock:
            left = self._seconds_left(key, now.timestamp())
            if not left:
                self._count(key, now.timestamp())
            return left

    def _seconds_left(self, key: str, now: float) -> int:
        acts = self._recent(key, now)
        return max(1, math.ceil(acts[0] + self.window - now)) if len(acts) >= self.most else 0

    def _count(self, key: str, now: float) -> None:
        acts = self._recent(key, now)
        acts.append(now)
        self._acts.pop(key, None)
        self._acts[key] = acts
        while len(self._acts) > MOST_KEYS:
            self._acts.pop(next(iter(self._acts)))

    def _recent(self, key: str, now: float) -> deque[float]:
        acts = self._acts.get(key) or deque(maxlen=self.most)
        while acts and acts[0] <= now - self.window:
            acts.popleft()
        return acts
