"""Testimonials as their customers find them. Each starts from what a signed link names."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from socialproof.domain.consent import WEBSITE, standing
from socialproof.domain.publication import APPROVED, CAPTIONED, NO_CAPTIONS, READY, VIDEO, is_public
from socialproof.media.models import Captions, Media
from socialproof.responses.models import Response
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import ConsentRecord, ProposedEdit, Testimonial


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


def testimonial_of_media(session: Session, company_id: int, media_id: int) -> int | None:
    """The row of the testimonial that a photo or video belongs to; None before it is sent."""
    return session.scalar(select(Media.testimonial_id).where(Media.company_id == company_id, Media.id == media_id))


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
        captions_states=captions_states(testimonial),
        is_erased=testimonial.erased_at is not None,
    )


def captions_states(testimonial: Testimonial) -> list[str]:
    """The state of the captions of each video that could be shown; "none" where nobody has begun them."""
    videos = [media for media in testimonial.media if media.kind == "video" and media.state == READY]
    return [media.captions.state if media.captions else NO_CAPTIONS for media in videos]


_CAPTIONED = exists().where(Captions.media_id == Media.id, Captions.state.in_(CAPTIONED))
"""Of a video: its captions are such that it may be public."""


def lacks_captions() -> ColumnElement[bool]:
    """Whether it has a ready video whose captions nobody has checked yet."""
    return Testimonial.media.any(and_(Media.kind == VIDEO, Media.state == READY, not_(_CAPTIONED)))


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
            (Testimonial.kind == VIDEO, and_(videos, not_(videos.where(or_(Media.state != READY, not_(_CAPTIONED)))))),
            else_=func.trim(Testimonial.text) != "",
        ),
    )
