"""Campaign pages in a real browser: what moves there without a reload, and what reloads by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from socialproof.web.marketer import campaign_preview
from tests.browser.looking import let_in
from tests.factories import Factories


def test_the_limit_is_explained_while_typed_planning_shows_itself_and_the_count_comes_after_the_page(
    context: BrowserContext, live_server: str, factories: Factories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_preview, "MOST_AT_ONCE", 0)
    member = factories.member("admin")
    for _number in range(2):
        factories.contact(member.company)
    survey = factories.survey(member.company)
    campaign = factories.campaign(survey, "one_off", planning_count=2000, planning_total=100_000)
    let_in(context, live_server, factories, member.user)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    page.goto(f"{live_server}/app/campaigns/{campaign.public_id}/settings")
    page.locator("[name=daily_cap]").fill("200")
    expect(page.get_by_text("A full day of 200 letters brings about 9 unhappy answers.")).to_be_visible()
    page.locator("[name=daily_cap]").fill("-1")
    expect(page.get_by_text("A full day of")).to_have_count(0)
    page.locator("[name=daily_cap]").fill("1")
    paced = page.get_by_text("2 contacts at 1 a day take about 2 days of sending, until about")
    expect(paced).to_be_visible()
    page.locator("[name=sample_percent]").fill("50")  # of that the page knows nothing
    expect(paced).to_have_count(0)

    page.goto(f"{live_server}/app/campaigns/{campaign.public_id}")
    expect(page.get_by_text("2,000 of 100,000 contacts")).to_be_visible()
    campaign.planning_count = 50_000
    factories.session.commit()
    expect(page.get_by_text("50,000 of 100,000 contacts")).to_be_visible()
    campaign.planning_count, campaign.planning_total, campaign.planned_at = 0, 0, factories.now
    factories.session.commit()
    expect(page.get_by_text("Nobody is planned yet")).to_be_visible()

    page.get_by_role("link", name="See who is asked").click()
    expect(page.get_by_text("Of 2 contacts 2 are asked this week")).to_be_visible()
    assert said == []
