"""A real Chromium, with a fake camera and microphone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.parts import MissingPart, need

ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]


PATIENCE = 15_000
"""Milliseconds. A machine with much to do is no reason to fail."""
expect.set_options(timeout=PATIENCE)

WHOLE = ("chromium", "chromium-browser", "google-chrome")
ENGINE_ALONE = "chromium-headless-shell"
NewContext = Callable[..., BrowserContext]


def chromium_path(*names: str) -> str:
    """Where the first of these programs is; `CHROMIUM` names another one."""
    for name in (os.environ.get("CHROMIUM", ""), *names, *WHOLE):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise MissingPart("no chromium on this machine (apt-get install chromium, or set CHROMIUM)")


def launched(playwright: Playwright, path: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
    yield browser
    browser.close()


def contexts_of(browser: Browser) -> Iterator[NewContext]:
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}} | options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for all tests of this process: its engine alone, where it can be had, for two thirds of the work."""
    yield from launched(playwright, need("Chromium", lambda: chromium_path(ENGINE_ALONE)))


@pytest.fixture(scope="session")
def whole_browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium as people have it. What stands on another company's page is tested in this one: it keeps nothing for
    the frame of a third party, which the engine alone does.
    """
    yield from launched(playwright, need("Chromium", chromium_path))


@pytest.fixture
def new_context(browser: Browser) -> Iterator[NewContext]:
    """Another person's browser: `new_context(java_script_enabled=False, locale="fi-FI", viewport=…)`."""
    yield from contexts_of(browser)


@pytest.fixture
def new_whole_context(whole_browser: Browser) -> Iterator[NewContext]:
    """The browser of another person on another company's page."""
    yield from contexts_of(whole_browser)


@pytest.fixture
def page(new_context: NewContext) -> Page:
    """A page in a browser that has never been here."""
    return new_context().new_page()
