"""What S3 says, in the words of the port."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from socialproof.backends.storage.port import (
    MissingObject,
    MissingUpload,
    PartRefused,
    StorageAway,
    StorageError,
    StorageFull,
    UploadIncomplete,
)

log = logging.getLogger(__name__)

_KNOWN: dict[str, type[StorageError]] = {
    "NoSuchKey": MissingObject,
    "404": MissingObject,
    "BrokenMPU": MissingObject,
    "NoSuchUpload": MissingUpload,
    "InvalidPart": UploadIncomplete,
    "InvalidPartOrder": UploadIncomplete,
    "EntityTooSmall": UploadIncomplete,
    "BadDigest": PartRefused,
    "InvalidDigest": PartRefused,
    "XAmzContentSHA256Mismatch": PartRefused,
    "XAmzContentChecksumMismatch": PartRefused,
    "QuotaExceeded": StorageFull,
    "InsufficientStorage": StorageFull,
    "XMinioStorageFull": StorageFull,
    "XMinioAdminBucketQuotaExceeded": StorageFull,
    "EntityTooLarge": StorageFull,
}
"""EntityTooLarge: our objects and parts are far below every limit, so that only a quota can say it. BrokenMPU: Swift
joins by reference, and a part of this object was replaced since.
"""


@contextmanager
def told(name: str) -> Iterator[None]:
    """Errors of boto3 come out as errors of the port that speak of `name`, a key or an upload.

    Whatever is not known to be anybody's fault is StorageAway: a wrong key, a bucket that is gone or a store that is
    down can all be put right, and then the same works.
    """
    try:
        yield
    except ClientError as error:
        raise _meaning(error, name) from error
    except BotoCoreError as error:
        log.warning("the object store does not answer: %s", error)
        raise StorageAway(type(error).__name__) from error


def status_of(error: ClientError) -> int:
    """The HTTP status of a refusal."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def code_of(error: ClientError) -> str:
    """The word of a refusal, such as NoSuchKey."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _meaning(error: ClientError, name: str) -> StorageError:
    code, status = code_of(error), status_of(error)
    if status == 507:
        return StorageFull(code)
    known = _KNOWN.get(code)
    if known is not None:
        return known(name[:100])
    say = log.warning if status >= 500 else log.error
    say("the object store refuses: %s", error)
    return StorageAway(code)
