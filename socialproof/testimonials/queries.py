"""Testimonials as their customers find them. Each starts from what a signed link names."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, select
from sqlalchemy.orm import Session, joinedload

from socialproof.domain.consent import WEBSITE, standing
from socialproof.domain.publication import APPROVED, READY, VIDEO, is_public
from socialproof.responses.models import Response
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import ConsentRecord, Media, ProposedEdit, Testimonial

SENT = ("uploaded", "processing", "ready")
"""States of media that arrived whole and that nobody found unreadable."""


def testimonial_of_response(session: Session, response: Response) -> Testimonial | None:
    """What was given with this response, if anything."""
    return session.scalar(
        select(Testimonial).where(Testimonial.company_id == response.company_id, Testimonial.response_id == response.id)
    )


def testimonial_behind_link(session: Session, public_id: str) -> Testimonial | None:
    """The testimonial that a signed link names, with its survey and company. The link is the authority."""
    return session.scalar(
        select(Testimonial)
        .where(Testimonial.public_id == public_id)
        .options(joinedload(Testimonial.survey, innerjoin=True).joinedload(Survey.company, innerjoin=True))
    )


def proposal_behind_link(session: Session, public_id: str) -> ProposedEdit | None:
    """The proposed text that a signed link names, with its testimonial."""
    return session.scalar(
        select(ProposedEdit)
        .where(ProposedEdit.public_id == public_id)
        .options(
            joinedload(ProposedEdit.testimonial, innerjoin=True)
            .joinedload(Testimonial.survey, innerjoin=True)
            .joinedload(Survey.company, innerjoin=True)
        )
    )


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


def media_of_testimonial(session: Session, testimonial: Testimonial, public_id: str) -> Media | None:
    """A photo or video of this testimonial that is there to be seen."""
    return session.scalar(
        select(Media).where(
            Media.company_id == testimonial.company_id,
            Media.testimonial_id == testimonial.id,
            Media.public_id == public_id,
            Media.state != "deleted",
        )
    )


def shown_media(testimonial: Testimonial, kind: str) -> Media | None:
    """The photo or the video that belongs to it now."""
    kept = (media for media in testimonial.media if media.kind == kind and media.state != "deleted")
    return next(kept, None)


WALL_ORDER = (
    Testimonial.is_featured.desc(),
    Testimonial.position.desc(),
    Testimonial.submitted_at.desc(),
    Testimonial.id.desc(),
)
"""How testimonials stand on a wall, and in the moderators' list of approved ones."""


def is_shown(testimonial: Testimonial) -> bool:
    """Whether the world may see it today: the word of the one gate."""
    return is_public(
        state=testimonial.state,
        purposes=standing(testimonial.consents),
        kind=testimonial.kind,
        text=testimonial.text,
        video_states=[media.state for media in testimonial.media if media.kind == "video"],
        is_erased=testimonial.erased_at is not None,
    )


def counts_as_shown() -> ColumnElement[bool]:
    """`is_shown` as a condition, for counting without reading; a story holds the two against each other."""
    videos = exists().where(Media.testimonial_id == Testimonial.id, Media.kind == "video")
    consent = exists().where(
        ConsentRecord.testimonial_id == Testimonial.id,
        ConsentRecord.purpose == WEBSITE,
        ConsentRecord.withdrawn_at.is_(None),
    )
    return and_(
        Testimonial.state == APPROVED,
        Testimonial.erased_at.is_(None),
        consent,
        case(
            (Testimonial.kind == VIDEO, and_(videos, not_(videos.where(Media.state != READY)))),
            else_=func.trim(Testimonial.text) != "",
        ),
    )
