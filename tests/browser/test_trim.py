"""Several recordings play as one, and a start and an end are chosen, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.media.models import Media
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.browser.camera import start, wait_until_kept
from tests.browser.looking import in_both_themes
from tests.factories import Factories

STUDIO = """async ([times, isAudio]) => {
  const { Playback } = await import("/static/customer/playback.js");
  const { Trim } = await import("/static/customer/trim.js");
  const record = async (seconds) => {
    const sound = new AudioContext();
    const heard = sound.createMediaStreamDestination();
    const tone = sound.createOscillator();
    tone.connect(heard);
    tone.start();
    const drawing = document.createElement("canvas");
    drawing.width = 320, drawing.height = 180;
    const pen = drawing.getContext("2d");
    const paint = () => { pen.fillStyle = `hsl(${Date.now() / 10} 80% 50%)`; pen.fillRect(0, 0, 320, 180); };
    const painter = setInterval(paint, 40);
    const tracks = [...(isAudio ? [] : drawing.captureStream(25).getTracks()), ...heard.stream.getTracks()];
    const recorder = new MediaRecorder(new MediaStream(tracks));
    const pieces = [];
    recorder.ondataavailable = (event) => pieces.push(event.data);
    const done = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start(500);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    recorder.stop();
    await done;
    clearInterval(painter);
    return { blob: new Blob(pieces, { type: recorder.mimeType.split(";")[0] }), seconds };
  };
  for (const step of document.querySelectorAll("[data-step]")) step.hidden = step.dataset.step !== "review";
  window.segments = await Promise.all(times.map(record));
  const video = document.getElementById("review");
  video.muted = true;
  window.heard = [];
  window.playback = new Playback(video, window.segments);
  window.playback.addEventListener("ended", () => window.heard.push("ended"));
  window.trim = new Trim(document.getElementById("trim"), window.playback);
  window.sendStood = document.getElementById("send").getBoundingClientRect().top + scrollY;
  window.playback.addEventListener("error", () => window.heard.push("error"));
}"""


@pytest.fixture
def recorder_url(app: Flask, live_server: str, factories: Factories) -> str:
    """A promoter's own recorder page."""
    response = factories.response(factories.survey(max_video_seconds=60))
    return f"{live_server}/s/r/{app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)}/video"


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page that axe can look at."""
    return context.new_page()


@pytest.fixture
def studio(page: Page, recorder_url: str) -> Callable[..., Page]:
    """The review of real recordings, so many seconds each."""

    def open_studio(*seconds: float, is_audio: bool = False, language: str = "en") -> Page:
        page.goto(f"{recorder_url}?lang={language}")
        expect(page.locator("#open-camera")).to_be_visible()
        page.evaluate(STUDIO, [list(seconds), is_audio])
        expect(page.locator("#trim")).to_be_visible()
        if page.locator("#trim").get_attribute("open") is None:
            page.locator("#trim > summary").click()
        return page

    return open_studio


def value(page: Page) -> Any:
    return page.evaluate("window.trim.value")


def whole(page: Page) -> float:
    return float(page.evaluate("window.playback.duration"))


def until(page: Page, expression: str) -> None:
    """Wait for the page. (Its policy forbids `wait_for_function`.)"""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


def test_several_recordings_are_one_timeline(studio: Callable[..., Page]) -> None:
    page = studio(1.5, 2)
    assert whole(page) == pytest.approx(3.5, abs=0.8)
    assert page.locator("#review").get_attribute("controls") is None
    page.evaluate("window.playback.seek(2.5)")
    until(page, "document.getElementById('review').currentTime > 0.5 && !document.getElementById('review').seeking")
    assert page.evaluate("window.playback.currentTime") == pytest.approx(2.5, abs=0.1)
    assert page.evaluate("document.getElementById('review').currentTime") < 1.6
    page.evaluate("window.playback.seek(0)")
    page.evaluate("void window.playback.play()")
    until(page, "window.heard.length")
    assert page.evaluate("window.heard") == ["ended"]
    assert page.evaluate("window.playback.currentTime") == pytest.approx(whole(page), abs=0.2)


def test_a_browser_that_pays_no_heed_to_a_position_is_told_again(studio: Callable[..., Page], page: Page) -> None:
    """As Firefox does now and then while a file is being opened: whoever winds on landed at its beginning."""
    page.add_init_script(
        """(() => {
          const real = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "currentTime");
          const told = new Set();
          const set = function (seconds) {
            const which = `${this.src} ${seconds}`;
            if (told.has(which)) real.set.call(this, seconds);
            told.add(which);
          };
          Object.defineProperty(HTMLMediaElement.prototype, "currentTime", { ...real, set });
        })()"""
    )
    studio(1.2, 1.5)
    page.evaluate("window.playback.seek(2.2)")
    until(page, "document.getElementById('review').currentTime > 0.5 && !document.getElementById('review').seeking")
    assert page.evaluate("window.playback.currentTime") == pytest.approx(2.2, abs=0.1)


def test_one_recording_keeps_the_browsers_own_controls_and_can_be_wound(studio: Callable[..., Page]) -> None:
    page = studio(2)
    assert page.locator("#review").get_attribute("controls") is not None
    assert page.evaluate("Number.isFinite(document.getElementById('review').duration)")
    assert whole(page) == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize("seconds", [[1.5], [1.2, 1.2]], ids=["one", "several"])
def test_nothing_moves_under_the_thumb_when_the_timeline_appears(
    page: Page, recorder_url: str, seconds: list[float]
) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(recorder_url)
    expect(page.locator("#open-camera")).to_be_visible()
    page.evaluate(STUDIO, [seconds, False])
    expect(page.locator("#trim")).to_be_visible()
    stands = page.evaluate("document.getElementById('send').getBoundingClientRect().top + scrollY")
    assert stands == page.evaluate("window.sendStood")


def test_sound_alone_plays_too_and_is_drawn(studio: Callable[..., Page]) -> None:
    page = studio(1.5, 1.5, is_audio=True)
    assert whole(page) == pytest.approx(3, abs=0.6)
    page.evaluate("void window.playback.play()")
    until(page, "window.heard.length")
    expect(page.locator("[data-sound]")).to_have_attribute("d", re.compile(r"^M.*v"))


def test_untouched_handles_send_no_cut(studio: Callable[..., Page]) -> None:
    page = studio(2)
    assert value(page) is None
    expect(page.get_by_role("button", name="Use all of it")).to_have_attribute("aria-disabled", "true")


def test_the_timeline_is_accessible(studio: Callable[..., Page]) -> None:
    page = studio(1.5, 1.5)
    page.get_by_role("button", name="Start a little later").click()
    assert in_both_themes(page) == []


def test_the_handles_go_by_keyboard_a_tenth_and_a_whole_second(studio: Callable[..., Page]) -> None:
    page = studio(4)
    start, end = page.get_by_label("Start", exact=True), page.get_by_label("End", exact=True)
    start.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert value(page)["start"] == pytest.approx(0.3)
    page.keyboard.press("Shift+ArrowRight")
    assert value(page)["start"] == pytest.approx(1.3)
    expect(start).to_have_attribute("aria-valuetext", "0:01.3")
    expect(page.locator('[data-value="start"]')).to_have_text("0:01.3")
    end.focus()
    page.keyboard.press("Shift+ArrowLeft")
    assert value(page)["end"] == pytest.approx(whole(page) - 1, abs=0.11)
    assert page.evaluate("window.playback.currentTime") == pytest.approx(value(page)["end"], abs=0.1)
    page.get_by_role("button", name="Use all of it").click()
    assert value(page) is None


def test_a_second_is_always_left_and_the_handles_never_cross(studio: Callable[..., Page]) -> None:
    page = studio(3)
    page.get_by_label("Start", exact=True).focus()
    page.keyboard.press("End")
    cut = value(page)
    assert cut["end"] - cut["start"] == pytest.approx(1, abs=0.11)
    page.get_by_label("End", exact=True).focus()
    page.keyboard.press("Home")
    assert value(page)["end"] - value(page)["start"] >= 0.99
    left, right = (page.locator(f"#trim-{which}").input_value() for which in ("start", "end"))
    assert float(left) < float(right)


def test_only_the_selection_is_played(studio: Callable[..., Page]) -> None:
    page = studio(1.5, 2.5)
    for _ in range(12):
        page.get_by_role("button", name="Start a little later").click()
    page.get_by_label("End", exact=True).focus()
    page.keyboard.press("Shift+ArrowLeft")
    cut = value(page)
    page.get_by_role("button", name="Play the selection").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert page.evaluate("window.playback.currentTime") >= cut["start"] - 0.05
    expect(page.get_by_role("button", name="Play the selection")).to_be_visible()
    assert page.evaluate("window.playback.currentTime") == pytest.approx(cut["end"], abs=0.15)
    assert page.evaluate("window.heard") == []


def test_everything_to_touch_is_large_enough_on_a_phone(page: Page, studio: Callable[..., Page]) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    studio(2, language="fi")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for button in page.locator("#trim button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
    bar = page.locator(".trim-bar").bounding_box()
    assert bar is not None
    page.mouse.move(bar["x"] + 22, bar["y"] + bar["height"] / 2)
    page.mouse.down()
    page.mouse.move(bar["x"] + 22 + (bar["width"] - 88) / 4, bar["y"] + bar["height"] / 2, steps=4)
    page.mouse.up()
    assert value(page)["start"] == pytest.approx(whole(page) / 4, abs=0.2)


def test_what_the_browser_cannot_show_has_no_timeline(page: Page, recorder_url: str) -> None:
    page.goto(recorder_url)
    page.evaluate(
        """async () => {
          const { Playback } = await import("/static/customer/playback.js");
          const { Trim } = await import("/static/customer/trim.js");
          window.heard = [];
          const blob = new Blob(["not a video"], { type: "video/quicktime" });
          window.playback = new Playback(document.getElementById("review"), [{ blob, seconds: null }]);
          window.playback.addEventListener("error", () => window.heard.push("error"));
          window.trim = new Trim(document.getElementById("trim"), window.playback);
        }"""
    )
    until(page, "window.heard.length")
    assert page.locator("#trim").get_attribute("hidden") is not None
    assert value(page) is None


def test_the_cut_is_sent_along_and_the_recording_is_kept_whole(page: Page, recorder_url: str, session: Session) -> None:
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    start(page)
    wait_until_kept(page, 3.5)
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Cut the start or the end").click()
    page.get_by_label("Start", exact=True).focus()
    page.keyboard.press("Shift+ArrowRight")
    page.get_by_label("End", exact=True).focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    chosen = page.locator('[data-value="end"]').inner_text()
    page.get_by_role("button", name="Use this video").click()
    page.wait_for_url("**/testimonial?video=*", timeout=30_000)
    media = session.scalars(select(Media)).one()
    assert media.trim_start_seconds == pytest.approx(1.0)
    assert media.trim_end_seconds == pytest.approx(float(chosen.removeprefix("0:")), abs=0.06)
    assert media.recorded_seconds is not None
    assert media.recorded_seconds > media.trim_end_seconds
