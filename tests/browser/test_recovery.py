"""A recording that nobody sent yet, after the tab, the browser or the network was killed: nothing is lost."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import APIResponse, Browser, BrowserContext, Locator, Page, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.media.models import Media, Upload
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.browser.camera import kept, kept_seconds, start, wait_until_kept
from tests.browser.looking import VENDOR, in_both_themes
from tests.browsers import ARGUMENTS, chromium_path
from tests.factories import Factories

SNOW = """{
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(320, 180);
    setInterval(() => {
      for (let at = 0; at < image.data.length; at += 57600) crypto.getRandomValues(image.data.subarray(at, at + 57600));
      pen.putImageData(image, 0, 0);
    }, 50);
    const sound = await real({ audio: true });
    return new MediaStream([...canvas.captureStream(20).getTracks(), ...sound.getTracks()]);
  };
}"""
"""A picture that cannot be compressed, so that a part is full after a moment."""
SLOW_STORE = """Object.defineProperty(IDBTransaction.prototype, "oncomplete", {
  set(act) { this.addEventListener("complete", () => setTimeout(act, 700)); },
});"""
"""A disk that is busy: pieces queue for it."""


@pytest.fixture
def link(app: Flask, live_server: str, factories: Factories) -> str:
    """A promoter's own recorder page."""
    response = factories.response(factories.survey(max_video_seconds=60))
    token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
    return f"{live_server}/s/r/{token}/video"


def begin(page: Page, link: str, door: str = "Turn on the camera") -> None:
    page.goto(link)
    page.get_by_role("button", name=door).click()
    start(page)


def record_more(page: Page, seconds: float = 1) -> None:
    """Start, and go on until so much more is kept."""
    before = kept_seconds(page)
    start(page)
    wait_until_kept(page, before + seconds)


def saved(page: Page) -> Locator:
    """The line that says where the recording is by now; only one is shown."""
    return page.locator("[data-saved]:visible")


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="How does it look?")).to_be_visible()


def send(page: Page) -> None:
    page.get_by_role("button", name="Use this").click()
    page.wait_for_url("**/testimonial?video=*", timeout=30_000)


def only_video(session: Session) -> Media:
    session.rollback()
    return session.scalars(select(Media).where(Media.kind == "video", Media.state != "deleted")).one()


def upload_states(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(Upload.state).order_by(Upload.id)))


@pytest.fixture
def own_browser(browser: Browser, tmp_path: Path) -> Callable[[], BrowserContext]:
    """Opens a Chromium in processes of its own; every time with the same profile."""
    return lambda: browser.browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=chromium_path(), args=ARGUMENTS, locale="en-GB"
    )


def kill_browser_of(profile: Path) -> None:
    """As the kernel would: SIGKILL for every process of the browser with this profile, found by its command line."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in command:
            os.killpg(os.getpgid(int(folder.name)), signal.SIGKILL)
            return
    raise AssertionError("the browser was not found")


def test_the_page_of_the_answer_leads_back_to_what_only_this_browser_has(page: Page, link: str) -> None:
    answer = link.removesuffix("/video")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(answer)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("async () => (await indexedDB.databases()).length") == 0
    expect(page.locator("#kept-here")).to_be_hidden()
    page.route("**/uploads", lambda route: route.abort())
    begin(page, link)
    wait_until_kept(page, 1)
    page.goto(answer)
    page.locator("#kept-here").get_by_role("link", name="Go on").click()
    expect(page.get_by_role("heading", name="Your recording is still here")).to_be_focused()


def test_a_browser_killed_at_twenty_seconds_loses_at_most_five(
    own_browser: Callable[[], BrowserContext],
    link: str,
    session: Session,
    tmp_path: Path,
    run_jobs: Callable[[], int],
) -> None:
    page = own_browser().new_page()
    begin(page, link)
    expect(page.get_by_role("timer")).to_have_text("0:40", timeout=40_000)
    kill_browser_of(tmp_path / "profile")

    context = own_browser()
    page = context.new_page()
    page.goto(link)
    expect(page.get_by_role("heading", name="Your recording is still here")).to_be_focused()
    assert kept_seconds(page) >= 15
    page.get_by_role("button", name="Watch and send what you have").click()
    expect(page.locator("#review")).to_have_js_property("error", None)
    send(page)
    page.goto(link)
    assert kept(page) == []
    context.close()
    run_jobs()
    media = only_video(session)
    assert media.state == "ready"
    assert media.duration_seconds is not None
    assert media.duration_seconds >= 15


def test_a_tab_closed_while_the_network_is_away_is_recovered_from_this_browser(
    new_context: Callable[..., BrowserContext], link: str, session: Session
) -> None:
    context = new_context()
    page = context.new_page()
    begin(page, link)
    wait_until_kept(page, 1)
    context.set_offline(True)
    expect(saved(page)).to_have_text("Saved in this browser; the connection is away")
    wait_until_kept(page, 3)
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(link)
    expect(page.get_by_role("heading", name="Your recording is still here")).to_be_visible()
    expect(page.locator("[data-found=kept][data-words]")).to_contain_text("You recorded 0:0")
    page.get_by_role("button", name="Watch and send what you have").click()
    send(page)
    recorded = only_video(session).recorded_seconds
    assert recorded is not None
    assert recorded >= 3


def test_what_arrived_is_offered_to_another_browser_and_sent_as_a_part(
    new_context: Callable[..., BrowserContext], link: str, session: Session, run_jobs: Callable[[], int]
) -> None:
    page = new_context().new_page()
    page.add_init_script(SNOW)
    begin(page, link)
    with page.expect_response(lambda answer: "/parts/2" in answer.url, timeout=30_000):
        pass
    page.close()
    other = new_context().new_page()
    other.goto(link)
    expect(other.get_by_role("heading", name="A part of your recording arrived here")).to_be_visible()
    other.get_by_role("button", name="Send what has arrived").click()
    other.wait_for_url("**/testimonial?video=*")
    media = only_video(session)
    assert media.is_partial
    run_jobs()
    media = only_video(session)
    assert media.state == "ready"
    assert (media.duration_seconds or 0) > 1


def test_a_finished_recording_is_offered_again_in_another_browser(
    new_context: Callable[..., BrowserContext], link: str, session: Session
) -> None:
    page = new_context().new_page()
    begin(page, link)
    wait_until_kept(page, 1)
    stop(page)
    send(page)
    other = new_context().new_page()
    other.goto(link)
    expect(other.get_by_role("heading", name="Your recording is here")).to_be_visible()
    other.get_by_role("link", name="Go on with it").click()
    other.wait_for_url("**/testimonial?video=*")


def test_going_on_adds_a_segment_and_the_video_is_as_long_as_both(
    page: Page, link: str, session: Session, run_jobs: Callable[[], int]
) -> None:
    begin(page, link)
    wait_until_kept(page, 2)
    page.reload()
    page.get_by_role("button", name="Continue recording").click()
    record_more(page, 2)
    expect(page.get_by_role("timer")).to_contain_text("0:5")
    stop(page)
    assert len(kept(page)[0]["segments"]) == 2
    send(page)
    media = only_video(session)
    assert len(media.segment_byte_counts) == 2
    assert sum(media.segment_byte_counts) == media.byte_count
    assert (media.recorded_seconds or 0) >= 4
    run_jobs()
    media = only_video(session)
    assert (media.state, media.reason) == ("ready", "")
    assert media.duration_seconds == pytest.approx(media.recorded_seconds, abs=1.5)


def test_going_on_from_the_review_begins_the_upload_anew_because_its_last_part_was_short(
    page: Page, link: str, session: Session
) -> None:
    begin(page, link)
    wait_until_kept(page, 1)
    stop(page)
    expect(saved(page)).to_have_text("Saved on our server and in this browser")
    page.get_by_role("button", name="Continue recording").click()
    record_more(page)
    stop(page)
    send(page)
    assert upload_states(session) == ["aborted", "complete"]
    assert len(only_video(session).segment_byte_counts) == 2


def test_a_camera_that_goes_away_ends_the_segment_and_not_the_recording(page: Page, link: str) -> None:
    page.add_init_script(
        """const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wish) => (window.lastStream = await real(wish));"""
    )
    begin(page, link)
    wait_until_kept(page, 1)
    page.evaluate("() => window.lastStream.getTracks().forEach((track) => track.dispatchEvent(new Event('ended')))")
    expect(page.get_by_role("heading", name="The recording was interrupted")).to_be_focused()
    page.get_by_role("button", name="Continue recording").click()
    record_more(page)
    stop(page)
    assert len(kept(page)[0]["segments"]) == 2


def test_a_copy_of_more_than_a_week_ago_is_wiped_unseen(page: Page, link: str) -> None:
    begin(page, link)
    wait_until_kept(page, 1)
    page.goto("about:blank")
    page.clock.install()
    page.clock.fast_forward(170 * 3600 * 1000)
    page.goto(link)
    expect(page.get_by_role("button", name="Turn on the camera")).to_be_visible()
    assert kept(page) == []


def test_the_store_does_not_name_the_link(page: Page, link: str) -> None:
    begin(page, link)
    wait_until_kept(page, 1)
    token = link.split("/")[-2]
    row = {name: value for name, value in kept(page)[0].items() if name != "upload"}
    assert token not in json.dumps(row)


def test_recording_again_forgets_the_take_here_and_at_the_server(page: Page, link: str, session: Session) -> None:
    begin(page, link)
    wait_until_kept(page, 1)
    stop(page)
    expect(saved(page)).to_have_text("Saved on our server and in this browser")
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Record again").click()
    expect(page.get_by_role("button", name="Start recording")).to_be_visible()
    assert kept(page) == []
    assert upload_states(session) == ["aborted"]


@pytest.fixture
def hear_of_it(page: Page) -> Callable[[], None]:
    """The server begins uploads, but the page hears of it only when this is called."""
    held: list[tuple[Route, APIResponse]] = []
    may_hear = False

    def hold(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        answer = route.fetch()
        return route.fulfill(response=answer) if may_hear else held.append((route, answer))

    def hear() -> None:
        nonlocal may_hear
        may_hear = True
        for route, answer in held:
            route.fulfill(response=answer)

    page.route("**/uploads", hold)
    return hear


def test_recording_again_forgets_at_the_server_what_it_has_only_begun(
    page: Page, link: str, session: Session, hear_of_it: Callable[[], None]
) -> None:
    begin(page, link)
    wait_until_kept(page, 1)
    stop(page)
    page.get_by_role("button", name="Record again").click()
    expect(page.get_by_role("button", name="Start recording")).to_be_visible()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        hear_of_it()
    assert upload_states(session) == ["aborted"]


def test_sending_that_was_stopped_goes_on_with_the_upload_that_the_server_began(
    page: Page, link: str, session: Session, clip: Callable[..., Path], hear_of_it: Callable[[], None]
) -> None:
    page.goto(link)
    page.locator("#file").set_input_files(clip("holiday.mp4", seconds=2))
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_role("button", name="Use this video").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Use this video").click()
    hear_of_it()
    page.wait_for_url("**/testimonial?video=*")
    assert upload_states(session) == ["complete"]


def test_a_store_that_is_slow_does_not_cut_the_upload_short(page: Page, link: str, session: Session) -> None:
    page.add_init_script(SLOW_STORE)
    begin(page, link)
    wait_until_kept(page, 1)
    stop(page)
    expect(saved(page)).to_have_text("Saved on our server and in this browser", timeout=20_000)
    send(page)
    assert upload_states(session) == ["complete"]


def test_deleting_takes_two_presses_and_then_nothing_is_left(page: Page, link: str, session: Session) -> None:
    begin(page, link)
    wait_until_kept(page, 1)
    page.reload()
    page.get_by_role("button", name="Delete it").click()
    assert len(kept(page)) == 1
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Really delete it?").click()
    expect(page.get_by_role("button", name="Turn on the camera")).to_be_focused()
    assert kept(page) == []
    assert upload_states(session) == ["aborted"]


@pytest.mark.parametrize("has_locks", [True, False], ids=["locks", "no locks"])
def test_a_second_tab_does_not_touch_what_the_first_one_records(page: Page, link: str, has_locks: bool) -> None:
    if not has_locks:
        page.context.add_init_script("delete Navigator.prototype.locks")
    begin(page, link)
    wait_until_kept(page, 1)
    second = page.context.new_page()
    second.goto(link)
    expect(second.get_by_role("heading", name="Your recording is open in another tab")).to_be_visible()
    expect(second.get_by_role("button", name="Delete it")).to_be_hidden()
    page.close()
    second.get_by_role("button", name="Look again").click()
    expect(second.get_by_role("heading", name="Your recording is still here")).to_be_visible()


def test_a_browser_that_refuses_to_keep_anything_records_and_sends_all_the_same(
    page: Page, link: str, session: Session
) -> None:
    page.add_init_script(
        "Object.defineProperty(globalThis, 'indexedDB', { value: { open() { throw new Error('refused') } } })"
    )
    begin(page, link)
    expect(saved(page)).to_contain_text("This browser cannot keep a copy")
    page.wait_for_timeout(1200)
    stop(page)
    expect(saved(page)).to_have_text("Saved on our server. This browser cannot keep a copy.")
    send(page)
    assert only_video(session).state == "uploaded"


def test_a_store_that_is_full_does_not_stop_the_recording(page: Page, link: str, session: Session) -> None:
    page.add_init_script(
        """IDBObjectStore.prototype.put = new Proxy(IDBObjectStore.prototype.put, {
          apply(put, store, values) {
            if (store.name === "piece") throw new DOMException("full", "QuotaExceededError");
            return Reflect.apply(put, store, values);
          },
        });"""
    )
    begin(page, link)
    expect(saved(page)).to_contain_text("This browser cannot keep a copy")
    page.wait_for_timeout(1200)
    stop(page)
    send(page)
    assert only_video(session).state == "uploaded"


def test_sound_only_is_recorded_sent_and_made_a_video(
    page: Page, link: str, session: Session, run_jobs: Callable[[], int]
) -> None:
    begin(page, link, "Sound only")
    expect(page.locator(".stage-sound:visible")).to_have_count(1)
    expect(page.locator("#preview")).to_be_hidden()
    wait_until_kept(page, 2)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="How does it sound?")).to_be_visible()
    send(page)
    assert only_video(session).is_audio
    run_jobs()
    media = only_video(session)
    assert (media.state, media.reason) == ("ready", "")


def test_a_file_that_was_sent_in_part_goes_on_where_it_stopped(
    page: Page, link: str, session: Session, clip: Callable[..., Path]
) -> None:
    video = clip("holiday.mp4", seconds=6, size="1280x720", extra=("-b:v", "6M"))
    assert video.stat().st_size > 2 * 1024 * 1024
    page.goto(link)
    page.locator("#file").set_input_files(video)
    page.route("**/parts/2", lambda route: route.abort("connectionreset"))
    with page.expect_response("**/parts/1"):
        page.get_by_role("button", name="Use this video").click()
    expect(page.get_by_text("The connection is away.")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.unroute("**/parts/2")
    page.reload()
    expect(page.get_by_text("“holiday.mp4” was sent in part.")).to_be_visible()
    puts: list[str] = []
    page.on("request", lambda request: puts.append(request.url) if request.method == "PUT" else None)
    page.locator("#file").set_input_files(video)
    send(page)
    assert not any(url.endswith("/parts/1") for url in puts)
    assert only_video(session).state == "uploaded"


def test_every_step_of_a_recording_is_accessible(page: Page, link: str) -> None:
    page.add_init_script(path=str(VENDOR / "axe.min.js"))
    page.emulate_media(reduced_motion="reduce")
    begin(page, link)
    wait_until_kept(page, 1)
    page.get_by_role("button", name="Pause").click()
    found = in_both_themes(page)
    page.reload()
    expect(page.get_by_role("heading", name="Your recording is still here")).to_be_visible()
    found += in_both_themes(page)
    page.get_by_role("button", name="Watch and send what you have").click()
    expect(page.locator("#review")).to_have_js_property("error", None)
    found += in_both_themes(page)
    assert found == []
