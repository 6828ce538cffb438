"""Letters of a campaign: what goes out, what waits and why, what is never repeated."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import dkim  # type: ignore[import-untyped]
import pytest
from aiosmtpd.smtp import Envelope
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from socialproof import wiring
from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import JobContext
from socialproof.backends.jobs.worker import run_next
from socialproof.backends.mail import SmtpMailer
from socialproof.campaigns import delivering, leaving, letters, outcomes, service, texts
from socialproof.campaigns.jobs import DELIVER, tick
from socialproof.campaigns.models import Campaign, CampaignWording, Invitation
from socialproof.campaigns.results import BACK_OFF
from socialproof.cli.work import job_context
from socialproof.companies.models import Company, MailSender, User
from socialproof.companies.signing import new_signing_key
from socialproof.contacts.models import Contact, LedgerEntry
from socialproof.contacts.suppression import address_hash, link_subject
from socialproof.database import transaction
from socialproof.domain.letter import unknown_placeholders
from socialproof.seal import Seal
from socialproof.settings import Settings
from socialproof.tokens import Purpose, Tokens
from tests.conftest import SECRET
from tests.factories import Factories
from tests.peers import SmtpPeer

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
"""A Wednesday morning."""
ALWAYS: dict[str, Any] = {"send_from_minute": 0, "send_until_minute": 1440, "weekdays": [1, 2, 3, 4, 5, 6, 7]}


@dataclass
class Post:
    """One company with a campaign, a relay that answers as told, and a clock."""

    session: Session
    factories: Factories
    context: JobContext
    relay: SmtpPeer
    company: Company
    campaign: Campaign
    now: datetime = NOW

    def due(self, contact: Contact | None = None, campaign: Campaign | None = None, **values: Any) -> Invitation:
        campaign = campaign or self.campaign
        moment = {"wanted_at": self.now, "due_at": self.now, "created_at": self.now, "asked_at": None}
        return self.factories.invitation(
            campaign.survey,
            contact or self.factories.contact(self.company),
            **{"campaign_id": campaign.id, "channel": "mail", "occasion": "once", **moment, **values},
        )

    def campaigning(self, **values: Any) -> Campaign:
        survey = self.factories.survey(self.company, default_language="en")
        return self.factories.campaign(survey, **{**ALWAYS, **values})

    def deliver(self, **changes: float) -> None:
        self.now += timedelta(**changes)
        self.session.rollback()
        delivering.deliver(self.context, self.company.id)
        self.session.rollback()
        self.session.expire_all()

    @property
    def letters(self) -> list[EmailMessage]:
        return [
            message_from_bytes(content_of(each), _class=EmailMessage, policy=policy.SMTP)
            for each in self.relay.envelopes
        ]

    def verdicts(self, invitation: Invitation) -> list[tuple[str, str]]:
        entries = self.session.scalars(
            select(LedgerEntry).where(LedgerEntry.ask_key == invitation.public_id).order_by(LedgerEntry.id)
        )
        return [(entry.verdict, entry.reason) for entry in entries]


def content_of(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


@pytest.fixture
def post(app: Flask, session: Session, factories: Factories, smtp_peer: SmtpPeer) -> Iterator[Post]:
    context = job_context(app)
    mailer = SmtpMailer.from_url(smtp_peer.url, sender=context.settings.mail_from)
    mailer.timeout = mailer.deadline = 3.0
    company = factories.company(name="Nordlys Kaffe AB")
    survey = factories.survey(company, default_language="en")
    campaign = factories.campaign(survey, "one_off", **ALWAYS)
    post = Post(session, factories, context, smtp_peer, company, campaign)
    post.context = replace(context, backends=replace(context.backends, mailer=mailer), now=lambda: post.now)
    yield post
    mailer.close()


def test_a_due_letter_goes_out_once_and_the_ledger_knows(post: Post) -> None:
    invitation = post.due()
    post.deliver()
    post.deliver(minutes=1)
    assert post.relay.recipients == [invitation.contact.email]
    assert (invitation.state, invitation.asked_at, invitation.sent_at) == ("sent", NOW, NOW)
    assert invitation.due_at == NOW + timedelta(days=7)
    assert invitation.expires_at == NOW + timedelta(days=90)
    assert (invitation.claim, invitation.contact.last_nps_asked_at) == (None, NOW)
    assert post.verdicts(invitation) == [("asked", "")]


def test_the_letter_holds_eleven_links_and_a_way_out_of_one_press(post: Post, settings: Settings) -> None:
    invitation = post.due(post.factories.contact(post.company, name="Aino Salo", language="sv"))
    post.deliver()
    [letter] = post.letters
    tokens = Tokens((SECRET,))
    link = f"{settings.base_url}/s/i/{tokens.sign(Purpose.INVITATION, invitation.public_id)}"
    subject = link_subject(invitation.contact.public_id, address_hash(post.company, str(invitation.contact.email)))
    leave = f"{settings.base_url}/s/u/{tokens.sign(Purpose.UNSUBSCRIBE, subject)}"
    text, html = (part.get_content() for part in letter.iter_parts())
    for score in range(11):
        assert f'href="{link}?score={score}"' in html
        assert f"{link}?score={score}\n" in text.replace("\r", "")
    assert f'href="{leave}"' in html
    assert leave in text
    assert letter["List-Unsubscribe"] == f"<{leave}>"
    assert f"\r\nList-Unsubscribe: <{leave}>\r\n".encode() in content_of(post.relay.envelopes[0]), "one plain line"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert letter["From"] == "Nordlys Kaffe AB <no-reply@localhost>"
    assert 'lang="sv"' in html
    assert "Aino Salo" in text
    assert not any(letter[name] for name in ("Precedence", "Auto-Submitted", "Feedback-ID", "Bcc"))


def test_who_is_put_off_is_tried_again_and_asked_only_once(post: Post) -> None:
    invitation = post.due()
    post.relay.answers = ["451 4.7.1 come back later"]
    post.deliver()
    assert (invitation.state, invitation.reason, invitation.attempt_count) == ("deferred", "put_off", 1)
    assert invitation.due_at == NOW + timedelta(minutes=10)
    post.deliver(minutes=9)
    assert post.relay.messages == []
    post.deliver(minutes=1)
    assert len(post.relay.messages) == 1
    assert (invitation.state, invitation.attempt_count, invitation.error) == ("sent", 0, "")
    assert post.verdicts(invitation) == [("asked", "")]


def test_a_letter_that_is_put_off_for_days_has_bounced_but_its_address_is_good(post: Post) -> None:
    invitation = post.due()
    post.relay.refused[invitation.contact.email or ""] = "452 4.2.2 mailbox full"
    post.deliver()
    for wait in BACK_OFF:
        post.deliver(seconds=wait.total_seconds())
    assert (invitation.state, invitation.due_at) == ("bounced", None)
    assert invitation.contact.email_bounced_at is None


@pytest.mark.parametrize(
    ("answer", "is_suppressed"),
    [("550 5.1.1 no such user", True), ("550 no", True), ("550 5.7.26 unauthenticated", False)],
)
def test_what_is_refused_for_good_is_not_repeated(post: Post, answer: str, is_suppressed: bool) -> None:
    invitation, other = post.due(), post.due()
    post.relay.refused[invitation.contact.email or ""] = answer
    post.deliver()
    post.deliver(days=2)
    assert post.relay.recipients == [other.contact.email]
    assert (invitation.state, invitation.due_at, invitation.claim) == ("bounced", None, None)
    assert (invitation.contact.email_bounced_at is not None) == is_suppressed


def test_one_letter_that_hangs_holds_up_no_other(post: Post) -> None:
    hanging, *others = [post.due() for _ in range(12)]
    post.relay.stalling = {hanging.contact.email or ""}
    post.deliver()
    assert sorted(post.relay.recipients) == sorted(each.contact.email or "" for each in others)
    assert (hanging.state, hanging.reason, hanging.attempt_count) == ("deferred", "put_off", 1)


def test_a_relay_that_is_down_is_nobodys_fault(post: Post) -> None:
    invitations = [post.due() for _ in range(30)]
    post.relay.stop()
    post.deliver()
    assert {(each.state, each.reason, each.attempt_count) for each in invitations} == {("deferred", "put_off", 0)}
    assert {each.due_at for each in invitations} == {NOW + timedelta(minutes=5)}
    assert post.session.scalars(select(Job).where(Job.kind == "campaigns.deliver")).all() == []
    post.relay.start()
    mailer = SmtpMailer.from_url(post.relay.url, sender=post.context.settings.mail_from)
    post.context = replace(post.context, backends=replace(post.context.backends, mailer=mailer))
    post.deliver(minutes=5)
    mailer.close()
    assert len(post.relay.messages) == 30


def test_a_reminder_follows_after_its_days_and_only_once(post: Post) -> None:
    invitation = post.due()
    post.deliver()
    post.deliver(days=6)
    assert len(post.letters) == 1
    post.deliver(days=1)
    post.deliver(days=30)
    first, reminder = post.letters
    assert reminder["Subject"] == f"Reminder: {first['Subject']}"
    assert reminder["Message-ID"] != first["Message-ID"]
    assert (invitation.state, invitation.reminder_count, invitation.due_at) == ("sent", 1, None)
    assert invitation.reminded_at == NOW + timedelta(days=7)
    assert post.verdicts(invitation) == [("asked", ""), ("asked", "")]


@pytest.mark.parametrize("what", ["answered", "declined", "unsubscribed", "closed", "deleted", "without"])
def test_nobody_is_reminded_who_has_answered_or_does_not_want(post: Post, what: str) -> None:
    invitation = post.due()
    post.deliver()
    with transaction(post.session):
        if what == "answered":
            service.mark_answered(post.session, invitation=invitation, now=post.now)
        elif what == "declined":
            outcomes.decline(post.session, invitation=invitation, now=post.now)
        elif what == "unsubscribed":
            outcomes.note_unsubscribed(post.session, contact=invitation.contact, by="link", now=post.now)
        elif what == "closed":
            invitation.survey.state = "closed"
        elif what == "deleted":
            invitation.contact.deleted_at = post.now
        else:
            post.campaign.most_reminders = 0
    post.deliver(days=8)
    assert len(post.letters) == 1
    assert invitation.due_at is None


@pytest.mark.parametrize(
    ("change", "ended"),
    [
        ({"survey": "closed"}, ("cancelled", "survey_closed")),
        ({"deleted_at": NOW}, ("cancelled", "contact_deleted")),
        ({"email": None}, ("cancelled", "no_address")),
        ({"unsubscribed_at": NOW}, ("unsubscribed", "unsubscribed")),
        ({"email_bounced_at": NOW}, ("cancelled", "bounced")),
    ],
)
def test_what_must_not_go_out_any_more_is_ended_with_its_reason(
    post: Post, change: dict[str, Any], ended: tuple[str, str]
) -> None:
    first, put_off = post.due(), post.due(asked_at=NOW - timedelta(hours=1), state="deferred")
    with transaction(post.session):
        if "survey" in change:
            post.campaign.survey.state = change["survey"]
        else:
            for each in (first, put_off):
                for name, value in change.items():
                    setattr(each.contact, name, value)
    post.deliver()
    assert post.letters == []
    assert {(each.state, each.reason) for each in (first, put_off)} == {ended}
    assert (first.due_at, put_off.due_at) == (None, None)


def test_hours_are_those_where_the_contact_lives(post: Post) -> None:
    campaign = post.campaigning(send_from_minute=9 * 60, send_until_minute=10 * 60, weekdays=[1, 2, 3, 4, 5])
    here = post.due(post.factories.contact(post.company, time_zone="Africa/Abidjan"), campaign)
    there = post.due(post.factories.contact(post.company, time_zone="Europe/Helsinki"), campaign)
    post.now = NOW.replace(hour=7)
    with transaction(post.session):
        here.due_at = there.due_at = here.wanted_at = there.wanted_at = post.now
    post.deliver()
    assert post.relay.recipients == [there.contact.email]
    assert (here.state, here.reason, here.due_at) == ("deferred", "outside_hours", NOW.replace(hour=9))
    post.deliver(hours=2)
    assert here.state == "sent"


def test_a_daily_cap_lets_the_next_one_have_the_place_of_whom_the_ledger_defers(post: Post) -> None:
    campaign = post.campaigning(daily_cap=2, most_reminders=0, send_from_minute=8 * 60)
    rested = [post.factories.contact(post.company, last_asked_at=NOW - timedelta(days=3)) for _ in range(3)]
    tired = [post.due(contact, campaign, wanted_at=NOW - timedelta(hours=1)) for contact in rested]
    fresh = [post.due(None, campaign) for _ in range(4)]
    post.deliver()
    assert set(post.relay.recipients) == {each.contact.email for each in fresh[:2]}
    assert {each.reason for each in tired} == {"asked_recently"}
    assert {(each.reason, each.due_at) for each in fresh[2:]} == {("daily_cap", datetime(2026, 11, 19, 8, tzinfo=UTC))}
    late = post.due(None, campaign)
    post.deliver(minutes=1)
    assert (late.reason, late.claim) == ("daily_cap", None)
    post.deliver(days=1)
    assert [each.state for each in fresh] == ["sent"] * 4


def test_of_two_campaigns_that_want_one_contact_the_older_goes_first(post: Post) -> None:
    contact = post.factories.contact(post.company)
    newer = post.due(contact, post.campaigning())
    waits = {"state": "deferred", "reason": "outside_hours", "due_at": NOW + timedelta(hours=1)}
    older = post.due(contact, post.campaigning(), wanted_at=NOW - timedelta(days=2), **waits)
    post.deliver()
    assert (newer.state, newer.reason) == ("deferred", "another_first")
    post.deliver(hours=1)
    assert older.state == "sent"
    post.deliver(days=2)
    assert (newer.state, newer.reason) == ("deferred", "nps_asked_recently")


@pytest.mark.parametrize("state", ["paused", "stopped", "draft"])
def test_a_campaign_that_does_not_run_sends_nothing(post: Post, state: str) -> None:
    invitation = post.due(None, post.campaigning(state=state))
    post.deliver()
    assert (post.letters, invitation.state) == ([], "pending")


def test_two_workers_at_once_send_each_letter_once(post: Post) -> None:
    invitations = [post.due() for _ in range(60)]
    post.session.rollback()
    workers = [threading.Thread(target=delivering.deliver, args=(post.context, post.company.id)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(post.relay.recipients) == sorted(each.contact.email or "" for each in invitations)


def test_a_claim_of_a_dead_sender_is_taken_over_when_its_lease_is_over(post: Post) -> None:
    invitation = post.due(asked_at=NOW, claim="somebody", claimed_until=NOW + timedelta(minutes=2))
    post.deliver(minutes=1)
    assert post.letters == []
    post.deliver(minutes=2)
    assert (len(post.letters), invitation.state) == (1, "sent")


def test_a_company_that_has_much_to_send_comes_again_after_others(post: Post) -> None:
    invitations = [post.due() for _ in range(3)]
    post.session.rollback()
    delivery = delivering.Delivery(post.context, post.company.id, slice_seconds=0)
    delivery.run()
    delivery.let_go()
    delivery.come_again()
    post.session.rollback()
    [job] = post.session.scalars(select(Job).where(Job.kind == "campaigns.deliver"))
    assert (job.payload, post.letters) == ({"company_id": post.company.id}, [])
    post.deliver()
    assert {each.state for each in invitations} == {"sent"}


def test_a_text_message_goes_by_its_own_way(post: Post) -> None:
    campaign = post.campaigning(channel="sms")
    invitation = post.due(post.factories.contact(post.company, phone="+46701234567"), campaign, channel="sms")
    post.deliver()
    assert (invitation.state, bool(invitation.provider_key)) == ("sent", True)
    [text] = post.context.backends.sms.messages()  # type: ignore[attr-defined]
    assert f"/s/k/{invitation.short_code}" in text


EVIL = '"><img src=x onerror=alert(1)> {company} evil@evil.example'


def test_hostile_names_stay_names(post: Post) -> None:
    with transaction(post.session):
        post.company.name = EVIL
        own = CampaignWording(language="en", subject="{name} of {organisation}", intro="Dear {name},\n<b>{company}</b>")
        post.campaign.wordings.append(own)
    post.due(post.factories.contact(post.company, name=EVIL, organisation="{name}"))
    post.deliver()
    [letter] = post.letters
    text, html = (part.get_content() for part in letter.iter_parts())
    assert letter["Subject"] == f"{EVIL} of {{name}}"
    assert [address.display_name for address in letter["From"].addresses] == [EVIL]
    assert "<img" not in html
    assert "&lt;b&gt;" in html
    assert f"Dear {EVIL}," in text
    assert post.relay.recipients == [letter["To"]]


def test_a_name_that_is_not_known_leaves_no_gap(post: Post) -> None:
    post.due(post.factories.contact(post.company, name=""))
    post.deliver()
    assert "Hello,\n" in post.letters[0].get_body(("plain",)).get_content().replace("\r", "")  # type: ignore[union-attr]


def test_only_known_placeholders_are_taken() -> None:
    assert unknown_placeholders("{name} {Name} { company } {{organisation}} {score} { }") == ["Name", "score"]


def test_the_company_writes_under_its_own_name_and_its_key_signs_the_way_out(post: Post, settings: Settings) -> None:
    key = new_signing_key()
    post.factories.add(
        MailSender(
            company_id=post.company.id,
            from_name="Nordlys Kaffe",
            from_address="hej@nordlys.example",
            reply_to="svar@nordlys.example",
            postal_address="Bryggargatan 4\n111 21 Stockholm",
            dkim_selector="sp1",
            dkim_private_key=Seal((SECRET,)).close(key.private_pem),
            dkim_public_key=key.public_key,
            is_dkim_on=True,
            updated_at=NOW,
        )
    )
    post.context = replace(post.context, settings=replace(settings, bounce_address="bounces@proof.example"))
    invitation = post.due()
    post.deliver()
    [letter], [envelope] = post.letters, post.relay.envelopes
    record = f"v=DKIM1; k=rsa; p={key.public_key}".encode()
    asked: list[bytes] = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    content = content_of(envelope)
    assert dkim.verify(content, dnsfunc=dns)
    assert asked == [b"sp1._domainkey.nordlys.example."]
    for header in (b"Subject", b"List-Unsubscribe", b"List-Unsubscribe-Post", b"To"):
        assert not dkim.verify(content.replace(b"\r\n" + header + b": ", b"\r\n" + header + b": x", 1), dnsfunc=dns)
        assert not dkim.verify(header + b": one more\r\n" + content, dnsfunc=dns)
    assert letter["From"] == "Nordlys Kaffe <hej@nordlys.example>"
    assert letter["Reply-To"] == "svar@nordlys.example"
    assert "111 21 Stockholm" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    local, _at, host = (envelope.mail_from or "").partition("@")
    assert (len(local) <= 64, host) == (True, "proof.example")
    assert Tokens((SECRET,)).read_bounce_mark(local.removeprefix("bounces+")) == invitation.public_id


def test_a_name_too_long_for_a_mark_lets_letters_come_back_to_their_sender() -> None:
    public_id = base64.urlsafe_b64encode(b"twelve bytes").decode()
    assert letters.bounce_address(f"{'b' * 28}@proof.example", Tokens((SECRET,)), public_id) == ""
    assert letters.bounce_address("", Tokens((SECRET,)), public_id) == ""


def test_an_error_in_the_program_keeps_no_worker_busy(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "BATCH", "no number")
    invitation = post.due()
    post.campaign.planned_at = NOW
    post.session.commit()
    for _minute in range(3):
        tick(post.context)
        assert sum(run_next(post.context, wiring.JOBS) for _ in range(9)) <= 1
    jobs = post.session.scalars(select(Job)).all()
    assert [(job.kind, job.state) for job in jobs] == [(DELIVER, "waiting")]
    assert (invitation.state, post.letters) == ("pending", [])


def say_stop(session: Session, contact: Contact, _user: User) -> None:
    texts.stop(session, company_id=contact.company_id, phone=str(contact.phone), now=NOW)


def ask_again(session: Session, contact: Contact, user: User) -> None:
    leaving.resubscribe_for(session, contact=contact, user=user, now=NOW)


def unsubscribe(session: Session, contact: Contact, _user: User) -> None:
    outcomes.note_unsubscribed(session, contact=contact, by="link", now=NOW)


@pytest.mark.parametrize("act", [say_stop, ask_again, unsubscribe])
def test_a_contacts_word_and_the_sender_never_wait_for_each_other_in_a_circle(
    post: Post, act: Callable[[Session, Contact, User], None]
) -> None:
    sender, user = post.session, post.factories.user()
    if sender.get_bind().dialect.name == "sqlite":
        return  # it has one writer
    state = "unsubscribed" if act is ask_again else "pending"
    contact = post.factories.contact(post.company, phone="+46701234567", unsubscribed_at=NOW)
    invitation = post.due(contact, post.campaigning(channel="sms"), channel="sms", state=state, reason=state)
    sender.scalars(select(Invitation).where(Invitation.id == invitation.id).with_for_update()).one()

    def say() -> None:
        with post.context.transaction() as session:
            act(session, session.get_one(Contact, contact.id), user)

    with ThreadPoolExecutor(1) as reader:
        said = reader.submit(say)
        while not said.done() and not sender.scalar(text("select count(*) from pg_locks where not granted")):
            pass
        sender.scalars(select(Contact).where(Contact.id == contact.id).with_for_update(key_share=True)).one()
        sender.rollback()
        said.result(20)
