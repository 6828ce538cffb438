"""The captions page in a real browser, beside a video that really plays; and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from socialproof.companies.models import Company
from socialproof.media.models import Captions, Media
from socialproof.web import EXTENSION
from tests.browser.looking import VENDOR, in_both_themes, sign_in
from tests.factories import Factories

SAID = "They answered within an hour. They fixed it on the same day, and that is what nobody else had done for us."


@pytest.fixture
def company(factories: Factories) -> Company:
    return factories.company(name="Nordlys Kaffe AB")


@pytest.fixture
def film(app: Flask, factories: Factories, company: Company, clip: Callable[..., Path]) -> Callable[..., Media]:
    """A video of eight seconds that lies in the storage."""

    def make(captions: str = "", *cues: tuple[float, float, str]) -> Media:
        testimonial = factories.testimonial(
            factories.response(factories.survey(company)), kind="video", author_name="Saara Lehtonen"
        )
        media = factories.media(
            testimonial.response,
            testimonial,
            captions=captions,
            variants=["video.mp4"],
            duration_seconds=8.0,
            width=320,
            height=180,
        )
        if cues:
            assert media.captions is not None
            media.captions.cues = [{"start": start, "end": end, "text": text} for start, end, text in cues]
            factories.session.commit()
        content = clip("film.mp4", seconds=8, extra=("-g", 5, "-movflags", "+faststart")).read_bytes()
        app.extensions[EXTENSION].backends.storage.put(f"{media.prefix}/video.mp4", BytesIO(content))
        return media

    return make


@pytest.fixture
def enter(factories: Factories, company: Company, live_server: str) -> Callable[[Page, Media], Page]:
    """Sign in with this page and open the captions of a video."""

    def open_page(page: Page, media: Media) -> Page:
        sign_in(page, live_server, factories.member("moderator", company).user.email)
        page.goto(f"{live_server}/app/media/{media.public_id}/captions")
        return page

    return open_page


def ready(page: Page) -> None:
    page.locator("[data-ready]").wait_for()


def words(page: Page, number: int) -> object:
    return page.get_by_label(f"Words of caption {number}", exact=True)


def kept(factories: Factories) -> Captions:
    factories.session.rollback()
    factories.session.expire_all()
    return factories.session.query(Captions).one()


def stand_at(page: Page, seconds: float) -> None:
    """Move the player and wait until it is there."""
    page.evaluate(
        """(seconds) => new Promise((done) => {
            const video = document.querySelector("video");
            video.addEventListener("seeked", done, { once: true });
            video.currentTime = seconds;
        })""",
        seconds,
    )


def test_captions_are_made_split_timed_and_checked(
    page: Page, film: Callable[..., Media], enter: Callable[..., Page], factories: Factories
) -> None:
    enter(page, film())
    ready(page)
    page.get_by_label("Everything that is said").fill(SAID)
    page.get_by_role("button", name="Make captions from it").click()
    expect(words(page, 1)).to_have_value("They answered within an hour.")
    count = page.locator("[data-cue]").count()
    words(page, 1).evaluate("(field) => { field.focus(); field.setSelectionRange(13, 13); }")
    page.keyboard.press("Control+Enter")
    expect(words(page, 1)).to_have_value("They answered")
    expect(words(page, 2)).to_have_value("within an hour.")
    expect(words(page, 2)).to_be_focused()
    expect(page.locator("[data-cue]")).to_have_count(count + 1)
    stand_at(page, 0.6)
    page.get_by_label("End of caption 1: where the player stands").click()
    expect(page.get_by_label("End of caption 1", exact=True)).to_have_value("0:00.6")
    words(page, 2).focus()
    page.keyboard.press("Control+,")
    expect(page.get_by_label("Start of caption 2", exact=True)).to_have_value("0:00.6")
    page.keyboard.press("Alt+ArrowRight")
    expect(page.get_by_label("Start of caption 2", exact=True)).to_have_value("0:00.7")
    expect(page.locator("[data-overlay]")).to_be_hidden()
    stand_at(page, 0.3)
    expect(page.locator("[data-overlay]")).to_have_text("They answered")
    words(page, 1).fill("They <b>answered</b>")
    expect(page.locator("[data-overlay]")).to_have_text("They <b>answered</b>")
    page.get_by_role("button", name="These captions are right").click()
    page.get_by_text("The captions are checked.").wait_for()
    captions = kept(factories)
    assert (captions.state, captions.cues[0]) == (
        "reviewed",
        {"start": 0.0, "end": 0.6, "text": "They <b>answered</b>"},
    )
    assert captions.cues[1]["start"] == 0.7
    page.locator("header").get_by_role("link", name="Back to moderation").click()
    page.get_by_text("checked the captions").wait_for()


def test_what_is_wrong_is_said_while_one_types(
    page: Page, film: Callable[..., Media], enter: Callable[..., Page]
) -> None:
    enter(page, film("draft", (0, 2, "One"), (2, 4, "Two")))
    ready(page)
    page.get_by_label("End of caption 1", exact=True).fill("0:03.0")
    page.get_by_text("It begins before the one above has ended.").wait_for()
    page.get_by_text("1 caption needs a look.").wait_for()
    page.get_by_label("End of caption 1", exact=True).fill("soon")
    page.get_by_text("A time is written such as").wait_for()
    page.get_by_label("End of caption 1", exact=True).fill("0:01.5")
    expect(page.locator("[data-problems] li")).to_have_count(0)


def test_the_playing_caption_is_marked_and_one_alone_is_played(
    page: Page, film: Callable[..., Media], enter: Callable[..., Page]
) -> None:
    enter(page, film("draft", (0, 2, "One"), (2, 2.8, "Two"), (5, 6, "Three")))
    ready(page)
    stopped_at = page.evaluate(
        """() => new Promise((done) => {
            const video = document.querySelector("video");
            video.addEventListener("pause", () => done(video.currentTime), { once: true });
            document.querySelector("#cue-1 [data-play]").click();
        })"""
    )
    assert 2.8 <= stopped_at < 8
    stand_at(page, 2.4)
    expect(page.locator(".is-now")).to_have_attribute("id", "cue-1")
    video = page.locator("video")
    page.keyboard.press("Control+Space")
    expect(video).to_have_js_property("paused", False)
    page.keyboard.press("Control+Space")
    expect(video).to_have_js_property("paused", True)


def test_rows_are_added_merged_and_deleted_while_the_video_stays(
    page: Page, film: Callable[..., Media], enter: Callable[..., Page], factories: Factories
) -> None:
    enter(page, film("draft", (0, 2, "One"), (2, 4, "Two"), (4, 6, "Three")))
    ready(page)
    stand_at(page, 3)
    page.get_by_role("button", name="Merge caption 1 with the next one").click()
    expect(words(page, 1)).to_have_value("One Two")
    page.get_by_role("button", name="Add a caption below caption 2").click()
    expect(words(page, 3)).to_be_focused()
    page.keyboard.type("Four")
    page.get_by_role("button", name="Delete caption 2").click()
    expect(page.locator("[data-cue]")).to_have_count(2)
    assert page.evaluate("document.querySelector('video').currentTime") == 3
    page.keyboard.press("Control+s")
    page.get_by_text("The draft is saved.").wait_for()
    ready(page)
    expect(page.locator("video")).to_have_js_property("currentTime", 3)
    assert [cue["text"] for cue in kept(factories).cues] == ["One Two", "Four"]


def test_a_file_is_taken_after_a_question(
    page: Page, film: Callable[..., Media], enter: Callable[..., Page], tmp_path: Path
) -> None:
    file = tmp_path / "captions.srt"
    file.write_bytes("1\r\n00:00:01,000 --> 00:00:02,500\r\nRäksmörgås\r\n".encode("cp1252"))
    enter(page, film("draft", (0, 2, "One")))
    ready(page)
    page.get_by_text("Upload a caption file").click()
    page.get_by_label("A .vtt or .srt file").set_input_files(file)
    page.get_by_role("button", name="Take its captions").click()
    page.get_by_text("Replace the captions that are here?").wait_for()
    expect(words(page, 1)).to_have_value("One")
    page.get_by_role("button", name="Replace them").click()
    expect(words(page, 1)).to_have_value("Räksmörgås")
    expect(words(page, 1)).to_be_focused()
    expect(page.get_by_text("Not saved yet")).to_be_visible()


def test_leaving_with_unsaved_words_is_asked(
    page: Page, film: Callable[..., Media], enter: Callable[..., Page]
) -> None:
    enter(page, film("draft", (0, 2, "One")))
    ready(page)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    words(page, 1).fill("Another")
    page.get_by_role("link", name="Moderation").first.click()
    page.locator("#testimonial").wait_for()
    assert asked == ["beforeunload"]


def test_a_server_that_is_away_costs_no_word(
    page: Page, film: Callable[..., Media], enter: Callable[..., Page]
) -> None:
    enter(page, film("draft", (0, 2, "One two")))
    ready(page)
    words(page, 1).fill("Other words")
    page.route("**/captions", lambda route: route.abort())
    page.get_by_role("button", name="Split caption 1").click()
    page.get_by_text("The server could not be reached").wait_for()
    expect(words(page, 1)).to_have_value("Other words")
    page.unroute("**/captions")
    page.get_by_role("button", name="Split caption 1").click()
    expect(words(page, 2)).to_have_value("words")


def test_everything_can_be_done_without_scripts_on_a_phone(
    new_context: Callable[..., BrowserContext],
    film: Callable[..., Media],
    enter: Callable[..., Page],
    factories: Factories,
) -> None:
    context = new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = enter(context.new_page(), film())
    page.get_by_label("Everything that is said").fill(SAID)
    page.get_by_role("button", name="Make captions from it").click()
    page.get_by_role("button", name="Split caption 1").click()
    page.get_by_role("button", name="End of caption 1 0.1 s earlier").click()
    page.get_by_label("Words of caption 1", exact=True).fill("They replied")
    page.get_by_label("Words of caption 1", exact=True).press("Tab")
    page.get_by_label("Start of caption 1", exact=True).press("Enter")
    page.get_by_text("The draft is saved.").wait_for()
    page.get_by_role("button", name="These captions are right").click()
    page.get_by_text("The captions are checked.").wait_for()
    captions = kept(factories)
    assert (captions.state, captions.cues[0]["text"]) == ("reviewed", "They replied")


@pytest.mark.parametrize("state", ["", "draft", "reviewed", "no_speech"])
def test_every_state_is_accessible_and_fits_a_phone(
    state: str, new_context: Callable[..., BrowserContext], film: Callable[..., Media], enter: Callable[..., Page]
) -> None:
    context = new_context(reduced_motion="reduce")
    context.add_init_script(path=str(VENDOR / "axe.min.js"))
    long = "Lentokonesuihkuturbiinimoottoriapumekaanikkoaliupseerioppilas" * 2
    page = enter(context.new_page(), film(state, (0, 2, long), (1, 1.2, long * 3)) if state else film())
    page.evaluate("for (const panel of document.querySelectorAll('main details')) panel.open = true")
    assert in_both_themes(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert in_both_themes(page) == []
