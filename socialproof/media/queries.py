"""Photos and recordings as their senders find them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.media.models import Media
from socialproof.responses.models import Response

SENT = ("uploaded", "processing", "ready", "parked")
"""States of media that arrived whole and that nobody found unreadable."""


def media_of_response(session: Session, response: Response, public_id: str, kind: str) -> Media | None:
    """A photo or video that this customer sent whole and did not take away; somebody else's is None."""
    if not public_id:
        return None
    return session.scalar(
        select(Media).where(
            Media.company_id == response.company_id,
            Media.response_id == response.id,
            Media.public_id == public_id,
            Media.kind == kind,
            Media.state.in_(SENT),
        )
    )
