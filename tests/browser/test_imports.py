"""An import as an admin watches it: the page tells how far it is and becomes the report without being loaded again."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser.looking import let_in
from tests.factories import Factories


def test_the_page_that_waits_becomes_the_report(
    context: BrowserContext, live_server: str, factories: Factories, run_jobs: Callable[[], int]
) -> None:
    page = context.new_page()
    let_in(context, live_server, factories, factories.member("admin").user)
    page.goto(f"{live_server}/app/contacts/import")
    content = "Namn;E-post;Kund sedan\nÅsa Öberg;asa@kund.example;03/04/2024\nBo;nobody;\n".encode("windows-1252")
    page.get_by_label("File").set_input_files({"name": "kunder.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Look into the file").click()
    expect(page.get_by_role("cell", name="Åsa Öberg")).to_be_visible()
    page.get_by_label("The day, then the month").check()
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_role("heading", name="The import waits for its turn")).to_be_visible()
    page.evaluate("window.isSamePage = true")
    run_jobs()
    expect(page.get_by_text("The import is done: 2 rows.").first).to_be_visible()
    expect(page.get_by_role("cell", name="Not an e-mail address")).to_be_visible()
    assert page.evaluate("window.isSamePage")
    expect(page.get_by_role("status").filter(has_text="The import is done")).to_have_count(1)
