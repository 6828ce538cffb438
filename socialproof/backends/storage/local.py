"""Media on a disk: `objects/` holds finished files, `uploads/` parts on their way, `half/` what is being written."""

import errno
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from socialproof.backends.storage.port import (
    BLOCK_BYTES,
    MissingObject,
    MissingUpload,
    Part,
    PartAddress,
    PartConflict,
    StorageFull,
    Stored,
    UploadIncomplete,
    check_key,
    check_part,
    copy_exactly,
    parts_to_join,
)

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UPLOAD_ID = re.compile(r"[0-9a-f]{32}")
_PART_NAME = re.compile(r"(\d{5})-(\d+)-([0-9a-f]{64})")
HALF_SECONDS = 3600.0
"""A half-written file that nobody has touched for so long belongs to a process that was killed."""

Writer = Callable[[bytes], object]


class LocalStorage:
    """Streams in blocks of 64 KB; a finished name appears by one atomic rename after fsync."""

    part_bytes = 512 * 1024
    max_part_bytes = 8 * 1024 * 1024
    origin = ""

    def __init__(self, root: Path, reserve_bytes: int = 64 * 1024 * 1024) -> None:
        """`reserve_bytes` stay free on the disk, so that the database next door can still write when media cannot."""
        self._root = root
        self._objects = root / "objects"
        self._uploads = root / "uploads"
        self._half = root / "half"
        self._reserve_bytes = reserve_bytes

    def put(self, key: str, source: BinaryIO) -> Stored:
        """Store all of `source` under `key`."""
        target = self._object(key)
        with self._written(target) as write:
            for block in blocks(source):
                write(block)
        return _stored(target)

    def open(self, key: str) -> BinaryIO:
        """A seekable stream of the object."""
        try:
            return self._object(key).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise MissingObject(key) from None

    def stat(self, key: str) -> Stored | None:
        """Size and time of the object, or None."""
        path = self._object(key)
        return _stored(path) if path.is_file() else None

    def delete(self, key: str) -> None:
        """Remove the object, and its folder when that was the last one."""
        path = self._object(key)
        path.unlink(missing_ok=True)
        self._prune(path.parent)

    def delete_prefix(self, prefix: str) -> None:
        """Remove the folder `prefix` and everything in it."""
        path = self._object(prefix.rstrip("/"))
        shutil.rmtree(path, ignore_errors=True)
        self._prune(path.parent)

    def move_prefix(self, prefix: str, to: str) -> None:
        """Rename file by file, so that a second run finishes what a killed one began."""
        source, target = self._object(prefix.rstrip("/")), self._object(to.rstrip("/"))
        for path in [path for path in source.rglob("*") if path.is_file()]:
            moved = target / path.relative_to(source)
            moved.parent.mkdir(parents=True, exist_ok=True)
            path.rename(moved)
        shutil.rmtree(source, ignore_errors=True)
        self._prune(source.parent)

    def address(self, key: str, *, seconds: int) -> str | None:
        """None: the application sends the files of this storage."""
        check_key(key)
        return None

    def copy_to_path(self, key: str, path: Path) -> None:
        """Copy the object into a local file."""
        with self.open(key) as source, path.open("wb") as target, _room():
            for block in blocks(source):
                target.write(block)

    def keys(self) -> Iterator[str]:
        """The keys of all finished objects, in no order."""
        for path in self._objects.rglob("*"):
            if path.is_file():
                yield path.relative_to(self._objects).as_posix()

    def begin(self, key: str) -> str:
        """Open a multipart upload."""
        check_key(key)
        self._check_room(0)
        upload_id = secrets.token_hex(16)
        with _room():
            folder = self._uploads / upload_id
            folder.mkdir(parents=True)
            (folder / "key").write_text(key, encoding="ascii")
        return upload_id

    def part_address(self, key: str, upload_id: str, part: Part) -> PartAddress | None:
        """None: the application takes the parts of this storage."""
        check_part(part, self.max_part_bytes)
        self._upload(key, upload_id)
        return None

    def write_part(self, key: str, upload_id: str, part: Part, source: BinaryIO) -> Part:
        """Take one part, verified while it streams to disk."""
        check_part(part, self.max_part_bytes)
        folder = self._upload(key, upload_id)
        held = {known.number: known for known in self._parts(folder)}.get(part.number)
        if held is not None and held != part:
            raise PartConflict(str(part.number))
        if held is None:
            with self._written(folder / _name(part), keep_parents=True) as write:
                copy_exactly(source, part, write)
            self._refuse_twins(folder, part)
        return part

    def list_parts(self, key: str, upload_id: str) -> list[Part]:
        """The acknowledged parts by number."""
        return self._parts(self._upload(key, upload_id))

    def complete(self, key: str, upload_id: str, *, size: int, sha256: str | None = None) -> Stored:
        """Join the parts 1…n; safe to call again when the answer of the first call was lost halfway."""
        folder = self._upload(key, upload_id)
        parts = parts_to_join(self._parts(folder), size=size, sha256=sha256)
        target = self._object(key)
        with self._written(target) as write:
            if sha256 not in (None, _join(folder, parts, write)):
                raise UploadIncomplete("checksum")
        shutil.rmtree(folder, ignore_errors=True)
        return _stored(target)

    def abort(self, key: str, upload_id: str) -> None:
        """Forget the upload and its parts."""
        try:
            shutil.rmtree(self._upload(key, upload_id), ignore_errors=True)
        except MissingUpload:
            return

    def sweep(self, before: datetime) -> int:
        """Remove uploads untouched since `before`, and half-written files, at the latest after an hour."""
        written_before = max(before.timestamp(), time.time() - HALF_SECONDS)
        for path in _children(self._half):
            if _touched(path) < written_before:
                path.unlink(missing_ok=True)
        stale = [folder for folder in _children(self._uploads) if _touched(folder) < before.timestamp()]
        for folder in stale:
            shutil.rmtree(folder, ignore_errors=True)
        return len(stale)

    def _object(self, key: str) -> Path:
        return self._objects / check_key(key)

    def _upload(self, key: str, upload_id: str) -> Path:
        folder = self._uploads / upload_id
        if not _UPLOAD_ID.fullmatch(upload_id) or not folder.is_dir():
            raise MissingUpload(upload_id[:40])
        try:
            begun_for = (folder / "key").read_text(encoding="ascii")
        except FileNotFoundError:  # joined or forgotten at this moment
            raise MissingUpload(upload_id) from None
        if begun_for != key:
            raise MissingUpload(upload_id)
        return folder

    @staticmethod
    def _parts(folder: Path) -> list[Part]:
        found = (_PART_NAME.fullmatch(path.name) for path in _children(folder))
        parts = [Part(int(name[1]), int(name[2]), name[3]) for name in found if name]
        return sorted(parts, key=lambda part: part.number)

    def _refuse_twins(self, folder: Path, part: Part) -> None:
        """Two senders raced with different content for one number: the later one gives way."""
        if sum(known.number == part.number for known in self._parts(folder)) > 1:
            (folder / _name(part)).unlink(missing_ok=True)
            raise PartConflict(str(part.number))

    def _check_room(self, size: int) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self._root).free < self._reserve_bytes + size:
            raise StorageFull("reserve")

    @contextmanager
    def _written(self, target: Path, *, keep_parents: bool = False) -> Iterator[Writer]:
        """A writer whose bytes appear at `target` whole or not at all; a vanished upload folder stays vanished."""
        self._check_room(0)
        half = self._half / secrets.token_hex(16)
        try:
            with _room():
                half.parent.mkdir(parents=True, exist_ok=True)
                with half.open("xb") as file:
                    yield file.write
                    file.flush()
                    os.fsync(file.fileno())
                if not keep_parents:
                    target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    half.rename(target)
                except FileNotFoundError:
                    raise MissingUpload(target.parent.name) from None
                _sync_folder(target.parent)
        finally:
            half.unlink(missing_ok=True)

    def _prune(self, folder: Path) -> None:
        while folder != self._objects and self._objects in folder.parents:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


def blocks(source: BinaryIO) -> Iterator[bytes]:
    """The stream in blocks of at most 64 KB."""
    while block := source.read(BLOCK_BYTES):
        yield block


def _name(part: Part) -> str:
    return f"{part.number:05}-{part.size}-{part.sha256}"


def _join(folder: Path, parts: list[Part], write: Writer) -> str:
    digest = hashlib.sha256()
    for part in parts:
        try:
            with (folder / _name(part)).open("rb") as source:
                for block in blocks(source):
                    digest.update(block)
                    write(block)
        except FileNotFoundError:
            raise MissingUpload(folder.name) from None
    return digest.hexdigest()


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull(error.strerror) from error
        raise


def _stored(path: Path) -> Stored:
    status = path.stat()
    return Stored(status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _children(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _touched(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
