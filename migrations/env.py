"""Runs the migrations of the application that is current, on SQLite in batch mode."""

from alembic import context
from flask import current_app

from socialproof.database import UtcDateTime

db = current_app.extensions["migrate"].db


def render_item(kind: str, value: object, _context: object) -> str | bool:
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(value, UtcDateTime) else False


with db.engine.connect() as connection:
    raw = connection.connection.driver_connection
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # A table that is made anew in batch mode would take along the rows that point at it.
        raw.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    if is_sqlite:
        raw.execute("PRAGMA foreign_keys=ON")
