"""How much room the customers of one company may take: in all, and before anybody of the team has judged it.

Everybody who has the public link may send, so without this one person could fill the disk of all companies. What is
on its way counts with the room that is held for it, so a sum over one column says everything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.storage.port import StorageFull
from socialproof.companies.models import Company
from socialproof.domain.errors import RuleBroken
from socialproof.media.models import Upload
from socialproof.media.queries import storage_use
from socialproof.settings import GIGABYTE, MEGABYTE, Settings

STEP_BYTES = 8 * MEGABYTE
"""While a recording goes on nobody knows its size: room is held for what has arrived and up to so much more."""


@dataclass(frozen=True)
class Limits:
    """What one upload may weigh, and all of a company together, in bytes; how many may be sent at once."""

    max_bytes: int
    max_waiting_bytes: int
    """Of one company that nobody has judged yet."""
    max_company_bytes: int = 100 * GIGABYTE
    max_per_link: int = 3
    max_per_company: int = 100

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """As the operator set them."""
        return cls(
            max_bytes=settings.max_video_bytes,
            max_waiting_bytes=settings.max_waiting_bytes,
            max_company_bytes=settings.max_company_bytes,
            max_per_link=settings.max_uploads_per_link,
            max_per_company=settings.max_uploads_per_company,
        )


def require_room(session: Session, *, company_id: int, wanted: int, limits: Limits) -> None:
    """StorageFull when `wanted` bytes more would pass what may wait, RuleBroken company_full what may be stored.

    Two that ask at once take turns until the first has committed, so together they pass no limit either.
    """
    take_turn(session, company_id)
    use = storage_use(session, company_id)
    if use.stored + wanted > limits.max_company_bytes:
        raise RuleBroken("company_full")
    if use.waiting + wanted > limits.max_waiting_bytes:
        raise StorageFull("too much waits for the team of this company")


def hold_room(session: Session, *, upload: Upload, byte_count: int, limits: Limits) -> None:
    """Hold room for so many bytes of this upload before they arrive; in steps, so that few parts write anything.

    Raises RuleBroken too_large past what one upload may weigh, and what `require_room` raises.
    """
    media = upload.media
    if byte_count > (upload.total_byte_count or limits.max_bytes):
        raise RuleBroken("too_large", limit=limits.max_bytes)
    take_turn(session, upload.company_id)
    session.refresh(media, ["stored_byte_count"])
    if byte_count > media.stored_byte_count:
        held = min(rounded_up(byte_count), limits.max_bytes)
        require_room(session, company_id=upload.company_id, wanted=held - media.stored_byte_count, limits=limits)
        media.stored_byte_count = held


def rounded_up(byte_count: int) -> int:
    """To whole steps."""
    return -(-byte_count // STEP_BYTES) * STEP_BYTES


def take_turn(session: Session, company_id: int) -> None:
    """One at a time per company until the commit; SQLite has one writer anyway."""
    session.scalar(select(Company.id).where(Company.id == company_id).with_for_update(key_share=True))
