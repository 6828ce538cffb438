"""The contract of every storage, run on each implementation."""

from __future__ import annotations

import hashlib
import io
import os
import resource
import signal
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from socialproof.backends.storage.local import LocalStorage
from socialproof.backends.storage.port import (
    BadKey,
    MissingObject,
    MissingUpload,
    Part,
    PartConflict,
    PartRefused,
    Storage,
    StorageFull,
    UploadIncomplete,
    content_type,
)
from socialproof.backends.storage.s3 import S3Storage
from tests.s3 import STORES, ObjectStore

KEY = "companies/abc/media/def/source"
PIECE = 5 * 1024 * 1024
"""What S3 takes as a part that is not the last."""


@pytest.fixture(params=["local", *STORES])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path / "media")
    store: ObjectStore = request.getfixturevalue(request.param)
    return S3Storage(store.folder())


def tells_checksums(storage: Storage) -> bool:
    """Swift takes a part's checksum and compares it, but forgets it."""
    return not isinstance(storage, S3Storage) or "test:tester" not in storage.client._get_credentials().access_key


def is_s3(storage: Storage) -> bool:
    return isinstance(storage, S3Storage)


def part_of(number: int, content: bytes) -> Part:
    return Part(number, len(content), hashlib.sha256(content).hexdigest())


def known(storage: Storage, part: Part) -> Part:
    """The part as this storage tells it."""
    return part if tells_checksums(storage) else replace(part, sha256="")


def send(storage: Storage, upload_id: str, number: int, content: bytes) -> Part:
    return storage.write_part(KEY, upload_id, part_of(number, content), io.BytesIO(content))


def read(storage: Storage, key: str = KEY) -> bytes:
    with storage.open(key) as stream:
        return stream.read()


def files_under(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and path.name != "key"]


class Endless(io.RawIOBase):
    """A stream of zeros that is never in memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        taken = min(self.left, size if size >= 0 else self.left)
        self.left -= taken
        return bytes(taken)


def test_what_is_put_is_read_back_and_replaced_whole(storage: Storage) -> None:
    storage.put(KEY, io.BytesIO(b"first"))
    stored = storage.put(KEY, io.BytesIO(b"second!"))
    assert (stored.size, read(storage)) == (7, b"second!")
    assert storage.stat(KEY) == stored
    assert abs(stored.modified_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_stream_can_be_wound_for_byte_ranges(storage: Storage) -> None:
    storage.put(KEY, io.BytesIO(b"0123456789"))
    with storage.open(KEY) as stream:
        stream.seek(4)
        assert stream.read(3) == b"456"


def test_what_is_not_there_says_so(storage: Storage) -> None:
    assert storage.stat(KEY) is None
    storage.delete(KEY)
    storage.delete_prefix("companies/abc")
    with pytest.raises(MissingObject):
        storage.open(KEY)
    with pytest.raises(MissingObject):
        storage.copy_to_path(KEY, Path(os.devnull))


def test_deleting_removes_one_and_a_prefix_removes_all(storage: Storage) -> None:
    for name in ("source", "video.mp4", "poster.webp"):
        storage.put(f"companies/abc/media/def/{name}", io.BytesIO(b"x"))
    storage.put("companies/abc/media/defg/source", io.BytesIO(b"neighbour"))
    storage.delete(KEY)
    assert storage.stat(KEY) is None
    assert storage.stat("companies/abc/media/def/video.mp4") is not None
    storage.delete_prefix("companies/abc/media/def")
    assert storage.stat("companies/abc/media/def/video.mp4") is None
    assert storage.stat("companies/abc/media/defg/source") is not None


def test_it_copies_to_a_path(storage: Storage, tmp_path: Path) -> None:
    storage.put(KEY, io.BytesIO(b"hello"))
    storage.copy_to_path(KEY, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"hello"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/./b",
        ".hidden",
        "a/.b",
        "a\\b",
        "a\0b",
        "a b",
        "å",
        "😀",
        "a/",
        "x" * 101,
        "/".join("abcdefghijk"),
        "a\n",
        "C:x",
    ],
)
def test_a_key_that_could_leave_its_folder_is_refused(storage: Storage, key: str, tmp_path: Path) -> None:
    acts: list[Callable[[], object]] = [
        lambda: storage.put(key, io.BytesIO(b"x")),
        lambda: storage.open(key),
        lambda: storage.stat(key),
        lambda: storage.delete(key),
        lambda: storage.begin(key),
    ]
    for act in acts:
        with pytest.raises(BadKey):
            act()
    assert files_under(tmp_path) == []


def test_the_type_follows_from_our_own_key() -> None:
    assert content_type("a/video.mp4") == "video/mp4"
    assert content_type("a/96.webp") == "image/webp"
    assert content_type("a/source") == "application/octet-stream"
    assert content_type("a/source.html") == "application/octet-stream"


def test_parts_in_any_order_become_the_whole(storage: Storage) -> None:
    pieces = [os.urandom(PIECE), os.urandom(PIECE + 70_000), b"end"]
    whole = b"".join(pieces)
    upload = storage.begin(KEY)
    for number in (3, 1, 2):
        send(storage, upload, number, pieces[number - 1])
    assert storage.list_parts(KEY, upload) == [known(storage, part_of(n, piece)) for n, piece in enumerate(pieces, 1)]
    assert storage.stat(KEY) is None
    stored = storage.complete(KEY, upload, size=len(whole), sha256=hashlib.sha256(whole).hexdigest())
    assert stored.size == len(whole)
    assert read(storage) == whole


def test_the_same_part_again_is_accepted_and_other_content_refused(storage: Storage) -> None:
    upload = storage.begin(KEY)
    send(storage, upload, 1, b"one")
    send(storage, upload, 1, b"one")
    with pytest.raises(PartConflict):
        send(storage, upload, 1, b"two" if tells_checksums(storage) else b"other")
    storage.complete(KEY, upload, size=3)
    assert read(storage) == b"one"


@pytest.mark.parametrize(
    ("part", "content"),
    [
        (part_of(1, b"hello"), b"hellO"),
        (part_of(1, b"hello"), b"hell"),
        (part_of(1, b"hello"), b"hello!"),
        (Part(0, 5, "a" * 64), b"hello"),
        (Part(10_001, 5, "a" * 64), b"hello"),
        (Part(1, 0, hashlib.sha256(b"").hexdigest()), b""),
        (Part(1, 5, "A" * 64), b"hello"),
        (Part(1, 5, "../../x"), b"hello"),
        (Part(1, 17 * 1024 * 1024, "a" * 64), b"hello"),
    ],
)
def test_a_part_that_is_not_as_announced_leaves_nothing(
    storage: Storage, part: Part, content: bytes, tmp_path: Path
) -> None:
    upload = storage.begin(KEY)
    with pytest.raises(PartRefused):
        storage.write_part(KEY, upload, part, io.BytesIO(content))
    assert storage.list_parts(KEY, upload) == []
    assert files_under(tmp_path) == []


@pytest.mark.parametrize("numbers", [(), (2,), (1, 3)], ids=["none", "no first", "a gap"])
def test_an_upload_with_missing_parts_is_not_completed(storage: Storage, numbers: tuple[int, ...]) -> None:
    upload = storage.begin(KEY)
    for number in numbers:
        send(storage, upload, number, b"x")
    with pytest.raises(UploadIncomplete):
        storage.complete(KEY, upload, size=len(numbers))
    assert storage.stat(KEY) is None


@pytest.mark.parametrize("claim", [{"size": 4}, {"size": 6}, {"size": 5, "sha256": "0" * 64}])
def test_a_whole_that_does_not_match_is_not_completed_and_can_still_be(
    storage: Storage, claim: dict[str, object], tmp_path: Path
) -> None:
    if "sha256" in claim and not tells_checksums(storage):
        pytest.skip("Swift tells no checksums: the worker finds it out")
    upload = storage.begin(KEY)
    send(storage, upload, 1, b"hello")
    with pytest.raises(UploadIncomplete):
        storage.complete(KEY, upload, **claim)  # type: ignore[arg-type]
    assert storage.stat(KEY) is None
    storage.complete(KEY, upload, size=5)
    assert read(storage) == b"hello"


def test_after_the_end_an_upload_is_unknown_and_the_file_intact(storage: Storage) -> None:
    if not tells_checksums(storage):
        pytest.skip("Swift goes on taking parts; what it then cannot read any more is told as missing")
    upload = storage.begin(KEY)
    send(storage, upload, 1, b"hello")
    storage.complete(KEY, upload, size=5)
    for act in (
        lambda: send(storage, upload, 1, b"other"),
        lambda: storage.list_parts(KEY, upload),
        lambda: storage.complete(KEY, upload, size=5),
    ):
        with pytest.raises(MissingUpload):
            act()
    assert read(storage) == b"hello"


@pytest.mark.parametrize("upload_id", ["", "../..", "0" * 32, "x" * 500, "."])
def test_an_unknown_upload_is_unknown(storage: Storage, upload_id: str) -> None:
    with pytest.raises(MissingUpload):
        send(storage, upload_id, 1, b"x")
    storage.abort(KEY, upload_id)


def test_an_upload_belongs_to_its_key(storage: Storage) -> None:
    upload = storage.begin(KEY)
    with pytest.raises(MissingUpload):
        storage.list_parts("companies/abc/media/other/source", upload)


def test_an_aborted_upload_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    upload = storage.begin(KEY)
    send(storage, upload, 1, b"x")
    storage.abort(KEY, upload)
    storage.abort(KEY, upload)
    assert files_under(tmp_path) == []


def test_abandoned_uploads_are_swept_and_living_ones_stay(storage: Storage) -> None:
    upload = storage.begin(KEY)
    send(storage, upload, 1, b"x")
    long_ago = datetime(2010, 1, 1, tzinfo=UTC)  # moto says of every upload that it was begun in that year
    assert storage.sweep(long_ago) == 0
    assert storage.list_parts(KEY, upload)
    assert storage.sweep(datetime.now(UTC) + timedelta(seconds=2)) == 1
    with pytest.raises(MissingUpload):
        storage.list_parts(KEY, upload)


def test_of_two_different_parts_with_one_number_at_most_one_stays(storage: Storage) -> None:
    upload = storage.begin(KEY)
    refused: list[Exception] = []

    def sending(content: bytes) -> None:
        try:
            send(storage, upload, 1, content)
        except PartConflict as error:
            refused.append(error)

    threads = [threading.Thread(target=sending, args=(bytes([n]) * 300_000,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not is_s3(storage):  # there the last of those who begin together counts, and `complete` takes what it looked at
        assert len(refused) >= 7
    assert len(storage.list_parts(KEY, upload)) <= 1


def test_memory_stays_constant_whatever_the_size(storage: Storage) -> None:
    tracemalloc.start()
    endless: BinaryIO = Endless(40 * 1024 * 1024)  # type: ignore[assignment]
    storage.put(KEY, endless)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (30 if is_s3(storage) else 2) * 1024 * 1024


@pytest.mark.parametrize("act", ["copy", "read"])
def test_reading_holds_no_more_than_blocks_in_memory(storage: Storage, tmp_path: Path, act: str) -> None:
    storage.put(KEY, Endless(64 * 1024 * 1024))  # type: ignore[arg-type]
    tracemalloc.start()
    if act == "copy":
        storage.copy_to_path(KEY, tmp_path / "copy")
        assert (tmp_path / "copy").stat().st_size == 64 * 1024 * 1024
    else:
        with storage.open(KEY) as stream:
            assert sum(len(block) for block in iter(lambda: stream.read(64 * 1024), b"")) == 64 * 1024 * 1024
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * 1024 * 1024


def test_a_stream_is_wound_anywhere_and_past_the_end(storage: Storage) -> None:
    content = os.urandom(3 * 1024 * 1024 + 17)
    storage.put(KEY, io.BytesIO(content))
    with storage.open(KEY) as stream:
        assert stream.seek(-17, io.SEEK_END) == len(content) - 17
        assert stream.read() == content[-17:]
        stream.seek(1024 * 1024 - 3)
        assert stream.read(10) == content[1024 * 1024 - 3 :][:10]
        stream.seek(len(content) + 5)
        assert stream.read(1) == b""


def test_an_empty_object_is_one_too(storage: Storage, tmp_path: Path) -> None:
    storage.put(KEY, io.BytesIO(b""))
    assert read(storage) == b""
    storage.copy_to_path(KEY, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b""


def test_a_prefix_moves_whole_and_again_after_a_kill(storage: Storage) -> None:
    old, new = "companies/abc/media/def", "companies/abc/media/def-2"
    for name in ("source", "video.mp4"):
        storage.put(f"{old}/{name}", io.BytesIO(name.encode()))
    storage.put("companies/abc/media/defg/source", io.BytesIO(b"neighbour"))
    storage.put(f"{new}/source", io.BytesIO(b"copied before the kill"))
    storage.move_prefix(old, new)
    storage.move_prefix(old, new)
    assert [storage.stat(f"{old}/{name}") for name in ("source", "video.mp4")] == [None, None]
    assert [read(storage, f"{new}/{name}") for name in ("source", "video.mp4")] == [b"source", b"video.mp4"]
    assert read(storage, "companies/abc/media/defg/source") == b"neighbour"


def test_files_that_came_in_parts_move_whole(storage: Storage) -> None:
    whole = os.urandom(9 * 1024 * 1024)
    storage.put("companies/abc/media/def/video.mp4", io.BytesIO(whole))
    upload = storage.begin(KEY)
    send(storage, upload, 1, whole[:PIECE])
    send(storage, upload, 2, whole[PIECE:])
    storage.complete(KEY, upload, size=len(whole))
    storage.move_prefix("companies/abc/media/def", "companies/abc/media/def.2")
    for name in ("source", "video.mp4"):
        assert read(storage, f"companies/abc/media/def.2/{name}") == whole
    storage.delete_prefix("companies/abc/media/def.2")
    assert storage.stat("companies/abc/media/def.2/source") is None


def test_a_full_disk_refuses_and_leaves_nothing(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "media", reserve_bytes=2**62)
    with pytest.raises(StorageFull):
        storage.put(KEY, io.BytesIO(b"x"))
    with pytest.raises(StorageFull):
        storage.begin(KEY)
    assert files_under(tmp_path) == []


def test_room_that_ends_in_the_middle_keeps_the_old_object_and_nothing_else(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "media")
    storage.put(KEY, io.BytesIO(b"old"))
    old_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    old_signal = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, old_limit[1]))
    try:
        with pytest.raises(StorageFull):
            storage.put(KEY, Endless(1_000_000))  # type: ignore[arg-type]
        upload = storage.begin("companies/abc/media/big/source")
        big = Part(1, 1_000_000, "a" * 64)
        with pytest.raises(StorageFull):
            storage.write_part("companies/abc/media/big/source", upload, big, Endless(1_000_000))  # type: ignore[arg-type]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old_limit)
        signal.signal(signal.SIGXFSZ, old_signal)
    assert read(storage) == b"old"
    assert [path.name for path in files_under(tmp_path)] == ["source"]


def test_empty_folders_go_with_their_last_object(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "media")
    storage.put(KEY, io.BytesIO(b"x"))
    storage.delete(KEY)
    assert list((tmp_path / "media" / "objects").iterdir()) == []


def test_half_written_files_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "media")
    half = tmp_path / "media" / "half" / ("0" * 32)
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    storage.sweep(datetime.now(UTC) + timedelta(seconds=1))
    assert files_under(tmp_path) == []
