"""The application starts, and its schema is what the migrations build."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask.testing import FlaskClient

from socialproof.database import db
from socialproof.settings import Misconfigured, Settings
from tests.servers import ROOT, environment


def test_it_is_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "alive"}
    assert client.get("/readyz").json == {"status": "ready"}


@pytest.mark.both_databases
def test_the_migrations_build_exactly_the_models(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), db.metadata)
    assert differences == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SOCIALPROOF_SECRET_KEY": "short"}, "at least 32 random characters"),
        ({"SOCIALPROOF_BASE_URL": "proof.example.com"}, "must be like https://proof.example.com"),
        ({"DATABASE_URL": "mysql://x"}, "must begin with sqlite:/// or postgresql://"),
        ({"SOCIALPROOF_MAIL_URL": "carrier-pigeon:"}, "must be outbox: or like smtp://"),
        ({"SOCIALPROOF_DATA_DIR": "/dev/null/data"}, "cannot be used"),
        ({"SOCIALPROOF_STORAGE_URL": "ftp://bucket"}, "must be local: or like s3://bucket"),
        ({"SOCIALPROOF_STORAGE_URL": "s3://b?endpoint=s3.example.com"}, "must be local: or like s3://bucket"),
        (
            {"SOCIALPROOF_STORAGE_URL": "s3://b?endpoint=https://x%3B script-src *"},
            "must be local: or like s3://bucket",
        ),
        (
            {"SOCIALPROOF_STORAGE_URL": "s3://b?public_endpoint=https://me:pw@s3.test"},
            "must be local: or like s3://bucket",
        ),
        ({"SOCIALPROOF_STORAGE_URL": "s3://b", "SOCIALPROOF_STORAGE_SECRET": "x"}, "set together or not at all"),
        ({"SOCIALPROOF_SPEECH_MODEL": "/nowhere/at/all"}, "must name a folder that exists"),
        ({"SOCIALPROOF_SMS_URL": "twilio://api.twilio.com"}, "must be console: or like twilio://ACCOUNT:TOKEN"),
        ({"SOCIALPROOF_BOUNCE_ADDRESS": "a+b@proof.example.com"}, "no plus sign"),
        ({"SOCIALPROOF_DNS_SERVER": "192.0.2.53"}, "must be like 192.0.2.53:53"),
        ({"SOCIALPROOF_LOG_LEVEL": "loud"}, "must be one of info, warning, error"),
        ({"SOCIALPROOF_MAX_VIDEO_SECONDS": "1e3"}, "whole number from 5 to 600"),
    ],
)
def test_a_wrong_setting_refuses_to_start_with_one_sentence(
    changes: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured, match=sentence):
        Settings.from_env({"SOCIALPROOF_SECRET_KEY": "x" * 32, "SOCIALPROOF_DATA_DIR": str(tmp_path)} | changes)


def test_the_server_says_that_sentence_and_nothing_else(tmp_path: Path) -> None:
    env = environment("sqlite://", tmp_path, 1, "too short") | {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    [line] = ended.stderr.strip().splitlines()
    assert line.startswith("Socialproof does not start: SOCIALPROOF_SECRET_KEY must hold at least 32")


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 40 + "\n")
    env = {"SOCIALPROOF_SECRET_KEY_FILE": str(tmp_path / "key"), "SOCIALPROOF_DATA_DIR": str(tmp_path)}
    assert Settings.from_env(env).secret_keys == ("k" * 40,)
