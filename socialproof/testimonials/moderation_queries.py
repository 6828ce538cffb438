"""What moderators read: the queue with its filters, one testimonial, the tags in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select, true
from sqlalchemy.orm import Session, joinedload, selectinload

from socialproof.domain import moderation
from socialproof.domain.errors import NotFound
from socialproof.media.models import Media
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import ModerationEntry, Testimonial, TestimonialTag
from socialproof.testimonials.queries import WALL_ORDER, counts_as_shown, lacks_captions

PAGE_SIZE = 40
# A draft is still the customer's own; it is in no list of the team.
LISTED_STATES = tuple(state for state in moderation.STATES if state != moderation.DRAFT)

UNCAPTIONED = "uncaptioned"
"""A kind of the filters: what waits for somebody who writes captions."""


@dataclass(frozen=True)
class Filters:
    """What the queue is narrowed to; an empty word narrows nothing, `state` "all" means every listed state."""

    state: str = moderation.SUBMITTED
    survey: str = ""
    kind: str = ""
    tag: str = ""
    search: str = ""


@dataclass(frozen=True)
class Page:
    """One screenful of the queue; `after` is the public id to go on from, None at the end."""

    testimonials: list[Testimonial]
    after: str | None


def queue_page(session: Session, company_id: int, filters: Filters, after: str = "", size: int = PAGE_SIZE) -> Page:
    """The queue in its order, from behind the testimonial named `after`; an unknown name starts at the top."""
    query = _narrowed(company_id, filters).options(
        joinedload(Testimonial.response),
        selectinload(Testimonial.media).joinedload(Media.captions),
        selectinload(Testimonial.tags),
        selectinload(Testimonial.consents),
    )
    anchor = _anchor(session, company_id, after)
    if anchor is not None:
        query = query.where(_behind(anchor, filters.state))
    found = list(session.scalars(query.order_by(*_order(filters.state)).limit(size + 1)))
    more = len(found) > size
    return Page(found[:size], found[size - 1].public_id if more else None)


def next_in_queue(session: Session, company_id: int, filters: Filters, decided: Testimonial) -> str | None:
    """The public id of what follows in this queue, else of its first one, else None: the queue is empty."""
    query = _narrowed(company_id, filters).where(Testimonial.id != decided.id)
    order = _order(filters.state)
    behind = query.where(_behind(decided, filters.state)).order_by(*order).limit(1)
    found = session.scalar(behind) or session.scalar(query.order_by(*order).limit(1))
    return found.public_id if found else None


def testimonial_for_moderation(session: Session, company_id: int, public_id: str) -> Testimonial:
    """One testimonial with all that is judged together; NotFound for a draft, a foreign and a missing one."""
    found = session.scalar(
        select(Testimonial)
        .where(Testimonial.company_id == company_id, Testimonial.public_id == public_id)
        .where(Testimonial.state.in_(LISTED_STATES))
        .options(
            joinedload(Testimonial.survey),
            joinedload(Testimonial.response),
            joinedload(Testimonial.contact),
            selectinload(Testimonial.history).joinedload(ModerationEntry.user),
        )
    )
    if found is None:
        raise NotFound()
    return found


def decided_together(session: Session, company_id: int, user_id: int, moment: datetime) -> list[Testimonial]:
    """What one moderator decided in one go, as far as that is still the last decision about it."""
    entry = ModerationEntry
    later = entry.__table__.alias("later")
    is_last = not_(
        exists().where(
            later.c.testimonial_id == entry.testimonial_id,
            later.c.id > entry.id,
            later.c.old_state != later.c.new_state,
        )
    )
    return list(
        session.scalars(
            select(Testimonial)
            .join(entry, entry.testimonial_id == Testimonial.id)
            .where(Testimonial.company_id == company_id, entry.company_id == company_id)
            .where(entry.user_id == user_id, entry.happened_at == moment)
            .where(entry.action.in_(("approve", "reject")), is_last)
            .order_by(Testimonial.id)
        )
    )


def state_counts(session: Session, company_id: int) -> dict[str, int]:
    """How many testimonials are in each listed state, "all" included; one read of an index."""
    rows = session.execute(
        select(Testimonial.state, func.count())
        .where(Testimonial.company_id == company_id, Testimonial.state.in_(LISTED_STATES))
        .group_by(Testimonial.state)
    )
    counts = dict.fromkeys(LISTED_STATES, 0) | {row[0]: row[1] for row in rows}
    return counts | {"all": sum(counts.values())}


def waiting_count(session: Session, company_id: int) -> int:
    """How many testimonials wait for a decision."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Testimonial)
            .where(Testimonial.company_id == company_id, Testimonial.state == moderation.SUBMITTED)
        )
        or 0
    )


def tags_in_use(session: Session, company_id: int, limit: int = 60) -> list[str]:
    """The company's tags, the most used first."""
    return list(
        session.scalars(
            select(TestimonialTag.name)
            .where(TestimonialTag.company_id == company_id)
            .group_by(TestimonialTag.name)
            .order_by(func.count().desc(), TestimonialTag.name)
            .limit(limit)
        )
    )


def surveys_with_testimonials(session: Session, company_id: int) -> list[Survey]:
    """The surveys that the queue can be narrowed to."""
    given = exists().where(Testimonial.survey_id == Survey.id, Testimonial.company_id == company_id)
    return list(session.scalars(select(Survey).where(Survey.company_id == company_id, given).order_by(Survey.name)))


def count_before(session: Session, testimonial: Testimonial, *narrowed: ColumnElement[bool]) -> int:
    """How many testimonials that are shown stand before this one on the wall."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Testimonial)
            .where(Testimonial.company_id == testimonial.company_id, counts_as_shown(), *narrowed)
            .where(Testimonial.id != testimonial.id, not_(_behind(testimonial, moderation.APPROVED)))
        )
        or 0
    )


def media_for_team(session: Session, company_id: int, public_id: str) -> Media:
    """A ready photo or video of a testimonial that the team may see; NotFound for every other one."""
    found = media_of_team(session, company_id, public_id)
    if found.state != "ready":
        raise NotFound()
    return found


def media_of_team(session: Session, company_id: int, public_id: str) -> Media:
    """The same, however far the worker is with it."""
    found = session.scalar(
        select(Media)
        .join(Testimonial, Media.testimonial_id == Testimonial.id)
        .where(Media.company_id == company_id, Testimonial.company_id == company_id)
        .where(Media.public_id == public_id, Media.state != "deleted")
        .where(Testimonial.state.in_(LISTED_STATES), Testimonial.state != moderation.WITHDRAWN)
    )
    if found is None:
        raise NotFound()
    return found


def video_for_captions(session: Session, company_id: int, public_id: str) -> tuple[Media, Testimonial]:
    """A ready video that the team may see, and its testimonial; NotFound for every other one."""
    media = media_for_team(session, company_id, public_id)
    testimonial = session.scalar(
        select(Testimonial).where(Testimonial.company_id == company_id, Testimonial.id == media.testimonial_id)
    )
    if media.kind != "video" or testimonial is None:
        raise NotFound()
    return media, testimonial


def _narrowed(company_id: int, filters: Filters) -> Select[Testimonial]:
    states = LISTED_STATES if filters.state not in LISTED_STATES else (filters.state,)
    query = select(Testimonial).where(Testimonial.company_id == company_id, Testimonial.state.in_(states))
    if filters.survey:
        survey = select(Survey.id).where(Survey.company_id == company_id, Survey.public_id == filters.survey)
        query = query.where(Testimonial.survey_id.in_(survey))
    if filters.kind == UNCAPTIONED:
        query = query.where(lacks_captions())
    elif filters.kind:
        query = query.where(Testimonial.kind == filters.kind)
    if filters.tag:
        query = query.where(Testimonial.tags.any(TestimonialTag.name == filters.tag))
    if filters.search.strip():
        query = query.where(_mentions(filters.search), Testimonial.state != moderation.WITHDRAWN)
    return query


def _mentions(search: str) -> ColumnElement[bool]:
    """Every word somewhere in the text or its author; SQLite folds only ASCII, so Å is looked for as å too."""
    fields = (
        Testimonial.text,
        Testimonial.author_name,
        Testimonial.author_organisation,
        Testimonial.author_role,
    )
    words = search.replace("\x00", "").split()[:8]
    return and_(
        true(),
        *(
            or_(*(field.icontains(form, autoescape=True) for field in fields for form in _forms(word)))
            for word in words
        ),
    )


def _forms(word: str) -> set[str]:
    return {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}


def _anchor(session: Session, company_id: int, public_id: str) -> Testimonial | None:
    if not public_id:
        return None
    return session.scalar(
        select(Testimonial).where(
            Testimonial.company_id == company_id,
            Testimonial.public_id == public_id,
            Testimonial.submitted_at.is_not(None),
        )
    )


def _order(state: str) -> tuple[ColumnElement[Any], ...]:
    """Who waited longest comes first; the approved stand as on the wall; everything else newest first."""
    if state == moderation.SUBMITTED:
        return Testimonial.submitted_at.asc(), Testimonial.id.asc()
    if state == moderation.APPROVED:
        return WALL_ORDER
    return Testimonial.submitted_at.desc(), Testimonial.id.desc()


def _behind(anchor: Testimonial, state: str) -> ColumnElement[bool]:
    """Written out column by column: row values compare differently in the two databases when types mix."""
    when = _moment(anchor)
    if state == moderation.SUBMITTED:
        return or_(
            Testimonial.submitted_at > when,
            and_(Testimonial.submitted_at == when, Testimonial.id > anchor.id),
        )
    older = or_(Testimonial.submitted_at < when, and_(Testimonial.submitted_at == when, Testimonial.id < anchor.id))
    if state != moderation.APPROVED:
        return older
    lower = or_(Testimonial.position < anchor.position, and_(Testimonial.position == anchor.position, older))
    same = and_(Testimonial.is_featured.is_(anchor.is_featured), lower)
    return or_(Testimonial.is_featured.is_(False), same) if anchor.is_featured else same


def _moment(testimonial: Testimonial) -> datetime:
    return testimonial.submitted_at or testimonial.created_at
