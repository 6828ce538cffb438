"""The widget on somebody else's strict and hostile page in Firefox and in WebKit, the engine of Safari."""

from __future__ import annotations

from collections.abc import Callable

from socialproof.testimonials.models import Testimonial
from tests.browser.test_popup_elsewhere import HOSTILE, LOOK, Opened, complaints, elsewhere
from tests.browser.test_widget import Site, link, script, site
from tests.browser.test_widget_video import READ, WORDS, tell
from tests.other_browsers import wait_until
from tests.showcase import Showcase, showcase

__all__ = ["elsewhere", "showcase", "site", "tell"]

HOST = "document.querySelector('socialproof-widget')"
ROOT = f"{HOST}?.shadowRoot"
HIDDEN = f"{ROOT}.querySelector('.clip').scrollHeight - {ROOT}.querySelector('.clip').clientHeight"


def test_its_wall_folds_opens_and_plays(
    elsewhere: Opened, live_server: str, site: Site, showcase: Showcase, tell: Callable[..., Testimonial]
) -> None:
    for number in range(9):
        showcase.story(text=f"Story {number}. " + "It went well. " * 20, best_line="It went well.")
    tell()
    browser = elsewhere()
    ours = f"connect-src {live_server}; img-src {live_server} data:; media-src {live_server}"
    policy = f"default-src 'none'; script-src 'nonce-page' {live_server}; style-src 'nonce-page'; {ours}"
    body = link(live_server, showcase.publish()) + script(live_server)
    browser.open(site.page(body, head=LOOK + HOSTILE, Content_Security_Policy=policy))
    browser.resize(1280, 760)
    wait_until(browser, f"!!{ROOT}?.querySelector('.box.cut article')")
    assert browser.evaluate(f"{ROOT}.querySelectorAll('article').length") == 10
    looks = f"(s => [s.fontSize, s.borderTopWidth, s.display])(getComputedStyle({ROOT}.querySelector('article')))"
    assert browser.evaluate(looks) == ["16px", "1px", "flex"]
    assert browser.evaluate(f"{HIDDEN} > 24")
    browser.evaluate(f"void ({ROOT}.querySelector('.more').click())")
    wait_until(browser, f"{HIDDEN} < 24")
    assert browser.evaluate(f"{ROOT}.querySelectorAll('video').length") == 0
    browser.evaluate(f"void ({ROOT}.querySelector('.v button').focus())")
    browser.press("Enter")
    wait_until(browser, f"!!{ROOT}.querySelector('video')")
    video = f"{ROOT}.querySelector('video')"
    assert browser.evaluate(f"({READ})({video})") == ["showing", WORDS]
    assert complaints(browser) == []
    browser.open(site.page(body))
    wait_until(browser, f"{HOST}?.getBoundingClientRect().height > 150")
    assert browser.evaluate(f"{HOST}.shadowRoot") is None
    assert browser.evaluate("document.cookie.length + localStorage.length") == 0
