"""The builder of a segment with its script."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_rows_and_count_follow_each_change_by_keyboard(opened: Callable[[str], Page]) -> None:
    said: list[str] = []
    page = opened("marketer.segments.new")
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text))
    count = page.locator("#found")
    expect(page.get_by_role("button", name="Count")).to_be_hidden()
    page.get_by_label("Field of rule 1").select_option("name")
    page.get_by_label("Value of rule 1").fill("saara")
    page.get_by_label("Comparison of rule 1").select_option("contains")
    expect(count).to_have_text("1 contact")
    expect(page.get_by_role("link", name="Saara Lehtonen")).to_be_visible()
    page.get_by_role("button", name="Add a rule").press("Enter")
    second = page.get_by_label("Field of rule 2")
    expect(second).to_be_focused()
    second.select_option("customer_since")
    expect(page.get_by_label("Field of rule 2")).to_be_focused()
    value = page.get_by_label("Value of rule 2")
    expect(value).to_have_attribute("type", "date")
    value.fill("2020-01-01")
    expect(count).to_have_text("0 contacts")
    page.get_by_label("Comparison of rule 2").select_option("is_not_set")
    expect(count).to_have_text("1 contact")
    page.get_by_role("button", name="Remove rule 2").click()
    expect(page.get_by_label("Field of rule 2")).to_have_count(0)
    page.get_by_label("Name of the segment").fill("Saara")
    page.get_by_label("Name of the segment").press("Enter")
    page.wait_for_url("**/app/segments")
    expect(page.get_by_role("link", name="Saara")).to_be_visible()
    assert said == []
