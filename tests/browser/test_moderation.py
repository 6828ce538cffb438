"""The moderation room in a real browser: by keyboard alone, by selection, and without scripts."""

from datetime import timedelta

import pytest

from socialproof.testimonials.models import Testimonial
from tests.factories import PASSWORD

TEXT = "Nopea apu joka kerta. Kahvi on erinomaista, ja se saapuu aina maanantaina."


@pytest.fixture
def company(factories):
    return factories.company(name="Nordlys Kaffe AB")


@pytest.fixture
def given(factories, company):
    """Five that wait, the oldest first."""
    survey = factories.survey(company)
    return [
        factories.testimonial(
            factories.response(survey),
            text=TEXT,
            author_name=f"Author {number}",
            submitted_at=factories.now - timedelta(hours=9 - number),
        )
        for number in range(1, 6)
    ]


@pytest.fixture
def enter(factories, company, live_server):
    """Sign in with this page."""

    def sign_in(page):
        member = factories.member("moderator", company)
        page.goto(f"{live_server}/app/sign-in")
        page.fill("[name=email]", member.user.email)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(f"{live_server}/app/")
        page.goto(f"{live_server}/app/moderation")
        return page

    return sign_in


def states(session):
    session.rollback()
    session.expire_all()
    return [testimonial.state for testimonial in session.query(Testimonial).order_by(Testimonial.id)]


def title(page):
    return page.locator("#testimonial")


def press(page, key, expected):
    """Press a key and wait for the page that it leads to."""
    page.locator("[data-ready]").wait_for()
    page.keyboard.press(key)
    title(page).filter(has_text=expected).wait_for()
    page.locator("[data-ready]").wait_for()


def test_five_testimonials_are_decided_by_keyboard(page, enter, given, session):
    enter(page)
    assert title(page).inner_text() == "Author 1"
    press(page, "j", "Author 2")
    press(page, "k", "Author 1")
    press(page, "a", "Author 2")
    assert page.evaluate("document.activeElement.id") == "testimonial"
    page.keyboard.press("r")
    page.keyboard.press("2")
    press(page, "Enter", "Author 3")
    assert states(session)[:3] == ["approved", "rejected", "submitted"]
    press(page, "u", "Author 2")
    page.keyboard.press("r")
    page.keyboard.press("ArrowDown")
    press(page, "Enter", "Author 3")
    press(page, "a", "Author 4")
    press(page, "a", "Author 5")
    page.keyboard.press("a")
    page.get_by_role("heading", name="Nothing waits for you").wait_for()
    assert states(session) == ["approved", "rejected", "approved", "approved", "approved"]


def test_keys_are_not_heard_while_typing(page, enter, given, session):
    enter(page)
    page.locator("[data-ready]").wait_for()
    page.get_by_label("New tag").press_sequentially("a jar?")
    assert page.get_by_label("New tag").input_value() == "a jar?"
    assert title(page).inner_text() == "Author 1"
    assert states(session) == ["submitted"] * 5


def test_the_help_lists_the_keys_and_can_switch_them_off(page, enter, given, session):
    enter(page)
    page.locator("[data-ready]").wait_for()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.wait_for()
    page.keyboard.press("a")
    dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.keyboard.press("a")
    page.keyboard.press("j")
    assert title(page).inner_text() == "Author 1"
    assert states(session) == ["submitted"] * 5


def test_the_best_line_is_marked_by_selecting_it(page, enter, given, session):
    enter(page)
    page.locator("[data-ready]").wait_for()
    page.evaluate(
        """() => {
            const words = document.querySelector("[data-words]").firstChild;
            const start = words.data.indexOf("Kahvi on");
            getSelection().setBaseAndExtent(words, start, words, start + "Kahvi on erinomaista".length);
        }"""
    )
    page.get_by_role("button", name="Mark as best line").click()
    page.locator("mark", has_text="Kahvi on erinomaista").wait_for()
    session.rollback()
    session.expire_all()
    assert given[0].best_line == "Kahvi on erinomaista"


def test_the_difference_is_seen_while_a_proposal_is_written(page, enter, given):
    enter(page)
    page.locator("[data-ready]").wait_for()
    page.get_by_text("Propose a shorter text to the customer").click()
    page.get_by_label("Your proposal").fill("Kahvi on erinomaista.")
    difference = page.locator("[data-difference]")
    assert "Nopea apu" in difference.locator("del").first.inner_text()
    page.get_by_role("button", name="Send to the customer").click()
    page.get_by_text("Your proposal waits for the customer").wait_for()
    page.get_by_text("Link for the customer").wait_for()


def test_what_somebody_else_decided_is_told_on_the_same_page(page, enter, given, session, signed_in, company):
    enter(page)
    page.locator("[data-ready]").wait_for()
    session.rollback()
    other = signed_in("admin", company=company)
    other.post(f"/app/moderation/{given[0].public_id}/reject", {"version": 1, "reason": "abuse"})
    page.keyboard.press("a")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert f"{other.user.name} rejected it" in alert.inner_text()
    assert states(session)[0] == "rejected"


def test_everything_can_be_done_without_scripts_on_a_phone(new_context, enter, given, session):
    context = new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = enter(context.new_page())
    page.locator("[data-open]").first.click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Undo").last.click()
    page.locator("[data-reasons] summary").click()
    page.get_by_label("Duplicate of another testimonial").check()
    page.get_by_role("button", name="Reject", exact=True).click()
    page.get_by_text("You rejected the testimonial").wait_for()
    assert states(session)[0] == "rejected"


def test_no_page_is_wider_than_a_phone(new_context, enter, given, factories, live_server):
    given[0].author_name = "Wolfgang-Maximilian-von-Hohenstein-Schwarzenberg " * 3
    given[0].text = "Lentokonesuihkuturbiinimoottoriapumekaanikkoaliupseerioppilas" * 4
    factories.session.commit()
    page = enter(new_context(viewport={"width": 320, "height": 640}).new_page())
    for address in ("/app/moderation", f"/app/moderation/{given[0].public_id}"):
        page.goto(live_server + address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
