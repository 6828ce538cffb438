"""The popup on somebody else's page in Firefox and in WebKit, the engine of Safari: by hand, by keys, in the dark."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import PopupCount
from socialproof.responses.models import Response
from tests.browser.test_popup import ESCAPE_SOON, MakePopup, popup_on, say, script, token
from tests.browser.test_widget import OPEN_SHADOWS, Site, site
from tests.other_browsers import Firefox, OtherBrowser, wait_until

__all__ = ["popup_on", "site"]

HEAR = """window.heard = [];
for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"])
  addEventListener(kind, (e) => heard.push(kind + ": " + (e.message || e.reason || e.violatedDirective)), true);
for (const kind of ["log", "info", "warn", "error"]) console[kind] = (...words) => heard.push(kind + ": " + words);"""
LOOK = f"<script nonce='page'>{HEAR}{OPEN_SHADOWS}</script><meta name='viewport' content='width=device-width'>"
HOSTILE = """<style nonce="page">
  * { all: unset !important; font-size: 40px !important }
  head { display: none !important }
  socialproof-popup { position: fixed !important; left: -9999px !important; visibility: hidden !important }
</style>"""
ROOT = "document.querySelector('socialproof-popup')?.shadowRoot"
FRAME, BOX, TAB = f"{ROOT}?.querySelector('iframe')", f"{ROOT}?.querySelector('.box')", f"{ROOT}?.querySelector('.tab')"
KEPT = "document.cookie.length + localStorage.length + sessionStorage.length"
PRIVATE: dict[str, Any] = {"firefox": {"network.cookie.cookieBehavior": 2}, "webkit": ("--cookies-policy=never",)}
"""The person lets no site keep anything: in Firefox asking for the storage is an error then."""
DARK: dict[str, Any] = {"firefox": {"ui.systemUsesDarkTheme": 1}, "webkit": ("--dark-mode",)}
Opened = Callable[..., OtherBrowser]


@pytest.fixture(params=["firefox", "webkit"])
def elsewhere(request: pytest.FixtureRequest) -> Opened:
    """Opens the other browser, with what `wanted` says for this one."""
    engine = request.param
    opened = request.getfixturevalue(engine)

    def start(wanted: dict[str, Any] | None = None) -> OtherBrowser:
        more = (wanted or {}).get(engine, ())
        browser: OtherBrowser = opened(**more) if isinstance(more, dict) else opened(*more)
        return browser

    return start


def strict(live_server: str) -> str:
    """What a strict page must allow at least, as the documentation says it; the nonce is the test's own."""
    ours = f"connect-src {live_server}; frame-src {live_server}"
    return f"default-src 'none'; script-src 'nonce-page' {live_server}; style-src 'nonce-page'; {ours}; img-src data:"


def until(found: Callable[[], bool]) -> None:
    """Ask the database until it is so."""
    end = time.monotonic() + 15
    while not found():
        assert time.monotonic() < end, "it never was so"
        time.sleep(0.1)


def complaints(browser: OtherBrowser) -> list[str]:
    """What the page has heard, and what Firefox says beyond that; WebKit tells nobody."""
    heard: list[str] = browser.evaluate("heard")
    return heard + (browser.complaints() if isinstance(browser, Firefox) else [])


def answered(browser: OtherBrowser) -> None:
    """Inside the frame, once it has its height and its scripts: the why, and after it the ask."""
    wait_until(browser, "document.querySelector('#why')?.textContent === 'What was missing for a 10?'")
    wait_until(browser, "innerHeight > 500 || document.querySelector('.customer').offsetHeight <= innerHeight + 1")
    wait_until(browser, "document.readyState === 'complete'")
    browser.click(".button-primary")
    wait_until(browser, "document.querySelector('#ask')?.textContent === 'May we quote you?'")


def test_a_strict_and_hostile_page_in_the_dark_shows_it_and_a_tap_is_an_answer(
    elsewhere: Opened, live_server: str, site: Site, popup_on: MakePopup, session: Session
) -> None:
    browser = elsewhere(DARK)
    head = LOOK + HOSTILE
    tag = script(live_server, popup_on())
    browser.open(site.page("<h1>Shop</h1>" + tag, head=head, Content_Security_Policy=strict(live_server)))
    for width, height in ((1280, 760), (360, 640)):
        browser.resize(width, height)
        wait_until(browser, f"{BOX}?.matches('.on') && {BOX}.getAnimations().length === 0")
        side = browser.evaluate(
            f"(({{left, right, top, bottom}}) => [left, right, top, bottom])({BOX}.getBoundingClientRect())"
        )
        wide, high = browser.evaluate("[innerWidth, innerHeight]")
        assert 0 <= side[0] < side[1] <= wide
        assert 0 <= side[2] < side[3] <= high
    assert side[3] - side[2] <= 0.4 * high + 1, "on a phone it leaves the page its room"
    style = browser.evaluate(f"(s => [s.backgroundColor, s.fontSize])(getComputedStyle({BOX}))")
    assert style == ["rgb(17, 24, 22)", "15px"]
    assert browser.evaluate(KEPT) == 0
    browser.enter(FRAME)
    assert browser.evaluate(KEPT) == 0
    browser.click(".score-choice:nth-of-type(10)")
    answered(browser)
    browser.leave()
    wait_until(browser, "localStorage.length === 1")
    assert browser.evaluate("document.cookie") == ""
    session.rollback()
    response = session.scalars(select(Response)).one()
    assert (response.score, response.source, response.contact_id) == (9, "popup", None)
    assert complaints(browser) == []


def test_a_named_person_opens_the_tab_answers_by_keyboard_and_is_not_asked_again(
    elsewhere: Opened, live_server: str, site: Site, popup_on: MakePopup, session: Session
) -> None:
    browser = elsewhere()
    identify = f"<script nonce='page'>{say('identify', token())}</script>"
    body = "<h1>Shop</h1>" + identify + script(live_server, popup_on(mode="tab", position="left"))
    address = site.page(body, head=LOOK, Content_Security_Policy=strict(live_server))
    browser.open(address)
    wait_until(browser, f"!!{TAB}?.getClientRects().length")
    left, width = browser.evaluate(f"(side => [side.left, side.width])({TAB}.getBoundingClientRect())")
    assert left == 16
    assert width < 200
    browser.evaluate(f"void ({TAB}.click())")  # gives it no focus, as a press on a Mac gives none in Safari
    wait_until(browser, f"!!{BOX} && {ROOT}.activeElement === {BOX}")
    browser.press("Escape")
    wait_until(browser, f"!{BOX} && {ROOT}.activeElement === {TAB}")
    browser.press("Enter")
    wait_until(browser, f"!!{BOX} && {ROOT}.activeElement === {BOX}")
    browser.press("Tab", "Tab")
    wait_until(browser, f"{ROOT}.activeElement === {FRAME}")
    browser.enter(FRAME)
    wait_until(browser, "document.activeElement?.name === 'score'")
    for _number in range(9):
        browser.press("ArrowRight")
    browser.press("Enter")
    answered(browser)
    browser.evaluate(ESCAPE_SOON)
    browser.leave()
    wait_until(browser, f"!{BOX}")
    session.rollback()
    response = session.scalars(select(Response)).one()
    assert response.contact
    assert (response.score, response.contact.email) == (9, "saara@customer.example")
    browser.open(address)

    def refused() -> bool:
        session.rollback()
        return "nps_asked_recently" in session.scalars(select(PopupCount.reason)).all()

    until(refused)
    assert browser.evaluate(f"!{ROOT}")
    assert complaints(browser) == []


def test_in_its_own_place_it_is_answered_where_nothing_may_be_kept(
    elsewhere: Opened, live_server: str, site: Site, popup_on: MakePopup, session: Session
) -> None:
    browser = elsewhere(PRIVATE)
    popup = popup_on(mode="inline")
    place = f'<main><h1>Shop</h1><div data-socialproof-popup="{popup.public_id}"></div></main>'
    tag = f'<script async src="{live_server}/w/popup.js"></script>'
    browser.open(site.page(place + tag, head=LOOK, Content_Security_Policy=strict(live_server)))
    wait_until(browser, f"{FRAME}?.clientHeight > 200 && {FRAME}.clientHeight < 900")
    browser.enter(FRAME)
    browser.click(".score-choice:nth-of-type(10)")
    answered(browser)
    browser.leave()
    wait_until(browser, f"{FRAME}?.clientHeight > 300")
    assert browser.evaluate("document.cookie") == ""
    session.rollback()
    assert session.scalars(select(Response.score)).all() == [9]
    assert complaints(browser) == []
