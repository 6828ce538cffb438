"""Where media live: a disk today, an object store tomorrow.

The multipart half has the shape of S3: parts are numbered from 1, each with its size and SHA-256, they
arrive in any order, and `complete` joins what `list_parts` knows. The truth about an upload is in the
storage, so no database row is written while bytes arrive.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

BLOCK_BYTES = 64 * 1024
MAX_PARTS = 10_000

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){0,9}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTENT_TYPES = {
    "mp4": "video/mp4",
    "webp": "image/webp",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",
}


class StorageError(Exception):
    """Something the storage refuses; `code` is a word that the edge turns into a sentence."""

    code = "storage_error"


class BadKey(StorageError):
    """The key could leave its folder or is not one of ours."""

    code = "bad_key"


class MissingObject(StorageError):
    """Nothing is stored under this key."""

    code = "missing"


class MissingUpload(StorageError):
    """The upload is unknown, finished, aborted or swept."""

    code = "upload_unknown"


class PartRefused(StorageError):
    """The bytes of a part do not match its announced size, checksum or number."""

    code = "part_damaged"


class PartConflict(StorageError):
    """This part is already held with other content."""

    code = "part_conflict"


class UploadIncomplete(StorageError):
    """Parts are missing, or the joined file is not the one the sender described."""

    code = "upload_incomplete"


class StorageFull(StorageError):
    """There is no room; nothing of the refused write is left behind."""

    code = "storage_full"


class StorageAway(StorageError):
    """The storage does not answer, or says that it cannot now; the same may succeed in a moment."""

    code = "storage_away"


@dataclass(frozen=True)
class Stored:
    """A finished object: size in bytes, and when it was written (aware UTC)."""

    size: int
    modified_at: datetime


@dataclass(frozen=True)
class Part:
    """One acknowledged part; number from 1, size in bytes, checksum as 64 hexadecimal digits."""

    number: int
    size: int
    sha256: str


@dataclass(frozen=True)
class PartAddress:
    """Where the browser sends one part by PUT, and the headers that it must add."""

    url: str
    headers: dict[str, str]


class Storage(Protocol):
    """Keys are made by us: `companies/<id>/media/<id>/<variant>`; content types follow from the key alone."""

    part_bytes: int
    """The least size of every part but the last; parts need not be of one size."""

    max_part_bytes: int
    """The largest part that is accepted."""

    origin: str
    """Where browsers are sent for files and parts, such as https://s3.example.com; "" when all goes through us."""

    def put(self, key: str, source: BinaryIO) -> Stored:
        """Store all of `source` under `key`, replacing what was there at once; StorageFull leaves the old object."""
        ...

    def open(self, key: str) -> BinaryIO:
        """A seekable stream of the object, to be closed by the caller; MissingObject when there is none."""
        ...

    def stat(self, key: str) -> Stored | None:
        """Size and time of the object, or None."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; quiet when it is not there."""
        ...

    def delete_prefix(self, prefix: str) -> None:
        """Remove every object whose key starts with the folder `prefix`."""
        ...

    def move_prefix(self, prefix: str, to: str) -> None:
        """Move everything below the folder `prefix` into the folder `to`; addresses signed before lead nowhere.

        Run again after a kill, it finishes what the first run left; it is quiet when there is nothing to move.
        """
        ...

    def copy_to_path(self, key: str, path: Path) -> None:
        """Copy the object into a local file in constant memory, for tools that need a file."""
        ...

    def address(self, key: str, *, seconds: int) -> str | None:
        """A signed address by which anybody may read the object for so long; None when the application sends it."""
        ...

    def begin(self, key: str) -> str:
        """Open a multipart upload for `key` and return its id; StorageFull when there is no room to start."""
        ...

    def part_address(self, key: str, upload_id: str, part: Part) -> PartAddress | None:
        """A signed address for exactly this part, or None when the application takes the part itself."""
        ...

    def write_part(self, key: str, upload_id: str, part: Part, source: BinaryIO) -> Part:
        """Take one part. The same content again is accepted, other content is PartConflict, damaged is PartRefused."""
        ...

    def list_parts(self, key: str, upload_id: str) -> list[Part]:
        """The acknowledged parts by number; MissingUpload when the upload is unknown."""
        ...

    def complete(self, key: str, upload_id: str, *, size: int, sha256: str | None = None) -> Stored:
        """Join the parts 1…n into the object when bytes (and the checksum, if given) agree, else UploadIncomplete.

        Without a checksum the first parts that weigh `size` are joined: of a lost recording one may be missing.
        """
        ...

    def abort(self, key: str, upload_id: str) -> None:
        """Forget the upload and its parts; quiet when it is not there."""
        ...

    def sweep(self, before: datetime) -> int:
        """Remove uploads and half-written files untouched since `before`; returns how many uploads went."""
        ...


def check_key(key: str) -> str:
    """The key itself when it is safe: letters, digits, `._-`, at most ten short segments, none starting with a dot."""
    if not _KEY.fullmatch(key):
        raise BadKey(key[:100])
    return key


def check_part(part: Part, max_part_bytes: int) -> Part:
    """The part itself when number, size and checksum are possible at all, else PartRefused."""
    if not 1 <= part.number <= MAX_PARTS or not 0 < part.size <= max_part_bytes:
        raise PartRefused("number or size")
    if not _SHA256.fullmatch(part.sha256):
        raise PartRefused("checksum")
    return part


def copy_exactly(source: BinaryIO, part: Part, write: Callable[[bytes], object]) -> None:
    """Write one part as it streams in; PartRefused when it is not of exactly the announced size and checksum."""
    digest, left = hashlib.sha256(), part.size
    while left and (block := source.read(min(BLOCK_BYTES, left))):
        digest.update(block)
        write(block)
        left -= len(block)
    if left or source.read(1) or digest.hexdigest() != part.sha256:
        raise PartRefused("size or checksum")


def parts_to_join(parts: list[Part], *, size: int, sha256: str | None) -> list[Part]:
    """All parts 1…n, or without a checksum the first of them, that weigh `size` together; else UploadIncomplete."""
    chosen: list[Part] = []
    weight = 0
    for part in parts:
        if part.number != len(chosen) + 1 or (sha256 is None and weight == size):
            break
        chosen.append(part)
        weight += part.size
    if not chosen or weight != size or (sha256 is not None and len(chosen) < len(parts)):
        raise UploadIncomplete("parts or size")
    return chosen


def content_type(key: str) -> str:
    """The type to serve an object with, from our own key and never from what a sender claimed."""
    return _CONTENT_TYPES.get(key.rpartition(".")[2], "application/octet-stream")
