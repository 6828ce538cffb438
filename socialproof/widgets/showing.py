"""Where a testimonial is shown: the widgets it belongs to, and whether each shows it now."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from socialproof.testimonials.models import Testimonial, TestimonialTag
from socialproof.testimonials.moderation_queries import count_before
from socialproof.testimonials.queries import is_shown
from socialproof.widgets.models import Widget
from socialproof.widgets.queries import widgets_of

SHOWN, FULL, NOT_PUBLIC = "shown", "full", "not_public"


@dataclass(frozen=True)
class Showing:
    """One widget that this testimonial belongs to. `state` is shown, full (others come first) or not_public."""

    widget: Widget
    state: str


def showings_of(session: Session, testimonial: Testimonial) -> list[Showing]:
    """The widgets whose survey and tags this testimonial matches, the oldest first. A badge shows no testimonials."""
    widgets = widgets_of(session, testimonial.company_id)
    mine = [widget for widget in widgets if widget.layout != "badge" and _belongs(testimonial, widget)]
    if not is_shown(testimonial):
        return [Showing(widget, NOT_PUBLIC) for widget in mine]
    # Counted once for all widgets that choose alike, not once for each.
    before = {_choice(widget): 0 for widget in mine}
    for survey_id, tags in before:
        before[survey_id, tags] = count_before(session, testimonial, *_narrowed(survey_id, tags))
    return [Showing(widget, SHOWN if before[_choice(widget)] < widget.max_count else FULL) for widget in mine]


def _belongs(testimonial: Testimonial, widget: Widget) -> bool:
    if widget.survey_id not in (None, testimonial.survey_id):
        return False
    return not widget.tags or bool(set(widget.tags) & {tag.name for tag in testimonial.tags})


def _choice(widget: Widget) -> tuple[int | None, tuple[str, ...]]:
    return widget.survey_id, tuple(sorted(widget.tags))


def _narrowed(survey_id: int | None, tags: tuple[str, ...]) -> list[ColumnElement[bool]]:
    narrowed: list[ColumnElement[bool]] = []
    if survey_id is not None:
        narrowed.append(Testimonial.survey_id == survey_id)
    if tags:
        narrowed.append(Testimonial.tags.any(TestimonialTag.name.in_(tags)))
    return narrowed
