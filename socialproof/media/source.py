"""The file that a customer sent, on its way from the storage to the worker's folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from socialproof.backends.storage.port import Storage
from socialproof.backends.transcoder.port import VideoRefused

_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Source:
    """The files of one recording in their order, and how many bytes they have together."""

    segments: tuple[Path, ...]
    byte_count: int


def fetch_source(
    storage: Storage, key: str, folder: Path, *, sha256: str, segment_byte_counts: tuple[int, ...]
) -> Source:
    """Copy the source into `folder` in constant memory, and apart where it is several files one behind the other.

    Raises VideoRefused `source_damaged` when its checksum (if one is known) or its size is not what was announced, and
    MissingObject.
    """
    whole = folder / "source"
    storage.copy_to_path(key, whole)
    byte_count = whole.stat().st_size
    if segment_byte_counts and sum(segment_byte_counts) != byte_count:
        raise VideoRefused("source_damaged", f"{byte_count} bytes are not {sum(segment_byte_counts)}")
    digest = hashlib.sha256()
    sizes = segment_byte_counts or (byte_count,)
    with whole.open("rb") as source:
        if len(sizes) == 1:
            paths = [whole]
            _copy(source, None, byte_count, digest)
        else:
            paths = [folder / f"source-{number}" for number in range(1, len(sizes) + 1)]
            for path, size in zip(paths, sizes, strict=True):
                with path.open("wb") as segment:
                    _copy(source, segment, size, digest)
            whole.unlink()
    if sha256 and digest.hexdigest() != sha256:
        raise VideoRefused("source_damaged", "its checksum is another")
    return Source(tuple(paths), byte_count)


def _copy(source: BinaryIO, target: BinaryIO | None, size: int, digest: hashlib._Hash) -> None:
    while size > 0 and (block := source.read(min(size, _BLOCK_BYTES))):
        size -= len(block)
        digest.update(block)
        if target is not None:
            target.write(block)
