"""What a customer recorded and has not sent yet: every page of their answer leads back to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from flask import url_for

from socialproof.backends.storage.port import StorageError
from socialproof.database import db
from socialproof.media.models import Upload
from socialproof.media.queries import unclaimed_uploads
from socialproof.responses.models import Response
from socialproof.testimonials.recording import may_record
from socialproof.web import services
from socialproof.web.customer.access import kept_in_links
from socialproof.web.customer.upload_answers import next_page

MOST_ASKED = 3
"""Of uploads that were begun and not finished, so many are looked at: the page must not wait for the storage."""


@dataclass(frozen=True)
class Unsent:
    """The newest recording; its `address` is the form when it is whole, the recorder when it is not."""

    recorded_at: datetime
    address: str
    is_whole: bool


def unsent_recording(token: str, response: Response) -> Unsent | None:
    """The newest recording that arrived, wholly or in part, and belongs to no testimonial."""
    found = unclaimed_uploads(db.session(), response=response)
    if not found or not may_record(db.session(), response=response):
        return None
    waiting = (upload for upload in islice(found, MOST_ASKED) if upload.state == "complete" or _has_parts(upload))
    return next((_unsent(token, upload) for upload in waiting), None)


def recorder_address(token: str, response: Response) -> str:
    """Where a recording goes on that only the customer's browser knows of; "" when none is taken any more."""
    if not may_record(db.session(), response=response):
        return ""
    return url_for("customer.video.record", token=token, **kept_in_links())


def _unsent(token: str, upload: Upload) -> Unsent:
    if upload.state == "complete":
        return Unsent(upload.created_at, next_page(token, upload.media.public_id), is_whole=True)
    address = url_for("customer.video.record", token=token, **kept_in_links())
    return Unsent(upload.created_at, address, is_whole=False)


def _has_parts(upload: Upload) -> bool:
    """False also when the storage cannot be asked: a thank-you waits for nothing."""
    try:
        return bool(services().backends.storage.list_parts(upload.key, upload.storage_upload_id))
    except StorageError:
        return False
