"""Making widgets and publishing them. What a customer takes back is gone in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.queue import enqueue
from socialproof.companies.models import Company
from socialproof.database import new_public_id
from socialproof.domain.colour import is_colour
from socialproof.domain.errors import RuleBroken
from socialproof.domain.nps import Scores
from socialproof.domain.text import clean_line
from socialproof.domain.widget import LAYOUTS, MOST_SHOWN, THEMES
from socialproof.languages import LANGUAGES
from socialproof.surveys.models import Survey
from socialproof.testimonials.models import Testimonial
from socialproof.testimonials.queries import is_shown
from socialproof.widgets import queries, snapshot
from socialproof.widgets.models import Snapshot, Widget

QUIET = timedelta(minutes=2)
"""New answers move the public score by little: they are gathered for this long before widgets are published again."""
DAY = timedelta(days=1)
RESERVED_HEIGHT = {"wall": 640, "single": 480, "badge": 230}
"""Pixels that the pasted line asks the script to keep free, so that nothing moves when the widget arrives."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that a marketer chooses for a widget. The disclosure is not among it."""

    name: str
    layout: str = "wall"
    theme: str = "auto"
    accent: str = ""
    language: str = "en"
    max_count: int = 30
    tags: tuple[str, ...] = ()
    survey: Survey | None = None
    shows_nps: bool = True
    nps_kind: str = "relationship"


def create_widget(session: Session, *, company: Company, look: Look, now: datetime) -> Widget:
    """Make a widget and publish it at once; RuleBroken names the field that is wrong."""
    widget = Widget(public_id=new_public_id(), company_id=company.id, company=company, created_at=now)
    _apply(widget, look)
    session.add(widget)
    session.flush()
    publish(session, widget=widget, now=now)
    return widget


def edit_widget(session: Session, *, widget: Widget, look: Look, now: datetime) -> None:
    """Change a widget and publish it again at once."""
    _apply(widget, look)
    session.flush()
    publish(session, widget=widget, now=now)


def delete_widget(session: Session, *, widget: Widget) -> None:
    """Take a widget and what is published of it away; pages that show it keep their plain link."""
    session.delete(widget)
    session.flush()


def draft_widget(*, company: Company, look: Look, now: datetime) -> Widget:
    """A widget that is in no session: for looking at settings before they are saved."""
    widget = Widget(public_id="preview", company_id=company.id, company=company, created_at=now)
    _apply(widget, look)
    return widget


def _apply(widget: Widget, look: Look) -> None:
    widget.name = clean_line(look.name)
    _require("name", 0 < len(widget.name) <= 100)
    _require("layout", look.layout in LAYOUTS)
    _require("theme", look.theme in THEMES)
    _require("accent", not look.accent or is_colour(look.accent))
    _require("language", look.language in LANGUAGES)
    _require("max_count", 1 <= look.max_count <= MOST_SHOWN)
    _require("nps_kind", look.nps_kind in queries.KINDS)
    _require("survey", look.survey is None or look.survey.company_id == widget.company_id)
    widget.layout, widget.theme, widget.accent = look.layout, look.theme, look.accent.lower()
    widget.language, widget.max_count, widget.tags = look.language, look.max_count, list(look.tags)
    widget.survey, widget.survey_id = look.survey, look.survey.id if look.survey is not None else None
    widget.shows_nps, widget.nps_kind = look.shows_nps, look.nps_kind


def _require(field: str, holds: bool) -> None:
    if not holds:
        raise RuleBroken(f"widget_{field}", field=field)


def publish(session: Session, *, widget: Widget, now: datetime, scores: Scores | None = None) -> None:
    """Build the widget's snapshot in every language; unchanged content keeps its version and its bytes."""
    session.flush()
    session.refresh(widget, ["survey"])
    # Lock before reading: a withdrawal that commits meanwhile is either seen here or removes from what is written here.
    held = {one.language: one for one in _snapshots_of(session, widget.company_id, widget.id)}
    material = snapshot.gather(session, widget, now, scores)
    for language in LANGUAGES:
        _keep(session, widget, language, held.get(language), snapshot.content(material, language), now)
    session.flush()


KnownScores = dict[tuple[str, int | None], Scores]
"""Public scores by kind and survey: widgets with the same score share its reading."""


def rebuild_snapshots(session: Session, *, company_id: int, now: datetime) -> int:
    """Publish every widget of the company again, in the caller's one transaction; returns how many."""
    known: KnownScores = {}
    widget_ids = queries.widget_ids(session, company_id)
    for widget_id in widget_ids:
        publish_again(session, company_id=company_id, widget_id=widget_id, known=known, now=now)
    return len(widget_ids)


def publish_again(session: Session, *, company_id: int, widget_id: int, known: KnownScores, now: datetime) -> None:
    """Publish one widget as it stands now; quiet when it has been deleted."""
    widget = session.scalar(select(Widget).where(Widget.company_id == company_id, Widget.id == widget_id))
    if widget is None:
        return
    source = (queries.nps_kind(widget), widget.survey_id)
    if source not in known:
        known[source] = queries.nps_scores(session, widget, now)
    publish(session, widget=widget, now=now, scores=known[source])


def remove_now(session: Session, *, company_id: int, testimonial_ids: Collection[int], now: datetime) -> None:
    """Take testimonials out of everything published, in this transaction. The counts follow by the rebuild."""
    named = select(Testimonial.public_id).where(
        Testimonial.company_id == company_id, Testimonial.id.in_(testimonial_ids)
    )
    gone = set(session.scalars(named))
    for held in _snapshots_of(session, company_id):
        content: dict[str, Any] = json.loads(held.body)
        kept = [one for one in content["testimonials"] if one["id"] not in gone]
        if len(kept) < len(content["testimonials"]):
            _keep(session, held.widget, held.language, held, {**content, "testimonials": kept}, now)


def correct_now(session: Session, *, company_id: int, testimonial_id: int, now: datetime) -> None:
    """What is published of a testimonial becomes, in this transaction, what it is: nothing, or its present name,
    words and pictures. Who no longer wants to be named does not wait for a worker.
    """
    named = select(Testimonial).where(Testimonial.company_id == company_id, Testimonial.id == testimonial_id)
    testimonial = session.scalar(named)
    if testimonial is not None:
        session.expire(testimonial)
    if testimonial is None or not is_shown(testimonial):
        remove_now(session, company_id=company_id, testimonial_ids=[testimonial_id], now=now)
        return
    for held in _snapshots_of(session, company_id):
        content: dict[str, Any] = json.loads(held.body)
        present = snapshot.story(testimonial, held.language)
        told = [present if one["id"] == testimonial.public_id else one for one in content["testimonials"]]
        _keep(session, held.widget, held.language, held, {**content, "testimonials": told}, now)


def rebuild_soon(session: Session, *, company_id: int, now: datetime) -> None:
    """Ask for a rebuild as soon as a worker is free; asking twice before it runs is asking once."""
    enqueue(session, "widgets.rebuild", {"company_id": company_id}, now=now, key=f"widgets.rebuild:{company_id}")


def rebuild_after_a_while(session: Session, *, company_id: int, now: datetime, wait: timedelta = QUIET) -> None:
    """Ask for a rebuild after `wait`; everything that happens until then shares it."""
    key = f"widgets.rebuild:{wait.total_seconds():.0f}:{company_id}"
    enqueue(session, "widgets.rebuild", {"company_id": company_id}, now=now, run_at=now + wait, key=key, may_miss=True)


def _snapshots_of(session: Session, company_id: int, widget_id: int | None = None) -> list[Snapshot]:
    # In one order, so that a withdrawal and a rebuild never wait for each other in a circle.
    held = select(Snapshot).where(Snapshot.company_id == company_id).order_by(Snapshot.widget_id, Snapshot.id)
    if widget_id is not None:
        held = held.where(Snapshot.widget_id == widget_id)
    return list(session.scalars(held.with_for_update()))


def _keep(
    session: Session, widget: Widget, language: str, held: Snapshot | None, content: dict[str, Any], now: datetime
) -> None:
    encoded = snapshot.encode(content)
    if held is None:
        held = Snapshot(company_id=widget.company_id, widget_id=widget.id, language=language)
        session.add(held)
    elif held.version == encoded.version:
        return
    held.version, held.body, held.gzip_body = encoded.version, encoded.body, encoded.gzip_body
    held.built_at = now
