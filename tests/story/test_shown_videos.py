"""Videos as a widget shows them: which files, how large, and only with captions that somebody has checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.companies.models import Company
from socialproof.database import transaction
from socialproof.domain.captions import Cue
from socialproof.media import captions
from socialproof.media.models import Media
from socialproof.testimonials.models import Testimonial
from socialproof.widgets import queries, service
from socialproof.widgets.models import Snapshot, Widget
from tests.factories import Factories

FILES = ["video.mp4", "video-360.mp4", "poster.webp", "preview.webp"]


@pytest.fixture
def company(factories: Factories) -> Company:
    return factories.company()


def film(factories: Factories, company: Company, **values: Any) -> tuple[Testimonial, Media]:
    story = factories.testimonial(factories.response(factories.survey(company)), state="approved", kind="video")
    assert story.response
    values = {"variants": FILES, "width": 720, "height": 1280, "duration_seconds": 12.5} | values
    media = factories.media(story.response, story, **values)
    factories.session.refresh(story)
    return story, media


def publish(factories: Factories, company: Company) -> Widget:
    with transaction(factories.session) as session:
        return service.create_widget(session, company=company, look=service.Look("Front page"), now=factories.now)


def shown(session: Session, widget: Widget, language: str = "en") -> list[dict[str, Any]]:
    session.rollback()
    body = session.scalars(
        select(Snapshot.body).where(Snapshot.widget_id == widget.id, Snapshot.language == language)
    ).one()
    testimonials: list[dict[str, Any]] = json.loads(body)["testimonials"]
    return testimonials


def test_a_snapshot_names_every_file_of_a_video_and_its_size(
    factories: Factories, session: Session, company: Company
) -> None:
    _, media = film(factories, company, details={"preview": {"width": 360, "height": 640}})
    [story] = shown(session, publish(factories, company))
    address = f"/w/media/{media.public_id}"
    assert story["video"] == {
        "src": f"{address}/video.mp4",
        "small": f"{address}/video-360.mp4",
        "poster": f"{address}/poster.webp",
        "preview": {"src": f"{address}/preview.webp", "width": 360, "height": 640},
        "captions": f"{address}/captions.vtt",
        "captions_language": "en",
        "width": 720,
        "height": 1280,
        "duration": 12.5,
        "is_audio": False,
    }


def test_a_video_of_an_earlier_release_keeps_working(factories: Factories, session: Session, company: Company) -> None:
    _, media = film(factories, company, variants=["video.mp4", "poster.webp"])
    [story] = shown(session, publish(factories, company))
    assert story["video"]["small"] is None
    poster = f"/w/media/{media.public_id}/poster.webp"
    assert story["video"]["preview"] == {"src": poster, "width": 720, "height": 1280}


def test_where_nobody_speaks_there_is_no_captions_file(
    factories: Factories, session: Session, company: Company
) -> None:
    film(factories, company, captions="no_speech")
    [story] = shown(session, publish(factories, company))
    assert (story["video"]["captions"], story["video"]["captions_language"]) == (None, None)


def test_a_recording_of_sound_alone_says_so(factories: Factories, session: Session, company: Company) -> None:
    film(factories, company, is_audio=True)
    [story] = shown(session, publish(factories, company))
    assert story["video"]["is_audio"] is True


@pytest.mark.parametrize("state", ["", "draft"])
def test_without_checked_captions_a_video_is_in_no_language_shown(
    factories: Factories, session: Session, company: Company, state: str
) -> None:
    film(factories, company, captions=state)
    widget = publish(factories, company)
    assert [shown(session, widget, language) for language in ("en", "sv", "da", "nb", "fi")] == [[]] * 5


def test_captions_that_are_opened_again_take_the_video_away_in_the_same_transaction(
    factories: Factories, session: Session, company: Company, run_jobs: Callable[[], int]
) -> None:
    _, media = film(factories, company)
    widget = publish(factories, company)
    assert len(shown(session, widget, "fi")) == 1
    with transaction(session):
        captions.reopen(session, media=media, version=1, now=factories.now)
    for language in ("en", "sv", "da", "nb", "fi"):
        assert shown(session, widget, language) == []
    session.rollback()
    assert queries.public_media(session, media.public_id, "video.mp4") is None
    session.rollback()
    run_jobs()
    assert shown(session, widget) == []


def test_the_first_review_brings_the_video_by_the_next_job(
    factories: Factories, session: Session, company: Company, run_jobs: Callable[[], int]
) -> None:
    user = factories.user()
    _, media = film(factories, company, captions="draft")
    widget = publish(factories, company)
    assert shown(session, widget) == []
    written = captions.Written([Cue(0, 2, "Now it is right.")], "sv")
    with transaction(session):
        captions.review(session, media=media, version=1, written=written, by=user, now=factories.now)
    session.rollback()
    run_jobs()
    [story] = shown(session, widget)
    assert story["video"]["captions_language"] == "sv"


@pytest.mark.parametrize("variant", [*FILES, "captions.vtt"])
def test_the_gate_opens_every_named_file_of_a_public_video_and_no_other(
    factories: Factories, session: Session, company: Company, variant: str
) -> None:
    story, media = film(factories, company)
    assert queries.public_media(session, media.public_id, variant) is media
    assert queries.public_media(session, media.public_id, "source") is None
    story.state = "withdrawn"
    session.commit()
    assert queries.public_media(session, media.public_id, variant) is None
