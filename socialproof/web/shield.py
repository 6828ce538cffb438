"""A few lines of WSGI in front of Flask: the widget's script and feeds are answered from bytes in memory.

What costs in a small answer is entering the framework. Each process keeps the answers it gave and asks the database
for the version at most once a second per feed; when it has changed, the bytes are read anew: what is withdrawn is gone
from every process within a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        self._script: Answer | None = None
        self._held: dict[str, _Held] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith("/w/") or environ["REQUEST_METHOD"] != "GET":
            return self._inner(environ, start_response)
        if path.endswith(".json"):
            answer = self._feed(path)
        elif path == SCRIPT:
            answer = self._script = self._script or script_answer(self._app)
        else:
            answer = None
        return answer.send(environ, start_response) if answer else self._inner(environ, start_response)

    def _feed(self, path: str) -> Answer | None:
        held, now = self._held.get(path), self._clock()
        if held is not None and now < held.check_at:
            return held.answer
        if held is not None:
            held.check_at = now + CHECK_SECONDS  # others keep answering with what we hold while this one asks
        parts = path.split("/")
        answer = self._ask(*parts[2:], held=held.answer if held else None) if len(parts) == 4 else None
        if answer is None:
            self._held.pop(path, None)
        elif held is not None:
            held.answer = answer
        else:
            if len(self._held) >= MOST_FEEDS:
                self._held.clear()
            self._held[path] = _Held(answer, now + CHECK_SECONDS)
        return answer

    def _ask(self, widget_id: str, name: str, *, held: Answer | None) -> Answer | None:
        try:
            with self._app.app_context():
                if held is not None and feed_version(db.session(), widget_id, held.language) == held.version:
                    return held
                return feed_answer(db.session(), widget_id, name.removesuffix(".json"))
        except DBAPIError:
            return held  # while the database is away nothing can have been withdrawn either
