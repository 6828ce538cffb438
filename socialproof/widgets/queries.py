"""Widgets, their published snapshots, and the testimonials that may be seen: read through the one gate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from socialproof.domain.consent import WEBSITE
from socialproof.domain.nps import Scores
from socialproof.domain.periods import year_before
from socialproof.domain.publication import READY, REVIEWED
from socialproof.domain.testimonial import shows_face
from socialproof.domain.widget import Facts
from socialproof.languages import DEFAULT, known_language
from socialproof.media.models import Media
from socialproof.responses.insight import public_scores, response_funnel
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import ConsentRecord, Testimonial, TestimonialTag
from socialproof.testimonials.queries import WALL_ORDER, is_shown
from socialproof.widgets.models import Snapshot, Widget

HANDED_IN = ("submitted", "approved", "rejected", "archived")
CAPTIONS = "captions.vtt"
"""No stored file: it is written from the reviewed cues whenever somebody asks."""
KINDS = ("relationship", "transactional")
PUBLIC_VARIANTS = {
    "photo": ("96.webp", "192.webp", "384.webp"),
    "video": ("video.mp4", "video-360.mp4", "poster.webp", "preview.webp", CAPTIONS),
}


def widgets_of(session: Session, company_id: int) -> Sequence[Widget]:
    """All widgets of a company, the oldest first."""
    widgets = select(Widget).where(Widget.company_id == company_id).options(joinedload(Widget.survey))
    return session.scalars(widgets.order_by(Widget.id)).all()


def widget_ids(session: Session, company_id: int) -> list[int]:
    """Rows of the company's widgets, the oldest first."""
    return list(session.scalars(select(Widget.id).where(Widget.company_id == company_id).order_by(Widget.id)))


def widget_named(session: Session, company_id: int, public_id: str) -> Widget | None:
    """The company's widget with this id; another company's is None, just as a missing one."""
    named = select(Widget).where(Widget.company_id == company_id, Widget.public_id == public_id)
    return session.scalar(named)


def public_widget(session: Session, public_id: str) -> Widget | None:
    """A widget as the world knows it: by its id alone."""
    return session.scalar(select(Widget).where(Widget.public_id == public_id).options(joinedload(Widget.company)))


def published(session: Session, public_id: str, wanted: str) -> Snapshot | None:
    """The snapshot in the wanted language, else in the widget's own, else None when nothing is published."""
    found = _snapshot(session, public_id, known_language(wanted))
    return found or _snapshot(session, public_id, None) or _snapshot(session, public_id, DEFAULT)


def shown_counts(session: Session, company_id: int) -> dict[int, int]:
    """How many testimonials each widget shows its visitors at this moment, by the widget's row: what is published."""
    own = select(Snapshot.widget_id, Snapshot.body).join(Snapshot.widget)
    rows = session.execute(own.where(Snapshot.company_id == company_id, Snapshot.language == Widget.language))
    return {widget_id: len(json.loads(body)["testimonials"]) for widget_id, body in rows}


def published_version(session: Session, public_id: str, language: str) -> str | None:
    """Only the version, without the bytes: cheap enough to ask every second."""
    versions = select(Snapshot.version).join(Snapshot.widget)
    return session.scalar(versions.where(Widget.public_id == public_id, Snapshot.language == language))


def _snapshot(session: Session, public_id: str, language: str | None) -> Snapshot | None:
    snapshots = select(Snapshot).join(Snapshot.widget).where(Widget.public_id == public_id)
    return session.scalar(snapshots.where(Snapshot.language == (language or Widget.language)))


def survey_choices(session: Session, company_id: int) -> Sequence[Survey]:
    """The surveys that a widget may be limited to."""
    return session.scalars(select(Survey).where(Survey.company_id == company_id).order_by(Survey.name)).all()


def tag_choices(session: Session, company_id: int) -> Sequence[str]:
    """The tags in use, by name."""
    names = select(TestimonialTag.name).where(TestimonialTag.company_id == company_id).distinct()
    return session.scalars(names.order_by(TestimonialTag.name)).all()


def _of_widget(widget: Widget) -> list[ColumnElement[bool]]:
    mine = [Testimonial.company_id == widget.company_id]
    if widget.survey_id is not None:
        mine.append(Testimonial.survey_id == widget.survey_id)
    return mine


def public_testimonials(session: Session, widget: Widget) -> list[Testimonial]:
    """What the widget shows: everything that passes the gate and has one of its tags, featured first, then newest."""
    candidates = (
        select(Testimonial)
        .where(*_of_widget(widget), Testimonial.state == "approved")
        .options(
            joinedload(Testimonial.response),
            selectinload(Testimonial.consents),
            selectinload(Testimonial.media).joinedload(Media.captions),
            selectinload(Testimonial.tags),
        )
        .order_by(*WALL_ORDER)
    )
    wanted = set(widget.tags)
    found = (testimonial for testimonial in session.scalars(candidates) if is_shown(testimonial))
    tagged = [one for one in found if not wanted or wanted & {tag.name for tag in one.tags}]
    return tagged[: widget.max_count]


def public_media(session: Session, public_id: str, variant: str) -> Media | None:
    """The photo or recording with this id while its testimonial is public and this variant may be seen; else None."""
    found = session.execute(
        select(Media, Testimonial)
        .join(Testimonial, Testimonial.id == Media.testimonial_id)
        .where(Media.public_id == public_id, Media.state == READY)
        .options(selectinload(Testimonial.consents), joinedload(Media.captions))
    ).one_or_none()
    if found is None:
        return None
    media, testimonial = found
    if variant not in PUBLIC_VARIANTS.get(media.kind, ()) or not _is_there(media, variant):
        return None
    if media.kind == "photo" and not shows_face(testimonial.attribution):
        return None
    return media if is_shown(testimonial) else None


def _is_there(media: Media, variant: str) -> bool:
    if variant == CAPTIONS:
        return media.captions is not None and media.captions.state == REVIEWED
    return variant in media.variants


def facts_of(session: Session, widget: Widget, shown: Sequence[Testimonial]) -> Facts:
    """Counts behind the widget for its label and disclosure, from everything and not from the shown."""
    handed_in = [*_of_widget(widget), Testimonial.state.in_(HANDED_IN), Testimonial.erased_at.is_(None)]
    consenting = select(ConsentRecord.testimonial_id).where(
        ConsentRecord.company_id == widget.company_id,
        ConsentRecord.purpose == WEBSITE,
        ConsentRecord.withdrawn_at.is_(None),
    )
    funnels = [response_funnel(session, widget.company_id, kind, widget.survey_id) for kind in KINDS]
    return Facts(
        invited=sum(funnel.invited for funnel in funnels),
        invited_answered=sum(funnel.invited_answered for funnel in funnels),
        answered=sum(funnel.answered for funnel in funnels),
        submitted=_count(session, *handed_in),
        consented=_count(session, *handed_in, Testimonial.id.in_(consenting)),
        shown=len(shown),
        rewarded=sum(testimonial.is_rewarded for testimonial in shown),
        verified=sum(testimonial.is_verified for testimonial in shown),
        promoters_only=_asks_promoters_only(session, widget),
    )


def _count(session: Session, *conditions: Any) -> int:
    return session.scalar(select(func.count()).select_from(Testimonial).where(*conditions)) or 0


def _asks_promoters_only(session: Session, widget: Widget) -> bool:
    surveys = select(func.count()).where(Survey.company_id == widget.company_id, Survey.promoters_only)
    if widget.survey_id is not None:
        surveys = surveys.where(Survey.id == widget.survey_id)
    return bool(session.scalar(surveys))


def nps_kind(widget: Widget) -> str:
    """Of which kind of survey the public score is: the chosen survey's own, else what the widget says."""
    return widget.survey.kind if widget.survey is not None else widget.nps_kind


def nps_scores(session: Session, widget: Widget, now: datetime) -> Scores:
    """All counted answers of twelve months, the latest of each contact; never only those of the shown testimonials."""
    return public_scores(session, widget.company_id, nps_kind(widget), now, widget.survey_id)


def response_rate(session: Session, widget: Widget, now: datetime) -> float | None:
    """Of those invited by a personal link in the last twelve months, the part that answered; None while none has."""
    today = now.date()
    funnel = response_funnel(session, widget.company_id, nps_kind(widget), widget.survey_id, year_before(today), today)
    return funnel.invited_answered / funnel.invited if funnel.invited_answered else None
