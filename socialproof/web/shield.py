"""Answers what is published from ready bytes, before the framework is entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Shield:
    """Wraps the application."""

    def __init__(self, wsgi_app: WSGIApplication, app: Flask) -> None:
        self._wsgi_app = wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._wsgi_app(environ, start_response)
