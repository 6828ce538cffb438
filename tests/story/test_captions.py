"""How captions are kept, on both databases: who was first wins, and the public loses a video at once."""

import json
import threading

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from socialproof.companies.models import User
from socialproof.database import transaction
from socialproof.domain.captions import Cue
from socialproof.domain.errors import Conflict, NotFound, RuleBroken
from socialproof.domain.events import CaptionsChanged
from socialproof.media import captions as keeping
from socialproof.media.captions import Written, captions_vtt, draft_from_speech
from socialproof.media.models import Captions, Media
from socialproof.testimonials import captioning, erasing, moderating
from socialproof.testimonials.models import ModerationEntry, Testimonial
from socialproof.testimonials.moderation_queries import video_for_captions
from socialproof.testimonials.queries import is_shown
from socialproof.widgets import service as widgets
from socialproof.widgets.models import Snapshot

CUES = (Cue(0, 2, "They answered within an hour."), Cue(2, 4, "And fixed it."))
WRITTEN = Written(CUES, "en", "They answered within an hour. And fixed it.")


@pytest.fixture
def user(factories):
    return factories.user(name="Maija Korhonen")


@pytest.fixture
def give(factories):
    """A testimonial with a ready video of ten seconds."""

    def make(captions="", state="submitted", **values):
        testimonial = factories.testimonial(state=state, kind="video", **values)
        media = factories.media(testimonial.response, testimonial, captions=captions, duration_seconds=10.0)
        factories.session.refresh(testimonial)
        return testimonial, media

    return make


@pytest.fixture
def act(session, factories):
    """Do something as one transaction and return whether the public heard of it."""

    def do(deed, given, **more):
        testimonial, media = given
        try:
            deed(session, testimonial=testimonial, media=media, now=factories.now, **more)
            facts = session.info.pop("events", [])
            session.commit()
        except BaseException:
            session.rollback()
            session.info.pop("events", None)
            raise
        session.refresh(testimonial)
        session.refresh(media)
        return facts == [CaptionsChanged(testimonial.company_id, media.id)]

    return do


def broken_by(code):
    return pytest.raises(RuleBroken, match=f"^{code}$")


def actions(session):
    return session.scalars(select(ModerationEntry.action).order_by(ModerationEntry.id)).all()


def test_a_draft_is_kept_with_everything_that_is_still_wrong(act, give, user, session):
    given = testimonial, media = give()
    written = Written((Cue(3, 3, ""), Cue(1, 9, "Late"), Cue(0.1234, 40, "Early\n\nwords\x00")), "fi", "  Kaikki\r\n")
    assert not act(captioning.save, given, user=user, version=0, written=written)
    kept = media.captions
    assert (kept.state, kept.source, kept.language, kept.transcript, kept.version) == (
        "draft",
        "typed",
        "fi",
        "Kaikki",
        1,
    )
    assert kept.cues == [
        {"start": 0.123, "end": 40, "text": "Early\nwords"},
        {"start": 1, "end": 9, "text": "Late"},
        {"start": 3, "end": 3, "text": ""},
    ]
    assert (testimonial.version, actions(session)) == (1, ["captions"])


def test_drafts_of_one_sitting_are_one_line_of_history(act, give, user, factories, session):
    given = give()
    for version in (0, 1, 2):
        act(captioning.save, given, user=user, version=version, written=WRITTEN)
    act(captioning.save, given, user=factories.user(), version=3, written=WRITTEN)
    assert actions(session) == ["captions", "captions"]


def test_captions_are_right_when_a_person_says_so(act, give, user, factories, session):
    given = testimonial, media = give()
    assert act(captioning.review, given, user=user, version=0, written=WRITTEN)
    kept = media.captions
    assert (kept.state, kept.reviewed_by, kept.reviewed_at) == ("reviewed", user, factories.now)
    assert captions_vtt(kept).startswith("WEBVTT\n\n00:00.000 --> 00:02.000\nThey answered within an hour.\n")
    assert (testimonial.version, actions(session)) == (2, ["captions_reviewed"])
    moderating.approve(session, testimonial=testimonial, user=user, version=2, now=factories.now)
    assert is_shown(testimonial)


@pytest.mark.parametrize(
    ("cues", "code"),
    [
        ((), "captions_none"),
        ((Cue(0, 1, ""),), "captions_problems"),
        ((Cue(0, 2, "a"), Cue(1, 3, "b")), "captions_problems"),
        ((Cue(9, 14, "behind the end"),), "captions_problems"),
        ((Cue(1, 1.2, "short"),), "captions_problems"),
    ],
)
def test_captions_that_cannot_be_read_are_not_right(act, give, user, cues, code):
    given = _testimonial, media = give()
    with broken_by(code):
        act(captioning.review, given, user=user, version=0, written=Written(cues, "en"))
    assert media.captions is None


def test_fast_captions_are_only_worth_a_look(act, give, user):
    given = give()
    assert act(captioning.review, given, user=user, version=0, written=Written((Cue(0, 1, "x" * 60),), "en"))


def test_nobody_speaks_needs_no_cues(act, give, user, session):
    given = _testimonial, media = give()
    assert act(captioning.say_no_speech, given, user=user, version=0, language="en")
    assert (media.captions.state, media.captions.reviewed_by) == ("no_speech", user)
    assert captions_vtt(media.captions) == "WEBVTT\n"
    assert actions(session) == ["no_speech"]


def test_cues_contradict_that_nobody_speaks_until_a_person_is_sure(act, give, user):
    given = _testimonial, media = give("draft")
    with broken_by("captions_speak"):
        act(captioning.say_no_speech, given, user=user, version=1, language="en")
    assert act(captioning.say_no_speech, given, user=user, version=1, language="en", is_sure=True)
    assert (captions_vtt(media.captions), len(media.captions.cues)) == ("WEBVTT\n", 1)
    act(captioning.reopen, given, user=user, version=2)
    assert "They answered" in captions_vtt(media.captions)


def test_a_draft_takes_nothing_from_a_decision_and_a_review_does(act, give, user, session, factories):
    given = testimonial, _media = give("reviewed")
    for deed, more, version in (
        (captioning.save, {"written": WRITTEN}, 2),
        (captioning.save, {"written": WRITTEN}, 2),
        (captioning.review, {"written": WRITTEN}, 3),
        (captioning.reopen, {}, 4),
    ):
        act(deed, given, user=user, version=given[1].captions.version, **more)
        assert testimonial.version == version, deed
    with pytest.raises(Conflict) as conflict:
        moderating.approve(session, testimonial=testimonial, user=factories.user(), version=2, now=factories.now)
    assert (conflict.value.by, conflict.value.details["action"]) == ("Maija Korhonen", "captions_reopened")


@pytest.mark.parametrize("deed", ["save", "reopen"])
def test_the_public_loses_the_video_at_once(deed, give, user, factories, session):
    """A draft is not public: the page of a visitor is right in the same transaction."""
    testimonial, media = give("reviewed", state="approved")
    company = testimonial.survey.company
    widget = factories.widget(company)
    widgets.publish(session, widget=widget, now=factories.now)
    session.commit()
    assert shown(session) == {testimonial.public_id}
    more = {"written": WRITTEN} if deed == "save" else {}
    with transaction(session):
        change = getattr(captioning, deed)
        change(session, testimonial=testimonial, media=media, user=user, version=1, now=factories.now, **more)
    assert shown(session) == set()
    with transaction(session):
        captioning.review(
            session, testimonial=testimonial, media=media, user=user, version=2, written=WRITTEN, now=factories.now
        )
        widgets.rebuild_snapshots(session, company_id=company.id, now=factories.now)
    assert shown(session) == {testimonial.public_id}


def shown(session):
    bodies = session.scalars(select(Snapshot.body).where(Snapshot.language == "en"))
    session.expire_all()
    return {one["id"] for body in bodies for one in json.loads(body)["testimonials"]}


def test_the_second_of_two_editors_is_told_who_was_first(act, give, user, factories):
    given = _testimonial, media = give()
    act(captioning.save, given, user=user, version=0, written=WRITTEN)
    for version in (0, 2, 7):
        with pytest.raises(Conflict, match="captions_changed") as conflict:
            act(captioning.save, given, user=factories.user(), version=version, written=Written((), "sv"))
        assert conflict.value.by == "Maija Korhonen"
    assert (len(media.captions.cues), media.captions.language, media.captions.version) == (2, "en", 1)


@pytest.mark.parametrize("begun", [False, True])
def test_two_editors_at_once_one_wins(give, factories, database, user, session, begun):
    engine, outcomes = create_engine(database), []

    def save(media_id, testimonial_id, by, start):
        with Session(engine) as own:
            try:
                start.wait()
                with transaction(own):
                    captioning.save(
                        own,
                        testimonial=own.get_one(Testimonial, testimonial_id),
                        media=own.get_one(Media, media_id),
                        user=own.get_one(User, by),
                        version=int(begun),
                        written=WRITTEN,
                        now=factories.now,
                    )
                outcomes.append("won")
            except Conflict as conflict:
                outcomes.append(conflict.by)

    other = factories.user(name="Åsa Öberg")
    for _round in range(3):
        testimonial, media = give("draft" if begun else "")
        start, names = threading.Barrier(2), (user.id, other.id)
        session.commit()
        ids = media.id, testimonial.id
        session.commit()
        threads = [threading.Thread(target=save, args=(*ids, name, start)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        session.rollback()
        assert sorted(name == "won" for name in outcomes) == [False, True], outcomes
        outcomes.clear()
    engine.dispose()


def test_what_a_machine_heard_is_a_draft_and_never_takes_a_persons_words(session, give, user, factories, act):
    given = _testimonial, media = give()
    heard = [Cue(2, 5, "world"), Cue(0, 3, "hello"), Cue(9, 30, "behind"), Cue(4, 5, " ")]

    def hear(language="sv"):
        kept = draft_from_speech(session, media=media, cues=heard, language=language, now=factories.now)
        assert session.info.pop("events", []) == []
        session.commit()
        return kept

    first = hear()
    assert (first.state, first.source, first.language, first.reviewed_by) == ("draft", "speech", "sv", None)
    assert keeping.cues_of(first) == [Cue(0, 2, "hello"), Cue(2, 5, "world"), Cue(9, 10, "behind")]
    assert hear("fi").language == "fi"
    act(captioning.save, given, user=user, version=1, written=Written(CUES, "en", source="speech"))
    assert hear("da") is None
    assert (media.captions.language, len(media.captions.cues)) == ("en", 2)


@pytest.mark.parametrize("state", ["draft", "reviewed", "no_speech"])
def test_a_machine_leaves_every_other_captions_alone(session, give, factories, state):
    _testimonial, media = give(state)
    assert draft_from_speech(session, media=media, cues=CUES, language="sv", now=factories.now) is None
    assert media.captions.state == state


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (Written([Cue(0, 1, "a")] * 2001, "en"), "captions_many"),
        (Written([Cue(0, 1, "a" * 501)], "en"), "captions_long"),
        (Written((), "en", "a" * 60_001), "transcript_long"),
    ],
)
def test_there_is_an_end_to_captions(act, give, user, written, code):
    given = _testimonial, media = give()
    with broken_by(code):
        act(captioning.save, given, user=user, version=0, written=written)
    assert media.captions is None


def test_reopening_nothing_is_refused(act, give, user):
    with broken_by("captions_none"):
        act(captioning.reopen, give(), user=user, version=0)


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_the_team_finds_no_video_that_is_not_theirs_to_see(session, give, state):
    testimonial, media = give(state=state)
    with pytest.raises(NotFound):
        video_for_captions(session, testimonial.company_id, media.public_id)


def test_the_team_finds_only_ready_videos_of_its_own(session, give, factories):
    testimonial, media = give()
    assert video_for_captions(session, testimonial.company_id, media.public_id) == (media, testimonial)
    photo = factories.media(testimonial.response, testimonial, kind="photo")
    parked = factories.media(testimonial.response, testimonial, state="parked")
    for company_id, public_id in (
        (factories.company().id, media.public_id),
        (testimonial.company_id, photo.public_id),
        (testimonial.company_id, parked.public_id),
        (testimonial.company_id, "AAAAAAAAAAAAAAAA"),
    ):
        with pytest.raises(NotFound):
            video_for_captions(session, company_id, public_id)


def test_erasing_forgets_what_was_said(session, give, factories):
    testimonial, media = give("reviewed")
    with transaction(session):
        erasing.erase_testimonial(session, testimonial=testimonial, now=factories.now)
    assert session.scalars(select(Captions)).all() == []
    assert media.captions is None
