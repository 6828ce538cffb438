"""A company with a bit of everything, and a browser that can look at its pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page

from tests.browser import scenes
from tests.browser.looking import VENDOR, let_in
from tests.factories import Factories


@pytest.fixture
def world(app: Flask, factories: Factories, run_jobs: Callable[[], int]) -> scenes.World:
    """Everything that the pages of `scenes.PAGES` show."""
    world = scenes.build(app, factories)
    run_jobs()
    return world


@pytest.fixture
def context(new_context: Callable[..., BrowserContext]) -> BrowserContext:
    """A browser that carries axe into every page."""
    context = new_context(reduced_motion="reduce")
    context.add_init_script(path=str(VENDOR / "axe.min.js"))
    return context


@pytest.fixture
def opened(
    context: BrowserContext, live_server: str, world: scenes.World, factories: Factories
) -> Callable[[str], Page]:
    """Opens the page of an endpoint as the person it is for."""

    def open_page(endpoint: str) -> Page:
        page = context.new_page()
        context.clear_cookies()
        if endpoint.startswith("marketer.") and not endpoint.startswith(scenes.SIGNED_OUT):
            let_in(context, live_server, factories, world.owner)
        answer = page.goto(live_server + scenes.PAGES[endpoint](world))
        assert answer is not None
        assert answer.status == 200, f"{endpoint}: {answer.status}"
        return page

    return open_page
