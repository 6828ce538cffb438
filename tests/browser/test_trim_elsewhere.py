"""Several recordings play as one, and are cut, in Firefox and WebKit too; the files are like those recorded there."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.test_trim import recorder_url as recorder_url
from tests.other_browsers import OtherBrowser, wait_until

STUDIO = """(async () => {
  const { Playback } = await import("/static/customer/playback.js");
  const { Trim } = await import("/static/customer/trim.js");
  const blobs = await Promise.all(FILES.map(async ([type, bytes]) => {
    return new Blob([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], { type });
  }));
  for (const step of document.querySelectorAll("[data-step]")) step.hidden = step.dataset.step !== "review";
  const video = document.getElementById("review");
  video.muted = true;
  window.heard = [];
  window.playback = new Playback(video, blobs.map((blob) => ({ blob, seconds: null })));
  for (const name of ["ready", "ended", "error"]) window.playback.addEventListener(name, () => window.heard.push(name));
  window.trim = new Trim(document.getElementById("trim"), window.playback);
})()"""

KINDS = {
    "webm": ("video/webm", ("-f", "webm", "-live", "1")),
    "mp4": ("video/mp4", ("-movflags", "frag_keyframe+empty_moov+default_base_moof")),
}


@pytest.fixture
def files(clip: Callable[..., Path]) -> Callable[[str], str]:
    """Two recordings of 2 and 3 seconds, without a length in their heads, as JSON."""

    def make(ending: str) -> str:
        kind, like_a_recorder = KINDS[ending]
        paths = [clip(f"{seconds}.{ending}", seconds=seconds, extra=like_a_recorder) for seconds in (2, 3)]
        return json.dumps([(kind, base64.b64encode(path.read_bytes()).decode()) for path in paths])

    return make


@pytest.mark.parametrize(("engine", "ending"), [("firefox", "webm"), ("firefox", "mp4"), ("webkit", "mp4")])
def test_recordings_play_behind_each_other_and_are_wound_and_cut(
    request: pytest.FixtureRequest, engine: str, ending: str, files: Callable[[str], str], recorder_url: str
) -> None:
    other: OtherBrowser = request.getfixturevalue(engine)()
    other.open(recorder_url)
    wait_until(other, "!!document.querySelector('#open-camera')?.getClientRects().length")
    other.evaluate(STUDIO.replace("FILES", files(ending)))
    wait_until(other, "window.heard.length > 0")
    assert other.evaluate("window.heard") == ["ready"]
    assert other.evaluate("window.playback.duration") == pytest.approx(5, abs=0.5)
    other.click('[data-nudge="start"][data-by="0.1"]')
    assert other.evaluate("window.trim.value.start") == pytest.approx(0.1)
    other.evaluate("window.playback.seek(3.5)")
    # Where the second begins depends on how long the browser found the first to be: within half a second, as above.
    wait_until(other, "Math.abs(document.getElementById('review').currentTime - 1.5) < 0.6")
    other.evaluate("window.playback.seek(1.5)")
    other.evaluate("void window.playback.play()")
    wait_until(other, "window.playback.currentTime > 2.3")
    other.evaluate("window.playback.seek(4.5)")
    wait_until(other, "window.heard.includes('ended')")
    assert other.evaluate("window.heard") == ["ready", "ended"]
