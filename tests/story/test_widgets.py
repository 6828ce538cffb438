"""What is published, what is counted, and how fast a withdrawal is gone."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job
from socialproof.companies.models import Company
from socialproof.database import record, transaction
from socialproof.domain.errors import RuleBroken
from socialproof.domain.events import (
    ConsentChanged,
    ResponseRecorded,
    TestimonialApproved,
    TestimonialErased,
    TestimonialRejected,
    TestimonialWithdrawn,
)
from socialproof.testimonials.models import ModerationEntry, Testimonial, TestimonialTag
from socialproof.testimonials.service import Author, change_photo, edit_testimonial
from socialproof.widgets import queries, service
from socialproof.widgets.models import Snapshot, Widget
from tests.factories import Factories

LOOK = service.Look(name="Front page")


def publish(factories: Factories, company: Company, **look: Any) -> Widget:
    values = {"name": "Front page"} | look
    with transaction(factories.session) as session:
        return service.create_widget(session, company=company, look=service.Look(**values), now=factories.now)


def feed(session: Session, widget: Widget, language: str = "en") -> dict[str, Any]:
    session.rollback()
    found = session.scalars(
        select(Snapshot).where(Snapshot.widget_id == widget.id, Snapshot.language == language)
    ).one()
    assert gzip.decompress(found.gzip_body) == found.body
    content: dict[str, Any] = json.loads(found.body)
    assert content["version"] == found.version
    return content


def ids(content: dict[str, Any]) -> list[str]:
    return [one["id"] for one in content["testimonials"]]


def tell(session: Session, fact: Any) -> None:
    with transaction(session):
        record(session, fact)


def test_an_approved_story_is_published_in_five_languages(factories: Factories, session: Session) -> None:
    company = factories.company(name="Nordlys Kaffe AB")
    story = factories.testimonial(factories.response(factories.survey(company), 10), state="approved")
    widget = publish(factories, company)
    for language in ("en", "sv", "da", "nb", "fi"):
        content = feed(session, widget, language)
        assert content["language"] == language
        assert ids(content) == [story.public_id]
        assert content["company"]["name"] == "Nordlys Kaffe AB"


@pytest.mark.parametrize("state", ["draft", "submitted", "rejected", "withdrawn", "archived"])
def test_only_the_approved_are_shown(factories: Factories, session: Session, state: str) -> None:
    company = factories.company()
    factories.testimonial(factories.response(factories.survey(company)), state=state)
    assert ids(feed(session, publish(factories, company))) == []


def test_without_consent_for_the_website_nothing_is_shown(factories: Factories, session: Session) -> None:
    company = factories.company()
    survey = factories.survey(company)
    factories.testimonial(factories.response(survey), state="approved", purposes=("social_media",))
    content = feed(session, publish(factories, company))
    assert ids(content) == []
    assert content["facts"]["submitted"] == 1
    assert content["facts"]["consented"] == 0


def test_a_video_that_is_not_ready_is_not_shown(factories: Factories, session: Session) -> None:
    company = factories.company()
    survey = factories.survey(company)
    waiting = factories.testimonial(factories.response(survey), state="approved", kind="video")
    ready = factories.testimonial(factories.response(survey), state="approved", kind="video")
    factories.media(waiting.response, waiting, state="processing")
    factories.media(
        ready.response, ready, variants=["video.mp4", "poster.webp"], width=720, height=1280, duration_seconds=12.5
    )
    content = feed(session, publish(factories, company))
    assert ids(content) == [ready.public_id]
    video = content["testimonials"][0]["video"]
    assert video["src"].startswith("/w/media/")
    assert (video["width"], video["height"], video["duration"]) == (720, 1280, 12.5)


def test_another_companys_stories_are_never_shown(factories: Factories, session: Session) -> None:
    factories.testimonial(state="approved")
    assert ids(feed(session, publish(factories, factories.company()))) == []


def test_featured_come_first_then_the_newest_and_the_count_is_kept(factories: Factories, session: Session) -> None:
    company = factories.company()
    survey = factories.survey(company)

    def story(days: int, **values: Any) -> Testimonial:
        at = factories.now - timedelta(days=days)
        return factories.testimonial(factories.response(survey), state="approved", submitted_at=at, **values)

    old, new, featured = story(9), story(1), story(30, is_featured=True)
    assert ids(feed(session, publish(factories, company))) == [featured.public_id, new.public_id, old.public_id]
    assert ids(feed(session, publish(factories, company, max_count=2))) == [featured.public_id, new.public_id]


def test_tags_and_survey_choose(factories: Factories, session: Session) -> None:
    company = factories.company()
    one, two = factories.survey(company), factories.survey(company)
    tagged = factories.testimonial(factories.response(one), state="approved")
    other = factories.testimonial(factories.response(two), state="approved")
    factories.add(TestimonialTag(company_id=company.id, testimonial_id=tagged.id, name="delivery"))
    session.expire_all()
    assert ids(feed(session, publish(factories, company, tags=("delivery", "beans")))) == [tagged.public_id]
    assert ids(feed(session, publish(factories, company, survey=two))) == [other.public_id]


def test_the_heading_follows_the_facts(factories: Factories, session: Session) -> None:
    company = factories.company()
    survey = factories.survey(company)
    factories.testimonial(factories.response(survey), state="approved")
    widget = publish(factories, company)
    assert feed(session, widget)["heading"] == "All customer stories"
    factories.testimonial(factories.response(survey, 2), state="rejected")
    service.rebuild_snapshots(session, company_id=company.id, now=factories.now)
    session.commit()
    assert feed(session, widget)["heading"] == "Selected customer stories"


def test_promoters_only_switched_on_changes_heading_and_disclosure(factories: Factories, session: Session) -> None:
    company = factories.company()
    survey = factories.survey(company, promoters_only=True)
    factories.testimonial(factories.response(survey), state="approved")
    content = feed(session, publish(factories, company))
    assert content["heading"] == "Stories from customers who gave 9 or 10"
    assert "Only customers who gave 9 or 10 were asked for a story." in content["disclosure"]
    assert "★" not in json.dumps(content, ensure_ascii=False)


def test_the_disclosure_counts_who_was_asked_who_answered_and_who_agreed(
    factories: Factories, session: Session
) -> None:
    company = factories.company()
    survey = factories.survey(company)
    invitations = [factories.invitation(survey, factories.contact(company)) for _number in range(3)]
    invitations[0].answered_at = factories.now
    factories.testimonial(factories.response(survey), state="approved", is_verified=True, is_rewarded=True)
    factories.testimonial(factories.response(survey), state="submitted", purposes=())
    content = feed(session, publish(factories, company))
    assert content["disclosure"][0] == (
        "Invited by a personal link: 3, of them 1 answered. Answers in all: 2. "
        "Stories: 2. With consent to be shown: 1. Shown here: 1."
    )
    assert content["disclosure"][2] == "Rewarded, whatever the score: 1."
    assert content["testimonials"][0]["rewarded_text"] == "Rewarded"
    assert content["testimonials"][0]["verified"] == "Verified customer"


def test_the_public_score_is_of_all_answers_and_not_of_the_shown(factories: Factories, session: Session) -> None:
    company = factories.company()
    survey = factories.survey(company)
    for score in [10] * 12 + [8] * 4 + [3] * 8:
        factories.response(survey, score)
    factories.testimonial(factories.response(survey, 10), state="approved")
    nps = feed(session, publish(factories, company))["nps"]
    assert (nps["state"], nps["score"], nps["answers"]) == ("ready", 20, 25)
    assert nps["score_text"] == "+20"
    assert nps["text"] == f"NPS +20 ± {nps['margin']}"
    assert nps["counts"] == [13, 4, 8]
    assert nps["detail"].startswith("25 answers, 12 months to ")


def test_below_twenty_answers_no_number_is_published(factories: Factories, session: Session) -> None:
    company = factories.company()
    survey = factories.survey(company)
    for _number in range(7):
        factories.response(survey, 10)
    nps = feed(session, publish(factories, company))["nps"]
    assert nps == {"state": "collecting", "answers": 7, "text": "Collecting answers: 7"}


def test_kinds_of_survey_are_never_mixed_in_the_score(factories: Factories, session: Session) -> None:
    company = factories.company()
    for kind, score in (("relationship", 10), ("transactional", 0)):
        survey = factories.survey(company, kind=kind)
        for _number in range(20):
            factories.response(survey, score)
    assert feed(session, publish(factories, company))["nps"]["score"] == 100
    assert feed(session, publish(factories, company, nps_kind="transactional"))["nps"]["score"] == -100


def test_the_score_can_be_left_out_but_the_disclosure_cannot(factories: Factories, session: Session) -> None:
    content = feed(session, publish(factories, factories.company(), shows_nps=False))
    assert content["nps"] is None
    assert len(content["disclosure"]) >= 2
    assert content["method"]["url"]


@pytest.mark.parametrize(
    ("attribution", "name", "role"),
    [
        ("full_name", "Astrid Berg", "Owner"),
        ("first_name", "Astrid", "Owner"),
        ("initials", "A. B.", "Owner"),
        ("anonymous", "A customer", ""),
    ],
)
def test_an_author_is_shown_as_chosen(
    factories: Factories, session: Session, attribution: str, name: str, role: str
) -> None:
    company = factories.company()
    story = factories.testimonial(
        factories.response(factories.survey(company)),
        state="approved",
        author_name="Astrid Berg",
        author_role="Owner",
        attribution=attribution,
    )
    factories.media(story.response, story, kind="photo", variants=["96.webp"])
    session.expire_all()
    author = feed(session, publish(factories, company))["testimonials"][0]["author"]
    assert (author["name"], author["role"]) == (name, role)
    assert (author["photo"] is not None) == (attribution in ("full_name", "first_name"))
    if attribution == "anonymous":
        assert "Astrid" not in json.dumps(author)


@pytest.mark.parametrize("fact", [TestimonialWithdrawn, TestimonialErased, ConsentChanged, TestimonialRejected])
def test_a_loss_is_gone_in_the_same_transaction(factories: Factories, session: Session, fact: Any) -> None:
    company = factories.company()
    survey = factories.survey(company)
    kept = factories.testimonial(factories.response(survey), state="approved")
    gone = factories.testimonial(factories.response(survey), state="approved", text="Take me back")
    widget = publish(factories, company)
    before = feed(session, widget)
    assert set(ids(before)) == {kept.public_id, gone.public_id}
    with transaction(session):
        if fact is ConsentChanged:
            gone.consents[0].withdrawn_at = factories.now
        elif fact is TestimonialRejected:
            gone.state = "rejected"
        else:
            gone.state = "withdrawn"
        record(session, fact(company_id=company.id, testimonial_id=gone.id))
    for language in ("en", "sv", "da", "nb", "fi"):
        after = feed(session, widget, language)
        assert ids(after) == [kept.public_id]
        assert "Take me back" not in json.dumps(after)
    assert feed(session, widget)["version"] != before["version"]


def test_a_loss_is_undone_when_its_transaction_fails(factories: Factories, session: Session) -> None:
    company = factories.company()
    story = factories.testimonial(factories.response(factories.survey(company)), state="approved")
    widget = publish(factories, company)

    def withdraw_and_fail() -> None:
        with transaction(session):
            story.state = "withdrawn"
            service.remove_now(session, company_id=company.id, testimonial_ids=[story.id], now=factories.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        withdraw_and_fail()
    assert ids(feed(session, widget)) == [story.public_id]


def test_a_consent_withdrawn_for_another_purpose_keeps_the_story(factories: Factories, session: Session) -> None:
    company = factories.company()
    story = factories.testimonial(
        factories.response(factories.survey(company)), state="approved", purposes=("website", "advertising")
    )
    widget = publish(factories, company)
    with transaction(session):
        story.consents[1].withdrawn_at = factories.now
        record(session, ConsentChanged(company_id=company.id, testimonial_id=story.id))
    assert ids(feed(session, widget)) == [story.public_id]


def test_an_approval_is_published_by_one_job_however_often_it_is_asked_for(
    factories: Factories, session: Session, run_jobs: Callable[[], int]
) -> None:
    company = factories.company()
    widget = publish(factories, company)
    story = factories.testimonial(factories.response(factories.survey(company)), state="approved")
    for _number in range(5):
        tell(session, TestimonialApproved(company_id=company.id, testimonial_id=story.id))
    jobs = session.scalars(select(Job).where(Job.kind == "widgets.rebuild")).all()
    assert len(jobs) == 1
    session.rollback()
    run_jobs()
    assert ids(feed(session, widget)) == [story.public_id]


def test_answers_share_one_later_rebuild(factories: Factories, session: Session) -> None:
    company = factories.company()
    publish(factories, company)
    survey = factories.survey(company)
    for _number in range(4):
        response = factories.response(survey)
        tell(session, ResponseRecorded(company_id=company.id, response_id=response.id))
    (job,) = session.scalars(select(Job).where(Job.kind == "widgets.rebuild")).all()
    assert job.run_at > job.created_at


def test_unchanged_content_keeps_its_version(factories: Factories, session: Session) -> None:
    company = factories.company()
    factories.testimonial(factories.response(factories.survey(company)), state="approved")
    widget = publish(factories, company)
    before = feed(session, widget)["version"]
    later = factories.now + timedelta(seconds=1)
    with transaction(session):
        service.rebuild_snapshots(session, company_id=company.id, now=later)
    assert feed(session, widget)["version"] == before


def test_a_hostile_story_is_kept_to_the_letter(factories: Factories, session: Session) -> None:
    text = 'I said: "</script><img src=x onerror=alert(1)>" & left.'
    company = factories.company()
    factories.testimonial(factories.response(factories.survey(company)), state="approved", text=text)
    assert feed(session, publish(factories, company))["testimonials"][0]["text"] == text


@pytest.mark.parametrize(
    "change",
    [
        {"layout": "marquee"},
        {"theme": "neon"},
        {"accent": "red"},
        {"language": "de"},
        {"max_count": 0},
        {"name": " "},
        {"nps_kind": "x"},
    ],
)
def test_a_look_that_does_not_exist_is_refused(factories: Factories, change: dict[str, Any]) -> None:
    with pytest.raises(RuleBroken) as refusal:
        publish(factories, factories.company(), **change)
    assert refusal.value.details["field"] == next(iter(change))


def test_media_are_public_only_with_their_story(factories: Factories, session: Session) -> None:
    story = factories.testimonial(state="approved")
    media = factories.media(story.response, story, kind="photo", variants=["96.webp", "source"])
    assert queries.public_media(session, media.public_id, "96.webp") is not None
    assert queries.public_media(session, media.public_id, "source") is None
    assert queries.public_media(session, media.public_id, "384.webp") is None
    story.state = "withdrawn"
    session.commit()
    assert queries.public_media(session, media.public_id, "96.webp") is None


def test_moderation_history_never_reaches_the_feed(factories: Factories, session: Session) -> None:
    company = factories.company()
    story = factories.testimonial(
        factories.response(factories.survey(company)),
        state="approved",
        author_email="private@customer.example",
        original_text="the longer first text",
    )
    factories.add(
        ModerationEntry(
            company_id=company.id,
            testimonial_id=story.id,
            action="approve",
            old_state="submitted",
            new_state="approved",
            happened_at=factories.now,
        )
    )
    words = json.dumps(feed(session, publish(factories, company)))
    assert "private@customer.example" not in words
    assert "the longer first text" not in words


def test_who_no_longer_wants_to_be_named_does_not_wait_for_a_worker(factories: Factories, session: Session) -> None:
    company = factories.company()
    response = factories.response(factories.survey(company), 10)
    story = factories.testimonial(response, state="approved", author_name="Aino Virtanen", author_role="Baker")
    factories.media(response, story, kind="photo", variants=["96.webp"])
    widget = publish(factories, company)
    assert feed(session, widget)["testimonials"][0]["author"]["photo"]
    with transaction(session):
        edit_testimonial(
            session,
            testimonial=story,
            text=story.text,
            author=Author("Aino Virtanen", "Baker"),
            attribution="anonymous",
            now=factories.now,
        )
    for language in ("en", "fi"):
        content = feed(session, widget, language)
        assert ids(content) == [story.public_id]
        assert content["testimonials"][0]["author"]["photo"] is None
        assert not {"Aino", "Baker"} & set(json.dumps(content).replace('"', " ").split())


def test_a_photo_that_is_taken_away_leaves_the_feed_at_once(factories: Factories, session: Session) -> None:
    company = factories.company()
    response = factories.response(factories.survey(company), 10)
    story = factories.testimonial(response, state="approved")
    factories.media(response, story, kind="photo", variants=["96.webp"])
    widget = publish(factories, company)
    with transaction(session):
        change_photo(session, testimonial=story, photo_media=None, now=factories.now)
    assert feed(session, widget)["testimonials"][0]["author"]["photo"] is None
