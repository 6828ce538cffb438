"""One line for each request, under an id that the answer carries too."""

from __future__ import annotations

import logging
import time
from types import TracebackType

from flask import Flask, Response, g, request

from socialproof.database import new_public_id
from socialproof.logs import request_id

log = logging.getLogger(__name__)

QUIET = ("operator.healthz", "static")


def init_app(app: Flask) -> None:
    """Give every request an id and write its line when it is answered."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


class LogKeepingFlask(Flask):
    """Flask, but a failure is logged under the name of its page: the path would hold somebody's link."""

    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        """Write the traceback of an error that no page expected."""
        facts = {"method": request.method, "endpoint": request.endpoint}
        log.error("failed", exc_info=exc_info, extra=facts)


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


def _forget(_error: BaseException | None) -> None:
    """The thread lives on; what it writes next belongs to no request."""
    request_id.set("")
