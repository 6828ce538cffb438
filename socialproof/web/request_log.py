"""One line for each request, under an id that the answer carries too."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request

from socialproof.database import new_public_id
from socialproof.logs import request_id

log = logging.getLogger(__name__)

QUIET = ("operator.healthz", "static")


def init_app(app: Flask) -> None:
    """Give every request an id and write its line when it is answered."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    request_id.set(new_public_id())
    g.begun_at = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id.get()
    if request.endpoint not in QUIET:
        milliseconds = round((time.perf_counter() - g.get("begun_at", time.perf_counter())) * 1000, 1)
        facts = {"method": request.method, "endpoint": request.endpoint, "status": response.status_code}
        log.info("answered", extra=facts | {"milliseconds": milliseconds})
    return response
