"""What a reader sees when something is missing, refused or broken: words in their language and a way on."""

from __future__ import annotations

import logging

from flask import Flask, Response, make_response, render_template, request
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from socialproof.backends.storage.port import StorageAway
from socialproof.database import db, is_full
from socialproof.domain.errors import Conflict, Forbidden, NotFound, RuleBroken

log = logging.getLogger(__name__)

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
WITH_PAGE = (400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503, 507)


def init_app(app: Flask) -> None:
    """Hear every error that a view lets through."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(NotFound, lambda error: page(404))
    app.register_error_handler(Forbidden, lambda error: page(403))
    app.register_error_handler(Conflict, lambda error: page(409))
    app.register_error_handler(RuleBroken, lambda error: page(422))
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(DataError, _no_value)
    app.register_error_handler(StorageAway, _away)
    app.after_request(_protect)


def page(status: int) -> Response:
    """The error page, or JSON where the reader is a script."""
    if request.accept_mimetypes.best == "application/json" or request.path.startswith("/api/"):
        return make_response({"error": status}, status)
    return make_response(render_template("errors/error.html", status=status if status in WITH_PAGE else 500), status)


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    if isinstance(error, SecurityError):  # a host that is not ours: no address can be built, so no page either
        return make_response((error.name, 400, {"Content-Type": "text/plain; charset=utf-8"}))
    response = page(error.code)
    for name, value in error.get_headers():
        if name.lower() in ("retry-after", "allow", "content-range"):
            response.headers[name] = value
    return response


def _no_value(error: DataError) -> Response:
    """What was sent can be in no column, such as a NUL in an address: then nothing of that name is there either."""
    db.session.rollback()
    return page(404 if request.method in ("GET", "HEAD") else 400)


def _protect(response: Response) -> Response:
    """What every answer says at least, also where no room has spoken: an address that nobody has, a style sheet."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", POLICY)
    if response.status_code >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _database_away(error: OperationalError) -> Response:
    db.session.rollback()
    if is_full(error):
        log.error("the database is full")
        return page(507)
    return _away(error)


def _away(error: Exception) -> Response:
    response = page(503)
    response.headers["Retry-After"] = "5"
    return response
