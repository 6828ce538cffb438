"""The recorder on a phone, and the desktop that waits for it: two real browsers on one link."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.media.models import Media
from socialproof.responses.models import Response
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.browser.looking import in_both_themes
from tests.browsers import NewContext
from tests.factories import Factories

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 760},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
LONG_WAIT = 30_000


@pytest.fixture
def response(factories: Factories) -> Response:
    return factories.response(factories.survey(max_video_seconds=60))


@pytest.fixture
def recorder_url(app: Flask, live_server: str, response: Response) -> str:
    """A promoter's own recorder page."""
    return f"{live_server}/s/r/{app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)}/video"


@pytest.fixture
def desktop(context: BrowserContext, recorder_url: str) -> Page:
    """The recorder on a wide screen, with the box for the phone open."""
    page = context.new_page()
    page.goto(recorder_url)
    page.get_by_text("Record on your phone instead").click()
    with page.expect_response("**/uploads"):
        pass
    return page


@pytest.fixture
def phone(new_context: NewContext) -> Page:
    return new_context(**PHONE).new_page()


def address_for_the_phone(desktop: Page) -> str:
    return desktop.get_by_label("Or open this address").input_value()


def title(desktop: Page) -> Any:
    return desktop.locator("#handoff .handoff-title")


def begin(phone: Page, recorder_url: str, content: bytes, **told: object) -> dict[str, Any]:
    """An upload as the phone's recorder would begin it, with its first part."""
    answer = phone.request.post(recorder_url.replace("/video", "/uploads"), data={"size": None, **told})
    assert answer.status == 201
    upload: dict[str, Any] = answer.json()
    origin = recorder_url.split("/s/")[0]
    sha256 = hashlib.sha256(content).hexdigest()
    put = phone.request.put(f"{origin}{upload['self']}/parts/1", data=content, headers={"X-Part-SHA256": sha256})
    assert put.status == 200
    return upload


def test_the_phone_records_and_the_desktop_goes_on(
    desktop: Page, phone: Page, session: Session, run_jobs: Callable[[], int]
) -> None:
    assert desktop.locator(".handoff-code").evaluate("(image) => image.decode().then(() => image.naturalWidth > 0)")
    phone.goto(address_for_the_phone(desktop))
    phone.get_by_role("button", name="Turn on the camera").tap()
    phone.get_by_role("button", name="Start recording").tap()
    expect(title(desktop)).to_contain_text("Your phone is recording", timeout=LONG_WAIT)
    phone.wait_for_timeout(2000)
    phone.get_by_role("button", name="Stop").tap()
    phone.get_by_role("button", name="Use this video").tap()
    phone.wait_for_url("**/testimonial?video=*")
    expect(title(desktop)).to_contain_text("Arrived from your phone", timeout=LONG_WAIT)
    run_jobs()
    expect(desktop.locator("#handoff video")).to_be_visible(timeout=LONG_WAIT)
    assert desktop.locator("#handoff video").get_attribute("preload") == "none"
    desktop.get_by_role("link", name="Go on here").click()
    desktop.wait_for_url("**/testimonial?video=*")
    expect(desktop.locator("#own-recording video")).to_be_visible()
    session.rollback()
    assert session.scalars(select(Media.state)).all() == ["ready"]


def test_when_the_phone_finishes_everything_the_desktop_says_thank_you(
    desktop: Page, response: Response, factories: Factories
) -> None:
    factories.testimonial(response)
    expect(title(desktop)).to_contain_text("Thank you, it is sent", timeout=LONG_WAIT)
    desktop.get_by_role("link", name="See what happens next").click()
    desktop.wait_for_url("**/testimonial/done*")


def test_a_file_that_the_phone_sends_is_followed_in_percent(desktop: Page, phone: Page, recorder_url: str) -> None:
    begin(phone, recorder_url, b"x" * 100_000, size=400_000)
    expect(title(desktop)).to_contain_text("Your phone is sending … 25 %", timeout=LONG_WAIT)


def test_what_lay_there_before_is_not_taken_for_the_phones(
    context: BrowserContext, phone: Page, recorder_url: str
) -> None:
    page = context.new_page()
    page.goto(recorder_url)
    expect(page.get_by_role("button", name="Turn on the camera")).to_be_visible()
    begin(phone, recorder_url, b"x" * 1000)
    with page.expect_response("**/uploads"):
        page.get_by_text("Record on your phone instead").click()
    with page.expect_response("**/uploads"):
        pass
    expect(page.locator(".handoff-code")).to_be_visible()


def test_it_asks_only_while_it_is_open(context: BrowserContext, recorder_url: str) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(recorder_url)
    with page.expect_response("**/uploads"):
        page.get_by_text("Record on your phone instead").click()
    page.get_by_text("Record on your phone instead").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []


def test_it_goes_when_a_recording_begins_here(desktop: Page) -> None:
    desktop.evaluate("document.dispatchEvent(new CustomEvent('recording-begins'))")
    expect(desktop.locator("#handoff")).to_be_hidden()


def test_a_phone_is_not_sent_to_a_phone(phone: Page, recorder_url: str) -> None:
    phone.goto(recorder_url)
    expect(phone.get_by_role("button", name="Turn on the camera")).to_be_visible()
    expect(phone.locator("#handoff")).to_be_hidden()


def test_the_open_box_is_accessible_and_the_address_can_be_copied(desktop: Page) -> None:
    assert in_both_themes(desktop) == []
    desktop.get_by_role("button", name="Copy").click()
    expect(desktop.get_by_role("button", name="Copied")).to_be_visible()


def test_an_iphones_own_film_that_this_browser_cannot_show_is_sent_and_stands_upright(
    page: Page, recorder_url: str, session: Session, run_jobs: Callable[[], int], iphone_film: Path
) -> None:
    page.goto(recorder_url)
    page.locator("#file").set_input_files(iphone_film)
    expect(page.get_by_text("This browser cannot show the file, but you can send it.")).to_be_visible()
    expect(page.locator("#trim")).to_be_hidden()
    page.get_by_role("button", name="Use this video").click()
    page.wait_for_url("**/testimonial?video=*", timeout=30_000)
    expect(page.get_by_text("Your video is being prepared")).to_be_visible()
    run_jobs()
    player = page.locator("#own-recording video")
    expect(player).to_be_visible(timeout=LONG_WAIT)
    expect(page.locator("#own-recording-said")).to_have_text("Your video is ready to watch.")
    session.rollback()
    media = session.scalars(select(Media)).one()
    assert (media.state, media.reason) == ("ready", "")
    assert media.width is not None
    assert media.height is not None
    assert media.width < media.height
    player.evaluate("(video) => { video.muted = true; return video.play(); }")
    size = player.evaluate("(video) => [video.videoWidth, video.videoHeight]")
    assert size == [media.width, media.height]
