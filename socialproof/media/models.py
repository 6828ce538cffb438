"""Photos and recordings on their way in and as they are kept: first of a response, later of a testimonial."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from socialproof.companies.models import Company, User
from socialproof.database import Base, LongText, OfCompany, Public, Word
from socialproof.responses.models import Response


class Media(Public, OfCompany, Base):
    """A photo or a recording. It belongs to a response first and to a testimonial once that is sent."""

    __tablename__ = "media"
    __table_args__ = (
        CheckConstraint("kind in ('photo', 'video')", name="kind"),
        CheckConstraint(
            "state in ('uploading', 'uploaded', 'processing', 'ready', 'parked', 'unreadable', 'deleted')",
            name="state",
        ),
        Index("ix_media_sweep", "state", "created_at"),
    )

    response_id: Mapped[int | None] = mapped_column(ForeignKey("response.id", ondelete="SET NULL"), index=True)
    testimonial_id: Mapped[int | None] = mapped_column(ForeignKey("testimonial.id", ondelete="SET NULL"), index=True)
    kind: Mapped[Word]
    state: Mapped[Word] = mapped_column(default="uploading")
    reason: Mapped[Word] = mapped_column(default="")
    """Why it is unreadable: a code of the transcoder; why it is parked: what the worker met."""
    prefix: Mapped[LongText]
    """Everything stored for it lies below this storage prefix."""
    variants: Mapped[list[str]] = mapped_column(default=list)
    """Names below the prefix that are ready, such as video.mp4, poster.webp, 96.webp."""
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    byte_count: Mapped[int | None] = mapped_column(BigInteger)
    """Of what was sent; None once nothing of it is kept."""
    stored_byte_count: Mapped[int] = mapped_column(BigInteger, default=0)
    """Of all its files together, as the meter of the company's storage counts them."""
    sha256: Mapped[str] = mapped_column(String(64), default="")
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration_seconds: Mapped[float | None]
    recorded_seconds: Mapped[float | None]
    """How long the browser says it recorded; the file is compared with it."""
    trim_start_seconds: Mapped[float | None]
    """The customer's cut, in seconds of the recording: the source keeps everything, what is made of it does not."""
    trim_end_seconds: Mapped[float | None]
    segment_byte_counts: Mapped[list[int]] = mapped_column(JSON, default=list)
    """A recording that was interrupted and continued is several files, one behind the other: their sizes."""
    is_audio: Mapped[bool] = mapped_column(default=False)
    """Sound only; the picture of the video is drawn by us."""
    is_partial: Mapped[bool] = mapped_column(default=False)
    """Sent from what had arrived when the recording device was lost: its end may be missing, and its sender knows."""
    progress_percent: Mapped[int] = mapped_column(default=0)
    """How far the worker is, 0 to 100."""
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    judged_at: Mapped[datetime | None]
    """When the team first decided about the testimonial with it; until then it takes from the waiting room."""
    source_deleted_at: Mapped[datetime | None]
    """When the file that was sent went, at the end of the survey's retention; what was made of it stays."""

    response: Mapped[Response | None] = relationship()
    captions: Mapped[Captions | None] = relationship(back_populates="media", passive_deletes=True)


def prefix_of(company: Company, public_id: str) -> str:
    """The storage prefix of a new photo or recording."""
    return f"companies/{company.public_id}/media/{public_id}"


class Upload(Public, OfCompany, Base):
    """A recording on its way in, in numbered parts."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("state in ('open', 'complete', 'aborted')", name="state"),
        Index("ix_upload_sweep", "state", "expires_at"),
    )

    media_id: Mapped[int] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"), index=True)
    storage_upload_id: Mapped[LongText]
    """Empty once an aborted upload's parts are gone."""
    key: Mapped[LongText]
    part_byte_count: Mapped[int]
    total_byte_count: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[Word] = mapped_column(default="open")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    media: Mapped[Media] = relationship()


class Captions(OfCompany, Base):
    """What is said in a video, as cues: public once a person has reviewed them, or heard that nobody speaks."""

    __tablename__ = "captions"
    __table_args__ = (
        CheckConstraint("state in ('draft', 'reviewed', 'no_speech')", name="state"),
        CheckConstraint("source in ('typed', 'uploaded', 'speech')", name="source"),
    )

    media_id: Mapped[int] = mapped_column(ForeignKey("media.id", ondelete="CASCADE"), unique=True)
    state: Mapped[Word] = mapped_column(default="draft")
    source: Mapped[Word] = mapped_column(default="typed")
    """Where the words came from first: typed by the team, an uploaded file, or speech recognition."""
    language: Mapped[Word]
    """Spoken in the video."""
    cues: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """In order, each {"start": seconds, "end": seconds, "text": plain words with line breaks}."""
    transcript: Mapped[LongText] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every change, so that of two editors one wins."""
    updated_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id", ondelete="SET NULL"))

    media: Mapped[Media] = relationship(back_populates="captions")
    reviewed_by: Mapped[User | None] = relationship()
