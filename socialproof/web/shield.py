"""A few lines of WSGI in front of Flask: the widget's script and feeds are answered from bytes in memory.

What costs in a small answer is entering the framework. Each process keeps the answers it gave and asks the database
for the version at most once a second per feed; when it has changed, the bytes are read anew: what is withdrawn is gone
from every process within a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy.exc import DBAPIError

from socialproof.database import db
from socialproof.web.visitor.answers import Answer, feed_answer, feed_version, script_answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CHECK_SECONDS = 1.0
MOST_FEEDS = 2000
SCRIPT = "/w/widget.js"


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

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        held = self._held.get(path)
        if held is not None and environ["REQUEST_METHOD"] == "GET":
            if self._clock() < held.check_at:
                return held.answer.send(environ, start_response)
        elif not path.startswith("/w/") or environ["REQUEST_METHOD"] != "GET":
            return self._inner(environ, start_response)
        answer = self._anew(path, held)
        return answer.send(environ, start_response) if answer else self._inner(environ, start_response)

    def _anew(self, path: str, held: _Held | None) -> Answer | None:
        """What is published at this path now; kept when there is something."""
        if path == SCRIPT:
            self._held[path] = _Held(script_answer(self._app), inf)
            return self._held[path].answer
        parts = path.split("/")
        if len(parts) != 4 or not path.endswith(".json"):
            return None
        check_at = self._clock() + CHECK_SECONDS
        if held is not None:
            held.check_at = check_at  # others keep answering with what we hold while this one asks
        answer = self._ask(*parts[2:], held=held.answer if held else None)
        if answer is None:
            self._held.pop(path, None)
            return None
        if len(self._held) >= MOST_FEEDS:
            self._held.clear()
        self._held[path] = _Held(answer, check_at)
        return answer

    def _ask(self, widget_id: str, name: str, *, held: Answer | None) -> Answer | None:
        try:
            with self._app.app_context():
                if held is not None and feed_version(db.session(), widget_id, held.language) == held.version:
                    return held
                return feed_answer(db.session(), widget_id, name.removesuffix(".json"))
        except DBAPIError:
            return held  # while the database is away nothing can have been withdrawn either
