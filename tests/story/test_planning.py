"""Campaigns plan by themselves: each contact once per occasion and at its own hour, however often."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from socialproof import wiring
from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import JobContext
from socialproof.campaigns import jobs, planning
from socialproof.campaigns.models import Campaign, Invitation
from socialproof.campaigns.preview import preview
from socialproof.campaigns.sending import claim_due
from socialproof.cli.work import enqueue_minutely, job_context
from socialproof.companies.models import Company
from socialproof.contacts.events import note_event
from socialproof.contacts.models import Contact, ContactSegment, CustomerEvent, LedgerEntry
from socialproof.database import transaction
from socialproof.domain.schedule import local_day
from socialproof.settings import Settings
from tests.factories import Factories

DAY = timedelta(days=1)
STARTED = datetime(2026, 1, 5, 7, tzinfo=UTC)
"""A Monday, before office hours in Stockholm."""
At = Callable[[datetime], JobContext]
Running = Callable[..., Campaign]


@pytest.fixture
def company(factories: Factories) -> Company:
    return factories.company(time_zone="Europe/Stockholm")


@pytest.fixture
def at(app: Flask) -> At:
    """The worker's context at a moment of our choice."""
    return lambda now: replace(job_context(app), now=lambda: now)


@pytest.fixture
def running(factories: Factories, company: Company) -> Running:
    """A campaign of the company that started on the first Monday of 2026. Days and samples hang on its public id."""
    numbers = itertools.count()

    def add(template: str, **values: Any) -> Campaign:
        survey = values.pop("survey", None) or factories.survey(company)
        defaults = {"name": template, "template": template, "state": "running"}
        defaults |= {"created_at": STARTED, "started_at": STARTED, "public_id": f"campaign-{next(numbers)}"}
        return factories.add(Campaign(company_id=company.id, survey_id=survey.id, **defaults | values))

    return add


@pytest.fixture
def contacts(session: Session, company: Company) -> Callable[..., list[int]]:
    """So many contacts of the company; returns their rows' numbers."""

    def add(count: int, **values: Any) -> list[int]:
        rows = [
            {"public_id": f"c{number}", "company_id": company.id, "email": f"c{number}@customer.example"}
            | {"created_at": STARTED - 100 * DAY, "attributes": {}}
            | values
            for number in range(count)
        ]
        with transaction(session):
            session.execute(insert(Contact), rows)
        return list(session.scalars(select(Contact.id).where(Contact.company_id == company.id).order_by(Contact.id)))

    return add


def plan(context: JobContext, campaign: Campaign) -> None:
    jobs.plan(context, campaign.company_id, campaign.id)


def planned(session: Session, campaign: Campaign) -> list[Invitation]:
    session.rollback()
    found = select(Invitation).where(Invitation.campaign_id == campaign.id)
    return list(session.scalars(found.order_by(Invitation.wanted_at, Invitation.id)))


def occasions(session: Session, campaign: Campaign) -> list[str | None]:
    return [each.occasion for each in planned(session, campaign)]


def send_all(session: Session, campaign: Campaign) -> None:
    for invitation in planned(session, campaign):
        invitation.state, invitation.due_at = "sent", None
    session.commit()


def wall(moment: datetime | None, zone: str = "Europe/Stockholm") -> str:
    """What calendar and clock there show."""
    assert moment is not None
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def test_a_round_is_spread_over_its_working_days_and_planned_once(
    session: Session, at: At, running: Running, contacts: Callable[..., list[int]]
) -> None:
    campaign = running("relationship", every_months=1)
    contacts(230)
    for now in (STARTED, STARTED, STARTED + 20 * DAY):
        plan(at(now), campaign)
    invitations = planned(session, campaign)
    assert {each.occasion for each in invitations} == {"2026-01-05"} and len(invitations) == 230
    days = Counter(local_day(wanted(each), "Europe/Stockholm") for each in invitations)
    assert len(days) == 23 and max(days.values()) < 25
    assert all(day.isoweekday() < 6 and date(2026, 1, 5) <= day < date(2026, 2, 5) for day in days)
    assert {wall(each.wanted_at)[-5:] for each in invitations} == {"09:00"}
    first = invitations[0]
    assert (first.due_at, first.expires_at) == (first.wanted_at, wanted(first) + 90 * DAY)
    assert (first.state, first.channel, first.asked_at) == ("pending", "mail", None)
    session.refresh(campaign)
    known = (campaign.round_on, campaign.planned_at, campaign.planning_count, campaign.planning_total)
    assert known == (date(2026, 1, 5), STARTED + 20 * DAY, 0, 0)


def wanted(invitation: Invitation) -> datetime:
    assert invitation.wanted_at is not None
    return invitation.wanted_at


def test_the_next_round_is_for_everybody_whose_last_invitation_went_out(
    session: Session, at: At, running: Running, contacts: Callable[..., list[int]]
) -> None:
    campaign = running("relationship", every_months=3, spread="at_once")
    contacts(3)
    plan(at(STARTED), campaign)
    assert {wall(each.wanted_at) for each in planned(session, campaign)} == {"2026-01-05 09:00"}
    waiting, *others = planned(session, campaign)
    for each in others:
        each.state, each.due_at = "answered", None
    session.commit()
    plan(at(STARTED + 95 * DAY), campaign)
    second = [each for each in planned(session, campaign) if each.occasion == "2026-04-05"]
    assert {each.contact_id for each in second} == {each.contact_id for each in others}
    assert {wall(each.wanted_at) for each in second} == {"2026-04-10 09:00"}
    send_all(session, campaign)
    plan(at(STARTED + 96 * DAY), campaign)
    assert len([each for each in planned(session, campaign) if each.contact_id == waiting.contact_id]) == 2


def test_who_comes_during_a_round_is_spread_over_what_remains_of_it(
    session: Session, at: At, running: Running, contacts: Callable[..., list[int]]
) -> None:
    campaign = running("relationship", every_months=1)
    plan(at(STARTED), campaign)
    contacts(60)
    now = datetime(2026, 1, 28, 12, tzinfo=UTC)
    plan(at(now), campaign)
    days = Counter(local_day(wanted(each), "Europe/Stockholm") for each in planned(session, campaign))
    assert sum(days.values()) == 60 and len(days) == 6 and min(days) == date(2026, 1, 28)


def test_each_contact_is_asked_at_its_own_hour(
    session: Session, at: At, running: Running, factories: Factories, company: Company
) -> None:
    for zone in ("", "America/St_Johns", "Pacific/Auckland", "Nowhere/AtAll"):
        factories.contact(company, time_zone=zone, name=zone)
    campaign = running("one_off", send_from_minute=570)
    plan(at(STARTED), campaign)
    zones = {"": "Europe/Stockholm", "Nowhere/AtAll": "UTC"}
    hours = {each.contact.name: each.wanted_at for each in planned(session, campaign)}
    local = {name: wall(moment, zones.get(name, name)) for name, moment in hours.items()}
    assert local == {
        "": "2026-01-05 09:30",
        "America/St_Johns": "2026-01-05 09:30",
        "Pacific/Auckland": "2026-01-06 09:30",
        "Nowhere/AtAll": "2026-01-05 09:30",
    }


def test_milestones_are_each_contacts_own(
    session: Session, at: At, running: Running, factories: Factories, company: Company
) -> None:
    since = {
        "leap day": date(2024, 2, 29),
        "end of month": date(2025, 8, 31),
        "long ago": date(2020, 1, 1),
        "lately": date(2025, 12, 20),
        "unknown": None,
    }
    for name, day in since.items():
        factories.contact(company, name=name, customer_since=day, created_at=STARTED - 300 * DAY)
    campaign = running("lifecycle", milestones=[1, 6, 24], weekdays=[1, 2, 3, 4, 5, 6, 7])
    for days in range(0, 120, 6):
        plan(at(STARTED + days * DAY), campaign)
        send_all(session, campaign)
    found = {(each.contact.name, each.occasion, wall(each.wanted_at)) for each in planned(session, campaign)}
    assert found == {
        ("leap day", "month-24", "2026-02-28 09:00"),
        ("end of month", "month-6", "2026-02-28 09:00"),
        ("lately", "month-1", "2026-01-20 09:00"),
    }


@pytest.mark.parametrize(("days_before", "is_asked"), [(20, True), (40, False)])
def test_a_milestone_that_passed_long_before_the_start_is_not_asked(
    session: Session, at: At, running: Running, factories: Factories, company: Company, days_before: int, is_asked: bool
) -> None:
    day = (STARTED - days_before * DAY).date()
    factories.contact(company, customer_since=day.replace(year=day.year - 1), created_at=STARTED - 300 * DAY)
    campaign = running("lifecycle", milestones=[12])
    plan(at(STARTED), campaign)
    assert occasions(session, campaign) == (["month-12"] if is_asked else [])


def test_an_event_is_asked_about_after_its_delay_by_every_campaign_that_waits_for_it(
    session: Session, running: Running, factories: Factories, company: Company, run_jobs: Callable[[], int]
) -> None:
    now = factories.now
    contact = factories.contact(company)
    thanks, again, other = (
        running(template, event_name=name, delay_days=days, started_at=now - DAY, weekdays=[1, 2, 3, 4, 5, 6, 7])
        for template, name, days in (("project", "delivered", 2), ("project", "delivered", 45), ("event", "won", 0))
    )
    with transaction(session):
        event = note_event(session, contact=contact, name="Delivered", happened_at=now, source="hand", now=now)
    assert event is not None and run_jobs() == 1
    for campaign, days in ((thanks, 2), (again, 45)):
        (invitation,) = planned(session, campaign)
        assert invitation.occasion == event.public_id
        assert now + days * DAY <= wanted(invitation) < now + (days + 1) * DAY
    assert planned(session, other) == []


def test_events_that_came_while_it_paused_and_after_one_that_waits_are_asked_about_later(
    session: Session, at: At, running: Running, factories: Factories, company: Company
) -> None:
    contact = factories.contact(company)
    campaign = running("event", event_name="won", state="paused")
    for days in (1, 2, 3):
        happened = {"happened_at": STARTED + days * DAY, "created_at": STARTED + days * DAY}
        factories.add(CustomerEvent(company_id=company.id, contact_id=contact.id, name="won", source="api", **happened))
    plan(at(STARTED + 3 * DAY), campaign)
    assert planned(session, campaign) == []
    campaign.state = "running"
    session.commit()
    for count in (1, 1, 2, 3, 3):
        if count > 1:
            send_all(session, campaign)
        plan(at(STARTED + 4 * DAY), campaign)
        assert len(planned(session, campaign)) == count
    assert len(set(occasions(session, campaign))) == 3


def test_an_event_of_long_ago_is_not_asked_about(
    session: Session, at: At, running: Running, factories: Factories, company: Company
) -> None:
    contact, campaign = factories.contact(company), running("event", event_name="won")
    for happened_at, created_at in ((STARTED - 200 * DAY, STARTED), (STARTED - DAY, STARTED - DAY)):
        moments = {"happened_at": happened_at, "created_at": created_at}
        factories.add(CustomerEvent(company_id=company.id, contact_id=contact.id, name="won", source="api", **moments))
    plan(at(STARTED), campaign)
    assert planned(session, campaign) == []


def test_who_cannot_be_reached_is_invited_once_that_is_different(
    session: Session, at: At, running: Running, factories: Factories, company: Company
) -> None:
    lost = factories.contact(company, email=None)
    gone = factories.contact(company, unsubscribed_at=STARTED)
    factories.contact(company, deleted_at=STARTED)
    campaign = running("relationship")
    plan(at(STARTED), campaign)
    assert planned(session, campaign) == []
    lost.email, gone.unsubscribed_at = "found@customer.example", None
    session.commit()
    plan(at(STARTED + DAY), campaign)
    assert {each.contact_id for each in planned(session, campaign)} == {lost.id, gone.id}


def test_text_messages_are_planned_for_whoever_has_a_number(
    session: Session, at: At, running: Running, factories: Factories, company: Company
) -> None:
    for phone in ("+46701740605", "+46701740605", None):
        factories.contact(company, phone=phone, language="fi")
    campaign = running("one_off", channel="sms")
    for _ in range(3):
        after = None
        with at(STARTED).transaction() as own:
            step = planning.plan_batch(
                own, company_id=company.id, campaign_id=campaign.id, after=after, now=STARTED, limit=1
            )
        after = step.after
        plan(at(STARTED), campaign)
    assert [(each.channel, each.language) for each in planned(session, campaign)] == [("sms", "fi")] * 2


def test_only_the_segment_and_its_sample_are_invited(
    session: Session,
    at: At,
    running: Running,
    factories: Factories,
    company: Company,
    contacts: Callable[..., list[int]],
) -> None:
    contacts(100, attributes={"plan": "gold"})
    factories.contact(company, attributes={"plan": "silver"})
    rules = [{"field": "attributes.plan", "op": "is", "value": "gold"}]
    segment = factories.add(ContactSegment(company_id=company.id, name="Gold", rules=rules, created_at=STARTED))
    campaign = running("one_off", segment_id=segment.id, sample_percent=30)
    foreign = factories.contact()
    plan(at(STARTED), campaign)
    chosen = {each.contact_id for each in planned(session, campaign)}
    assert 15 < len(chosen) < 45 and foreign.id not in chosen
    seen = preview(session, campaign, STARTED)
    assert (seen.total, seen.in_segment, seen.invited, seen.not_sampled) == (101, 100, len(chosen), 100 - len(chosen))


@pytest.mark.parametrize("state", ["draft", "paused", "stopped", "finished"])
def test_a_campaign_that_does_not_run_plans_nothing(
    session: Session, at: At, running: Running, contacts: Callable[..., list[int]], state: str
) -> None:
    contacts(2)
    campaign = running("one_off", state=state)
    plan(at(STARTED), campaign)
    assert planned(session, campaign) == []


def test_planning_that_is_killed_goes_on_where_it_was(
    session: Session,
    at: At,
    running: Running,
    company: Company,
    contacts: Callable[..., list[int]],
) -> None:
    campaign = running("one_off")
    contacts(35)
    identity = {"company_id": company.id, "campaign_id": campaign.id, "now": STARTED}
    after: planning.Place | None = None
    with at(STARTED).transaction() as own:
        assert planning.begin(own, **identity)
    for _ in range(2):
        with at(STARTED).transaction() as own:
            after = planning.plan_batch(own, after=after, limit=10, **identity).after
    session.rollback()
    session.refresh(campaign)
    assert (campaign.planning_count, campaign.planning_total, campaign.planned_at) == (20, 35, None)
    assert len(planned(session, campaign)) == 20
    plan(at(STARTED), campaign)
    assert len(planned(session, campaign)) == 35


def test_two_planners_at_once_make_one_invitation_each(
    session: Session,
    at: At,
    running: Running,
    contacts: Callable[..., list[int]],
) -> None:
    campaign = running("relationship")
    ids = contacts(50)
    start, failures = threading.Barrier(3), []

    def work() -> None:
        start.wait()
        try:
            plan_in_small_steps(at(STARTED), campaign)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(each.contact_id for each in planned(session, campaign)) == ids


def plan_in_small_steps(context: JobContext, campaign: Campaign) -> None:
    identity = {"company_id": campaign.company_id, "campaign_id": campaign.id, "now": STARTED}
    step = planning.Step(0, 0, ("", 0))
    while step.after is not None:
        with context.transaction() as own:
            step = planning.plan_batch(own, after=step.after, limit=7, **identity)


def test_planner_ledger_and_sender_let_a_rare_survey_through_beside_a_frequent_one(
    session: Session, at: At, running: Running, factories: Factories, company: Company, settings: Settings
) -> None:
    """Two years, some days at a time; the clock falls back for a while and is put right again."""
    contact = factories.contact(company)
    every_day = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "spread": "at_once", "most_reminders": 0}
    often, seldom = (running("relationship", every_months=months, **every_day) for months in (1, 12))
    right = [STARTED + timedelta(days=14 * number, hours=3) for number in range(52)]
    for now in [*right[:30], *right[20:25], *right[30:]]:
        for campaign in (often, seldom):
            plan(at(now), campaign)
        with at(now).transaction() as own:
            for each in claim_due(own, company.id, claim="one", limit=10, now=now, settings=settings).outgoing:
                sent = own.get_one(Invitation, each.invitation_id)
                sent.state, sent.sent_at, sent.due_at, sent.claim, sent.claimed_until = "sent", now, None, None, None
    invitations = planned(session, often) + planned(session, seldom)
    asked = sorted(each.asked_at for each in invitations if each.asked_at is not None)
    assert len(asked) >= 7
    assert all(later - earlier >= 90 * DAY for earlier, later in pairwise(asked))
    waits = [(each.asked_at or right[-1]) - wanted(each) for each in invitations]
    assert max(waits) < 2 * (90 + 30 + 16) * DAY
    rare = [each.occasion for each in planned(session, seldom)]
    assert rare == ["2026-01-05", "2027-01-05"] and all(each.asked_at for each in planned(session, seldom))
    words = session.scalars(select(LedgerEntry.verdict).where(LedgerEntry.contact_id == contact.id)).all()
    assert words.count("asked") == len(asked)


def test_the_tick_puts_planning_and_sending_on_the_table_and_ends_what_is_through(
    session: Session, at: At, running: Running, company: Company, contacts: Callable[..., list[int]]
) -> None:
    contacts(2)
    one_off, paused = running("one_off"), running("relationship", state="paused")
    context = at(STARTED + timedelta(hours=2))
    for _ in range(2):
        jobs.tick(context)
    assert table(session) == {"campaigns.plan": [{"company_id": company.id, "campaign_id": one_off.id}]}
    plan(at(STARTED), one_off)
    jobs.tick(context)
    assert table(session)["campaigns.deliver"] == [{"company_id": company.id}]
    send_all(session, one_off)
    jobs.tick(context)
    session.refresh(one_off)
    session.refresh(paused)
    assert (one_off.state, paused.state) == ("finished", "paused")


def table(session: Session) -> dict[str, list[dict[str, Any]]]:
    session.rollback()
    found: dict[str, list[dict[str, Any]]] = {}
    for job in session.scalars(select(Job)):
        found.setdefault(job.kind, []).append(job.payload)
    return found


def test_a_campaign_is_planned_once_an_hour_and_not_while_it_is_being_planned(
    session: Session, at: At, running: Running
) -> None:
    campaign = running("relationship", planned_at=STARTED)
    jobs.tick(at(STARTED + timedelta(minutes=59)))
    assert table(session) == {}
    jobs.tick(at(STARTED - DAY))
    assert len(table(session)["campaigns.plan"]) == 1
    job = session.scalars(select(Job)).one()
    job.state, job.key = "running", None
    session.commit()
    jobs.tick(at(STARTED + 2 * DAY))
    assert len(table(session)["campaigns.plan"]) == 1
    assert campaign.state == "running"


def test_every_minute_each_minutely_job_is_on_the_table_once(app: Flask, session: Session) -> None:
    for _ in range(2):
        enqueue_minutely(job_context(app))
    assert session.scalar(select(func.count()).select_from(Job)) == len(wiring.MINUTELY)


def test_the_preview_says_what_planning_then_does(
    session: Session,
    at: At,
    running: Running,
    factories: Factories,
    company: Company,
    contacts: Callable[..., list[int]],
) -> None:
    contacts(60)
    for number in range(3):
        factories.contact(company, last_asked_at=STARTED - number * DAY, last_nps_asked_at=STARTED - number * DAY)
    factories.contact(company, email=None)
    factories.contact(company, unsubscribed_at=STARTED)
    factories.contact(company, email_bounced_at=STARTED)
    campaign = running("relationship", every_months=1, state="draft", started_at=None)
    seen = preview(session, campaign, STARTED)
    figures = (seen.total, seen.in_segment, seen.deferred, seen.not_sampled, seen.not_due, seen.invited)
    assert figures == (66, 66, 3, 0, 0, 0)
    assert seen.suppressed == {"no_address": 1, "unsubscribed": 1, "bounced": 1} and seen.suppressed_count == 3
    assert seen.deferred_until == STARTED + 90 * DAY
    assert seen.asked_this_week + seen.later == 60 and 5 < seen.asked_this_week < 25
    names = {figure: len(contacts) for figure, contacts in seen.names.items()}
    assert names == {"asked_this_week": min(20, seen.asked_this_week), "later": 20, "deferred": 3, "suppressed": 3}
    assert planned(session, campaign) == []
    campaign.state, campaign.started_at = "running", STARTED
    session.commit()
    plan(at(STARTED), campaign)
    asked = [each for each in planned(session, campaign) if wanted(each) < STARTED + 7 * DAY]
    resting = set(session.scalars(select(Contact.id).where(Contact.last_asked_at.is_not(None))))
    assert len([each for each in asked if each.contact_id not in resting]) == seen.asked_this_week
    assert preview(session, campaign, STARTED).invited == 63


def test_a_daily_cap_moves_the_preview_to_later(
    session: Session, running: Running, contacts: Callable[..., list[int]]
) -> None:
    contacts(40)
    campaign = running("one_off", daily_cap=3, state="draft")
    seen = preview(session, campaign, STARTED)
    assert (seen.asked_this_week, seen.later) == (15, 25)
