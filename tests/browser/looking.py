"""How a page is looked at: by axe, in both themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from socialproof import clock
from socialproof.companies.models import User
from socialproof.companies.sessions import start_session
from tests.factories import PASSWORD, Factories

VENDOR = Path(__file__).parent / "vendor"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

AT_REST = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
}"""


def sign_in(page: Page, address: str, email: str) -> None:
    """As a member of a team."""
    page.goto(address + "/app/sign-in")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def let_in(context: BrowserContext, address: str, factories: Factories, user: User) -> None:
    """As a member of a team, without the sign-in page."""
    now = clock.now()
    secret = start_session(factories.session, user=user, now=now)
    factories.session.commit()
    context.add_cookies([{"name": "socialproof", "value": secret, "url": address + "/app/"}])


def violations(page: Page) -> list[str]:
    """What axe finds when nothing moves any more, one line for each rule and element."""
    page.evaluate(AT_REST)
    found: dict[str, Any] = page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", RULES
    )
    return [
        f"{rule['id']}: {node['failureSummary'].splitlines()[-1].strip()} {node['html'][:160]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def in_both_themes(page: Page) -> list[str]:
    """The page as it stands, first light, then dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {line}" for line in violations(page)]
    return found
