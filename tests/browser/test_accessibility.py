"""Every page, in light and in dark: no violation of WCAG 2.2 AA that axe can find, and usable by keyboard."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from itertools import groupby

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, ViewportSize

from tests.browser import scenes
from tests.browser.looking import VENDOR, sign_in, violations

PHONE: ViewportSize = {"width": 320, "height": 640}
PLACES = {place: list(pages) for place, pages in groupby(sorted(scenes.PAGES), lambda name: name.rpartition(".")[0])}

FOCUS_IS_VISIBLE = """() => {
  window.stopsWithoutFocus = new Set();
  addEventListener("focus", ({ target }) => window.stopsWithoutFocus.add(look(target)), true);
  const look = (focused) => {
    if (!(focused instanceof Element) || focused === document.body || focused.localName === "iframe") return "";
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = "var(--focus)";
    const focus = getComputedStyle(probe).color;
    probe.remove();
    const marks = focused.querySelectorAll("circle");
    const shown = [focused, focused.nextElementSibling, focused.closest(".choice"), ...marks];
    const seen = shown.filter(Boolean).some((element) => {
      const style = getComputedStyle(element);
      const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      return outlined || (style.stroke === focus && parseFloat(style.strokeWidth) >= 2);
    });
    return seen ? "" : focused.outerHTML.slice(0, 200);
  };
}"""
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map((element) => element.outerHTML.slice(0, 160))"""


def test_axe_is_the_file_that_the_manifest_names() -> None:
    for name, entry in json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8")).items():
        digest = hashlib.sha384((VENDOR / name).read_bytes()).digest()
        assert base64.b64encode(digest).decode() == entry["sha384"], name


def test_every_page_of_the_app_is_looked_at(app: Flask) -> None:
    rooms = ("customer.", "marketer.", "visitor.")
    addresses = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint.startswith(rooms)
    }
    assert addresses - scenes.PAGES.keys() - scenes.NOT_PAGES.keys() == set()


@pytest.mark.parametrize("place", PLACES)
def test_the_pages_are_accessible_fit_a_phone_and_show_their_focus(place: str, opened: Callable[[str], Page]) -> None:
    """Light on a desk, dark on a phone: colours do not change with the width."""
    wrong: dict[str, object] = {}
    for endpoint in PLACES[place]:
        page = opened(endpoint)
        found = [f"light: {line}" for line in violations(page)] + sorted(stops_without_focus(page) - {""})
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(PHONE)
        page.reload()
        found += [f"dark: {line}" for line in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            found.append(f"too wide: {page.evaluate(TOO_WIDE)}")
        wrong |= {endpoint: found} if found else {}
        page.close()
    assert wrong == {}


def stops_without_focus(page: Page) -> set[str]:
    """Elements that the tab key reaches and that do not show it."""
    page.evaluate(FOCUS_IS_VISIBLE)
    for _ in range(40):
        page.keyboard.press("Tab")
    return set(page.evaluate("[...window.stopsWithoutFocus]"))


def test_the_first_stop_of_a_team_page_skips_the_navigation(opened: Callable[[str], Page]) -> None:
    page = opened("marketer.account.show")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/app/account#main")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_score_is_chosen_and_sent_with_the_keyboard_alone(opened: Callable[[str], Page]) -> None:
    page = opened("customer.survey.show")
    page.locator("input[name=score]").first.focus()
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    assert page.locator("input[name=score]:checked").input_value() == "7"
    page.keyboard.press("Enter")
    page.wait_for_url("**/s/r/**")


def test_the_phone_menu_opens_without_javascript(
    new_context: Callable[..., BrowserContext], live_server: str, world: scenes.World
) -> None:
    page = new_context(java_script_enabled=False, viewport=PHONE).new_page()
    sign_in(page, live_server, world.owner.email)
    menu = page.locator(".app-bar .menu")
    menu.locator("summary").first.press("Enter")
    menu.get_by_role("link", name="Moderation").click()
    page.wait_for_url("**/app/moderation")
