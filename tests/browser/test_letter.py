"""The page of a campaign's letter in a real browser: the letter beside its words follows what is typed."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.looking import let_in
from tests.factories import Factories


def test_the_letter_follows_what_is_typed_and_leaves_no_trace_in_the_history(
    factories: Factories, live_server: str, page: Page
) -> None:
    campaign = factories.campaign(factories.survey(factories.company(name="Nordlys Kaffe AB")))
    user = factories.member("admin", campaign.survey.company).user
    let_in(page.context, live_server, factories, user)
    page.goto(f"{live_server}/app/campaigns/{campaign.public_id}/letter/en")
    letter = page.frame_locator(".letter-stage iframe:visible")
    expect(letter.get_by_role("link", name="10", exact=True)).to_be_visible()
    before = page.evaluate("history.length")
    page.get_by_label("Subject", exact=True).fill("{name}, a question")
    page.get_by_label("Words before the question").fill("Dear {name},\n<b>one thing</b>")
    expect(letter.get_by_text(f"Dear {user.name},")).to_be_visible()
    expect(letter.get_by_text("<b>one thing</b>")).to_be_visible()
    expect(letter.get_by_text(f"{user.name}, a question")).to_be_visible()
    page.get_by_label("Words of the reminder").fill("Once more, {name}.")
    expect(letter.get_by_text(f"Once more, {user.name}.")).to_be_visible()
    page.get_by_label("Shown").select_option("text")
    expect(letter.locator("pre")).to_contain_text("Once more")
    page.get_by_label("Width").select_option("phone")
    assert page.locator(".letter-stage iframe:visible").bounding_box()["width"] <= 320  # type: ignore[index]
    assert page.evaluate("history.length") == before
