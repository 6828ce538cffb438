"""A few lines of WSGI in front of Flask: the scripts for other sites and the widgets' feeds, from bytes in memory.

What costs in a small answer is entering the framework. Each process keeps the answers it gave and asks the database
for the version at most once a second per feed; when it has changed, the bytes are read anew: what is withdrawn is gone
from every process within a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy.exc import DBAPIError

from socialproof.database import db
from socialproof.languages import known_language
from socialproof.web.visitor.answers import POPUP_SCRIPT, SCRIPT_FILE, Answer, feed_answer, feed_version, script_answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CHECK_SECONDS = 1.0
MOST_FEEDS = 2000
MOST_BYTES = 64 * 1024 * 1024
SCRIPTS = {"/w/widget.js": SCRIPT_FILE, "/w/popup.js": POPUP_SCRIPT}
POPUPS = "/w/p/"
"""Settings of popups are read anew each time; they are no feeds."""


def _one_spelling(path: str) -> str:
    """A feed is held once for each language we speak, under whatever name it is asked for: names cost nothing."""
    before, slash, name = path.rpartition("/")
    if not name.endswith(".json"):
        return path
    return f"{before}{slash}{known_language(name.removesuffix('.json')) or ''}.json"


class _Held:
    """One feed's answer and when it must be compared with the database again."""

    __slots__ = ("answer", "check_at")

    def __init__(self, answer: Answer, check_at: float) -> None:
        self.answer = answer
        self.check_at = check_at


class Shield:
    """WSGI middleware. Whatever it does not know goes on to the application."""

    def __init__(self, inner: WSGIApplication, app: Flask, clock: Callable[[], float] = monotonic) -> None:
        self._inner = inner
        self._app = app
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "GET" or not path.startswith("/w/"):
            return self._inner(environ, start_response)
        held = self._held.get(path)
        if held is None:
            path = _one_spelling(path)
            held = self._held.get(path)
        if held is not None and self._clock() < held.check_at:
            return held.answer.send(environ, start_response)
        answer = self._anew(path, held)
        return answer.send(environ, start_response) if answer else self._inner(environ, start_response)

    def _anew(self, path: str, held: _Held | None) -> Answer | None:
        """What is published at this path now; kept when there is something."""
        if path in SCRIPTS:
            return self._keep(path, _Held(script_answer(self._app, SCRIPTS[path]), inf))
        parts = path.split("/")
        if len(parts) != 4 or not path.endswith(".json") or path.startswith(POPUPS):
            return None
        check_at = self._clock() + CHECK_SECONDS
        if held is not None:
            held.check_at = check_at  # others keep answering with what we hold while this one asks
        answer = self._ask(*parts[2:], held=held.answer if held else None)
        if answer is None:
            self._held.pop(path, None)
            return None
        return self._keep(path, _Held(answer, check_at))

    def _keep(self, path: str, new: _Held) -> Answer:
        """Hold this answer, and let go of the oldest ones when there are too many or they weigh too much."""
        with self._lock:
            former = self._held.get(path)
            self._held[path] = new
            if former is None or former.answer is not new.answer:
                weight = sum(held.answer.weight for held in self._held.values())
                while len(self._held) > 1 and (len(self._held) > MOST_FEEDS or weight > MOST_BYTES):
                    weight -= self._held.pop(next(iter(self._held))).answer.weight
        return new.answer

    def _ask(self, widget_id: str, name: str, *, held: Answer | None) -> Answer | None:
        try:
            with self._app.app_context():
                if held is not None and feed_version(db.session(), widget_id, held.language) == held.version:
                    return held
                return feed_answer(db.session(), widget_id, name.removesuffix(".json"))
        except DBAPIError:
            return held  # while the database is away nothing can have been withdrawn either
