"""What the pages become while somebody uses them: refusals, open panels, empty rooms, the recorder, errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from socialproof.companies.models import MailSender
from socialproof.media.models import Upload
from socialproof.tokens import Purpose
from tests.browser import scenes
from tests.browser.looking import in_both_themes, let_in, sign_in
from tests.factories import Factories


def test_a_wrong_password_is_told_accessibly(context: BrowserContext, live_server: str, factories: Factories) -> None:
    factories.user(email="astrid@example.com")
    page = context.new_page()
    page.goto(live_server + "/app/sign-in")
    page.locator("input[name=email]").fill("astrid@example.com")
    page.locator("input[name=password]").fill("not this one")
    page.locator("input[name=password]").press("Enter")
    page.get_by_role("alert").first.wait_for()
    assert in_both_themes(page) == []


def test_the_first_run_is_accessible(context: BrowserContext, live_server: str) -> None:
    page = context.new_page()
    page.goto(live_server + "/app/welcome")
    assert in_both_themes(page) == []
    page.locator("main form [type=submit]").click()
    page.get_by_role("alert").first.wait_for()
    assert in_both_themes(page) == []


@pytest.mark.parametrize("path", ["/app/", "/app/surveys", "/app/moderation", "/app/widgets", "/app/team/audit"])
def test_an_empty_room_is_accessible(
    path: str, context: BrowserContext, live_server: str, factories: Factories
) -> None:
    owner = factories.member("owner", factories.company(name="Solvik Te AS"))
    page = context.new_page()
    sign_in(page, live_server, owner.user.email)
    page.goto(live_server + path)
    assert in_both_themes(page) == []


def test_a_page_that_is_missing_is_accessible(context: BrowserContext, live_server: str) -> None:
    page = context.new_page()
    answer = page.goto(live_server + "/s/there-is-no-such-survey")
    assert answer is not None
    assert answer.status == 404
    assert in_both_themes(page) == []


def test_a_testimonial_without_words_is_refused_accessibly(opened: Callable[[str], Page]) -> None:
    page = opened("customer.testimonial.write")
    page.locator("textarea").first.fill("")
    page.get_by_role("button", name="Send my testimonial").click()
    page.get_by_role("alert").first.wait_for()
    assert in_both_themes(page) == []


def test_a_survey_without_a_name_is_refused_accessibly(opened: Callable[[str], Page]) -> None:
    page = opened("marketer.surveys.new")
    page.locator("main form").evaluate("(form) => { form.noValidate = true; form.requestSubmit(); }")
    page.get_by_role("alert").first.wait_for()
    assert in_both_themes(page) == []


def test_a_key_that_waits_beside_the_one_that_signs_is_accessible_and_fits_a_phone(
    context: BrowserContext, live_server: str, factories: Factories
) -> None:
    owner = factories.member("owner", factories.company(name="Solvik Te AS"))
    keys = {"dkim_selector": "sp20261120", "dkim_public_key": "A" * 392, "is_dkim_on": True}
    following = {"dkim_next_selector": "sp20261122-2", "dkim_next_public_key": "B" * 392}
    address = {"company_id": owner.company_id, "from_address": "hei@solvik.example", "updated_at": factories.now}
    factories.add(MailSender(**address, **keys, **following))
    let_in(context, live_server, factories, owner.user)
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(live_server + "/app/sender")
    page.evaluate("for (const panel of document.querySelectorAll('main details')) panel.open = true")
    assert in_both_themes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_number_that_is_none_is_refused_accessibly(
    context: BrowserContext, live_server: str, factories: Factories
) -> None:
    campaign = factories.campaign(channel="sms")
    owner = factories.member("owner", campaign.survey.company)
    let_in(context, live_server, factories, owner.user)
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live_server}/app/campaigns/{campaign.public_id}/letter")
    page.get_by_label("Your own phone number").fill("12")
    page.get_by_label("Your own phone number").press("Enter")
    page.get_by_role("alert").first.wait_for()
    assert page.get_by_label("Your own phone number").input_value() == "12"
    assert in_both_themes(page) == []


def test_every_open_panel_of_moderation_is_accessible(opened: Callable[[str], Page]) -> None:
    page = opened("marketer.moderation.queue")
    page.evaluate("for (const panel of document.querySelectorAll('main details')) panel.open = true")
    assert in_both_themes(page) == []


def test_the_open_menu_on_a_phone_is_accessible(opened: Callable[[str], Page]) -> None:
    page = opened("marketer.team.show")
    page.set_viewport_size({"width": 320, "height": 640})
    page.locator(".app-bar .menu summary").first.click()
    assert in_both_themes(page) == []


def test_the_recorder_with_the_camera_on_is_accessible(context: BrowserContext, opened: Callable[[str], Page]) -> None:
    context.grant_permissions(["camera", "microphone"])
    page = opened("customer.video.record")
    page.get_by_role("button", name="Turn on the camera").click()
    page.locator("video:visible").first.wait_for()
    assert in_both_themes(page) == []


@pytest.mark.parametrize("language", ["sv", "da", "nb", "fi"])
def test_the_survey_says_which_language_it_is_in(
    language: str, context: BrowserContext, live_server: str, world: scenes.World
) -> None:
    page = context.new_page()
    page.goto(f"{live_server}{scenes.PAGES['customer.survey.show'](world)}?lang={language}")
    assert page.locator("html").get_attribute("lang") == language
    assert in_both_themes(page) == []


@pytest.mark.parametrize("state", ["processing", "ready", "parked"])
def test_the_form_with_a_video_is_accessible(
    state: str, context: BrowserContext, live_server: str, world: scenes.World, factories: Factories
) -> None:
    world.video.state, world.video.variants = state, ["video.mp4"]
    factories.session.commit()
    page = context.new_page()
    own = world.link(Purpose.RESPONSE, world.responses[10])
    page.goto(f"{live_server}/s/r/{own}/testimonial?video={world.video.public_id}")
    page.locator("#own-recording").wait_for()
    assert in_both_themes(page) == []
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_way_back_to_a_recording_that_was_not_sent_is_accessible(
    opened: Callable[[str], Page], world: scenes.World, factories: Factories
) -> None:
    factories.add(
        Upload(
            company_id=world.company.id,
            media_id=world.video.id,
            storage_upload_id="done",
            key=f"{world.video.prefix}/source",
            part_byte_count=1,
            state="complete",
            created_at=factories.now,
            expires_at=factories.now,
        )
    )
    page = opened("customer.response.thanks")
    page.get_by_text("Your recording of").wait_for()
    assert in_both_themes(page) == []
