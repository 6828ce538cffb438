"""The second step of a project: who answered gladly and has told no story yet is asked for a reference, once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from socialproof import wiring
from socialproof.campaigns import campaigning, outcomes, service
from socialproof.campaigns.delivering import Delivery
from socialproof.campaigns.jobs import DELIVER
from socialproof.campaigns.models import Campaign, CampaignWording, Invitation
from socialproof.campaigns.references import put_aside
from socialproof.database import transaction
from socialproof.responses.models import Response
from socialproof.responses.service import change_score, record_response
from socialproof.settings import Settings
from socialproof.testimonials.contact_history import history_of
from socialproof.testimonials.references import ReferenceCounts, reference_counts
from socialproof.testimonials.service import Author, submit_testimonial
from socialproof.tokens import Purpose, Tokens
from tests.conftest import SECRET
from tests.story import test_sending
from tests.story.test_sending import ALWAYS, NOW, Post

post = test_sending.post
DAY = timedelta(days=1)
DUE = NOW + 45 * DAY
"""A Saturday."""


@pytest.fixture
def project(post: Post) -> Campaign:
    survey = post.factories.survey(post.company, kind="transactional", default_language="en")
    return post.factories.campaign(survey, "project", reminder_after_days=45, **ALWAYS)


def answered(post: Post, project: Campaign, score: int = 9, **values: Any) -> Invitation:
    """A contact that got the first letter now and answered two days later; the clock stays there."""
    begun = post.now
    sent = {"state": "sent", "asked_at": begun, "sent_at": begun, "due_at": begun + 45 * DAY}
    contact = post.factories.contact(post.company, name="Aino", phone="+46701234567", last_asked_at=begun)
    invitation = post.due(contact, project, **sent | {"channel": project.channel} | values)
    post.now = begun + 2 * DAY
    with transaction(post.session) as session:
        answer(session, invitation, score, post.now)
    return invitation


def answer(session: Session, invitation: Invitation, score: int, now: datetime) -> Response:
    return record_response(
        session,
        survey=invitation.survey,
        score=score,
        source="invitation",
        answer_key=f"invitation.{invitation.public_id}",
        language="en",
        invitation=invitation,
        now=now,
    )


def response_of(post: Post, invitation: Invitation) -> Response:
    return post.session.query(Response).filter_by(invitation_id=invitation.id).one()


def deliver(post: Post, at: datetime) -> None:
    post.now = at
    post.session.rollback()
    wiring.JOBS[DELIVER](post.context, company_id=post.company.id)
    post.session.rollback()
    post.session.expire_all()


def in_hand(post: Post, at: datetime) -> Delivery:
    """A sender that has claimed what is due, and handed over nothing yet."""
    post.now = at
    post.session.rollback()
    still_glad = wiring.JOBS[DELIVER].keywords["still_glad"]  # type: ignore[attr-defined]
    sender = Delivery(post.context, post.company.id, still_glad=still_glad)
    sender._refill()
    return sender


def tell(post: Post, invitation: Invitation, at: datetime) -> None:
    with transaction(post.session) as session:
        submit_testimonial(
            session,
            response=response_of(post, invitation),
            text="They answered within an hour.",
            author=Author("Aino"),
            attribution="first_name",
            purposes=["website"],
            language="en",
            now=at,
        )


def test_the_request_goes_out_on_its_day_and_leads_straight_to_the_form(
    post: Post, project: Campaign, settings: Settings
) -> None:
    own = CampaignWording(language="en", reference_subject="{name}, two minutes?", reference_intro="Dear {name}!")
    post.session.rollback()
    with transaction(post.session):
        project.wordings.append(own)
    invitation = answered(post, project)
    assert (invitation.state, invitation.due_at) == ("answered", DUE)
    deliver(post, DUE - DAY)
    assert post.letters == []
    deliver(post, DUE)
    deliver(post, DUE + 60 * DAY)
    [letter] = post.letters
    text, html = (part.get_content() for part in letter.iter_parts())
    link = f"{settings.base_url}/s/i/{Tokens((SECRET,)).sign(Purpose.INVITATION, invitation.public_id)}"
    assert letter["Subject"] == "Aino, two minutes?"
    assert "Dear Aino!" in text
    assert f"{link}/testimonial\n" in text.replace("\r", "")
    assert f'href="{link}/testimonial"' in html
    assert "score=" not in text + html
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (invitation.state, invitation.due_at, invitation.reminded_at) == ("answered", None, DUE)
    assert (invitation.asked_at, invitation.contact.last_asked_at) == (NOW, DUE)
    assert invitation.contact.last_nps_asked_at is None
    tell(post, invitation, DUE + 61 * DAY)
    assert reference_counts(post.session, project) == ReferenceCounts(planned=0, sent=1, given=1)
    told = [each.kind for each in history_of(post.session, invitation.contact)]
    assert "referred" in told
    assert "reminded" not in told


@pytest.mark.parametrize("score", [8, 3])
def test_who_is_not_glad_is_not_asked(post: Post, project: Campaign, score: int) -> None:
    assert answered(post, project, score).due_at is None


def test_who_wants_no_more_letters_and_answers_an_old_one_is_not_planned_for(post: Post, project: Campaign) -> None:
    contact = post.factories.contact(post.company, unsubscribed_at=NOW)
    invitation = post.due(contact, project, state="unsubscribed", asked_at=NOW, sent_at=NOW, due_at=None)
    with transaction(post.session) as session:
        answer(session, invitation, 9, NOW)
    assert (invitation.state, invitation.due_at) == ("answered", None)


def test_the_score_as_it_stands_decides(post: Post, project: Campaign) -> None:
    lost = answered(post, project, 9)
    with transaction(post.session) as session:
        change_score(session, response=response_of(post, lost), score=8, now=post.now)
    assert lost.due_at is None
    with transaction(post.session) as session:
        change_score(session, response=response_of(post, lost), score=10, now=post.now)
    assert lost.due_at == DUE


def test_who_answered_late_has_the_rest_of_the_company_first(post: Post, project: Campaign) -> None:
    invitation = answered(post, project, sent_at=NOW - 42 * DAY)
    assert invitation.due_at == post.now + 30 * DAY


def test_nobody_gets_more_than_two_letters(post: Post, project: Campaign) -> None:
    assert answered(post, project, reminder_count=1, reminded_at=NOW).due_at is None


def test_an_answer_that_is_quicker_than_our_note_of_sending_keeps_its_request(post: Post, project: Campaign) -> None:
    invitation = post.due(None, project)
    claimed = Delivery(post.context, post.company.id)
    claimed._refill()
    with transaction(post.session) as session:
        answer(session, invitation, 10, post.now)
    claimed.run()
    post.session.expire_all()
    assert (invitation.state, invitation.sent_at, invitation.due_at) == ("answered", NOW, DUE)


def closed(post: Post, invitation: Invitation) -> None:
    invitation.survey.state = "closed"


def unsubscribed(post: Post, invitation: Invitation) -> None:
    outcomes.note_unsubscribed(post.session, contact=invitation.contact, by="link", now=post.now)


def forgotten(post: Post, invitation: Invitation) -> None:
    invitation.contact.deleted_at = post.now


def bounced(post: Post, invitation: Invitation) -> None:
    invitation.contact.email_bounced_at = post.now


def revoked(post: Post, invitation: Invitation) -> None:
    service.revoke_invitation(post.session, invitation=invitation, now=post.now)


def stopped(post: Post, invitation: Invitation) -> None:
    assert invitation.campaign is not None
    campaigning.stop(post.session, campaign=invitation.campaign, user=post.factories.user(), now=post.now)


def told_elsewhere(post: Post, invitation: Invitation) -> None:
    other = post.factories.response(invitation.survey, contact_id=invitation.contact_id)
    post.factories.testimonial(other)


def without_second_step(post: Post, invitation: Invitation) -> None:
    assert invitation.campaign is not None
    invitation.campaign.most_reminders = 0


def not_asked_any_more(post: Post, invitation: Invitation) -> None:
    invitation.survey.asks_for_testimonial = False


@pytest.mark.parametrize(
    "change",
    [
        closed,
        unsubscribed,
        forgotten,
        bounced,
        revoked,
        stopped,
        told_elsewhere,
        without_second_step,
        not_asked_any_more,
    ],
)
def test_everything_is_looked_at_again_when_the_day_has_come(
    post: Post, project: Campaign, change: Callable[[Post, Invitation], None]
) -> None:
    invitation = answered(post, project)
    with transaction(post.session):
        change(post, invitation)
    deliver(post, DUE)
    assert (post.letters, invitation.state, invitation.due_at) == ([], "answered", None)


def test_a_story_that_was_told_calls_it_off_at_once(post: Post, project: Campaign) -> None:
    invitation = answered(post, project)
    tell(post, invitation, post.now)
    post.session.refresh(invitation)
    assert invitation.due_at is None


def test_not_now_holds_for_90_days(post: Post, project: Campaign) -> None:
    invitation = answered(post, project)
    with transaction(post.session) as session:
        put_aside(session, invitation_id=invitation.id, now=post.now)
    deliver(post, DUE)
    assert (post.letters, invitation.due_at) == ([], NOW + 92 * DAY)
    deliver(post, NOW + 92 * DAY)
    assert len(post.letters) == 1


def test_after_half_a_year_nobody_is_asked_about_it_any_more(post: Post, project: Campaign) -> None:
    invitation = answered(post, project)
    post.session.rollback()
    with transaction(post.session):
        project.state = "paused"
    deliver(post, DUE)
    assert invitation.due_at == DUE
    with transaction(post.session):
        project.state = "running"
    deliver(post, NOW + 181 * DAY)
    assert (post.letters, invitation.due_at) == ([], None)


def test_it_is_an_ask_of_its_own_and_waits_until_the_contact_has_rested(post: Post, project: Campaign) -> None:
    invitation = answered(post, project)
    with transaction(post.session):
        invitation.contact.last_asked_at = DUE - 10 * DAY
    deliver(post, DUE)
    assert (post.letters, invitation.state, invitation.due_at) == ([], "answered", DUE + 20 * DAY)
    assert post.verdicts(invitation) == [("deferred", "asked_recently")]
    assert reference_counts(post.session, project) == ReferenceCounts(planned=1, sent=0, given=0)
    deliver(post, DUE + 20 * DAY)
    assert post.verdicts(invitation)[1:] == [("asked", "")]


def test_hours_hold_it_back_and_a_daily_cap_of_first_letters_does_not(post: Post, project: Campaign) -> None:
    invitation = answered(post, project)
    post.session.rollback()
    with transaction(post.session):
        project.daily_cap, project.weekdays = 1, [1, 2, 3, 4, 5]
    first = post.due(None, project, wanted_at=DUE, due_at=DUE)
    monday = (DUE + 2 * DAY).replace(hour=0)
    deliver(post, DUE)
    assert (invitation.due_at, first.due_at) == (monday, monday)
    deliver(post, monday)
    assert sorted(post.relay.recipients) == sorted([invitation.contact.email, first.contact.email])


def test_one_that_is_put_off_goes_again_under_the_same_number_and_one_refused_does_not(
    post: Post, project: Campaign
) -> None:
    invitation = answered(post, project)
    post.relay.answers = ["451 4.7.1 come back later"]
    deliver(post, DUE)
    assert (invitation.state, invitation.attempt_count) == ("answered", 1)
    post.relay.answers = ["550 5.1.1 no such user"]
    deliver(post, DUE + timedelta(minutes=10))
    deliver(post, DUE + DAY)
    assert (post.letters, invitation.state, invitation.due_at) == ([], "answered", None)
    assert (invitation.bounced_at, invitation.contact.email_bounced_at is None) == (None, False)
    assert post.verdicts(invitation) == [("asked", "")]
    assert reference_counts(post.session, project).sent == 0


def test_not_now_holds_against_a_server_that_puts_the_letter_off_at_the_same_moment(
    post: Post, project: Campaign
) -> None:
    invitation = answered(post, project)
    post.relay.answers = ["451 4.7.1 come back later"]
    sender = in_hand(post, DUE)
    with transaction(post.session) as session:
        put_aside(session, invitation_id=invitation.id, now=DUE)
    sender.run()
    post.session.expire_all()
    assert (invitation.attempt_count, invitation.due_at) == (1, DUE + 90 * DAY)


def test_two_senders_at_once_send_each_request_once(post: Post, project: Campaign) -> None:
    invitations = [answered(post, project) for _ in range(20)]
    post.now = DUE + 60 * DAY
    post.session.rollback()
    with ThreadPoolExecutor(2) as senders:
        both = [senders.submit(wiring.JOBS[DELIVER], post.context, company_id=post.company.id) for _ in range(2)]
        for each in both:
            each.result()
    post.session.expire_all()
    assert sorted(post.relay.recipients) == sorted(str(each.contact.email) for each in invitations)
    assert {post.verdicts(each)[-1] for each in invitations} == {("asked", "")}
    assert {(each.reminder_count, each.reminded_at, each.due_at) for each in invitations} == {(1, post.now, None)}


def test_a_sender_that_dies_before_its_note_repeats_the_request_under_the_same_number(
    post: Post, project: Campaign
) -> None:
    invitation = answered(post, project)
    killed = in_hand(post, DUE)
    killed._send(killed.ready[0])
    deliver(post, DUE + timedelta(minutes=1))
    assert len(post.letters) == 1
    deliver(post, DUE + timedelta(minutes=3))
    first, again = post.letters
    assert first["Message-ID"] == again["Message-ID"]
    assert post.verdicts(invitation) == [("asked", "")]


def test_a_text_message_leads_there_too(post: Post) -> None:
    survey = post.factories.survey(post.company, kind="transactional", default_language="en")
    texts = post.factories.campaign(survey, "project", channel="sms", reminder_after_days=45, **ALWAYS)
    invitation = answered(post, texts, short_code="0aB1cD2eF3")
    deliver(post, DUE)
    [text] = post.context.backends.sms.messages()  # type: ignore[attr-defined]
    assert "/s/k/0aB1cD2eF3/r" in text
    assert invitation.reminded_at == DUE
