from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from socialproof.campaigns import campaigning, catalogue, insight
from socialproof.campaigns.campaigning import CampaignSettings, rhythm_of
from socialproof.campaigns.models import Campaign, Invitation, LinkOpening
from socialproof.companies.models import AuditEntry, Company, MailSender, User
from socialproof.contacts.models import ContactSegment
from socialproof.domain.errors import RuleBroken
from socialproof.domain.events import CampaignStarted
from socialproof.surveys.models import Survey
from tests.factories import Factories


@dataclass
class Shop:
    session: Session
    factories: Factories
    company: Company
    user: User
    survey: Survey

    def campaign(self, template: str = "relationship", survey: Survey | None = None) -> Campaign:
        """A draft as one click makes it."""
        campaign = campaigning.create_campaign(
            self.session,
            company=self.company,
            user=self.user,
            name="Every quarter",
            template=template,
            survey=survey or self.survey,
            now=self.factories.now,
        )
        self.session.commit()
        return campaign

    def act(self, act: Callable[..., object], campaign: Campaign) -> object:
        result = act(self.session, campaign=campaign, user=self.user, now=self.factories.now)
        self.session.commit()
        return result

    def settings(self, campaign: Campaign, **changes: object) -> CampaignSettings:
        now = CampaignSettings(campaign.name, campaign.survey, campaign.segment, rhythm_of(campaign))
        return replace(now, **changes)  # type: ignore[arg-type]

    def change(self, campaign: Campaign, **changes: object) -> list[str]:
        return campaigning.change_campaign(
            self.session,
            campaign=campaign,
            settings=self.settings(campaign, **changes),
            user=self.user,
            now=self.factories.now,
        )


@pytest.fixture
def shop(session: Session, factories: Factories) -> Shop:
    company = factories.company()
    user = factories.member("admin", company).user
    factories.add(
        MailSender(company_id=company.id, postal_address="Storgatan 1\n111 22 Stockholm", updated_at=factories.now)
    )
    factories.contact(company)
    return Shop(session, factories, company, user, factories.survey(company))


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """What is said to the database inside."""
    said: list[str] = []
    engine = session.get_bind()

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            said.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


def test_one_click_makes_a_draft_with_the_defaults_of_its_template(shop: Shop) -> None:
    transactional = shop.factories.survey(shop.company, kind="transactional")
    project = shop.campaign("project", transactional)
    assert (project.state, project.event_name, project.delay_days) == ("draft", "delivered", 2)
    assert (project.most_reminders, project.reminder_after_days) == (1, 45)
    assert shop.campaign("lifecycle").milestones == [3, 6, 12]
    with pytest.raises(RuleBroken, match="survey_kind"):
        shop.campaign("event", shop.survey)


def test_a_campaign_starts_pauses_goes_on_and_is_stopped_and_the_trail_says_so(shop: Shop) -> None:
    campaign = shop.campaign()
    heard = []
    for act in (campaigning.start, campaigning.pause, campaigning.resume, campaigning.stop):
        act(shop.session, campaign=campaign, user=shop.user, now=shop.factories.now)
        heard += [fact for fact in shop.session.info.pop("events", []) if isinstance(fact, CampaignStarted)]
        shop.session.commit()
    assert heard == [CampaignStarted(shop.company.id, campaign.id)] * 2
    assert (campaign.state, campaign.started_at, campaign.stopped_at) == (
        "stopped",
        shop.factories.now,
        shop.factories.now,
    )
    acts = shop.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert acts == [f"campaign.{word}" for word in ("created", "started", "paused", "resumed", "stopped")]
    with pytest.raises(RuleBroken, match="wrong_state"):
        shop.change(campaign, name="Too late")


def test_what_is_in_the_way_of_a_start_is_told_whole(shop: Shop) -> None:
    closed = shop.factories.survey(shop.company, kind="transactional", state="closed")
    campaign = shop.campaign("event", closed)
    shop.session.query(MailSender).delete()
    with pytest.raises(RuleBroken) as refused:
        campaigning.start(shop.session, campaign=campaign, user=shop.user, now=shop.factories.now)
    assert refused.value.details["why"] == ["survey_not_open", "no_event_name", "no_postal_address"]
    assert campaign.state == "draft"


def test_a_segment_in_which_nobody_is_cannot_be_asked(shop: Shop) -> None:
    campaign = shop.campaign("one_off")
    rule = {"field": "organisation", "op": "is", "value": "Nobody Ltd"}
    segment = ContactSegment(company_id=shop.company.id, name="Nobody", rules=[rule], created_at=shop.factories.now)
    shop.factories.add(segment)
    shop.change(campaign, segment=segment)
    assert campaigning.what_prevents(shop.session, campaign, now=shop.factories.now) == ["nobody"]
    shop.factories.contact(shop.company, organisation="Nobody Ltd")
    assert campaigning.what_prevents(shop.session, campaign, now=shop.factories.now) == []


def test_settings_are_checked_kept_and_only_what_changed_is_noted(shop: Shop) -> None:
    campaign = shop.campaign()
    assert shop.change(campaign) == []
    monthly = replace(rhythm_of(campaign), every_months=1, weekdays=(2, 4), daily_cap=40, event_name="ignored")
    assert set(shop.change(campaign, rhythm=monthly)) == {"every_months", "weekdays", "daily_cap"}
    assert (campaign.weekdays, campaign.event_name) == ([2, 4], "")


def test_a_campaign_stays_with_its_survey_once_it_has_started(shop: Shop) -> None:
    campaign = shop.campaign()
    shop.act(campaigning.start, campaign)
    with pytest.raises(RuleBroken, match="survey_fixed"):
        shop.change(campaign, survey=shop.factories.survey(shop.company))


def test_the_survey_and_segment_of_another_company_are_refused(shop: Shop) -> None:
    campaign, foreign = shop.campaign(), shop.factories.company()
    segment = ContactSegment(company_id=foreign.id, name="Theirs", rules=[], created_at=shop.factories.now)
    shop.factories.add(segment)
    for changes in ({"survey": shop.factories.survey(foreign)}, {"segment": segment}):
        with pytest.raises(RuleBroken):
            shop.change(campaign, **changes)
    assert catalogue.campaign_of(shop.session, foreign.id, campaign.public_id) is None


def test_stopping_cancels_what_waits_and_reminders_that_were_to_come(shop: Shop) -> None:
    campaign = shop.campaign()
    shop.act(campaigning.start, campaign)
    soon = shop.factories.now + timedelta(days=1)
    rows = {
        state: shop.factories.invitation(
            shop.survey, campaign_id=campaign.id, occasion=state, state=state, channel="mail", due_at=soon
        )
        for state in ("pending", "deferred", "sent", "answered")
    }
    in_hand = shop.factories.invitation(
        shop.survey, campaign_id=campaign.id, occasion="in hand", state="pending", claim="a sender", due_at=soon
    )
    stranger = shop.factories.invitation(shop.survey, state="pending", due_at=soon)
    assert shop.act(campaigning.stop, campaign) == 3
    shop.session.expire_all()
    assert {was: row.state for was, row in rows.items()} == {
        "pending": "cancelled",
        "deferred": "cancelled",
        "sent": "sent",
        "answered": "answered",
    }
    assert rows["sent"].due_at is None and rows["pending"].reason == "campaign_stopped"
    assert in_hand.state == "cancelled"
    assert stranger.due_at == soon


def test_only_a_draft_can_be_deleted(shop: Shop) -> None:
    draft, running = shop.campaign(), shop.campaign()
    shop.act(campaigning.start, running)
    shop.act(campaigning.discard, draft)
    with pytest.raises(RuleBroken, match="wrong_state"):
        shop.act(campaigning.discard, running)
    assert catalogue.campaigns_of(shop.session, shop.company.id) == [running]


def test_the_funnel_counts_each_channel_and_a_page_costs_the_same_at_any_size(shop: Shop) -> None:
    campaign, now = shop.campaign(), shop.factories.now
    told: list[dict[str, Any]] = [
        {"state": "pending", "asked_at": None},
        {"state": "deferred", "asked_at": None, "reason": "asked_recently"},
        {"state": "sent"},
        {"state": "delivered", "delivered_at": now},
        {"state": "answered", "delivered_at": now, "answered_at": now},
        {"state": "answered", "answered_at": now, "channel": "sms"},
        {"state": "declined", "declined_at": now},
        {"state": "bounced", "bounced_at": now},
        {"state": "unsubscribed"},
        {"state": "cancelled", "asked_at": None},
    ]
    rows = [
        shop.factories.invitation(
            shop.survey, None, **{"campaign_id": campaign.id, "occasion": str(number), "channel": "mail"} | values
        )
        for number, values in enumerate(told)
    ]
    shop.factories.add(LinkOpening(invitation_id=rows[2].id, score=3, opened_at=now))
    shop.factories.add(LinkOpening(invitation_id=rows[4].id, score=9, opened_at=now))
    with statements(shop.session) as said:
        reach = insight.funnel(shop.session, campaign)
    assert len(said) == 1
    mail = reach.by_channel["mail"]
    assert (mail.planned, mail.asked, mail.delivered, mail.answered) == (9, 6, 2, 1)
    assert (mail.declined, mail.bounced, mail.unsubscribed, mail.deferred) == (1, 1, 1, 1)
    assert reach.by_channel["sms"].response_rate == 1
    assert reach.total.response_rate == pytest.approx(2 / 7)
    assert reach.total.waiting == 2
    assert insight.unconfirmed_clicks(shop.session, campaign) == 1
    listed = insight.reach_by_campaign(shop.session, shop.company.id)[campaign.id]
    assert (listed.planned, listed.asked, listed.answered) == (10, 7, 2)


def test_invitations_are_listed_by_state_page_by_page_each_once(shop: Shop) -> None:
    campaign = shop.campaign()
    for number in range(7):
        state = "deferred" if number % 2 else "sent"
        shop.factories.invitation(shop.survey, campaign_id=campaign.id, occasion=str(number), state=state)
    seen: list[Invitation] = []
    after: str | None = None
    while True:
        with statements(shop.session) as said:
            page = insight.invitations_page(shop.session, campaign, after=after, limit=3)
        assert len(said) <= 3
        seen += page.invitations
        after = page.after
        if after is None:
            break
    assert len({one.id for one in seen}) == len(seen) == 7
    deferred = insight.invitations_page(shop.session, campaign, state="deferred").invitations
    assert [one.id for one in deferred] == sorted((one.id for one in seen if one.state == "deferred"), reverse=True)


def test_a_new_campaign_may_choose_from_surveys_that_fit_and_are_not_closed(shop: Shop) -> None:
    draft = shop.factories.survey(shop.company, kind="transactional", state="draft")
    opened = shop.factories.survey(shop.company, kind="transactional")
    shop.factories.survey(shop.company, kind="transactional", state="closed")
    shop.factories.survey(kind="transactional")
    assert catalogue.surveys_for(shop.session, shop.company.id, "event") == [opened, draft]
    assert set(catalogue.surveys_for(shop.session, shop.company.id, "one_off")) == {opened, draft, shop.survey}


@pytest.mark.parametrize(("language", "word"), [("fi", "toimitettu"), ("sv", "levererat"), ("en", "delivered")])
def test_a_project_waits_for_the_delivery_in_the_language_of_the_company(shop: Shop, language: str, word: str) -> None:
    shop.company.default_language = language
    assert shop.campaign("project", shop.factories.survey(shop.company, kind="transactional")).event_name == word


def test_where_both_kinds_fit_an_open_relationship_survey_comes_first(shop: Shop) -> None:
    shop.factories.survey(shop.company, kind="transactional")
    shop.factories.survey(shop.company, state="draft")
    first, *_others = catalogue.surveys_for(shop.session, shop.company.id, "one_off")
    assert first.id == shop.survey.id
