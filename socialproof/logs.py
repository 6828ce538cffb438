"""One JSON object a line on standard error: what a person reads at three in the morning, and a machine reads always."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request that is being answered; it stands in every line written meanwhile."""

EXTRA = ("method", "endpoint", "status", "milliseconds")


_VALUES = re.compile(r"^(DETAIL:\s).*", re.MULTILINE)
"""In these lines PostgreSQL repeats what people wrote."""


class JsonLines(logging.Formatter):
    """Never holds a path or a form: links are authority, and words are people's own."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line.update({name: getattr(record, name) for name in EXTRA if hasattr(record, name)})
        if record.exc_info:
            line["traceback"] = _VALUES.sub(r"\1…", self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def configure(level: str) -> None:
    """Send the product's log from this level on (info, warning, error) to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("socialproof")
    log.handlers[:] = [handler]
    log.setLevel(level.upper())
    log.propagate = False
