"""Fresh databases for benchmarks that compare few rows with many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import PostgresServer, SqliteTemplate


@contextmanager
def databases(name: str) -> Iterator[tuple[str, str]]:
    """Two fresh databases of one kind."""
    if name == "SQLite":
        with tempfile.TemporaryDirectory() as folder:
            template = SqliteTemplate(Path(folder))
            yield template.copy_to(Path(folder, "few.db")), template.copy_to(Path(folder, "many.db"))
        return
    server = PostgresServer.start()
    try:
        with server.database() as few, server.database() as many:
            yield few, many
    finally:
        server.stop()
