"""Videos in the widget, on somebody else's page: nothing before play, then the right file, with its captions."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from socialproof.testimonials.models import Testimonial
from tests.browser.test_widget import Site, errors, link, script, shown, site, visitor, watched
from tests.showcase import Showcase, showcase

__all__ = ["showcase", "site", "visitor"]

WORDS = "Vi ringde på måndagen.\nPå tisdagen var det lagat."
CUES = [{"start": 0.0, "end": 2.5, "text": WORDS}]
READ = """async (video) => {
    for (let n = 0; n < 100; n++) {
        const cue = video.textTracks[0]?.activeCues?.[0];
        if (cue && video.currentTime > 0.2) return [video.textTracks[0].mode, cue.text];
        await new Promise((done) => setTimeout(done, 100));
    }
    return [video.textTracks[0]?.mode, video.error?.message, video.currentTime, video.networkState];
}"""
"""What a person who plays the video reads after a moment."""


def still(width: int, height: int) -> bytes:
    content = io.BytesIO()
    Image.radial_gradient("L").resize((width, height)).convert("RGB").save(content, "WEBP")
    return content.getvalue()


@pytest.fixture
def tell(showcase: Showcase, clip: Callable[..., Path]) -> Callable[..., Testimonial]:
    """`tell()` is a story with a real video in two sizes and captions in Swedish."""
    large = clip("large.mp4", seconds=3).read_bytes()
    small = clip("small.mp4", seconds=3, size="160x90").read_bytes()

    def story(state: str = "reviewed", **values: Any) -> Testimonial:
        made = showcase.story(kind="video", **values)
        files = {"video_mp4": large, "video-360_mp4": small}
        pictures = {"poster_webp": still(1280, 720), "preview_webp": still(640, 360)}
        media = showcase.media(made, "video", **files, **pictures)
        media.width, media.height, media.duration_seconds = 1280, 720, 3.0
        media.details = {"preview": {"width": 640, "height": 360}}
        assert media.captions
        media.captions.state, media.captions.language, media.captions.cues = state, "sv", CUES
        showcase.session.commit()
        return made

    return story


def requests(page: Page, *ends: str) -> list[str]:
    """What the page has asked for from now on, by the ends of the addresses."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith(ends) else None)
    return asked


def ends(asked: list[str]) -> list[str]:
    return sorted({url.rsplit("/", 1)[1] for url in asked})


def test_no_byte_of_video_or_captions_before_play_and_then_the_captions_are_read(
    live_server: str, site: Site, showcase: Showcase, visitor: Page, tell: Callable[..., Testimonial]
) -> None:
    tell()
    asked = requests(visitor, ".mp4", ".vtt", ".webp")
    visitor.goto(site.page(link(live_server, showcase.publish()) + script(live_server)))
    picture = shown(visitor).locator(".v img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    visitor.wait_for_timeout(300)
    assert ends(asked) == ["preview.webp"]
    button = visitor.get_by_role("button", name="Play video: ")
    said = button.get_attribute("aria-label")
    button.click()
    video = visitor.locator("socialproof-widget video")
    assert video.evaluate(READ) == ["showing", WORDS]
    track = video.evaluate("(v) => { const t = v.textTracks[0]; return [t.kind, t.language, t.label] }")
    assert track == ["captions", "sv", "Captions"]
    assert ends(asked) == ["captions.vtt", "preview.webp", "video.mp4"]
    assert video.evaluate("(v) => v.crossOrigin") == "anonymous"
    assert said == f"Play video: {video.get_attribute('aria-label')}"
    assert errors(visitor) == []


@pytest.mark.parametrize(
    ("width", "scale", "saves", "file"),
    [
        (360, 1, False, "video-360.mp4"),
        (360, 3, False, "video.mp4"),
        (1280, 1, False, "video.mp4"),
        (1280, 2, True, "video-360.mp4"),
    ],
    ids=["narrow", "narrow-and-sharp", "wide", "saving-data"],
)
def test_the_file_fits_the_frame_and_the_visitors_wish(
    live_server: str,
    site: Site,
    showcase: Showcase,
    new_whole_context: Callable[..., BrowserContext],
    tell: Callable[..., Testimonial],
    width: int,
    scale: int,
    saves: bool,
    file: str,
) -> None:
    tell()
    context = new_whole_context(viewport={"width": width, "height": 900}, device_scale_factor=scale)
    context.add_init_script(
        f"Object.defineProperty(navigator, 'connection', {{ value: {{ saveData: {str(saves).lower()} }} }})"
    )
    page = watched(context)
    asked = requests(page, ".mp4")
    page.goto(site.page(link(live_server, showcase.publish()) + script(live_server)))
    page.get_by_role("button", name="Play video: ").click()
    page.locator("socialproof-widget video").evaluate(READ)
    assert ends(asked) == [file]
    assert errors(page) == []


def test_on_a_page_with_strict_policies_it_plays_with_captions_and_no_violation(
    live_server: str, site: Site, showcase: Showcase, visitor: Page, tell: Callable[..., Testimonial]
) -> None:
    tell()
    policy = (
        f"default-src 'none'; script-src {live_server}; connect-src {live_server}; img-src {live_server} data:; "
        f"media-src {live_server}; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    body = link(live_server, showcase.publish()) + script(live_server)
    visitor.goto(site.page(body, Content_Security_Policy=policy))
    visitor.get_by_role("button", name="Play video: ").click()
    assert visitor.locator("socialproof-widget video").evaluate(READ) == ["showing", WORDS]
    assert visitor.evaluate("violations") == []
    assert errors(visitor) == []


def test_where_nobody_speaks_there_is_no_track(
    live_server: str, site: Site, showcase: Showcase, visitor: Page, tell: Callable[..., Testimonial]
) -> None:
    tell("no_speech")
    visitor.goto(site.page(link(live_server, showcase.publish()) + script(live_server)))
    asked = requests(visitor, ".vtt")
    visitor.get_by_role("button", name="Play video: ").click()
    video = visitor.locator("socialproof-widget video")
    expect(video).to_have_js_property("ended", True)
    assert video.locator("track").count() == 0
    assert asked == []
    assert errors(visitor) == []


def test_hostile_captions_are_read_to_the_letter(
    live_server: str, site: Site, showcase: Showcase, visitor: Page, tell: Callable[..., Testimonial]
) -> None:
    evil = "--></script><img src=x onerror='window.hacked=1'> <c.red>&lt;b&gt;</c>\n00:00.000 --> 99:00.000"
    captions = tell().media[0].captions
    assert captions
    captions.cues = [{"start": 0.0, "end": 2.5, "text": evil}]
    showcase.session.commit()
    visitor.goto(site.page(link(live_server, showcase.publish()) + script(live_server)))
    visitor.get_by_role("button", name="Play video: ").click()
    video = visitor.locator("socialproof-widget video")
    video.evaluate(READ)
    shown_words = "(v) => [v.textTracks[0].cues.length, v.textTracks[0].cues[0].getCueAsHTML().textContent]"
    assert video.evaluate(shown_words) == [1, evil]
    assert visitor.evaluate("window.hacked") is None
    assert errors(visitor) == []


def test_nothing_moves_when_videos_arrive_or_play(
    live_server: str, site: Site, showcase: Showcase, visitor: Page, tell: Callable[..., Testimonial]
) -> None:
    for number in range(4):
        tell(text=f"Story {number}. " + "It went well. " * number * 5)
    head = "<style>[data-socialproof] { display: block; min-height: 640px }</style>"
    visitor.goto(site.page(link(live_server, showcase.publish()) + script(live_server) + "<p>After</p>", head=head))
    first = shown(visitor).locator(".v").first
    expect(first.locator("img")).to_have_js_property("complete", True)
    visitor.wait_for_timeout(300)
    assert visitor.evaluate("shifts") == 0
    places = "(cards) => cards.map((card) => JSON.stringify(card.getBoundingClientRect()))"
    before = visitor.locator("socialproof-widget article").evaluate_all(places)
    visitor.get_by_role("button", name="Play video: ").first.click()
    visitor.locator("socialproof-widget video").evaluate(READ)
    assert visitor.locator("socialproof-widget article").evaluate_all(places) == before


def test_a_video_that_the_fold_half_hides_is_seen_whole_while_it_plays(
    live_server: str, site: Site, showcase: Showcase, visitor: Page, tell: Callable[..., Testimonial]
) -> None:
    for number in range(12):
        showcase.story(text=f"Story {number}. " + "It went well. " * 25)
    tell(submitted_at=showcase.factories.now.replace(year=2020))
    head = "<style>body { width: 320px }</style>"
    visitor.goto(site.page(link(live_server, showcase.publish()) + script(live_server), head=head))
    shown(visitor)
    expect(visitor.locator("socialproof-widget .cut")).to_have_count(1)
    visitor.get_by_role("button", name="Play video: ").evaluate("(button) => button.click()")
    expect(visitor.locator("socialproof-widget .cut")).to_have_count(0)
    assert errors(visitor) == []


@pytest.fixture
def bucket(showcase: Showcase) -> Iterator[tuple[str, list[str]]]:
    """Another origin that sends the stored videos to everybody who was sent there, as a bucket with CORS `*` does."""
    asked: list[str] = []
    storage = showcase.app.extensions["socialproof"].backends.storage

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_arguments: object) -> None: ...

        def do_GET(self) -> None:
            asked.append(self.headers.get("Origin", "none"))
            with storage.open(urlsplit(self.path).path.removeprefix("/")) as stream:
                content = stream.read()
            first = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
            self.send_response(206)
            self.send_header("Content-Type", "video/mp4")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - first))
            self.end_headers()
            self.wfile.write(content[first:])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_a_video_that_lives_in_a_bucket_plays_with_captions_by_way_of_our_address(
    live_server: str,
    site: Site,
    showcase: Showcase,
    visitor: Page,
    tell: Callable[..., Testimonial],
    bucket: tuple[str, list[str]],
) -> None:
    """Our address answers 302 to another origin, the captions come from ours, and the page is a third one."""
    media = tell().media[0]
    address, asked = bucket
    inner = showcase.app.wsgi_app

    def redirecting(environ: Any, start_response: Any) -> Iterable[bytes]:
        if not environ["PATH_INFO"].endswith(".mp4"):
            return inner(environ, start_response)
        place = f"{address}/{media.prefix}/{environ['PATH_INFO'].rsplit('/', 1)[1]}"
        start_response("302 Found", [("Location", place), ("Access-Control-Allow-Origin", "*")])
        return [b""]

    showcase.app.wsgi_app = redirecting  # type: ignore[method-assign]
    visitor.goto(site.page(link(live_server, showcase.publish()) + script(live_server)))
    visitor.get_by_role("button", name="Play video: ").click()
    assert visitor.locator("socialproof-widget video").evaluate(READ) == ["showing", WORDS]
    assert "null" in asked, "after a redirect a browser names no origin: only `*` lets it in"
    assert errors(visitor) == []


@pytest.mark.parametrize(("width", "file"), [(1280, "video.mp4"), (360, "video-360.mp4")])
def test_the_hosted_wall_plays_without_any_script(
    live_server: str,
    showcase: Showcase,
    new_whole_context: Callable[..., BrowserContext],
    tell: Callable[..., Testimonial],
    width: int,
    file: str,
) -> None:
    tell()
    page = watched(new_whole_context(viewport={"width": width, "height": 900}))
    asked = requests(page, ".mp4", ".vtt", ".js")
    page.goto(f"{live_server}/w/{showcase.publish().public_id}")
    video = page.get_by_label("Video of ")
    expect(video).to_be_visible()
    page.wait_for_timeout(300)
    assert [url for url in asked if not url.endswith(".vtt")] == []
    assert page.evaluate("shifts") == 0
    before = video.bounding_box()
    video.evaluate("(v) => { v.play() }")
    assert video.evaluate(READ) == ["showing", WORDS]
    assert ends([url for url in asked if url.endswith(".mp4")]) == [file]
    assert video.bounding_box() == before
    assert page.evaluate("violations") == []
