"""An object as a stream that can be wound: one block of it in memory, fetched when somebody reads there."""

from __future__ import annotations

import io
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError

from socialproof.backends.storage.port import StorageAway
from socialproof.backends.storage.s3_errors import code_of, told

READ_BYTES = 1024 * 1024
TRIES = 3


class ObjectStream(io.RawIOBase):
    """Reads one version of the object; StorageAway when it is replaced or gone before the end."""

    def __init__(self, client: Any, bucket: str, key: str, block_bytes: int = READ_BYTES) -> None:
        """Fetches the first block at once, so that a missing object is told here."""
        super().__init__()
        self._client, self._where = client, {"Bucket": bucket, "Key": key}
        self._block_bytes = block_bytes
        self._position = self._block_start = 0
        self._size, self._block = self._first()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Only moves; the bytes come with the next read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._position = base + offset
        return self._position

    def readinto(self, target: Any) -> int:
        """At most the rest of the block in hand."""
        if self._position >= self._size:
            return 0
        if not self._block_start <= self._position < self._block_start + len(self._block):
            self._block = b""
            self._block = self._fetch(self._position)
            self._block_start = self._position
        begin = self._position - self._block_start
        piece = memoryview(self._block)[begin : begin + len(target)]
        target[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _first(self) -> tuple[int, bytes]:
        try:
            answer, block = self._get(0)
        except ClientError as error:
            if code_of(error) == "InvalidRange":  # an empty object has no first byte
                return 0, b""
            raise
        self._where["IfMatch"] = answer["ETag"]
        return int(answer.get("ContentRange", f"/{len(block)}").rpartition("/")[2]), block

    def _fetch(self, start: int) -> bytes:
        with told(self._where["Key"]):
            block = self._get(start)[1]
        if not block:
            raise StorageAway("an object ended early")
        return block

    def _get(self, start: int) -> tuple[Any, bytes]:
        """One block; a connection that breaks while it flows is tried again here, because boto3 does not."""
        wanted = f"bytes={start}-{start + self._block_bytes - 1}"
        for left in reversed(range(TRIES)):
            answer = self._client.get_object(**self._where, Range=wanted)
            try:
                with answer["Body"] as body:
                    return answer, body.read()
            except HTTPClientError:
                if not left:
                    raise
        raise AssertionError
