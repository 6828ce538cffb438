"""A video that stops being public, in a bucket: no address that was given before leads to it, whatever is killed."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import JobContext
from socialproof.backends.storage.s3 import S3Storage
from socialproof.cli.work import job_context
from socialproof.companies.models import User
from socialproof.database import transaction
from socialproof.media import captions
from socialproof.media.models import Media
from socialproof.settings import Settings
from socialproof.testimonials import hiding, moderating, service
from socialproof.testimonials.erasing import erase_testimonial
from socialproof.testimonials.models import Testimonial
from socialproof.web import EXTENSION
from tests.factories import Factories
from tests.s3 import ObjectStore, fetch

FILES = ("source", "video.mp4", "poster.webp")
RunJobs = Callable[[], int]


@pytest.fixture
def settings(settings: Settings, moto: ObjectStore) -> Settings:
    return replace(settings, bucket=moto.folder())


@pytest.fixture
def context(app: Flask) -> JobContext:
    return job_context(app)


@pytest.fixture
def storage(app: Flask) -> S3Storage:
    found: S3Storage = app.extensions[EXTENSION].backends.storage
    return found


@pytest.fixture
def user(factories: Factories) -> User:
    return factories.user()


@pytest.fixture
def video(session: Session, factories: Factories, storage: S3Storage, user: User, run_jobs: RunJobs) -> Media:
    """A finished video of an approved testimonial, and all jobs of that done."""
    testimonial = factories.testimonial(kind="video")
    media = factories.media(testimonial.response, testimonial, variants=list(FILES[1:]), byte_count=3)
    for name in FILES:
        storage.put(f"{media.prefix}/{name}", io.BytesIO(name.encode()))
    with transaction(session):
        session.refresh(testimonial)
        moderating.approve(session, testimonial=testimonial, user=user, version=testimonial.version, now=factories.now)
    run_jobs()
    return fresh(session, media)


def fresh(session: Session, media: Media) -> Media:
    session.rollback()
    session.refresh(media)
    return media


def words_with(session: Session, media: Media) -> Testimonial:
    return session.scalars(select(Testimonial).where(Testimonial.id == media.testimonial_id)).one()


def names(storage: S3Storage, place: str = "companies") -> list[str]:
    return sorted(name.partition("/companies/")[2] for name in storage._names(place))


def withdraw(session: Session, testimonial: Testimonial, media: Media, user: User, now: Any) -> None:
    service.withdraw_testimonial(session, testimonial=testimonial, now=now)


def end_consent(session: Session, testimonial: Testimonial, media: Media, user: User, now: Any) -> None:
    service.change_consents(session, testimonial=testimonial, purposes=[], language="en", now=now)


def edit(session: Session, testimonial: Testimonial, media: Media, user: User, now: Any) -> None:
    author = service.Author(name=testimonial.author_name)
    given = {"text": "Other words.", "author": author, "attribution": testimonial.attribution, "now": now}
    service.edit_testimonial(session, testimonial=testimonial, **given)


def reopen_captions(session: Session, testimonial: Testimonial, media: Media, user: User, now: Any) -> None:
    assert media.captions
    captions.reopen(session, media=media, version=media.captions.version, now=now)


def decide(name: str, **values: Any) -> Callable[..., None]:
    def act(session: Session, testimonial: Testimonial, media: Media, user: User, now: Any) -> None:
        kept = {"testimonial": testimonial, "user": user, "version": testimonial.version, "now": now}
        getattr(moderating, name)(session, **kept, **values)

    return act


LOSSES = {
    "withdrawn": withdraw,
    "consent gone": end_consent,
    "edited": edit,
    "captions a draft again": reopen_captions,
    "rejected": decide("reject", reason="privacy"),
    "archived": decide("archive"),
    "reopened": decide("reopen"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_kills_the_addresses_given_before(
    session: Session,
    factories: Factories,
    storage: S3Storage,
    user: User,
    video: Media,
    run_jobs: RunJobs,
    loss: str,
) -> None:
    old = video.prefix
    address = storage.address(f"{old}/video.mp4", seconds=3600)
    assert address is not None and fetch(address)[0] == 200
    with transaction(session):
        testimonial = words_with(session, video)
        session.refresh(video)
        LOSSES[loss](session, testimonial, video, user, factories.now)
    run_jobs()
    assert fetch(address)[0] in (403, 404)
    assert fresh(session, video).prefix == f"{old}.2"
    assert [storage.stat(f"{video.prefix}/{name}") is not None for name in FILES] == [True] * 3
    assert storage.stat(f"{old}/source") is None


def test_what_is_still_public_stays_where_it_is(
    session: Session, factories: Factories, storage: S3Storage, user: User, video: Media, run_jobs: RunJobs
) -> None:
    old = video.prefix
    with transaction(session):
        testimonial = words_with(session, video)
        given = {"version": testimonial.version, "now": factories.now, "is_featured": True}
        moderating.feature(session, testimonial=testimonial, user=user, **given)
    run_jobs()
    assert fresh(session, video).prefix == old


def test_what_was_never_public_is_not_moved(session: Session, factories: Factories, user: User) -> None:
    testimonial = factories.testimonial(kind="video")
    factories.media(testimonial.response, testimonial)
    with transaction(session):
        session.refresh(testimonial)
        given = {"version": testimonial.version, "now": factories.now, "reason": "privacy"}
        moderating.reject(session, testimonial=testimonial, user=user, **given)
    assert session.scalars(select(Job).where(Job.kind == hiding.HIDE_MEDIA)).all() == []


class Killed(BaseException):
    """As the kernel would."""


class Dying:
    """A client of the store whose process ends before its n-th change."""

    def __init__(self, client: Any, changes: int) -> None:
        self._client, self._left = client, changes

    def __getattr__(self, name: str) -> Any:
        if name in ("copy_object", "delete_object"):
            self._left -= 1
            if self._left < 0:
                raise Killed
        return getattr(self._client, name)


def killed_hide(context: JobContext, storage: S3Storage, video: Media, changes: int) -> None:
    whole = storage.client
    storage.__dict__["client"] = Dying(whole, changes)
    try:
        hide(context, video)
    except Killed:
        pass
    finally:
        storage.__dict__["client"] = whole


def hide(context: JobContext, video: Media) -> None:
    assert video.testimonial_id
    hiding.hide_media(context, company_id=video.company_id, testimonial_id=video.testimonial_id)


@pytest.mark.parametrize("changes", range(7))
def test_killed_before_any_change_and_run_again_nothing_is_lost_and_nothing_left(
    session: Session,
    factories: Factories,
    storage: S3Storage,
    context: JobContext,
    video: Media,
    changes: int,
) -> None:
    old = video.prefix
    with transaction(session):
        service.withdraw_testimonial(session, testimonial=words_with(session, video), now=factories.now)
    killed_hide(context, storage, video, changes)
    hide(context, fresh(session, video))
    prefix = fresh(session, video).prefix
    if changes < 6:
        assert prefix == f"{old}.2"
    assert [name.rpartition("/")[2] for name in names(storage)] == sorted(FILES)
    assert all(storage.stat(f"{prefix}/{name}") for name in FILES)


@pytest.mark.parametrize("changes", range(7))
def test_erased_while_it_moved_nothing_is_left(
    session: Session,
    factories: Factories,
    storage: S3Storage,
    context: JobContext,
    video: Media,
    run_jobs: RunJobs,
    changes: int,
) -> None:
    with transaction(session):
        service.withdraw_testimonial(session, testimonial=words_with(session, video), now=factories.now)
    killed_hide(context, storage, video, changes)
    with transaction(session):
        session.refresh(video)
        erase_testimonial(session, testimonial=words_with(session, video), now=factories.now)
    run_jobs()
    assert names(storage) == []


def test_erased_between_the_move_and_the_note_of_it_nothing_is_left(
    session: Session,
    factories: Factories,
    storage: S3Storage,
    context: JobContext,
    video: Media,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with transaction(session):
        service.withdraw_testimonial(session, testimonial=words_with(session, video), now=factories.now)

    def move_and_see_it_erased(prefix: str, to: str) -> None:
        S3Storage.move_prefix(storage, prefix, to)
        with transaction(session):
            session.refresh(video)
            erase_testimonial(session, testimonial=words_with(session, video), now=factories.now)

    monkeypatch.setattr(storage, "move_prefix", move_and_see_it_erased)
    hide(context, video)
    assert names(storage) == []
    run_jobs()
    assert names(storage) == []


def test_the_next_place_follows_from_the_present_one() -> None:
    assert hiding.next_prefix("companies/a/media/b") == "companies/a/media/b.2"
    assert hiding.next_prefix("companies/a/media/b.2") == "companies/a/media/b.3"
