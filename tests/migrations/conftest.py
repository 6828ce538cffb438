"""A database as an older release left it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, MetaData, Table, text

from socialproof.database import db

MOMENT = datetime(2026, 11, 1, 12, tzinfo=UTC)
PLAIN = {"INTEGER": 0, "SMALLINT": 0, "BIGINT": 0, "BOOLEAN": False, "JSON": [], "DOUBLE": 0.0}

Write = Callable[..., dict[str, Any]]
Release = Callable[[str], Write]


@pytest.fixture
def release(app: Flask) -> Release:
    """`release("0001")` empties the database to that revision; its result writes a row as that release did."""

    def go_back(revision: str) -> Write:
        with app.app_context():
            db.metadata.drop_all(db.engine)
            with db.engine.begin() as connection:
                connection.execute(text("drop table alembic_version"))
            upgrade(revision=revision)
            tables = MetaData()
            tables.reflect(db.engine)

        def write(table: str, /, **values: Any) -> dict[str, Any]:
            row = filled(tables.tables[table], values)
            with app.app_context(), db.engine.begin() as connection:
                connection.execute(tables.tables[table].insert(), row)
            return row

        return write

    return go_back


def filled(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    """What must not be empty gets something; a column that fills itself in is left to the database."""
    row = dict(values)
    for column in table.columns:
        if column.nullable or column.name in row or column.name == "id" or column.server_default is not None:
            continue
        kind = str(column.type).partition("(")[0].split(" ")[0]
        row[column.name] = MOMENT if kind in ("DATETIME", "TIMESTAMP") else PLAIN.get(kind, "x")
    return row


def rows(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(statement))]
