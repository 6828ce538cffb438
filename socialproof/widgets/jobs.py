"""Publishing that may happen a moment later, and who asks for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from socialproof.backends.jobs.port import JobContext
from socialproof.domain import events
from socialproof.testimonials.queries import testimonial_of_media
from socialproof.widgets import queries, service


def rebuild(context: JobContext, *, company_id: int) -> None:
    """Publish the company's widgets again, and once more in a day: the twelve months roll on without any event."""
    with context.transaction() as session:
        widget_ids = queries.widget_ids(session, company_id)
        if widget_ids:
            service.rebuild_after_a_while(session, company_id=company_id, now=context.now(), wait=service.DAY)
    known: service.KnownScores = {}
    for widget_id in widget_ids:
        # One at a time: on SQLite nobody else can write, not even an answer, while this transaction is open.
        with context.transaction() as session:
            service.publish_again(session, company_id=company_id, widget_id=widget_id, known=known, now=context.now())


def hear_loss(session: Session, fact: events.Event, now: datetime) -> None:
    """NOW: consent, approval or a name has gone, so it leaves everything published before this commit."""
    assert isinstance(fact, events.CompanyEvent)
    testimonial_id = getattr(fact, "testimonial_id", None)
    if testimonial_id is not None:
        service.correct_now(session, company_id=fact.company_id, testimonial_id=testimonial_id, now=now)
    service.rebuild_soon(session, company_id=fact.company_id, now=now)


def hear_captions(session: Session, fact: events.Event, now: datetime) -> None:
    """NOW: a video whose captions are no longer reviewed leaves everything published; other words are a change."""
    assert isinstance(fact, events.CaptionsChanged)
    testimonial_id = testimonial_of_media(session, fact.company_id, fact.media_id)
    if testimonial_id is not None:
        service.correct_now(session, company_id=fact.company_id, testimonial_id=testimonial_id, now=now)
    service.rebuild_soon(session, company_id=fact.company_id, now=now)


def hear_change(session: Session, fact: events.Event, now: datetime) -> None:
    """NOW, but only a note: what is shown has changed, so it is published again by a job."""
    assert isinstance(fact, events.CompanyEvent)
    service.rebuild_soon(session, company_id=fact.company_id, now=now)


def hear_answer(session: Session, fact: events.Event, now: datetime) -> None:
    """NOW, but only a note: the score may have moved; answers of a few minutes share one rebuild."""
    assert isinstance(fact, events.CompanyEvent)
    service.rebuild_after_a_while(session, company_id=fact.company_id, now=now)
