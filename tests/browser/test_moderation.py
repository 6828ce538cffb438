"""The moderation room in a real browser: by keyboard alone, by selection, and without scripts."""

from datetime import timedelta

import pytest

from socialproof.backends.jobs.queue import enqueue
from socialproof.testimonials.models import Testimonial
from tests.browser.looking import in_both_themes
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


# ---- a video and its worker ------------------------------------------------------------------------------


@pytest.fixture
def sent(factories, company, app, clip):
    """A video testimonial whose recording has just arrived, as the worker will find it."""

    def make(**values):
        response = factories.response(factories.survey(company))
        testimonial = factories.testimonial(response, kind="video", text=TEXT, author_name="Author V")
        media = factories.media(response, testimonial, **{"state": "uploaded"} | values)
        with clip("a.webm", seconds=3).open("rb") as file:
            app.extensions["socialproof"].backends.storage.put(f"{media.prefix}/source", file)
        return testimonial, media

    return make


def process(session, media, now):
    """Put the worker's job for it on the table."""
    session.rollback()
    payload = {"company_id": media.company_id, "media_id": media.id}
    enqueue(session, "media.process_video", payload, now=now)
    session.commit()


def set_media(session, media, **values):
    session.rollback()
    for name, value in values.items():
        setattr(media, name, value)
    session.commit()


def becomes(page, expression):
    """Wait until it is true; the browser's own way of waiting needs `eval`, which the room's policy refuses."""
    for _ in range(600):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(expression)


def test_a_video_is_watched_until_its_player_stands_there(page, enter, sent, session, factories, run_jobs):
    """What was typed elsewhere on the page stays: it is not loaded anew."""
    _, media = sent()
    enter(page)
    page.get_by_text("The video waits for its turn").wait_for()
    page.get_by_label("New tag").fill("half a wo")
    assert page.get_by_role("link", name="Look again").is_visible()
    set_media(session, media, state="processing", progress_percent=40)
    becomes(page, "document.querySelector('[data-progress]').value === 40")
    assert page.locator("[data-percent]").inner_text() == "40 %"
    assert page.locator("#media-title").inner_text() == "The video is being prepared"
    set_media(session, media, progress_percent=70)
    becomes(page, "document.querySelector('[data-progress]').value === 70")
    process(session, media, factories.now)
    run_jobs()
    page.locator("video.detail-video").wait_for(timeout=60_000)
    becomes(page, "document.querySelector('[data-media-said]').textContent === 'The video is ready.'")
    assert page.get_by_label("New tag").input_value() == "half a wo"
    assert page.locator("[data-obstacles]").get_by_text("no reviewed captions yet").count() == 1
    assert "Captions missing" in page.locator("[data-row] .queue-foot").first.inner_text()
    page.evaluate("document.querySelector('video').muted = true; document.querySelector('video').play()")
    becomes(page, "document.querySelector('video').currentTime > 0.3")


def test_a_video_that_the_machine_gives_up_is_told_while_the_page_stands_open(page, enter, sent, session):
    _, media = sent(state="processing", progress_percent=10)
    enter(page)
    page.locator("[data-ready]").wait_for()
    page.keyboard.press("a")
    page.locator("[data-said]").filter(has_text="still being prepared").wait_for()
    page.get_by_role("link", name="Look again").focus()
    set_media(session, media, state="parked", reason="storage_full")
    page.get_by_role("button", name="Try again").wait_for(timeout=60_000)
    becomes(page, "document.querySelector('[data-media-said]').textContent === 'The video could not be prepared.'")
    assert page.locator("[data-said]").inner_text() == ""
    assert page.evaluate("document.activeElement.id") == "media"
    page.keyboard.press("a")
    page.locator("[data-said]").filter(has_text="Its video could not be prepared.").wait_for()


def test_a_finished_video_is_not_fetched_before_it_is_played(page, enter, sent, session, factories, run_jobs):
    _, media = sent()
    process(session, media, factories.now)
    run_jobs()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    enter(page)
    page.locator("[data-ready]").wait_for()
    becomes(page, "document.querySelector('.queue-preview').naturalWidth > 0")
    assert not [url for url in asked if ".mp4" in url]
    assert page.evaluate("document.querySelector('video').poster").endswith("/poster.webp")


def test_what_the_machine_failed_at_is_tried_again_until_it_plays(page, enter, sent, run_jobs):
    sent(state="parked", reason="transcoder_failed")
    enter(page)
    page.get_by_text("The program that reads videos failed on this machine.").wait_for()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("The video waits for its turn").wait_for()
    assert run_jobs() >= 1
    page.locator("video.detail-video").wait_for(timeout=60_000)
    assert "could not be prepared" not in page.locator(".moderation-detail").inner_text()
    assert page.get_by_text("let the video be tried again").count() == 1


def test_the_approve_key_says_why_it_does_nothing(page, enter, sent, session):
    sent(state="parked", reason="transcoder_failed")
    enter(page)
    page.locator("[data-ready]").wait_for()
    said = page.locator("[data-said]")
    assert said.inner_text() == ""
    for _ in range(2):
        page.keyboard.press("a")
        said.filter(has_text="Its video could not be prepared.").wait_for()
    assert said.get_attribute("role") == "status"
    assert states(session) == ["submitted"]


def test_the_approve_key_says_that_it_is_decided_already(page, enter, given, factories, live_server, session):
    given[0].state = "rejected"
    factories.session.commit()
    enter(page)
    page.goto(f"{live_server}/app/moderation/{given[0].public_id}?state=all")
    page.locator("[data-ready]").wait_for()
    page.keyboard.press("a")
    page.locator("[data-said]").filter(has_text="This one is: Rejected.").wait_for()
    assert states(session)[0] == "rejected"


def test_a_video_goes_from_the_recording_to_approved_by_its_buttons(page, enter, sent, session, factories, run_jobs):
    _, media = sent()
    process(session, media, factories.now)
    run_jobs()
    enter(page)
    page.get_by_role("button", name="Nobody speaks").click()
    page.get_by_text("Noted: nobody speaks").wait_for()
    page.goto(page.url.split("/app/")[0] + "/app/moderation")
    page.locator("[data-ready]").wait_for()
    page.keyboard.press("a")
    page.get_by_role("heading", name="Nothing waits for you").wait_for()
    assert states(session) == ["approved"]


def test_a_video_without_scripts_has_a_link_to_look_again(new_context, enter, sent, session, factories, run_jobs):
    _, media = sent()
    page = enter(new_context(java_script_enabled=False).new_page())
    process(session, media, factories.now)
    run_jobs()
    page.get_by_role("link", name="Look again").click()
    page.locator("video.detail-video").wait_for()


WAYS = {
    "waiting": {"state": "uploaded"},
    "processing": {"state": "processing", "progress_percent": 40},
    "parked": {"state": "parked", "reason": "storage_full"},
    "unreadable": {"state": "unreadable", "reason": "too_complex"},
    "bare": {"state": "ready", "captions": ""},
    "checked": {
        "state": "ready",
        "is_audio": True,
        "is_partial": True,
        "trim_start_seconds": 2.0,
        "trim_end_seconds": 31.0,
        "duration_seconds": 29.0,
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_every_state_of_a_video_is_accessible_and_fits_a_phone(context, enter, sent, way):
    sent(**WAYS[way])
    page = enter(context.new_page())
    page.locator("[data-ready]").wait_for()
    assert in_both_themes(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    page.locator("[data-open]").first.click()
    page.locator("[data-ready]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert in_both_themes(page) == []
