"""The keys that sign a company's letters: one takes over from the other without an unsigned letter in between."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import dkim  # type: ignore[import-untyped]
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof import wiring
from socialproof.backends.dns import DnsResolver
from socialproof.backends.jobs import queue
from socialproof.backends.jobs.worker import run_next
from socialproof.backends.mail import SmtpMailer
from socialproof.backends.mail.skeleton import Skeleton
from socialproof.campaigns.letters import stationery_of
from socialproof.cli.work import enqueue_hourly, job_context
from socialproof.companies import key_watch, signing
from socialproof.companies import sender as senders
from socialproof.companies.models import AuditEntry, Company, MailSender, User
from socialproof.database import transaction
from socialproof.domain.mail_records import dkim_name, dkim_record
from socialproof.seal import Seal
from socialproof.settings import Settings
from socialproof.web import EXTENSION
from tests.conftest import SECRET
from tests.factories import Factories
from tests.name_servers import NameServer
from tests.peers import SmtpPeer

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@cache
def key(number: int) -> signing.SigningKey:
    """The first, or the second; made once, because that takes a while."""
    return signing.new_signing_key()


class Office:
    """One company, the name server of its domain, and a worker whose clock the test sets."""

    def __init__(
        self, app: Flask, session: Session, factories: Factories, settings: Settings, dns: NameServer, relay: SmtpPeer
    ) -> None:
        self.app, self.session, self.settings, self.dns, self.relay = app, session, settings, dns, relay
        self.company: Company = factories.company(name="Nordlys Kaffe AB", default_language="en")
        self.owner: User = factories.member("owner", self.company, factories.user(email="owner@nordlys.example")).user
        factories.member("viewer", self.company)
        self.now = START
        self.move("hej@nordlys.example")

    def move(self, address: str) -> None:
        with transaction(self.session) as session:
            values = senders.SenderValues(from_address=address)
            senders.change_sender(session, company=self.company, user=self.owner, values=values, now=self.now)

    def make_key(self, made: signing.SigningKey) -> None:
        with transaction(self.session) as session:
            kept = self.sender
            signing.keep_signing_key(
                session, sender=kept, user=self.owner, key=made, seal=Seal((SECRET,)), now=self.now
            )

    @property
    def sender(self) -> MailSender:
        return self.session.scalars(select(MailSender).execution_options(populate_existing=True)).one()

    def selectors(self) -> tuple[str, str, bool]:
        self.session.rollback()
        return self.sender.dkim_selector, self.sender.dkim_next_selector, self.sender.is_dkim_on

    def publish(self, selector: str, made: signing.SigningKey, domain: str = "nordlys.example") -> None:
        self.dns.texts[dkim_name(selector, domain)] = [dkim_record(made.public_key)]

    def hour_passes(self) -> None:
        self.now += timedelta(hours=1)
        context = replace(job_context(self.app), now=lambda: self.now)
        enqueue_hourly(context)
        while run_next(context, wiring.JOBS, wiring.PARKED):
            pass

    def signed_with(self) -> str:
        """The selector by which a letter of now verifies at the name server; empty when it does not."""
        self.session.rollback()
        mailer = SmtpMailer.from_url(self.relay.url, sender=self.settings.mail_from)
        sender = stationery_of(self.session, self.company, self.settings).sender
        skeleton = Skeleton.of(sender=sender, subject="Hej", text="Hej", html="<p>Hej</p>", language="sv")
        mailer.deliver(skeleton.letter(to="kund@customer.example", key=f"letter:{self.now}", values={}))
        mailer.close()
        content = self.relay.envelopes[-1].content
        assert isinstance(content, bytes)
        asked: list[str] = []
        return asked[0].partition(".")[0] if dkim.verify(content, dnsfunc=self._resolver(asked)) else ""

    def _resolver(self, asked: list[str]) -> Callable[..., bytes]:
        def texts(name: bytes, timeout: int = 5) -> bytes:
            asked.append(name.decode())
            return "".join(DnsResolver(self.dns.address).texts(asked[-1].rstrip("."))).encode()

        return texts

    def told(self) -> list[str]:
        return [str(letter["To"]) for letter in self.app.extensions[EXTENSION].backends.mailer.messages()]

    def acts(self) -> list[str]:
        self.session.rollback()
        return list(self.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.fixture
def app(make_app: Callable[..., Flask], name_server: NameServer) -> Flask:
    return make_app(dns_server=name_server.address)


@pytest.fixture
def office(
    app: Flask,
    session: Session,
    factories: Factories,
    settings: Settings,
    name_server: NameServer,
    smtp_peer: SmtpPeer,
) -> Office:
    return Office(app, session, factories, settings, name_server, smtp_peer)


def test_a_new_key_takes_over_by_itself_and_every_letter_meanwhile_is_signed(office: Office) -> None:
    office.make_key(key(1))
    office.hour_passes()
    assert (office.selectors(), office.signed_with()) == (("sp20261120", "", False), ""), "nothing could sign yet"
    office.publish("sp20261120", key(1))
    office.hour_passes()
    assert office.signed_with() == "sp20261120"
    office.make_key(key(2))
    office.hour_passes()
    assert office.selectors() == ("sp20261120", "sp20261120-2", True)
    assert office.signed_with() == "sp20261120"
    office.publish("sp20261120-2", key(2))
    office.hour_passes()
    assert office.selectors() == ("sp20261120-2", "", True)
    assert office.signed_with() == "sp20261120-2"
    former = signing.former_record(office.session, office.company.id, office.now)
    assert former == signing.FormerRecord("sp20261120._domainkey.nordlys.example", office.now + timedelta(days=7))
    assert office.acts()[-2:] == ["sender.key_made", "sender.key_switched"]
    assert office.told() == []


def test_a_record_that_is_gone_for_hours_is_told_to_the_owners_once_and_the_key_goes_on_signing(
    office: Office,
) -> None:
    office.make_key(key(1))
    office.publish("sp20261120", key(1))
    office.hour_passes()
    name = "sp20261120._domainkey.nordlys.example"
    kept = office.dns.texts.pop(name)
    office.hour_passes()
    office.hour_passes()
    office.dns.broken.add(name)
    office.hour_passes()
    assert office.told() == [], "two looks, and one that nobody answered"
    office.dns.broken.clear()
    for _ in range(3):
        office.hour_passes()
    assert office.told() == ["owner@nordlys.example"]
    [letter] = office.app.extensions[EXTENSION].backends.mailer.messages()
    assert name in letter.get_body(("plain",)).get_content()
    assert office.selectors()[2]
    office.dns.texts[name] = kept
    assert office.signed_with() == "sp20261120"
    office.hour_passes()
    del office.dns.texts[name]
    for _ in range(3):
        office.hour_passes()
    assert len(office.told()) == 2, "gone once more is news"
    assert office.acts().count("sender.record_gone") == 2


def test_two_looks_at_once_let_a_waiting_key_take_over_once(office: Office) -> None:
    office.make_key(key(1))
    office.publish("sp20261120", key(1))
    office.hour_passes()
    office.make_key(key(2))
    office.publish("sp20261120-2", key(2))
    company_id = office.company.id
    office.session.rollback()
    context = replace(job_context(office.app), now=lambda: office.now)
    with ThreadPoolExecutor(2) as workers:
        looks = [workers.submit(key_watch.look_at_key, context, company_id=company_id) for _ in range(2)]
        for look in looks:
            look.result()
    assert office.selectors() == ("sp20261120-2", "", True)
    assert office.acts().count("sender.key_switched") == 1


def test_an_hour_that_begins_while_a_look_is_under_way_does_not_begin_its_count_anew(office: Office) -> None:
    office.make_key(key(1))
    office.publish("sp20261120", key(1))
    office.hour_passes()
    office.dns.texts.clear()
    office.hour_passes()
    office.hour_passes()
    office.now += timedelta(hours=1)
    context = replace(job_context(office.app), now=lambda: office.now)
    with context.transaction() as session:
        look = queue.claim_next(session, now=office.now)
        assert look is not None
        third = dict(look.payload)
    key_watch.look_at_keys(context)
    key_watch.look_at_key(context, **third)
    with context.transaction() as session:
        assert queue.finish(session, look.id, look.fence)
    while run_next(context, wiring.JOBS, wiring.PARKED):
        pass
    assert (third["gone_count"], office.told()) == (2, ["owner@nordlys.example"])
    office.hour_passes()
    assert len(office.told()) == 1


def test_another_domain_is_signed_for_once_it_has_the_record_and_a_waiting_key_does_not_follow(office: Office) -> None:
    office.make_key(key(1))
    office.publish("sp20261120", key(1))
    office.hour_passes()
    office.make_key(key(2))
    office.move("hej@kaffe.example")
    assert office.selectors() == ("sp20261120", "", False)
    office.publish("sp20261120-2", key(2), "kaffe.example")
    office.hour_passes()
    assert office.signed_with() == "", "a key that was thrown away"
    office.publish("sp20261120", key(1), "kaffe.example")
    office.hour_passes()
    assert office.signed_with() == "sp20261120"
    office.move("hej@nordlys.example")
    office.make_key(key(2))
    assert office.selectors() == ("sp20261120-3", "", False), "no name comes twice, whatever became of its key"


def test_a_key_that_was_thrown_away_or_cannot_be_opened_never_takes_over(office: Office) -> None:
    office.make_key(key(1))
    office.publish("sp20261120", key(1))
    office.hour_passes()
    office.make_key(key(2))
    office.publish("sp20261120-2", key(2))
    office.sender.dkim_next_private_key = Seal(("a secret of another installation",)).close("x")
    office.session.commit()
    office.hour_passes()
    assert office.selectors() == ("sp20261120", "sp20261120-2", True)
    with transaction(office.session) as session:
        assert signing.discard_waiting_key(session, sender=office.sender, user=office.owner, now=office.now)
        assert not signing.discard_waiting_key(session, sender=office.sender, user=office.owner, now=office.now)
    office.hour_passes()
    assert office.selectors() == ("sp20261120", "", True)
    assert office.signed_with() == "sp20261120"
