"""What customers do with their testimonial, on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from socialproof.backends.images import PhotoVariant
from socialproof.backends.jobs.models import Job
from socialproof.backends.storage.port import StorageFull
from socialproof.database import Base, transaction
from socialproof.domain.consent import text_sha256
from socialproof.domain.errors import Conflict, NotFound, RuleBroken
from socialproof.media.models import Media
from socialproof.media.photos import PHOTOS_A_DAY, finish_photo, keep_photo
from socialproof.media.room import Limits
from socialproof.responses.models import Response, ResponseChange
from socialproof.testimonials import moderating
from socialproof.testimonials.erasing import erase_testimonial
from socialproof.testimonials.models import ConsentRecord, ProposedEdit, Testimonial
from socialproof.testimonials.queries import is_shown
from socialproof.testimonials.service import (
    Author,
    change_consents,
    change_photo,
    decide_proposal,
    edit_testimonial,
    submit_testimonial,
    withdraw_testimonial,
)
from socialproof.web import EXTENSION
from tests.factories import Factories

ROOM = 1_000_000
AUTHOR = Author("Aino Virtanen", "Owner", "Kahvila Aamu", "aino@kunde.example")


@pytest.fixture
def now(factories: Factories) -> datetime:
    return factories.now


@pytest.fixture
def response(factories: Factories) -> Response:
    return factories.response(factories.survey(factories.company(name="Nordlys Kaffe AB")))


@pytest.fixture
def submit(session: Session, response: Response, now: datetime) -> Callable[..., Testimonial]:
    def act(**changes: Any) -> Testimonial:
        values: dict[str, Any] = {
            "response": response,
            "text": "They answer within the hour.",
            "author": AUTHOR,
            "attribution": "full_name",
            "purposes": {"website"},
            "language": "en",
            "now": now,
        }
        with transaction(session):
            return submit_testimonial(session, **values | changes)

    return act


def edit(session: Session, testimonial: Testimonial, now: datetime, **changes: Any) -> None:
    values: dict[str, Any] = {"text": testimonial.text, "author": AUTHOR, "attribution": testimonial.attribution}
    with transaction(session):
        edit_testimonial(session, testimonial=testimonial, now=now, **values | changes)


def approve(session: Session, factories: Factories, testimonial: Testimonial, now: datetime) -> None:
    user = factories.user()
    with transaction(session):
        moderating.approve(session, testimonial=testimonial, user=user, version=testimonial.version, now=now)


def job_kinds(session: Session) -> list[str]:
    return list(session.scalars(select(Job.kind).where(Job.kind.startswith("testimonials"))))


def test_it_waits_for_moderation_and_is_shown_to_nobody(submit: Callable[..., Testimonial]) -> None:
    testimonial = submit()
    assert testimonial.state == "submitted"
    assert not is_shown(testimonial)


def test_each_purpose_has_its_own_record_with_the_exact_words(
    submit: Callable[..., Testimonial], now: datetime
) -> None:
    testimonial = submit(purposes={"website", "case_study"})
    assert [consent.purpose for consent in testimonial.consents] == ["website", "case_study"]
    for consent in testimonial.consents:
        assert "Nordlys Kaffe AB" in consent.text
        assert consent.text_sha256 == text_sha256(consent.text)
        assert (consent.granted_at, consent.withdrawn_at) == (now, None)


def test_a_receipt_is_queued_with_the_testimonial(submit: Callable[..., Testimonial], session: Session) -> None:
    submit()
    assert job_kinds(session) == ["testimonials.send_receipt"]


def test_sent_twice_it_stays_one(submit: Callable[..., Testimonial], session: Session) -> None:
    first = submit()
    again = submit(text="Something else", purposes={"advertising"})
    assert first.id == again.id
    assert again.text == "They answer within the hour."
    assert session.scalar(select(func.count(ConsentRecord.id))) == 1
    assert job_kinds(session) == ["testimonials.send_receipt"]


def test_a_personal_link_makes_it_verified_and_a_reward_is_noted(
    submit: Callable[..., Testimonial], factories: Factories, session: Session
) -> None:
    invitation = factories.invitation()
    invitation.survey.reward_text = "A bag of beans"
    response = factories.response(invitation.survey, invitation_id=invitation.id, contact_id=invitation.contact_id)
    testimonial = submit(response=response)
    assert testimonial.is_verified
    assert testimonial.is_rewarded
    assert testimonial.contact_id == invitation.contact_id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"text": ""}, "text_missing"),
        ({"text": "x" * 5001}, "text_too_long"),
        ({"author": Author()}, "name_missing"),
        ({"attribution": "nickname"}, "attribution"),
        ({"purposes": {"everything"}}, "purpose"),
    ],
)
def test_a_broken_rule_keeps_nothing(
    submit: Callable[..., Testimonial], session: Session, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(RuleBroken) as refused:
        submit(**changes)
    assert refused.value.code == code
    assert session.scalar(select(func.count(Testimonial.id))) == 0


def test_media_of_another_response_is_not_taken(submit: Callable[..., Testimonial], factories: Factories) -> None:
    with pytest.raises(NotFound):
        submit(video_media=factories.media(factories.response()))


def test_approved_with_consent_it_is_shown(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    testimonial = submit()
    approve(session, factories, testimonial, now)
    assert is_shown(testimonial)


def test_new_words_of_an_approved_one_wait_again(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    testimonial = submit()
    approve(session, factories, testimonial, now)
    edit(session, testimonial, now, text="They answer at once.")
    assert (testimonial.state, testimonial.text) == ("submitted", "They answer at once.")
    assert (testimonial.original_text, testimonial.decided_by_id) == ("They answer at once.", None)
    assert not is_shown(testimonial)


def test_hiding_the_name_takes_effect_without_a_new_decision(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    testimonial = submit()
    approve(session, factories, testimonial, now)
    edit(session, testimonial, now, attribution="initials")
    assert (testimonial.state, testimonial.attribution) == ("approved", "initials")


def test_a_new_address_for_receipts_is_nobodys_decision(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    testimonial = submit()
    approve(session, factories, testimonial, now)
    edit(session, testimonial, now, author=Author("Aino Virtanen", "Owner", "Kahvila Aamu", "new@kunde.example"))
    assert (testimonial.state, testimonial.author_email) == ("approved", "new@kunde.example")


def test_a_moderator_who_looked_at_the_old_words_loses(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    testimonial, user = submit(), factories.user()
    seen = testimonial.version
    edit(session, testimonial, now, text="Quite other words.")
    with pytest.raises(Conflict), transaction(session):
        moderating.approve(session, testimonial=testimonial, user=user, version=seen, now=now)


def test_the_best_line_stays_only_while_the_words_hold_it(
    submit: Callable[..., Testimonial], session: Session, now: datetime
) -> None:
    testimonial = submit()
    testimonial.best_line = "within the hour"
    session.commit()
    edit(session, testimonial, now, text="They answer within the hour, always.")
    assert testimonial.best_line == "within the hour"
    edit(session, testimonial, now, text="They answer fast.")
    assert testimonial.best_line == ""


def consents(session: Session, testimonial: Testimonial, purposes: set[str], now: datetime) -> None:
    with transaction(session):
        change_consents(session, testimonial=testimonial, purposes=purposes, language="sv", now=now)


def test_taking_back_the_website_hides_it_and_giving_it_again_shows_it(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    testimonial = submit()
    approve(session, factories, testimonial, now)
    consents(session, testimonial, {"advertising"}, now + timedelta(hours=1))
    assert not is_shown(testimonial)
    assert testimonial.consents[0].withdrawn_at == now + timedelta(hours=1)
    consents(session, testimonial, {"advertising", "website"}, now + timedelta(hours=2))
    assert is_shown(testimonial)
    assert [consent.language for consent in testimonial.consents] == ["en", "sv", "sv"]


def test_a_consent_that_stays_keeps_its_record(
    submit: Callable[..., Testimonial], session: Session, now: datetime
) -> None:
    testimonial = submit()
    consents(session, testimonial, {"website"}, now + timedelta(days=1))
    assert [consent.granted_at for consent in testimonial.consents] == [now]


def test_withdrawn_it_is_gone_with_every_consent(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    testimonial = submit(purposes={"website", "advertising"})
    approve(session, factories, testimonial, now)
    for _twice in range(2):
        with transaction(session):
            withdraw_testimonial(session, testimonial=testimonial, now=now)
    assert testimonial.state == "withdrawn"
    assert all(consent.withdrawn_at for consent in testimonial.consents)
    assert not is_shown(testimonial)
    with pytest.raises(RuleBroken):
        edit(session, testimonial, now, text="Back again")


def proposal(
    session: Session, factories: Factories, testimonial: Testimonial, words: str, now: datetime
) -> ProposedEdit:
    user = factories.user()
    with transaction(session):
        return moderating.propose_edit(
            session, testimonial=testimonial, user=user, version=testimonial.version, now=now, text=words
        )


def decide(session: Session, proposed: ProposedEdit, is_approved: bool, now: datetime) -> None:
    with transaction(session):
        decide_proposal(session, proposal=proposed, is_approved=is_approved, now=now)


def test_only_a_yes_makes_the_shorter_text_the_text(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    testimonial = submit()
    proposed = proposal(session, factories, testimonial, "They answer.", now)
    assert testimonial.text == "They answer within the hour."
    decide(session, proposed, True, now)
    assert (testimonial.text, testimonial.original_text) == ("They answer.", "They answer within the hour.")
    assert proposed.state == "approved"


def test_a_no_keeps_the_words(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    testimonial = submit()
    proposed = proposal(session, factories, testimonial, "They answer.", now)
    decide(session, proposed, False, now)
    assert (testimonial.text, proposed.state) == ("They answer within the hour.", "declined")


def test_a_proposal_is_decided_once(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    proposed = proposal(session, factories, submit(), "They answer.", now)
    decide(session, proposed, False, now)
    with pytest.raises(RuleBroken) as refused:
        decide(session, proposed, True, now)
    assert refused.value.code == "proposal_declined"


def test_new_words_make_a_proposal_out_of_date(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, now: datetime
) -> None:
    testimonial = submit()
    proposed = proposal(session, factories, testimonial, "They answer.", now)
    edit(session, testimonial, now, text="I changed my mind about the words.")
    with pytest.raises(RuleBroken) as refused:
        decide(session, proposed, True, now)
    assert refused.value.code == "proposal_superseded"
    assert testimonial.text == "I changed my mind about the words."


def test_a_removed_photo_stays_judged_and_a_new_one_waits(
    submit: Callable[..., Testimonial], session: Session, factories: Factories, response: Response, now: datetime
) -> None:
    first = factories.media(response, kind="photo", variants=["192.webp"])
    testimonial = submit(photo_media=first)
    approve(session, factories, testimonial, now)
    with transaction(session):
        change_photo(session, testimonial=testimonial, photo_media=None, now=now)
    assert (first.state, testimonial.state) == ("deleted", "approved")
    second = factories.media(response, kind="photo", variants=["192.webp"])
    with transaction(session):
        change_photo(session, testimonial=testimonial, photo_media=second, now=now)
    assert testimonial.state == "submitted"


PERSONAL = ("Aino", "aino@kunde.example", "Kahvila Aamu", "within the hour", "answered by phone", "They answer.")


def everything_stored(session: Session) -> str:
    """Every value of every row of every table, as a dump would hold them."""
    rows = (session.execute(text(f'select * from "{table.name}"')).all() for table in Base.metadata.sorted_tables)
    return repr([tuple(row) for found in rows for row in found])


def test_erasure_leaves_nothing_of_the_person_in_the_database(
    submit: Callable[..., Testimonial],
    session: Session,
    factories: Factories,
    response: Response,
    now: datetime,
    run_jobs: Callable[[], int],
) -> None:
    response.comment = "They answered by phone within the hour."
    factories.add(ResponseChange(response_id=response.id, old_score=8, old_comment="within the hour", changed_at=now))
    testimonial = submit(video_media=factories.media(response, details={"name": "Aino.mp4"}))
    proposal(session, factories, testimonial, "They answer.", now)
    moderating.tag(
        session, testimonial=testimonial, user=factories.user(), version=testimonial.version, now=now, name="Aino"
    )
    session.commit()
    assert all(words in everything_stored(session) for words in PERSONAL)
    for _twice in range(2):
        with transaction(session):
            erase_testimonial(session, testimonial=testimonial, now=now)
    run_jobs()
    session.expire_all()
    left = everything_stored(session)
    assert [words for words in PERSONAL if words in left] == []
    assert response.score == 9


def test_what_is_left_still_proves_which_consent_there_was(
    submit: Callable[..., Testimonial], session: Session, now: datetime
) -> None:
    testimonial = submit()
    words = testimonial.consents[0].text
    with transaction(session):
        erase_testimonial(session, testimonial=testimonial, now=now)
    [consent] = testimonial.consents
    assert (consent.text, consent.text_sha256) == ("", text_sha256(words))
    assert (consent.granted_at, consent.withdrawn_at) == (now, now)


def test_erasure_deletes_the_files_by_a_job(
    submit: Callable[..., Testimonial],
    session: Session,
    factories: Factories,
    response: Response,
    now: datetime,
    app: Flask,
    run_jobs: Callable[[], int],
) -> None:
    storage = app.extensions[EXTENSION].backends.storage
    media = factories.media(response, variants=["video.mp4"])
    storage.put(f"{media.prefix}/video.mp4", BytesIO(b"film"))
    testimonial = submit(video_media=media)
    with transaction(session):
        erase_testimonial(session, testimonial=testimonial, now=now)
    assert storage.stat(f"{media.prefix}/video.mp4") is not None
    run_jobs()
    assert storage.stat(f"{media.prefix}/video.mp4") is None


def test_an_erased_one_cannot_be_given_anew_by_an_old_page(
    submit: Callable[..., Testimonial], session: Session, now: datetime
) -> None:
    testimonial = submit()
    with transaction(session):
        erase_testimonial(session, testimonial=testimonial, now=now)
    assert submit().id == testimonial.id
    assert testimonial.text == ""


def test_photos_tried_again_and_again_take_no_endless_room(session: Session, response: Response, now: datetime) -> None:
    def keep() -> Media:
        with transaction(session):
            squares = [PhotoVariant(96, b"RIFF")]
            photo = keep_photo(session, response=response, variants=squares, limits=Limits(ROOM, ROOM), now=now)
            finish_photo(session, media=photo, now=now)
            return photo

    photos = [keep() for _each in range(PHOTOS_A_DAY)]
    assert [photo.state for photo in photos[-3:]] == ["ready", "ready", "ready"]
    assert {photo.state for photo in photos[:-3]} == {"deleted"}
    with pytest.raises(RuleBroken):
        keep()


def test_a_photo_too_many_at_one_company_is_not_kept(session: Session, response: Response, now: datetime) -> None:
    squares = [PhotoVariant(96, b"RIFF")]
    with pytest.raises(StorageFull), transaction(session):
        keep_photo(session, response=response, variants=squares, limits=Limits(ROOM, 3), now=now)
    with pytest.raises(RuleBroken, match="company_full"), transaction(session):
        keep_photo(session, response=response, variants=squares, limits=Limits(ROOM, ROOM, 3), now=now)
