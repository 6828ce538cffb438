"""Migrations run on both databases, again without harm, and the newest one is the only head."""

from __future__ import annotations

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from socialproof.app import TOP
from socialproof.database import db


def test_there_is_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(TOP / "migrations"))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


@pytest.mark.both_databases
def test_running_them_again_changes_nothing(app: Flask) -> None:
    with app.app_context():
        before = db.session.execute(text("select version_num from alembic_version")).scalars().all()
        db.session.rollback()
        upgrade()
        assert db.session.execute(text("select version_num from alembic_version")).scalars().all() == before
