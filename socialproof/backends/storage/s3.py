"""Media in an S3-compatible bucket. Browsers send parts to it and read videos from it by signed addresses.

The bucket itself is private and ours alone below its prefix. What a store enforces of a signed part: its number and
upload by the address, its size and SHA-256 by signed headers. See docs/adr/0004.
"""

from __future__ import annotations

import base64
import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from socialproof.backends.storage.port import (
    BLOCK_BYTES,
    MissingObject,
    MissingUpload,
    Part,
    PartAddress,
    PartConflict,
    StorageAway,
    Stored,
    UploadIncomplete,
    check_key,
    check_part,
    content_type,
    copy_exactly,
    parts_to_join,
)
from socialproof.backends.storage.s3_errors import code_of, status_of, told
from socialproof.backends.storage.s3_stream import ObjectStream
from socialproof.settings import MEGABYTE, Bucket

COPY_BYTES = 8 * MEGABYTE
PART_ADDRESS_SECONDS = 3600
READ_CACHING = "private, max-age=30"
"""As long as our own answers: see docs/adr/0003."""

_UPLOAD_ID = re.compile(r"[!-~]{1,1024}")
_TRANSFER = TransferConfig(multipart_threshold=COPY_BYTES, multipart_chunksize=COPY_BYTES, use_threads=False)


class S3Storage:
    """Opens no connection before it is used; one object serves all threads."""

    part_bytes = 5 * MEGABYTE
    """S3's own least size of every part but the last."""
    max_part_bytes = 16 * MEGABYTE

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._endpoint = bucket.endpoint or f"https://s3.{bucket.region}.amazonaws.com"
        self._public_endpoint = bucket.public_endpoint or self._endpoint
        self._by_path = bool(bucket.endpoint) or "." in bucket.name
        """In the path of the address rather than its host: what stores other than Amazon's understand."""
        self._folder = f"{bucket.prefix}/" if bucket.prefix else ""
        self.origin = self._origin()

    def put(self, key: str, source: BinaryIO) -> Stored:
        """Store all of `source`; what is larger than 8 MiB goes in parts, one at a time."""
        name = self._name(key)
        with told(key):
            self.client.upload_fileobj(
                source, self.bucket.name, name, ExtraArgs={"ContentType": content_type(key)}, Config=_TRANSFER
            )
        return self._surely(key)

    def open(self, key: str) -> BinaryIO:
        """A seekable stream with one block of it in memory."""
        name = self._name(key)
        with told(key):
            return io.BufferedReader(ObjectStream(self.client, self.bucket.name, name), BLOCK_BYTES)

    def stat(self, key: str) -> Stored | None:
        """Size and time of the object, or None."""
        name = self._name(key)
        try:
            with told(key):
                found = self.client.head_object(Bucket=self.bucket.name, Key=name)
        except MissingObject:
            return None
        return Stored(found["ContentLength"], found["LastModified"])

    def delete(self, key: str) -> None:
        """Remove the object."""
        name = self._name(key)
        with told(key):
            self._delete(name)

    def delete_prefix(self, prefix: str) -> None:
        """Remove every object below the folder `prefix`.

        One by one: not every store has the request for many, and a recording has a handful of files.
        """
        with told(prefix):
            for name in self._names(prefix):
                self._delete(name)

    def move_prefix(self, prefix: str, to: str) -> None:
        """Copy everything within the store, then delete what was copied; a second run copies what is left."""
        old, new = self._name(prefix.rstrip("/")), self._name(to.rstrip("/"))
        with told(prefix):
            names = list(self._names(prefix))
            for name in names:
                self._copy(name, new + name.removeprefix(old))
            for name in names:
                self._delete(name)

    def address(self, key: str, *, seconds: int) -> str | None:
        """A signed address on the store's public origin, with the type that our key says."""
        answer = {
            "ResponseContentType": content_type(key),
            "ResponseContentDisposition": "inline",
            "ResponseCacheControl": READ_CACHING,
        }
        return self._signed("get_object", seconds, Key=self._name(key), **answer)

    def copy_to_path(self, key: str, path: Path) -> None:
        """Copy the object into a local file, 8 MiB at a time."""
        name = self._name(key)
        with told(key):
            source = io.BufferedReader(ObjectStream(self.client, self.bucket.name, name, COPY_BYTES), BLOCK_BYTES)
        with source, path.open("wb") as target:
            while block := source.read(BLOCK_BYTES):
                target.write(block)

    def begin(self, key: str) -> str:
        """Open a multipart upload, with a SHA-256 of every part where the store can."""
        wanted = {"Bucket": self.bucket.name, "Key": self._name(key), "ContentType": content_type(key)}
        with told(key):
            try:
                begun = self.client.create_multipart_upload(**wanted, ChecksumAlgorithm="SHA256")
            except ClientError as error:
                if status_of(error) != 501 and code_of(error) not in ("NotImplemented", "InvalidArgument"):
                    raise
                begun = self.client.create_multipart_upload(**wanted)
        return str(begun["UploadId"])

    def part_address(self, key: str, upload_id: str, part: Part) -> PartAddress | None:
        """An address that takes this part alone: number, size and checksum are signed.

        Two addresses for one number that are asked for before either is used may both be used; then the last one
        counts. `complete` joins what `list_parts` told it and nothing else, and the worker compares the whole.
        """
        check_part(part, self.max_part_bytes)
        self._refuse_other_content(key, upload_id, part)
        checksum = _checksum(part)
        url = self._signed(
            "upload_part",
            PART_ADDRESS_SECONDS,
            Key=self._name(key),
            UploadId=upload_id,
            PartNumber=part.number,
            ContentLength=part.size,
            ChecksumSHA256=checksum,
        )
        return PartAddress(url, {"x-amz-checksum-sha256": checksum})

    def write_part(self, key: str, upload_id: str, part: Part, source: BinaryIO) -> Part:
        """Take one part through the application: verified in a temporary file, then sent on."""
        check_part(part, self.max_part_bytes)
        if self._refuse_other_content(key, upload_id, part) == part:
            return part
        with tempfile.TemporaryFile() as body, told(upload_id):
            copy_exactly(source, part, body.write)
            body.seek(0)
            self.client.upload_part(
                **self._upload(key, upload_id),
                PartNumber=part.number,
                Body=body,
                ContentLength=part.size,
                ChecksumSHA256=_checksum(part),
            )
        self._refuse_other_content(key, upload_id, part)
        return part

    def list_parts(self, key: str, upload_id: str) -> list[Part]:
        """The parts that are held; their `sha256` is "" where the store does not tell it."""
        return [_part(found) for found in self._found(key, upload_id)]

    def complete(self, key: str, upload_id: str, *, size: int, sha256: str | None = None) -> Stored:
        """Join the parts, each by the ETag that was looked at, so that one replaced meanwhile is UploadIncomplete.

        The checksum of the whole is seen here only when there is one part: the worker compares it again.
        """
        found = self._found(key, upload_id)
        parts = parts_to_join([_part(each) for each in found], size=size, sha256=sha256)
        if len(parts) == 1 and sha256 and parts[0].sha256 and parts[0].sha256 != sha256:
            raise UploadIncomplete("checksum")
        named = [
            {name: each[name] for name in ("PartNumber", "ETag", "ChecksumSHA256") if each.get(name)}
            for each in found[: len(parts)]
        ]
        with told(upload_id):
            self.client.complete_multipart_upload(**self._upload(key, upload_id), MultipartUpload={"Parts": named})
        return self._surely(key)

    def abort(self, key: str, upload_id: str) -> None:
        """Forget the upload and its parts; quiet when it is not there."""
        with suppress(MissingUpload):
            self._abort(**self._upload(key, upload_id))

    def sweep(self, before: datetime) -> int:
        """Abort uploads of ours begun before then."""
        count = 0
        with told(self._folder):
            pages = self.client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.bucket.name, Prefix=self._folder):
                for upload in page.get("Uploads", []):
                    if upload["Initiated"] < before:
                        self._abort(Bucket=self.bucket.name, Key=upload["Key"], UploadId=upload["UploadId"])
                        count += 1
        return count

    @cached_property
    def client(self) -> Any:
        """Talks with the store."""
        return self._connected(self._endpoint)

    @cached_property
    def _signer(self) -> Any:
        """Signs for browsers, which may know the store by another address; sends nothing."""
        return self._connected(self._public_endpoint)

    def _connected(self, endpoint: str) -> Any:
        settings = Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=32,
            s3={"addressing_style": "path" if self._by_path else "virtual"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint,
            region_name=self.bucket.region,
            aws_access_key_id=self.bucket.key_id or None,
            aws_secret_access_key=self.bucket.secret or None,
            config=settings,
        )

    def _origin(self) -> str:
        parts = urlsplit(self._public_endpoint)
        host = parts.netloc if self._by_path else f"{self.bucket.name}.{parts.netloc}"
        return f"{parts.scheme}://{host}"

    def _signed(self, act: str, seconds: int, **params: Any) -> str:
        with told(params["Key"]):
            params["Bucket"] = self.bucket.name
            return str(self._signer.generate_presigned_url(act, Params=params, ExpiresIn=seconds))

    def _name(self, key: str) -> str:
        return self._folder + check_key(key)

    def _upload(self, key: str, upload_id: str) -> dict[str, str]:
        if not _UPLOAD_ID.fullmatch(upload_id):
            raise MissingUpload(upload_id[:40])
        return {"Bucket": self.bucket.name, "Key": self._name(key), "UploadId": upload_id}

    def _found(self, key: str, upload_id: str) -> list[dict[str, Any]]:
        where = self._upload(key, upload_id)
        with told(upload_id):
            pages = self.client.get_paginator("list_parts").paginate(**where)
            return [part for page in pages for part in page.get("Parts", [])]

    def _refuse_other_content(self, key: str, upload_id: str, part: Part) -> Part | None:
        """The part as it is held, or None; PartConflict when other content is. Where the store tells no checksum the
        size alone is compared, and the same size may be sent again.
        """
        where = self._upload(key, upload_id)
        with told(upload_id):
            answer = self.client.list_parts(**where, PartNumberMarker=part.number - 1, MaxParts=1)
        held = next((_part(found) for found in answer.get("Parts", []) if found["PartNumber"] == part.number), None)
        if held is not None and (held.size != part.size or held.sha256 not in ("", part.sha256)):
            raise PartConflict(str(part.number))
        return held

    def _names(self, prefix: str) -> Iterator[str]:
        below = self._name(prefix.rstrip("/")) + "/"
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket.name, Prefix=below)
        return (found["Key"] for page in pages for found in page.get("Contents", []))

    def _copy(self, name: str, to: str) -> None:
        """Within the store, and looked at before anything is deleted; quiet when somebody deleted it meanwhile."""
        source = {"Bucket": self.bucket.name, "Key": name}
        try:
            size = self.client.head_object(**source)["ContentLength"]
            self.client.copy_object(Bucket=self.bucket.name, Key=to, CopySource=source)
        except ClientError as error:
            if code_of(error) not in ("NoSuchKey", "404"):
                raise
            return
        if self.client.head_object(Bucket=self.bucket.name, Key=to)["ContentLength"] != size:
            raise StorageAway("the copy of an object has another size")

    def _abort(self, **where: str) -> None:
        """Quiet when somebody else was first."""
        with suppress(MissingUpload), told(where["UploadId"]):
            self.client.abort_multipart_upload(**where)

    def _delete(self, name: str) -> None:
        self.client.delete_object(Bucket=self.bucket.name, Key=name)

    def _surely(self, key: str) -> Stored:
        stored = self.stat(key)
        if stored is None:
            raise MissingObject(key)
        return stored


def _checksum(part: Part) -> str:
    """As S3 writes it."""
    return base64.b64encode(bytes.fromhex(part.sha256)).decode()


def _part(found: dict[str, Any]) -> Part:
    checksum = found.get("ChecksumSHA256", "")
    return Part(found["PartNumber"], found["Size"], base64.b64decode(checksum).hex() if checksum else "")
