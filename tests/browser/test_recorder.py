"""The recorder in a real Chromium with a fake camera and microphone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.media.models import Media
from socialproof.settings import Settings
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.browser.camera import start, wait_until_kept
from tests.factories import Factories

VARIANTS = ["video.mp4", "video-360.mp4", "poster.webp", "preview.webp"]
BACK_AT_ONCE = "setInterval(() => dispatchEvent(new Event('online')), 100)"
"""A connection that is back ends the pause before the next try."""
NO_STORE = "Object.defineProperty(globalThis, 'indexedDB', { value: { open() { throw new Error('refused') } } })"


@pytest.fixture
def recorder_url(app: Flask, live_server: str, factories: Factories) -> str:
    """A promoter's own recorder page."""
    survey = factories.survey(max_video_seconds=60)
    response = factories.response(survey)
    token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
    return f"{live_server}/s/r/{token}/video"


def record(page: Page, seconds: float) -> None:
    """Until the browser's own store holds so much: on a busy machine the camera's first second comes late."""
    start(page)
    wait_until_kept(page, seconds)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="How does it look?")).to_be_visible()


def only_video(session: Session) -> Media:
    session.rollback()
    return session.scalars(select(Media).where(Media.kind == "video", Media.state != "deleted")).one()


def test_it_records_reviews_retakes_and_sends_a_video_that_plays(
    page: Page, recorder_url: str, session: Session, settings: Settings, run_jobs: Callable[[], int]
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    record(page, 1)
    expect(page.get_by_text("Saved on our server and in this browser").locator("visible=true")).to_be_visible()
    page.get_by_role("button", name="Record again").click()
    record(page, 4)
    expect(page.locator("#review")).to_have_js_property("error", None)
    page.get_by_role("button", name="Use this video").click()
    page.wait_for_url("**/testimonial?video=*")
    assert only_video(session).state == "uploaded"
    assert page.context.cookies() == []
    run_jobs()
    media = only_video(session)
    assert (media.state, media.reason, media.variants) == ("ready", "", VARIANTS)
    assert media.duration_seconds == pytest.approx(media.recorded_seconds, abs=1.0)
    assert media.duration_seconds > 3  # not the first take, which ended after a second or two
    assert [error for error in errors if "404" not in error] == []
    assert plays(page, settings.data_dir / "media" / "objects" / media.prefix / "video.mp4")


def plays(page: Page, video: Path) -> bool:
    """Whether this browser plays the file: it has a picture and its time goes on."""
    page.route("**/the-result.mp4", lambda route: route.fulfill(path=video, content_type="video/mp4"))
    return bool(
        page.evaluate(
            """async (url) => {
              const video = document.createElement("video");
              video.muted = true;
              video.src = url;
              await video.play();
              await new Promise((done) => (video.ontimeupdate = () => video.currentTime > 0.2 && done()));
              return video.videoWidth > 0;
            }""",
            "/s/the-result.mp4",
        )
    )


def test_what_arrives_before_it_is_sent_is_never_called_sent(page: Page, recorder_url: str) -> None:
    page.goto(recorder_url)
    page.evaluate(
        """() => {
          window.said = [];
          const live = document.getElementById("live");
          new MutationObserver(() => window.said.push(live.textContent)).observe(live, { childList: true });
        }"""
    )
    page.get_by_role("button", name="Turn on the camera").click()
    record(page, 2)
    expect(page.get_by_text("Saved on our server and in this browser").locator("visible=true")).to_be_visible()
    assert [words for words in page.evaluate("window.said") if "sent" in words] == []
    expect(page.locator("#live")).to_have_text("Recorded. Watch it, then send it or record again.")
    page.route("**/complete", lambda route: None)
    page.get_by_role("button", name="Use this video").click()
    expect(page.locator("#percent")).to_have_text("100 % sent")


def test_a_part_that_fails_is_sent_again_alone(page: Page, recorder_url: str, session: Session) -> None:
    seen: list[str] = []

    def flaky(route: Route) -> None:
        seen.append(route.request.url)
        if len(seen) in (1, 3):
            route.abort("connectionreset")
        elif len(seen) == 2:
            route.fulfill(status=503, body="")
        else:
            route.continue_()

    page.route("**/parts/*", flaky)
    page.add_init_script(BACK_AT_ONCE)
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    record(page, 2)
    page.get_by_role("button", name="Use this video").click()
    page.wait_for_url("**/testimonial?video=*", timeout=30_000)
    assert len(seen) == len(set(seen)) + 3
    assert only_video(session).state == "uploaded"


def test_the_way_on_is_shown_when_the_camera_is_denied(
    new_context: Callable[..., BrowserContext], recorder_url: str
) -> None:
    page = new_context().new_page()
    page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }"
    )
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    expect(page.get_by_role("alert")).to_contain_text("is blocked")
    expect(page.get_by_role("link", name="Write instead").first).to_be_visible()
    expect(page.locator(".recorder-file")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "words"),
    [("NotFoundError", "found no camera"), ("NotReadableError", "used by another program")],
    ids=["absent", "busy"],
)
def test_a_camera_that_is_absent_or_busy_gets_words_and_a_text_path(
    page: Page, recorder_url: str, name: str, words: str
) -> None:
    page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('no', '{name}'); }}"
    )
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    expect(page.get_by_role("alert")).to_contain_text(words)
    page.get_by_role("alert").get_by_role("link", name="Write instead").click()
    page.wait_for_url("**/testimonial*")


def test_a_browser_without_a_recorder_offers_the_file_and_the_text(page: Page, recorder_url: str) -> None:
    page.add_init_script("delete window.MediaRecorder")
    page.goto(recorder_url)
    expect(page.get_by_role("alert")).to_contain_text("cannot record video")
    expect(page.get_by_role("button", name="Turn on the camera")).to_be_hidden()
    expect(page.locator(".recorder-file")).to_be_visible()


def test_a_file_goes_the_same_way(
    page: Page, recorder_url: str, session: Session, tmp_path: Path, clip: Callable[..., Path]
) -> None:
    page.goto(recorder_url)
    page.locator("#file").set_input_files(clip("../../😀 CON.mp4", seconds=2))
    expect(page.get_by_role("heading", name="How does it look?")).to_be_visible()
    page.get_by_role("button", name="Use this video").click()
    page.wait_for_url("**/testimonial?video=*")
    media = only_video(session)
    assert media.recorded_seconds is None
    assert media.prefix.endswith(f"/media/{media.public_id}")


def test_a_file_that_is_no_video_is_refused_with_words(page: Page, recorder_url: str, tmp_path: Path) -> None:
    page.goto(recorder_url)
    page.locator("#file").set_input_files({"name": "a.webm", "mimeType": "video/webm", "buffer": b"<html>hi" * 99})
    page.get_by_role("button", name="Use this video").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be read as a video")
    expect(page.get_by_text("Recording is not possible right now")).to_be_hidden()
    expect(page.get_by_role("alert").get_by_role("link", name="Write instead")).to_be_visible()
    expect(page.get_by_role("button", name="Record again")).to_be_hidden()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a video file").click()
    chooser.value.set_files({"name": "b.txt", "mimeType": "text/plain", "buffer": b"text"})
    expect(page.get_by_text("This file is not a video.")).to_be_visible()


def test_leaving_asks_first_when_something_would_be_lost(page: Page, recorder_url: str) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.add_init_script(NO_STORE)
    page.route("**/parts/*", lambda route: route.abort("connectionreset"))
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    start(page)
    expect(page.get_by_role("timer")).to_have_text("0:57")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-step=review] [data-saved-line]")).to_contain_text("cannot keep a copy")
    page.reload()
    assert asked == ["beforeunload"]


def test_pausing_does_not_count(page: Page, recorder_url: str, session: Session) -> None:
    page.clock.install()
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    start(page)
    wait_until_kept(page, 1)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    # From here on the page's clock stands still, but for two leaps: nothing but the pause can count.
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 20)
    before = page.get_by_role("timer").inner_text()
    page.clock.fast_forward(20_000)
    expect(page.get_by_role("timer")).to_have_text(before)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Use this video").click()
    page.wait_for_url("**/testimonial?video=*")
    left = int(before.removeprefix("0:"))
    assert only_video(session).recorded_seconds == pytest.approx(60 - left, abs=1)


def test_its_own_checksum_agrees_with_the_browser(page: Page, recorder_url: str) -> None:
    page.goto(recorder_url)
    same = page.evaluate(
        """async () => {
          const { Sha256, sha256 } = await import("/static/customer/sha256.js");
          for (const size of [0, 1, 55, 56, 63, 64, 65, 1000, 300001]) {
            const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31) % 251);
            const own = new Sha256();
            for (let at = 0; at < size; at += 37) own.update(bytes.subarray(at, at + 37));
            if (own.hex() !== (await sha256(bytes))) return size;
          }
          return "same";
        }"""
    )
    assert same == "same"


def test_a_network_that_goes_and_comes_back_loses_nothing(page: Page, recorder_url: str, session: Session) -> None:
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    record(page, 2)
    expect(page.get_by_text("Saved on our server and in this browser").locator("visible=true")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("button", name="Use this video").click()
    expect(page.get_by_text("The connection is away.")).to_be_visible()
    page.wait_for_timeout(1500)
    page.context.set_offline(False)
    page.wait_for_url("**/testimonial?video=*", timeout=30_000)
    assert only_video(session).state == "uploaded"


def test_a_refusal_by_the_server_can_be_tried_again_with_the_parts_kept(
    page: Page, recorder_url: str, session: Session
) -> None:
    puts: list[str] = []
    page.on("request", lambda request: puts.append(request.url) if request.method == "PUT" else None)
    page.route(
        "**/complete", lambda route: route.fulfill(status=507, json={"code": "storage_full", "message": "No room."})
    )
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    record(page, 1)
    page.get_by_role("button", name="Use this video").click()
    expect(page.get_by_role("alert")).to_contain_text("No room.")
    sent = len(puts)
    page.unroute("**/complete")
    page.get_by_role("button", name="Use this video").click()
    page.wait_for_url("**/testimonial?video=*")
    assert len(puts) == sent
    assert only_video(session).state == "uploaded"


def test_a_silent_microphone_is_noticed(page: Page, recorder_url: str) -> None:
    page.add_init_script(
        """const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wanted) => {
          const stream = await ask(wanted);
          const silence = new AudioContext().createMediaStreamDestination().stream.getAudioTracks();
          return new MediaStream([...stream.getVideoTracks(), ...silence]);
        };"""
    )
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    expect(page.get_by_text("We hear nothing.")).to_be_visible(timeout=8000)


def test_the_camera_and_the_microphone_can_be_chosen(page: Page, recorder_url: str) -> None:
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    expect(page.get_by_role("button", name="Start recording")).to_be_focused()
    page.locator("#devices summary").press("Enter")
    microphones = page.get_by_label("Microphone", exact=True)
    expect(page.get_by_label("Camera", exact=True).locator("option")).not_to_have_count(0)
    last = microphones.locator("option").last.get_attribute("value")
    microphones.select_option(last)
    expect(page.get_by_role("button", name="Start recording")).to_be_focused()
    expect(microphones).to_have_value(last or "")


def test_the_whole_recording_goes_by_keyboard(page: Page, recorder_url: str) -> None:
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Start recording")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    expect(page.get_by_role("button", name="Stop")).to_be_focused(timeout=6000)
    expect(page.locator("#live")).to_have_text("Recording. You may speak now.")
    wait_until_kept(page, 0.5)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How does it look?")).to_be_focused()


def test_a_camera_that_goes_away_during_the_countdown_is_opened_again(page: Page, recorder_url: str) -> None:
    page.add_init_script(
        """const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wish) => (window.lastStream = await real(wish));"""
    )
    page.goto(recorder_url)
    page.get_by_role("button", name="Turn on the camera").click()
    page.get_by_role("button", name="Start recording").press("Enter")
    page.evaluate("() => window.lastStream.getTracks().forEach((track) => track.stop())")
    expect(page.get_by_text("Recording", exact=True)).to_be_visible(timeout=20_000)
