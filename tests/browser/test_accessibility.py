"""Every page, in light and in dark: no violation of WCAG 2.2 AA that axe can find, and usable by keyboard."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, ViewportSize

from tests.browser import scenes
from tests.browser.looking import VENDOR, sign_in, violations

PHONE: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 900}

FOCUS_IS_VISIBLE = """() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body || focused.localName === "iframe") return "";
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


@pytest.mark.parametrize("endpoint", scenes.PAGES)
def test_the_page_is_accessible_and_fits_a_phone_in_light_and_dark(
    endpoint: str, opened: Callable[[str], Page]
) -> None:
    page = opened(endpoint)
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.reload()
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            found += [f"{scheme} {size['width']}: {line}" for line in violations(page)]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.evaluate(TOO_WIDE)


@pytest.mark.parametrize("endpoint", scenes.PAGES)
def test_every_stop_of_the_tab_key_shows_its_focus(endpoint: str, opened: Callable[[str], Page]) -> None:
    page = opened(endpoint)
    hidden = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        hidden.add(page.evaluate(FOCUS_IS_VISIBLE))
    assert hidden <= {""}


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
