"""What only an object store does: signatures, addresses, errors of the other side."""

from __future__ import annotations

import hashlib
import io
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from socialproof.backends import build_backends
from socialproof.backends.storage.port import (
    MissingObject,
    MissingUpload,
    Part,
    PartAddress,
    PartConflict,
    StorageAway,
    StorageFull,
    UploadIncomplete,
)
from socialproof.backends.storage.s3 import S3Storage
from socialproof.settings import Bucket, Settings
from tests.s3 import ObjectStore, fetch, gateway, put

KEY = "companies/abc/media/def/source"
VIDEO = "companies/abc/media/def/video.mp4"
PIECE = 5 * 1024 * 1024


def part_of(number: int, content: bytes) -> Part:
    return Part(number, len(content), hashlib.sha256(content).hexdigest())


def address_of(storage: S3Storage, upload: str, number: int, content: bytes) -> PartAddress:
    address = storage.part_address(KEY, upload, part_of(number, content))
    assert address is not None
    return address


def changed(address: PartAddress, **query: str) -> PartAddress:
    """The same address with parameters that nobody signed."""
    url = address.url
    for name, value in query.items():
        url = url.replace(f"{name}={parse_qs(urlsplit(url).query)[name][0]}", f"{name}={value}")
    assert url != address.url
    return replace(address, url=url)


@pytest.fixture
def storage(swift: ObjectStore) -> S3Storage:
    """Where signatures are looked at."""
    return S3Storage(swift.folder())


def test_a_browser_sends_parts_by_signed_addresses_and_they_become_the_whole(storage: S3Storage) -> None:
    pieces = [b"a" * PIECE, b"b" * (PIECE + 1), b"end"]
    upload = storage.begin(KEY)
    assert [put(address_of(storage, upload, n, piece), piece) for n, piece in enumerate(pieces, 1)] == [200] * 3
    assert storage.complete(KEY, upload, size=2 * PIECE + 4).size == 2 * PIECE + 4
    with storage.open(KEY) as stream:
        assert hashlib.sha256(stream.read()).digest() == hashlib.sha256(b"".join(pieces)).digest()


def test_a_signed_part_takes_its_own_bytes_alone(storage: S3Storage) -> None:
    upload = storage.begin(KEY)
    address = address_of(storage, upload, 1, b"hello")
    other = {"x-amz-checksum-sha256": address_of(storage, upload, 2, b"hellO").headers["x-amz-checksum-sha256"]}
    assert put(address, b"hellO") == 400
    assert put(address, b"hello!") == 403
    assert put(replace(address, headers={}), b"hello") == 403
    assert put(replace(address, headers=other), b"hellO") == 403
    assert storage.list_parts(KEY, upload) == []
    assert put(address, b"hello") == 200


def test_an_address_is_good_for_its_number_its_upload_and_its_file(storage: S3Storage) -> None:
    upload, other = storage.begin(KEY), storage.begin(VIDEO)
    address = address_of(storage, upload, 1, b"hello")
    assert put(changed(address, partNumber="2"), b"hello") == 403
    assert put(changed(address, uploadId=other), b"hello") == 403
    assert put(replace(address, url=address.url.replace("/source?", "/video.mp4?")), b"hello") == 403
    assert put(changed(address, **{"X-Amz-Signature": "0" * 64}), b"hello") == 403


def test_an_address_ends(storage: S3Storage) -> None:
    upload = storage.begin(KEY)
    storage.put(VIDEO, io.BytesIO(b"video"))
    with time_machine.travel(datetime.now(UTC) - timedelta(seconds=61), tick=False):
        reading = storage.address(VIDEO, seconds=60)
    assert reading is not None
    assert fetch(reading)[0] == 403
    with time_machine.travel(datetime.now(UTC) - timedelta(hours=1, seconds=5), tick=False):
        stale = PartAddress(
            storage._signed("upload_part", 3600, Key=storage._name(KEY), UploadId=upload, PartNumber=1), {}
        )
    assert put(stale, b"x") == 403


def test_an_address_gives_ranges_with_our_own_type_and_to_nobody_else(storage: S3Storage) -> None:
    storage.put(VIDEO, io.BytesIO(b"0123456789"))
    address = storage.address(VIDEO, seconds=3600)
    assert address is not None and address.startswith(storage.origin + "/")
    status, body, headers = fetch(address, headers={"Range": "bytes=2-4"})
    assert (status, body, headers["content-type"]) == (206, b"234", "video/mp4")
    assert (headers["content-disposition"], headers["cache-control"]) == ("inline", "private, max-age=30")
    assert fetch(address.partition("?")[0])[0] in (400, 403)
    assert fetch(address.replace("video.mp4", "source"))[0] == 403


def test_addresses_are_signed_for_the_place_where_browsers_go(swift: ObjectStore) -> None:
    public = swift.place.endpoint.replace("127.0.0.1", "localhost")
    storage = S3Storage(swift.folder(public_endpoint=public))
    upload = storage.begin(KEY)
    address = address_of(storage, upload, 1, b"hello")
    assert (storage.origin, address.url.startswith(public + "/")) == (public, True)
    assert put(address, b"hello") == 200
    storage.complete(KEY, upload, size=5)
    assert fetch(str(storage.address(KEY, seconds=60)))[:2] == (200, b"hello")


def test_after_a_move_old_addresses_are_dead(storage: S3Storage) -> None:
    storage.put(VIDEO, io.BytesIO(b"0123456789"))
    address = storage.address(VIDEO, seconds=3600)
    assert address is not None and fetch(address)[0] == 200
    storage.move_prefix("companies/abc/media/def", "companies/abc/media/def-2")
    assert fetch(address)[0] == 404


def test_a_file_spoilt_by_its_own_sender_after_the_end_is_missing(storage: S3Storage) -> None:
    """Swift joins by reference, so an address that still lives can spoil the source. Never what was made of it."""
    upload = storage.begin(KEY)
    late = address_of(storage, upload, 1, b"other")
    storage.write_part(KEY, upload, part_of(1, b"hello"), io.BytesIO(b"hello"))
    storage.complete(KEY, upload, size=5)
    assert put(late, b"other") == 200
    with pytest.raises(MissingObject):
        storage.open(KEY)


def test_a_part_that_is_held_gets_no_address_for_other_content(moto: ObjectStore) -> None:
    storage = S3Storage(moto.folder())
    upload = storage.begin(KEY)
    assert put(address_of(storage, upload, 1, b"one"), b"one") == 200
    address_of(storage, upload, 1, b"one")
    with pytest.raises(PartConflict):
        address_of(storage, upload, 1, b"two")


def test_a_signed_part_is_compared_where_checksums_are_kept_too(moto: ObjectStore) -> None:
    storage = S3Storage(moto.folder())
    upload = storage.begin(KEY)
    assert put(address_of(storage, upload, 1, b"one"), b"two") == 400
    assert storage.list_parts(KEY, upload) == []


def test_a_late_part_leaves_a_finished_file_alone(moto: ObjectStore) -> None:
    storage = S3Storage(moto.folder())
    upload = storage.begin(KEY)
    late = address_of(storage, upload, 1, b"other")
    storage.write_part(KEY, upload, part_of(1, b"hello"), io.BytesIO(b"hello"))
    storage.complete(KEY, upload, size=5)
    assert put(late, b"other") == 404
    with storage.open(KEY) as stream:
        assert stream.read() == b"hello"


def test_a_part_too_small_before_the_last_is_incomplete(moto: ObjectStore) -> None:
    storage = S3Storage(moto.folder())
    upload = storage.begin(KEY)
    for number in (1, 2):
        storage.write_part(KEY, upload, part_of(number, b"small"), io.BytesIO(b"small"))
    with pytest.raises(UploadIncomplete):
        storage.complete(KEY, upload, size=10)


def test_two_folders_of_one_bucket_leave_each_other_alone(moto: ObjectStore) -> None:
    one, two = S3Storage(moto.folder()), S3Storage(moto.folder())
    one.put(KEY, io.BytesIO(b"one"))
    upload = one.begin(KEY)
    two.delete_prefix("companies/abc")
    assert two.sweep(datetime.now(UTC) + timedelta(days=1)) == 0
    assert one.stat(KEY) is not None
    assert one.list_parts(KEY, upload) == []


def test_a_store_that_is_away_says_so_and_comes_back(moto: ObjectStore) -> None:
    with gateway(moto) as (way, place):
        storage = S3Storage(place)
        storage.put(KEY, io.BytesIO(b"hello"))
        way.is_away.set()
        for act in (lambda: storage.stat(KEY), lambda: storage.open(KEY), lambda: storage.begin(KEY)):
            with pytest.raises(StorageAway):
                act()
        assert way.refused == 9, "each is tried three times"
        way.is_away.clear()
        with storage.open(KEY) as stream:
            assert stream.read() == b"hello"


def test_nobody_at_the_address_is_away_too() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        storage = S3Storage(Bucket("media", "", f"http://127.0.0.1:{bound.getsockname()[1]}", key_id="k", secret="s"))
        with pytest.raises(StorageAway):
            storage.stat(KEY)


def test_a_wrong_key_is_away_because_the_operator_can_put_it_right(swift: ObjectStore) -> None:
    with pytest.raises(StorageAway, match="SignatureDoesNotMatch"):
        S3Storage(swift.folder(secret="wrong")).begin(KEY)


def test_a_store_without_room_is_full(moto: ObjectStore) -> None:
    with gateway(moto) as (way, place):
        way.refusal = 507
        way.is_away.set()
        with pytest.raises(StorageFull):
            S3Storage(place).put(KEY, io.BytesIO(b"hello"))


@pytest.mark.parametrize(
    ("bucket", "origin"),
    [
        (Bucket("media", region="eu-north-1"), "https://media.s3.eu-north-1.amazonaws.com"),
        (Bucket("my.media", region="eu-north-1"), "https://s3.eu-north-1.amazonaws.com"),
        (Bucket("media", endpoint="http://10.0.0.5:9000"), "http://10.0.0.5:9000"),
        (
            Bucket("media", endpoint="http://minio:9000", public_endpoint="https://files.example.com"),
            "https://files.example.com",
        ),
    ],
)
def test_browsers_are_sent_to_one_origin(bucket: Bucket, origin: str) -> None:
    storage = S3Storage(replace(bucket, key_id="k", secret="s"))
    assert storage.origin == origin
    assert str(storage.address(KEY, seconds=60)).startswith(origin + "/")


def test_a_bucket_in_the_settings_is_where_media_go(settings: Settings, moto: ObjectStore) -> None:
    made = build_backends(replace(settings, bucket=moto.place)).storage
    assert isinstance(made, S3Storage)
    assert not (settings.data_dir / "media").exists()


def test_an_upload_that_somebody_else_ended_meanwhile_does_not_stop_the_sweep(storage: S3Storage) -> None:
    real = storage.client

    class Contested:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def abort_multipart_upload(self, **where: str) -> None:
            real.abort_multipart_upload(**where)
            real.abort_multipart_upload(**where)

    uploads = [storage.begin(KEY) for _ in range(2)]
    storage.client = Contested()
    assert storage.sweep(datetime.now(UTC) + timedelta(seconds=2)) == len(uploads)
    for upload in uploads:
        with pytest.raises(MissingUpload):
            storage.list_parts(KEY, upload)
