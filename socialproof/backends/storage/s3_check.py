"""A round trip through the bucket as browsers and the worker make it, told step by step."""

from __future__ import annotations

import hashlib
import io
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from socialproof.backends.storage.port import Part, PartAddress, StorageError
from socialproof.backends.storage.s3 import S3Storage
from socialproof.backends.storage.s3_errors import told

PIECE = b"socialproof storage check"
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Step:
    """What was tried, whether it went well, and what to do if not. A warning leaves the rest usable."""

    name: str
    is_well: bool
    advice: str = ""
    is_warning: bool = False


class Wrong(Exception):
    """A step did not go as it must; the message says what was seen."""


@dataclass
class _Trip:
    storage: S3Storage
    site: str
    key: str = field(default_factory=lambda: f"check/{secrets.token_hex(8)}/video.mp4")
    upload_id: str = ""
    part: PartAddress | None = None


def cors_rules(site: str) -> list[dict[str, Any]]:
    """Anybody's page may play; our own site alone may send parts."""
    headers = ["content-type", "x-amz-checksum-sha256"]
    return [
        {"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 3600},
        {"AllowedMethods": ["PUT"], "AllowedOrigins": [site], "AllowedHeaders": headers, "MaxAgeSeconds": 3600},
    ]


def set_cors(storage: S3Storage, site: str) -> None:
    """Put the rules on the bucket, in place of those it had; raises StorageError."""
    with told(storage.bucket.name):
        storage.client.put_bucket_cors(Bucket=storage.bucket.name, CORSConfiguration={"CORSRules": cors_rules(site)})


def round_trip(storage: S3Storage, site: str) -> Iterator[Step]:
    """Every step in order; those after a failed one are tried as well, as far as they do not need it."""
    trip = _Trip(storage, site)
    for name, advice, act, is_warning in _STEPS:
        try:
            act(trip)
        except (Wrong, StorageError, OSError, ClientError, BotoCoreError) as error:
            yield Step(name, False, f"{advice} ({error or type(error).__name__})", is_warning)
        else:
            yield Step(name, True)


def _write(trip: _Trip) -> None:
    trip.storage.put(trip.key, io.BytesIO(PIECE))
    with trip.storage.open(trip.key) as stream:
        stream.seek(5)
        _expect(stream.read() == PIECE[5:], "other bytes came back")


def _begin(trip: _Trip) -> None:
    trip.upload_id = trip.storage.begin(trip.key)
    part = Part(1, len(PIECE), hashlib.sha256(PIECE).hexdigest())
    trip.part = trip.storage.part_address(trip.key, trip.upload_id, part)


def _refuse(trip: _Trip) -> None:
    status = _send(trip, PIECE[::-1])
    _expect(400 <= status < 500, f"other bytes than signed were answered with {status}")


def _accept(trip: _Trip) -> None:
    status = _send(trip, PIECE)
    _expect(status == 200, f"the store answered {status}")


def _complete(trip: _Trip) -> None:
    stored = trip.storage.complete(trip.key, trip.upload_id, size=len(PIECE))
    _expect(stored.size == len(PIECE), f"it has {stored.size} bytes")


def _tell(trip: _Trip) -> None:
    trip.upload_id = trip.storage.begin(trip.key)
    part = Part(1, len(PIECE), hashlib.sha256(PIECE).hexdigest())
    trip.storage.write_part(trip.key, trip.upload_id, part, io.BytesIO(PIECE))
    held = trip.storage.list_parts(trip.key, trip.upload_id)
    trip.storage.abort(trip.key, trip.upload_id)
    _expect(held == [part], "no checksums came back")


def _read(trip: _Trip) -> None:
    status, body, headers = _fetch(_address(trip), headers={"Range": "bytes=5-9"})
    _expect((status, body) == (206, PIECE[5:10]), f"bytes 5 to 9 were answered with {status}")
    _expect(headers.get("content-type") == "video/mp4", f"its type is {headers.get('content-type')}")


def _private(trip: _Trip) -> None:
    status = _fetch(_address(trip).partition("?")[0])[0]
    _expect(status >= 400, f"without a signature the store answered {status}")


def _preflight(trip: _Trip) -> None:
    _expect(trip.part is not None, "there is no signed address")
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-amz-checksum-sha256"}
    url = trip.part.url if trip.part else ""
    status, _body, headers = _fetch(url, "OPTIONS", headers={"Origin": trip.site, **asked})
    methods, names = (headers.get(f"access-control-allow-{name}", "").lower() for name in ("methods", "headers"))
    _expect(status < 300, f"the question was answered with {status}")
    _expect(headers.get("access-control-allow-origin") in (trip.site, "*"), f"{trip.site} is not allowed")
    _expect("put" in methods, "PUT is not allowed")
    _expect("x-amz-checksum-sha256" in names or "*" in names, "x-amz-checksum-sha256 is not allowed")


def _anywhere(trip: _Trip) -> None:
    for origin in ("https://site-of-a-customer.example", "null"):
        headers = _fetch(_address(trip), headers={"Origin": origin})[2]
        _expect(headers.get("access-control-allow-origin") in (origin, "*"), f"the origin {origin} is not allowed")


def _unversioned(trip: _Trip) -> None:
    try:
        found = trip.storage.client.get_bucket_versioning(Bucket=trip.storage.bucket.name)
    except ClientError:  # a store that does not know the question keeps none, and a key may not be allowed to ask
        return
    _expect(found.get("Status") != "Enabled", "versioning is on")


def _delete(trip: _Trip) -> None:
    trip.storage.delete_prefix(trip.key.rpartition("/")[0])
    _expect(trip.storage.stat(trip.key) is None, "the object is still there")


_CORS = "Run `flask storage cors`, or give the bucket the rules that it prints."
_STEPS: list[tuple[str, str, Callable[[_Trip], None], bool]] = [
    ("Write and read", "Check the address, the key and its rights: see docs/operating.md.", _write, False),
    ("Refuse who has no signature", "Make the bucket private: block all public access.", _private, False),
    ("Begin an upload", "The key must be allowed to write.", _begin, False),
    ("Refuse a part with other content", "Damage is found later, by the worker.", _refuse, True),
    ("Take a part by a signed address", "Browsers must reach the store: check public_endpoint.", _accept, False),
    ("Join the parts", "The key must be allowed to list the parts of uploads.", _complete, False),
    ("Tell the checksums of parts", "Sizes alone are compared when an upload goes on.", _tell, True),
    ("Play by a signed address", "Browsers must reach the store: check public_endpoint.", _read, False),
    ("Let our pages send parts (CORS)", _CORS, _preflight, False),
    ("Let every page play (CORS)", _CORS, _anywhere, False),
    ("Keep no old versions", "Switch versioning off, or erased files stay.", _unversioned, False),
    ("Delete", "The key must be allowed to delete and to list.", _delete, False),
]


def _expect(is_so: bool, seen: str) -> None:
    if not is_so:
        raise Wrong(seen)


def _address(trip: _Trip) -> str:
    return trip.storage.address(trip.key, seconds=60) or ""


def _send(trip: _Trip, body: bytes) -> int:
    if trip.part is None:
        raise Wrong("there is no signed address")
    headers = {**trip.part.headers, "Content-Type": "application/octet-stream"}
    return _fetch(trip.part.url, "PUT", body, headers)[0]


def _fetch(
    url: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers with small names; `url` is signed by us for the store of the settings."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b"", {name.lower(): value for name, value in error.headers.items()}
