"""A recording as a person begins it, without the three seconds that a person needs before it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

QUICK_COUNTDOWN = """() => {
  const later = window.setTimeout;
  const counting = () => document.getElementById("count")?.hidden === false;
  window.setTimeout = (act, time, ...values) => later(act, time === 1000 && counting() ? 50 : time, ...values);
}"""

KEPT = """async () => {
  const opening = indexedDB.open("recordings");
  const store = await new Promise((done) => (opening.onsuccess = () => done(opening.result)));
  if (!store.objectStoreNames.length) return [];
  const asked = store.transaction("recording").objectStore("recording").getAll();
  const rows = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
  store.close();
  return rows;
}"""


def start(page: Page) -> None:
    """The camera is on. Ends when it records; that the countdown counts is what other tests are about."""
    page.evaluate(QUICK_COUNTDOWN)
    page.get_by_role("button", name="Start recording").press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_visible(timeout=20_000)


def kept(page: Page) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = page.evaluate(KEPT)
    return rows


def kept_seconds(page: Page) -> float:
    return float(sum(segment["seconds"] for row in kept(page) for segment in row["segments"]))


def wait_until_kept(page: Page, seconds: float) -> None:
    """Until so much of the recording lies in the browser's own store."""
    for _ in range(600):
        if kept_seconds(page) >= seconds:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"only {kept_seconds(page)} s were kept")
