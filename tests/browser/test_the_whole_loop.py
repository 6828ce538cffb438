"""The wheel, walked once by everybody in real browsers: customer, marketer, visitor, and the customer again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from socialproof.companies.models import Company
from socialproof.domain.caption_files import parse_vtt
from socialproof.settings import Settings
from socialproof.widgets.models import Widget
from tests.browser.camera import start, wait_until_kept
from tests.factories import PASSWORD, Factories
from tests.peers import SmtpPeer

TEXT = "They called back the same afternoon, and the machine has worked ever since."
SAID = "Nobody waits for the coffee any more."


@pytest.fixture
def settings(settings: Settings, smtp_peer: SmtpPeer) -> Settings:
    """Mail goes to a real server."""
    return replace(settings, mail_url=smtp_peer.url)


def test_from_a_nine_to_the_website_and_out_of_it_again(
    smtp_peer: SmtpPeer,
    live_server: str,
    factories: Factories,
    new_context: Callable[..., BrowserContext],
    new_whole_context: Callable[..., BrowserContext],
    foreign_site: Callable[..., str],
    run_jobs: Callable[[], int],
) -> None:
    company = factories.company(name="Nordlys Kaffe AB")
    survey = factories.survey(company)
    for score in (10, 10, 9, 9, 9, 8, 7, 6, 3) * 3:
        factories.response(survey, score)
    widget = factories.widget(company)
    moderator = factories.member("moderator", company)
    website = foreign_site(host_page(live_server, company, widget))
    customer = new_context(viewport={"width": 390, "height": 844}).new_page()

    answer_nine(customer, f"{live_server}/s/{survey.public_id}")
    record_a_video(customer)
    manage_link = give_consent(customer)
    assert customer.context.cookies() == []
    run_jobs()
    [receipt] = smtp_peer.messages
    assert manage_link in receipt.get_payload()[0].get_payload(decode=True).decode()  # type: ignore[index, union-attr]

    visitor = new_whole_context().new_page()
    visitor.goto(website)
    expect(visitor.locator("socialproof-widget, [data-socialproof]").first).to_be_attached()
    assert not shows(visitor, TEXT)

    marketer = new_context().new_page()
    approve(marketer, live_server, moderator.user.email)
    run_jobs()

    assert shows_soon(visitor, website, TEXT)
    assert shows_soon(visitor, website, "± ")
    assert shows_soon(visitor, website, "28 answers")
    assert captions_of(visitor, live_server, widget) == SAID
    assert visitor.context.cookies() == []

    withdraw(customer, manage_link)
    assert gone_soon(visitor, website, TEXT)


def captions_of(visitor: Page, product: str, widget: Widget) -> str:
    """The words of the first video's captions, as a visitor's player gets them."""
    feed = visitor.request.get(f"{product}/w/{widget.public_id}/en.json").json()
    captions = visitor.request.get(product + feed["testimonials"][0]["video"]["captions"]).text()
    return " ".join(cue.text for cue in parse_vtt(captions))


def host_page(product: str, company: Company, widget: Widget) -> str:
    return f"""<!doctype html><html lang="en"><title>Coffee</title><h1>Coffee</h1>
    <a href="{product}/w/{widget.public_id}" data-socialproof="{widget.public_id}">Stories of {company.name}</a>
    <script async src="{product}/w/widget.js"></script>"""


def answer_nine(page: Page, survey: str) -> None:
    page.goto(survey)
    page.get_by_role("radio", name="9", exact=True).check(force=True)
    page.wait_for_url("**/s/r/**")
    page.get_by_role("textbox").first.fill("A little more choice of beans.")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/thanks*")
    page.get_by_role("link", name="Record a video").click()


def record_a_video(page: Page) -> None:
    page.get_by_role("button", name="Turn on the camera").click()
    start(page)
    wait_until_kept(page, 3)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Use this video").click()
    page.wait_for_url("**/testimonial?video=*", timeout=30_000)


def give_consent(page: Page) -> str:
    page.get_by_label("A few words beside the recording").fill(TEXT)
    page.locator("input[name=name]").fill("Alva Kvarnström")
    page.locator("input[name=email]").fill("alva@customer.example")
    page.get_by_role("checkbox", name="Website").check()
    page.get_by_role("button", name="Send my testimonial").click()
    page.wait_for_url("**/testimonial/done*")
    return page.get_by_label("Your link").input_value()


def approve(page: Page, product: str, email: str) -> None:
    page.goto(f"{product}/app/")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Moderation").first.click()
    expect(page.get_by_text("Alva Kvarnström").first).to_be_visible()
    page.locator("[data-ready]").wait_for()
    page.keyboard.press("a")
    expect(page.get_by_text("no reviewed captions yet").first).to_be_visible()
    page.get_by_role("link", name="Write captions").click()
    page.locator("#transcript").fill(SAID)
    page.get_by_role("button", name="Make captions from it").click()
    expect(page.get_by_label("Words of caption 1")).to_be_visible()
    page.get_by_role("button", name="These captions are right").click()
    page.get_by_role("link", name="Back to moderation").click()
    page.locator("[data-ready]").wait_for()
    page.keyboard.press("a")
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()


def withdraw(page: Page, manage_link: str) -> None:
    page.goto(manage_link)
    expect(page.get_by_text("Everybody can see it")).to_be_visible()
    page.get_by_role("link", name="Take back").click()
    page.get_by_role("button", name="Yes, take it back").click()
    expect(page.get_by_text("It is shown nowhere").first).to_be_visible()


def words(page: Page) -> str:
    """Everything that stands on the page, within closed shadow roots too, as the accessibility tree has it."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    return " ".join(str(node.get("name", {}).get("value", "")) for node in tree["nodes"])


def shows(page: Page, text: str) -> bool:
    return text in words(page)


def shows_soon(page: Page, website: str, text: str) -> bool:
    return _soon(page, website, lambda: shows(page, text))


def gone_soon(page: Page, website: str, text: str) -> bool:
    return _soon(page, website, lambda: "Coffee" in words(page) and not shows(page, text))


def _soon(page: Page, website: str, is_so: Callable[[], bool]) -> bool:
    """Within the promised minute; the visitor's own cache is emptied, as a new visitor's is."""
    for _ in range(20):
        page.context.new_cdp_session(page).send("Network.clearBrowserCache")
        page.goto(website)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(300)
        if is_so():
            return True
    return False
