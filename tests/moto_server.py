"""moto's S3 as a server on a free port of this machine: `python -m tests.moto_server` prints the port.

It is taught what Amazon does with checksums of parts and moto leaves out: they are compared on arrival, kept, and told
by ListParts. An upload belongs to its key, a part of an upload that has ended is refused, and two parts at once do not
fall over each other.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from typing import Any

from moto.core.responses import ActionResult
from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.s3.exceptions import NoSuchUpload, S3ClientError
from moto.s3.models import FakeMultipart
from moto.s3.responses import S3Response
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

_one_at_a_time = threading.Lock()


class BadDigest(S3ClientError):
    code = 400

    def __init__(self) -> None:
        super().__init__("BadDigest", "The SHA256 you specified did not match the calculated checksum.")


def checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def upload_of(request: S3Response) -> FakeMultipart:
    upload_id = request._get_param("uploadId")
    found = request.backend.get_bucket(request.bucket_name).multiparts.get(upload_id)
    if found is None or found.key_name != request.parse_key_name():
        raise NoSuchUpload(upload_id=upload_id)
    return found


def teach() -> None:
    """Put the missing manners in."""
    upload_part, list_parts, serialized = S3Response.upload_part, S3Response.list_parts, S3Response.serialized

    def upload_part_checked(self: S3Response) -> Any:
        upload_of(self)
        if self.headers.get("x-amz-checksum-sha256", checksum(self.body)) != checksum(self.body):
            raise BadDigest
        with _one_at_a_time:
            return upload_part(self)

    def list_parts_checked(self: S3Response) -> Any:
        upload_of(self)
        with _one_at_a_time:
            return list_parts(self)

    def serialized_with_checksums(self: S3Response, result: ActionResult) -> Any:
        if self.data.get("Action") == "ListParts":
            held = upload_of(self).parts
            for part in result.result["Parts"]:
                part["ChecksumSHA256"] = checksum(held[part["PartNumber"]].value)
        return serialized(self, result)

    def list_by_number(self: FakeMultipart, part_number_marker: int, max_parts: int) -> Any:
        after = [number for number in self.partlist if number > part_number_marker]
        return iter([self.parts[number] for number in after[:max_parts]])

    S3Response.upload_part = upload_part_checked
    S3Response.list_parts = list_parts_checked
    S3Response.serialized = serialized_with_checksums
    FakeMultipart.list_parts = list_by_number


class Quiet(MotoRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    teach()
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), True, request_handler=Quiet)
    print(server.server_port, flush=True)
    server.serve_forever()
