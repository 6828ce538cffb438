"""What every test may ask for: an application on a database of its own, people, a browser, real peers."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as examples
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from socialproof import wiring
from socialproof.app import create_app
from socialproof.backends.jobs.worker import run_next
from socialproof.cli.work import job_context
from socialproof.database import db
from socialproof.settings import Settings
from socialproof.web import EXTENSION
from tests.cheaply import COMPILED, share_what_is_the_same
from tests.databases import PostgresServer, SqliteTemplate
from tests.factories import Factories
from tests.parts import need
from tests.people import Marketer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

pytest_plugins = (
    "tests.browsers",
    "tests.clips",
    "tests.name_servers",
    "tests.other_browsers",
    "tests.peers",
    "tests.s3",
    "tests.sms_peer",
    "tests.speech",
)

SECRET = "a-secret-key-for-tests-only-0123456789"


share_what_is_the_same()
# The same examples in every run, and no example fails by a slow machine. To look further, take `derandomize` away.
examples.register_profile("steady", derandomize=True, deadline=None)
examples.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow-scripts",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="Serve every script that much later: finds a test that acts before the page can hear it.",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests are the long ones: spread evenly among the others, none is left alone with them at the end."""
    long = [item for item in items if "browser" in item.path.parts]
    short = [item for item in items if "browser" not in item.path.parts]
    if long and short:
        each = len(short) / len(long)
        spread = [short[round(at * each) : round((at + 1) * each)] for at in range(len(long))]
        items[:] = [item for one, others in zip(long, spread, strict=True) for item in (one, *others)]


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Stories run on both databases; so does every test that is marked `both_databases`."""
    if "database" not in metafunc.fixturenames:
        return
    in_story = "story" in Path(str(metafunc.definition.fspath)).parent.parts
    both = in_story or metafunc.definition.get_closest_marker("both_databases") is not None
    metafunc.parametrize("database", ["sqlite", "postgresql"] if both else ["sqlite"], indirect=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    return SqliteTemplate(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = need("PostgreSQL", PostgresServer.start)
    yield server
    server.stop()


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    kind = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        template: SqliteTemplate = request.getfixturevalue("sqlite_template")
        yield template.copy_to(tmp_path / "test.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with server.database() as url:
            yield url


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A bound port, so that the application knows its own address before it is served."""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture
def settings(database: str, tmp_path: Path, listening: socket.socket) -> Settings:
    return Settings(
        secret_keys=(SECRET,),
        database_url=database,
        data_dir=tmp_path / "data",
        base_url=f"http://127.0.0.1:{listening.getsockname()[1]}",
        ffmpeg=os.environ.get("FFMPEG", ""),
        testing=True,
    )


@pytest.fixture
def make_app(settings: Settings) -> Iterator[Callable[..., Flask]]:
    """Builds the application; keyword arguments replace settings."""
    apps: list[Flask] = []

    def make(**changes: object) -> Flask:
        app = create_app(replace(settings, **changes))  # type: ignore[arg-type]
        app.jinja_env.bytecode_cache = COMPILED
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.extensions[EXTENSION].backends.mailer.close()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript whose requests come from one address; it keeps cookies."""
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session of the test's own, on the application's database."""
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def factories(session: Session) -> Factories:
    """Makes companies, people and what they do; every row is committed at once."""
    return Factories(session)


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """Run every due job, and those that they cause; returns how many ran."""
    context = job_context(app)

    def run() -> int:
        count = 0
        while run_next(context, wiring.JOBS, wiring.PARKED):
            count += 1
        return count

    return run


@pytest.fixture
def signed_in(app: Flask, factories: Factories) -> Callable[..., Marketer]:
    """`signed_in("moderator")` is a team member of that role with a browser; `company=` chooses the company."""

    def sign_in(role: str = "owner", company: object = None) -> Marketer:
        return Marketer.signed_in(app, factories, role, company)

    return sign_in


def closing(app: WSGIApplication) -> Callable[..., Iterator[bytes]]:
    """The application, whose answers let go of their files also when a browser hangs up: werkzeug's server forgets
    to close them where reading what is left of the request fails, and a player hangs up all the time.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        body = app(environ, start_response)
        try:
            yield from body
        finally:
            getattr(body, "close", lambda: None)()

    return answer


def with_slow_scripts(app: WSGIApplication, seconds: float) -> WSGIApplication:
    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].endswith(".js"):
            time.sleep(seconds)
        return app(environ, start_response)

    return answer


@pytest.fixture
def live_server(
    request: pytest.FixtureRequest, app: Flask, listening: socket.socket, settings: Settings
) -> Iterator[str]:
    """The application on a real port, several requests at a time; the value is its address."""
    listening.listen(128)
    host, port = listening.getsockname()
    answering = with_slow_scripts(app, request.config.getoption("--slow-scripts"))
    server = make_server(host, port, closing(answering), threaded=True, fd=listening.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield settings.base_url
    server.shutdown()
    thread.join()
    server.server_close()
