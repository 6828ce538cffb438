"""How an upload looks to the page's own script, and how what that script sends is read."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from flask import Response, jsonify, request, url_for

from socialproof.backends.storage.port import Part
from socialproof.domain.errors import RuleBroken
from socialproof.media.models import Media, Upload
from socialproof.web import services
from socialproof.web.customer import access

STATUS = {
    "too_slow": 408,
    "busy": 503,
    "company_busy": 503,
    "storage_away": 503,
    "storage_full": 507,
    "company_full": 507,
    "database_full": 507,
    "too_large": 413,
    "length_required": 411,
    "too_many": 429,
    "upload_unknown": 404,
    "already_sent": 409,
    "video_off": 409,
    "upload_complete": 409,
    "upload_incomplete": 409,
    "part_conflict": 409,
}
"""Of each code; 422 for every other."""
RETRY_AFTER = {"busy": 2, "storage_away": 5, "company_busy": 60}
"""Seconds."""


def described(token: str, upload: Upload, held: list[Part]) -> dict[str, Any]:
    """All that the recorder wants to know about one upload; `held` are the parts that arrived."""
    media, storage = upload.media, services().backends.storage
    own = {"token": token, "upload_id": upload.public_id, **access.kept_in_links()}
    is_complete = upload.state == "complete"
    return {
        "upload": upload.public_id,
        "state": upload.state,
        "media": media.public_id,
        "media_state": media.state,
        "progress": media.progress_percent,
        "is_audio": media.is_audio,
        "seconds": media.recorded_seconds or media.duration_seconds,
        "size": upload.total_byte_count,
        "bytes": media.byte_count if is_complete else sum(part.size for part in held),
        "begun_at": upload.created_at.astimezone(UTC).isoformat(),
        "part_bytes": upload.part_byte_count,
        "max_part_bytes": storage.max_part_bytes,
        "addresses": url_for("customer.uploads.addresses", **own),
        "self": url_for("customer.uploads.show", **own),
        "complete": url_for("customer.uploads.complete", **own),
        "location": next_page(token, media.public_id) if is_complete else None,
        "preview": _preview(token, media),
    }


def as_listed(part: Part) -> dict[str, Any]:
    """One part that arrived."""
    return {"number": part.number, "size": part.size, "sha256": part.sha256}


def next_page(token: str, video: str) -> str:
    """Where the visit goes on with this video."""
    return url_for("customer.testimonial.write", token=token, video=video, **access.kept_in_links())


def body() -> dict[str, Any]:
    """The JSON object that was sent; nonsense is an empty one."""
    access.limit_body()
    try:
        sent = request.get_json(silent=True)
    except (RecursionError, ValueError):  # brackets within brackets within brackets, a number of 5000 digits
        sent = None
    return sent if isinstance(sent, dict) else {}


def whole_number(value: object) -> int | None:
    """The value if it is a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def part_of(value: object) -> Part:
    """A part as a script describes it; RuleBroken part_damaged when it is none."""
    fields = value if isinstance(value, dict) else {}
    number, size, sha256 = (fields.get(name) for name in ("number", "size", "sha256"))
    whole_numbers = whole_number(number), whole_number(size)
    if whole_numbers[0] is None or whole_numbers[1] is None or not isinstance(sha256, str):
        raise RuleBroken("part_damaged")
    return Part(whole_numbers[0], whole_numbers[1], sha256)


def answer(words: dict[str, Any], status: int = 200) -> Response:
    """JSON with a status."""
    made = jsonify(words)
    made.status_code = status
    return made


def _preview(token: str, media: Media) -> dict[str, str] | None:
    if media.state != "ready":
        return None
    own = {"token": token, "media_id": media.public_id, **access.kept_in_links()}
    variants = {"video": "video.mp4", "poster": "poster.webp"}
    return {name: url_for("customer.video.media", variant=variant, **own) for name, variant in variants.items()}
