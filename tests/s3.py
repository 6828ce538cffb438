"""Real object stores: moto for flow and CORS, OpenStack Swift for signatures and part rules, or a true bucket.

moto accepts forged and expired signatures, and Swift keeps neither checksums of parts nor rules for CORS: what a test
says about those runs on the other. `TEST_S3_URL`, in the form of SOCIALPROOF_STORAGE_URL, with the product's own two
key variables, runs the contract of the storage on a true bucket too.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from socialproof.backends.storage.port import PartAddress
from socialproof.settings import Bucket, Settings
from tests.parts import MissingPart, need

ROOT = Path(__file__).parents[1]
PYTHON = (sys.executable, "-W", "ignore", "-m")


@dataclass
class ObjectStore:
    """A store that serves on this machine, or a true bucket; `place` says where and how."""

    name: str
    place: Bucket

    def folder(self, **changes: object) -> Bucket:
        """A place that nobody else uses, in the one bucket."""
        return replace(self.place, prefix=f"test-{uuid.uuid4().hex[:12]}", **changes)  # type: ignore[arg-type]

    def fresh_bucket(self, **changes: object) -> Bucket:
        """A bucket of its own, for tests that change the bucket itself."""
        place = replace(self.place, name=f"test-{uuid.uuid4().hex[:12]}", **changes)  # type: ignore[arg-type]
        make_bucket(place)
        return place


@pytest.fixture(scope="session")
def moto() -> Iterator[ObjectStore]:
    """moto's S3 in a process of its own; parts, listing, checksums and CORS as Amazon's, signatures not looked at."""
    yield from _serve("moto", lambda _: [*PYTHON, "tests.moto_server"], "key", "secret")


@pytest.fixture(scope="session")
def swift() -> Iterator[ObjectStore]:
    """OpenStack Swift's S3 interface in a process of its own: signatures and expiry are looked at."""
    yield from _serve("swift", lambda folder: [*PYTHON, "tests.swift_server", folder], "test:tester", "testing")


@pytest.fixture(scope="session")
def true_bucket() -> ObjectStore:
    """The bucket that TEST_S3_URL names."""
    given = {name: value for name, value in os.environ.items() if name.startswith("SOCIALPROOF_STORAGE_")}
    env = given | {"SOCIALPROOF_SECRET_KEY": "x" * 32, "SOCIALPROOF_STORAGE_URL": os.environ["TEST_S3_URL"]}
    with tempfile.TemporaryDirectory() as folder:
        place = Settings.from_env(env | {"SOCIALPROOF_DATA_DIR": folder}).bucket
    assert place is not None
    return ObjectStore("bucket", place)


STORES = ["moto", "swift", *(["true_bucket"] if os.environ.get("TEST_S3_URL") else [])]


def make_bucket(place: Bucket) -> None:
    """The way an operator would; the product itself never makes one."""
    from socialproof.backends.storage.s3 import S3Storage  # boto3 is large, and most tests need no store

    S3Storage(place).client.create_bucket(Bucket=place.name)


def keep_descriptions() -> None:
    """boto3 reads megabytes about Amazon for each client, a tenth of a second; once is enough for a test run."""
    import botocore.session

    if not hasattr(botocore.session.create_loader, "cache_info"):
        botocore.session.create_loader = cache(botocore.session.create_loader)


def put(address: PartAddress, body: bytes) -> int:
    """What a browser does with an address that it was given; returns the status."""
    return fetch(address.url, method="PUT", body=body, headers=address.headers)[0]


def fetch(
    url: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers (names in lower case) of one request; refusals too."""
    plain = {"Content-Type": "application/octet-stream"} if body is not None else {}
    request = urllib.request.Request(url, data=body, method=method, headers={**plain, **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), {name.lower(): value for name, value in error.headers.items()}


def _serve(name: str, command: Callable[[str], list[str]], key_id: str, secret: str) -> Iterator[ObjectStore]:
    keep_descriptions()
    folder = tempfile.mkdtemp(prefix=f"{name}-", dir="/tmp")
    process = need(name, lambda: _start(name, command(folder)))
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        place = Bucket("media", "", f"http://127.0.0.1:{port}", key_id=key_id, secret=secret)
        make_bucket(place)
        yield ObjectStore(name, place)
    finally:
        process.kill()
        process.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def _start(name: str, command: list[str]) -> subprocess.Popen[str]:
    if importlib.util.find_spec(name) is None:
        raise MissingPart(f"the package {name} is not installed")
    env = {**os.environ, "MOTO_DISABLE_GLOBAL_CORS": "true"}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    return process


@dataclass
class Gateway:
    """Stands before a store and passes on what it gets, or says `refusal` to everything while the store is away."""

    upstream: str
    is_away: threading.Event = field(default_factory=threading.Event)
    refusal: int = 503
    refused: int = 0
    endpoint: str = ""


@contextmanager
def gateway(store: ObjectStore) -> Iterator[tuple[Gateway, Bucket]]:
    """`with gateway(store) as (way, place)`: a folder of the store that is reached by the gateway alone."""
    way = Gateway(store.place.endpoint.removeprefix("http://"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Passing,), {"way": way}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    way.endpoint = f"http://127.0.0.1:{server.server_port}"
    yield way, store.folder(endpoint=way.endpoint)
    server.shutdown()
    thread.join()
    server.server_close()


class _Passing(BaseHTTPRequestHandler):
    way: Gateway
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.way.is_away.is_set():
            self.way.refused += 1
            self._answer(self.way.refusal, [], b"")
            return
        upstream = HTTPConnection(self.way.upstream, timeout=20)
        upstream.request(self.command, self.path, body or None, dict(self.headers.items()))
        answer = upstream.getresponse()
        self._answer(answer.status, answer.getheaders(), answer.read())
        upstream.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = {name.lower(): value for name, value in headers}.get("content-length")
        self.send_header("Content-Length", length or str(len(body)) if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_OPTIONS = _pass_on
