"""What moderators do, on both databases."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from socialproof.companies.models import User
from socialproof.database import transaction
from socialproof.domain import events
from socialproof.domain.errors import Conflict, NotFound, RuleBroken
from socialproof.media.models import Captions
from socialproof.testimonials import moderating
from socialproof.testimonials import moderation_queries as queries
from socialproof.testimonials.models import ModerationEntry, Testimonial
from socialproof.testimonials.moderation_queries import Filters


@pytest.fixture
def now(factories):
    return factories.now


@pytest.fixture
def user(factories):
    return factories.user(name="Maija Korhonen")


@pytest.fixture
def act(session, now):
    """Do something as one transaction and return the facts that it recorded."""

    def do(deed, testimonial, user, version=None, **more):
        version = testimonial.version if version is None else version
        try:
            deed(session, testimonial=testimonial, user=user, version=version, now=now, **more)
            facts = [type(fact) for fact in session.info.pop("events", [])]
            session.commit()
        except BaseException:
            session.rollback()
            session.info.pop("events", None)
            raise
        session.refresh(testimonial)
        return facts

    return do


def broken_by(code):
    return pytest.raises(RuleBroken, match=f"^{code}$")


def test_an_approval_is_kept_with_its_moderator_and_told(act, factories, user, session, now):
    testimonial = factories.testimonial()
    assert act(moderating.approve, testimonial, user) == [events.TestimonialApproved]
    assert (testimonial.state, testimonial.version) == ("approved", 2)
    assert (testimonial.decided_by, testimonial.decided_at) == (user, now)
    [entry] = session.scalars(select(ModerationEntry))
    assert (entry.action, entry.old_state, entry.new_state, entry.user) == (
        "approve",
        "submitted",
        "approved",
        user,
    )


def test_nothing_is_approved_without_consent_to_the_website(act, factories, user):
    testimonial = factories.testimonial(purposes=("social_media",))
    with broken_by("no_consent"):
        act(moderating.approve, testimonial, user)
    assert (testimonial.state, testimonial.version) == ("submitted", 1)


def test_a_consent_that_was_taken_back_covers_nothing(act, factories, user, now):
    testimonial = factories.testimonial(purposes=())
    factories.consent(testimonial, withdrawn_at=now)
    with broken_by("no_consent"):
        act(moderating.approve, testimonial, user)


def test_nothing_is_approved_before_its_video_is_ready(act, factories, user):
    testimonial = factories.testimonial(kind="video")
    media = factories.media(testimonial.response, testimonial, state="processing")
    with broken_by("media_processing"):
        act(moderating.approve, testimonial, user)
    media.state = "ready"
    factories.session.commit()
    with broken_by("captions_missing"):
        act(moderating.approve, testimonial, user)
    media.captions = Captions(company_id=media.company_id, state="no_speech", language="en", updated_at=factories.now)
    factories.session.commit()
    act(moderating.approve, testimonial, user)
    assert testimonial.state == "approved"


def test_an_unreadable_video_may_be_left_out_where_words_remain(act, factories, user):
    testimonial = factories.testimonial(kind="video")
    factories.media(testimonial.response, testimonial, state="unreadable", reason="no_video")
    with broken_by("media_unreadable"):
        act(moderating.approve, testimonial, user)
    act(moderating.leave_media_out, testimonial, user)
    assert (testimonial.kind, testimonial.media) == ("text", [])
    act(moderating.approve, testimonial, user)
    assert testimonial.state == "approved"


def test_an_unreadable_video_without_words_leaves_nothing_to_approve(act, factories, user):
    testimonial = factories.testimonial(kind="video", text="")
    factories.media(testimonial.response, testimonial, state="unreadable")
    with broken_by("no_words"):
        act(moderating.leave_media_out, testimonial, user)


def test_a_rejection_needs_a_reason_from_the_list(act, factories, user):
    testimonial = factories.testimonial()
    for reason in ("", "negative"):
        with broken_by("reason"):
            act(moderating.reject, testimonial, user, reason=reason)
    assert act(moderating.reject, testimonial, user, reason="abuse") == [events.TestimonialRejected]
    assert (testimonial.state, testimonial.rejection_reason) == ("rejected", "abuse")


def test_undo_returns_to_what_was_before_and_is_told(act, factories, user, session):
    testimonial = factories.testimonial()
    act(moderating.approve, testimonial, user)
    assert act(moderating.undo, testimonial, user) == [events.TestimonialReopened]
    assert (testimonial.state, testimonial.decided_at) == ("submitted", None)
    with broken_by("nothing_to_undo"):
        act(moderating.undo, testimonial, user)
    act(moderating.approve, testimonial, user)
    act(moderating.reject, testimonial, user, reason="rights")
    assert act(moderating.undo, testimonial, user) == [events.TestimonialApproved]
    assert (testimonial.state, testimonial.rejection_reason) == ("approved", "")
    actions = session.scalars(select(ModerationEntry.action).order_by(ModerationEntry.id)).all()
    assert actions == ["approve", "undo", "approve", "reject", "undo"]


def test_undoing_an_archive_brings_the_rejection_back_with_its_reason(act, factories, user):
    testimonial = factories.testimonial()
    act(moderating.reject, testimonial, user, reason="duplicate")
    act(moderating.archive, testimonial, user)
    act(moderating.undo, testimonial, user)
    assert (testimonial.state, testimonial.rejection_reason) == ("rejected", "duplicate")


def test_undo_publishes_nothing_whose_consent_is_gone(act, factories, user, now, session):
    testimonial = factories.testimonial()
    act(moderating.approve, testimonial, user)
    act(moderating.reject, testimonial, user, reason="rights")
    testimonial.consents[0].withdrawn_at = now
    session.commit()
    with broken_by("no_consent"):
        act(moderating.undo, testimonial, user)
    assert testimonial.state == "rejected"


def test_the_second_of_two_moderators_is_told_who_was_first(act, factories, user):
    testimonial, other = factories.testimonial(), factories.user(name="Åsa Öberg")
    act(moderating.approve, testimonial, user, version=1)
    with pytest.raises(Conflict) as conflict:
        act(moderating.reject, testimonial, other, version=1, reason="abuse")
    assert (conflict.value.by, conflict.value.details["action"]) == ("Maija Korhonen", "approve")
    assert (testimonial.state, testimonial.version) == ("approved", 2)


def test_a_tag_added_meanwhile_takes_nothing_from_a_decision(act, factories, user):
    testimonial = factories.testimonial()
    act(moderating.tag, testimonial, user, version=1, name="kahvi")
    act(moderating.approve, testimonial, user, version=1)
    assert testimonial.state == "approved"


def test_approve_and_reject_at_once_one_wins_and_one_event(factories, database, user, now, session):
    """hostile case: approve and reject at once → one wins, other 409, one webhook."""
    engine, other = create_engine(database), factories.user(name="Åsa Öberg")
    outcomes, facts = [], []

    def decide(deed, by, public_id, start, **more):
        with Session(engine) as own:
            seen = own.scalar(select(Testimonial).where(Testimonial.public_id == public_id))
            start.wait()
            try:
                with transaction(own):
                    me = own.get_one(User, by.id)
                    deed(own, testimonial=seen, user=me, version=1, now=now, **more)
                    mine = [type(fact) for fact in own.info.pop("events")]
                facts.extend(mine)
                outcomes.append("won")
            except Conflict as conflict:
                outcomes.append(conflict.by)

    for _round in range(5):
        testimonial, start = factories.testimonial(), threading.Barrier(2)
        outcomes.clear()
        facts.clear()
        threads = [
            threading.Thread(target=decide, args=(moderating.approve, user, testimonial.public_id, start)),
            threading.Thread(
                target=decide,
                args=(moderating.reject, other, testimonial.public_id, start),
                kwargs={"reason": "abuse"},
            ),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        session.rollback()
        won_by = user if testimonial.state == "approved" else other
        assert sorted(outcomes) == sorted(["won", won_by.name])
        assert len(facts) == 1
        assert (testimonial.version, len(testimonial.history)) == (2, 1)
    engine.dispose()


def test_the_best_line_is_a_part_of_the_customers_words(act, factories, user):
    testimonial = factories.testimonial(text="Nopea apu.\nKahvi on  erinomaista ☕️!")
    assert act(moderating.mark_best_line, testimonial, user, line="Kahvi on erinomaista") == [events.TestimonialCurated]
    assert testimonial.best_line == "Kahvi on  erinomaista"
    with broken_by("best_line"):
        act(moderating.mark_best_line, testimonial, user, line="Kahvi on täydellistä")
    assert testimonial.best_line == "Kahvi on  erinomaista"
    act(moderating.mark_best_line, testimonial, user, line="")
    assert testimonial.best_line == ""


def test_tags_are_kept_once_and_can_be_taken_away(act, factories, user):
    testimonial = factories.testimonial()
    assert act(moderating.tag, testimonial, user, name=" #Kahvi ") == [events.TestimonialCurated]
    assert act(moderating.tag, testimonial, user, name="KAHVI") == []
    act(moderating.tag, testimonial, user, name="b2b")
    assert [tag.name for tag in testimonial.tags] == ["b2b", "kahvi"]
    act(moderating.untag, testimonial, user, name="kahvi")
    assert [tag.name for tag in testimonial.tags] == ["b2b"]
    with broken_by("tag_empty"):
        act(moderating.tag, testimonial, user, name="\u200b \x00")


def test_there_is_an_end_to_tags(act, factories, user):
    testimonial = factories.testimonial()
    for number in range(20):
        act(moderating.tag, testimonial, user, name=f"tag {number}")
    with broken_by("tags_many"):
        act(moderating.tag, testimonial, user, name="one more")


def test_featured_and_moved_to_the_front(act, factories, user, session):
    company = factories.company()
    survey = factories.survey(company)
    first, second, third = (
        factories.testimonial(factories.response(survey), "approved", submitted_at=factories.now - timedelta(days=age))
        for age in (1, 2, 3)
    )

    def order():
        page = queries.queue_page(session, company.id, Filters(state="approved"))
        return [testimonial.public_id for testimonial in page.testimonials]

    assert order() == [first.public_id, second.public_id, third.public_id]
    act(moderating.reorder, third, user, is_first=True)
    assert order() == [third.public_id, first.public_id, second.public_id]
    act(moderating.reorder, first, user, is_first=False)
    assert order() == [third.public_id, second.public_id, first.public_id]
    act(moderating.feature, first, user, is_featured=True)
    assert order()[0] == first.public_id
    assert act(moderating.feature, first, user, is_featured=True) == []


def test_moderator_proposes_a_text_and_the_customers_words_stay(act, factories, user):
    """hostile case: moderator edits text → not publishable until the customer approves."""
    testimonial = factories.testimonial(text="They answered fast, and then they fixed it, which was nice.")
    assert act(moderating.propose_edit, testimonial, user, text="They answered fast.") == [events.EditProposed]
    assert testimonial.text == "They answered fast, and then they fixed it, which was nice."
    assert [proposal.state for proposal in testimonial.proposals] == ["pending"]
    act(moderating.propose_edit, testimonial, user, text="They fixed it.")
    assert [proposal.state for proposal in testimonial.proposals] == ["superseded", "pending"]
    act(moderating.cancel_proposal, testimonial, user)
    assert [proposal.state for proposal in testimonial.proposals] == ["superseded", "cancelled"]
    with broken_by("no_proposal"):
        act(moderating.cancel_proposal, testimonial, user)


def test_a_decision_does_not_wait_for_words_that_are_gone(act, factories, user, session):
    testimonial = factories.testimonial()
    testimonial.state = "withdrawn"
    session.commit()
    for deed, more in ((moderating.approve, {}), (moderating.reject, {"reason": "abuse"}), (moderating.archive, {})):
        with broken_by("wrong_state"):
            act(deed, testimonial, user, **more)


# ---- reading -----------------------------------------------------------------------------------------


def ids(page):
    return [testimonial.public_id for testimonial in page.testimonials]


def test_the_queue_begins_with_who_waited_longest_and_is_read_in_pages(session, factories):
    company = factories.company()
    survey = factories.survey(company)
    given = [
        factories.testimonial(factories.response(survey), submitted_at=factories.now - timedelta(hours=number // 2))
        for number in range(7)
    ]
    expected = [
        testimonial.public_id
        for testimonial in sorted(given, key=lambda testimonial: (testimonial.submitted_at, testimonial.id))
    ]
    seen, after = [], ""
    while after is not None:
        page = queries.queue_page(session, company.id, Filters(), after, size=3)
        seen, after = seen + ids(page), page.after
    assert seen == expected


@pytest.mark.parametrize("state", ["approved", "all", "rejected"])
def test_every_list_shows_each_one_once_over_its_pages(session, factories, state):
    company = factories.company()
    survey = factories.survey(company)
    kept = "approved" if state == "all" else state
    for number in range(8):
        factories.testimonial(factories.response(survey), kept, is_featured=number % 3 == 0, position=number % 2)
    whole = ids(queries.queue_page(session, company.id, Filters(state=state)))
    seen, after = [], ""
    while after is not None:
        page = queries.queue_page(session, company.id, Filters(state=state), after, size=3)
        seen, after = seen + ids(page), page.after
    assert seen == whole
    assert len(set(seen)) == 8


def test_the_queue_is_narrowed_by_survey_kind_tag_and_words(session, factories, act, user):
    company = factories.company()
    survey, other = factories.survey(company), factories.survey(company)
    finnish = factories.testimonial(factories.response(survey), text="Ääretön kiitos 100 % varmasti_!")
    video = factories.testimonial(factories.response(other), kind="video", author_organisation="Nordlys Kaffe AB")
    act(moderating.tag, video, user, name="b2b")

    def found(**filters):
        return ids(queries.queue_page(session, company.id, Filters(**filters)))

    assert found(survey=survey.public_id) == [finnish.public_id]
    assert found(kind="video") == [video.public_id]
    assert found(kind="uncaptioned") == []
    media = factories.media(video.response, video, captions="draft")
    assert found(kind="uncaptioned") == [video.public_id]
    media.captions.state = "reviewed"
    session.commit()
    assert found(kind="uncaptioned") == []
    assert found(tag="b2b") == [video.public_id]
    assert found(search="ääretön KIITOS") == [finnish.public_id]
    assert found(search="nordlys kaffe") == [video.public_id]
    assert found(search="100 %") == [finnish.public_id]
    assert found(search="%%") == found(search="answered_within") == found(survey="foreign") == []


def test_a_draft_is_in_no_list_of_the_team(session, factories):
    company = factories.company()
    draft = factories.testimonial(factories.response(factories.survey(company)), "draft", submitted_at=None)
    assert ids(queries.queue_page(session, company.id, Filters(state="all"))) == []
    with pytest.raises(NotFound):
        queries.testimonial_for_moderation(session, company.id, draft.public_id)


def test_another_company_sees_nothing_of_it(session, factories):
    mine, foreign = factories.company(), factories.testimonial()
    media = factories.media(foreign.response, foreign)
    for name in (foreign.public_id, "missing"):
        with pytest.raises(NotFound):
            queries.testimonial_for_moderation(session, mine.id, name)
    with pytest.raises(NotFound):
        queries.media_for_team(session, mine.id, media.public_id)
    assert ids(queries.queue_page(session, mine.id, Filters(state="all"), foreign.public_id)) == []
    assert queries.state_counts(session, mine.id)["all"] == queries.waiting_count(session, mine.id) == 0


def test_after_a_decision_the_next_one_of_the_queue_follows(session, factories, act, user):
    survey = factories.survey()
    first, second, third = (
        factories.testimonial(factories.response(survey), submitted_at=factories.now - timedelta(hours=hours))
        for hours in (3, 2, 1)
    )

    def following(testimonial):
        return queries.next_in_queue(session, survey.company_id, Filters(), testimonial)

    assert following(second) == third.public_id
    assert following(third) == first.public_id
    for testimonial in (first, second, third):
        act(moderating.approve, testimonial, user)
    assert following(third) is None
