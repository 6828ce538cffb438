"""The survey in a real browser: with and without JavaScript, in a frame, in a tunnel, and before a robot."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from socialproof.surveys.models import Survey
from tests.answers import counted, invitation_path, responses, survey_path
from tests.browsers import NewContext
from tests.factories import Factories


@pytest.fixture
def survey(factories: Factories) -> Survey:
    return factories.survey(factories.company(name="Nordlys Kaffe AB"))


@pytest.fixture
def address(live_server: str, survey: Survey) -> str:
    return live_server + survey_path(survey)


def scores(session: Session) -> list[int]:
    return [given.score for given in responses(session)]


def choose(page: Page, score: int) -> None:
    page.locator(".score-choice", has_text=str(score)).filter(has=page.locator(f'[value="{score}"]')).click()


def test_one_tap_is_an_answer_and_leads_to_why(page: Page, address: str, session: Session) -> None:
    page.goto(address)
    choose(page, 6)
    expect(page.get_by_role("heading", level=1)).to_have_text("What went wrong, and how may we help?")
    assert scores(session) == [6]
    page.get_by_role("textbox").fill("The queue at noon.")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("make this right")
    assert responses(session)[0].comment == "The queue at noon."


def test_arrow_keys_move_and_enter_sends(page: Page, address: str, session: Session) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert scores(session) == []
    page.keyboard.press("Enter")
    page.wait_for_url("**/s/r/**")
    assert scores(session) == [3]


def test_send_without_a_choice_says_what_is_missing(page: Page, address: str, session: Session) -> None:
    page.goto(address)
    page.get_by_role("button", name="Send").click()
    assert page.evaluate("document.querySelector('[name=score]').validity.valueMissing")
    assert scores(session) == []


def test_without_javascript_a_link_and_send_are_one_answer(
    new_context: NewContext, address: str, session: Session
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(address + "?score=9")
    expect(page.get_by_role("radio", name="9")).to_be_checked()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What was missing for a 10?")
    page.get_by_role("textbox").fill("Nothing really")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="May we quote you?")).to_be_visible()
    assert scores(session) == [9]


def test_it_needs_neither_cookie_nor_storage(page: Page, address: str) -> None:
    page.goto(address)
    choose(page, 8)
    page.wait_for_url("**/s/r/**")
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_link_that_ended_while_the_page_was_open_shows_its_goodbye(
    app: Flask, page: Page, live_server: str, survey: Survey, factories: Factories, session: Session
) -> None:
    invitation = factories.invitation(survey)
    page.goto(live_server + invitation_path(app, invitation))
    invitation.revoked_at = factories.now
    session.commit()
    choose(page, 9)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link is no longer in use")
    assert scores(session) == []


# In a tunnel


def test_without_a_connection_it_keeps_the_answer_and_keeps_trying(page: Page, address: str, session: Session) -> None:
    page.goto(address)
    page.context.set_offline(True)
    choose(page, 9)
    expect(page.get_by_role("status")).to_contain_text("No connection. We keep trying")
    assert scores(session) == []
    page.context.set_offline(False)
    page.wait_for_url("**/s/r/**")
    assert scores(session) == [9]


def test_an_answer_whose_thank_you_got_lost_is_sent_again_and_counted_once(
    page: Page, address: str, session: Session
) -> None:
    lost: list[str] = []

    def lose_the_first_reply(route) -> None:  # type: ignore[no-untyped-def]
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().text())
            route.abort()
        else:
            route.continue_()

    page.route("**/s/**", lose_the_first_reply)
    page.goto(address)
    choose(page, 4)
    page.wait_for_url("**/s/r/**")
    assert len(lost) == 1
    assert scores(session) == [4]
    assert counted(session) == {4: 1}


def test_who_presses_send_while_scripts_cannot_get_through_sends_the_page_itself(
    page: Page, address: str, session: Session
) -> None:
    page.route("**/s/**", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_())
    page.goto(address)
    choose(page, 5)
    expect(page.get_by_role("status")).to_contain_text("We keep trying")
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/s/r/**")
    assert scores(session) == [5]


def test_a_change_of_mind_in_the_tunnel_sends_the_last_choice(page: Page, address: str, session: Session) -> None:
    page.goto(address)
    page.context.set_offline(True)
    for score in (9, 2):
        choose(page, score)
        expect(page.get_by_role("status")).to_contain_text("No connection")
    page.context.set_offline(False)
    page.wait_for_url("**/s/r/**")
    assert scores(session) == [2]


def test_a_survey_that_closed_meanwhile_says_so_on_the_page(
    page: Page, address: str, survey: Survey, session: Session
) -> None:
    page.goto(address)
    survey.state = "closed"
    session.add(survey)
    session.commit()
    choose(page, 9)
    expect(page.get_by_role("status")).to_contain_text("This survey has closed")
    expect(page.get_by_role("radio", name="9")).to_be_checked()
    assert scores(session) == []


# A score that came with the link


@pytest.fixture
def mailed(app: Flask, live_server: str, survey: Survey, factories: Factories) -> str:
    return live_server + invitation_path(app, factories.invitation(survey))


def test_what_scripts_do_is_no_answer(page: Page, mailed: str, session: Session) -> None:
    page.goto(mailed + "?score=7")
    page.evaluate(
        """() => {
            document.body.style.minHeight = "300vh";
            for (const kind of ["pointerdown", "touchstart", "wheel", "keydown", "click", "scroll", "mousemove"])
                document.body.dispatchEvent(new Event(kind, {bubbles: true}));
            scrollTo(0, 500);
            document.querySelector("[name=score]:checked").click();
            document.querySelector("main").click();
        }"""
    )
    page.wait_for_timeout(500)
    assert scores(session) == []


@pytest.mark.parametrize("act", ["wheel", "click", "key", "tap"])
def test_one_trusted_act_confirms_the_score_of_the_link(
    new_context: NewContext, mailed: str, session: Session, act: str
) -> None:
    page = new_context(has_touch=act == "tap").new_page()
    page.goto(mailed + "?score=7")
    acts = {
        "wheel": lambda: page.mouse.wheel(0, 100),
        "click": lambda: page.mouse.click(5, 5),
        "key": lambda: page.keyboard.press("Tab"),
        "tap": lambda: page.touchscreen.tap(5, 5),
    }
    acts[act]()
    if act in ("click", "tap"):
        page.wait_for_url("**/s/r/**")
    else:
        expect(page.get_by_role("status")).to_contain_text("Your answer is saved")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/s/r/**")
    assert scores(session) == [7]
    assert counted(session) == {7: 1}


def test_who_aims_at_another_number_gives_only_that(page: Page, mailed: str, session: Session) -> None:
    page.goto(mailed + "?score=7")
    choose(page, 10)
    page.wait_for_url("**/thanks*")
    (given,) = responses(session)
    assert (given.score, given.changes) == (10, [])


def test_after_a_machine_tried_all_scores_only_send_counts(page: Page, mailed: str, session: Session) -> None:
    for score in range(11):
        page.goto(f"{mailed}?score={score}")
    page.mouse.click(5, 5)
    page.mouse.wheel(0, 100)
    page.wait_for_timeout(500)
    assert scores(session) == []
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/s/r/**")
    assert scores(session) == [10]


def test_a_machine_in_another_window_makes_the_open_page_ask_for_send(
    page: Page, new_context: NewContext, mailed: str, session: Session
) -> None:
    page.goto(mailed + "?score=7")
    new_context().new_page().goto(mailed + "?score=2")
    page.mouse.click(5, 5)
    expect(page.get_by_role("status")).to_contain_text("press Send")
    assert scores(session) == []
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/s/r/**")
    assert scores(session) == [7]


# On the company's own site


@pytest.fixture
def host() -> Iterator[tuple[str, dict[str, str]]]:
    """Another site (localhost is not 127.0.0.1) and its pages by path."""
    pages: dict[str, str] = {}

    class Host(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(pages.get(self.path, "").encode())

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}", pages
        server.shutdown()


KEEPS_NOTHING = "() => { try { localStorage.length; return false; } catch (error) { return true; } }"


@pytest.mark.parametrize("with_javascript", [True, False])
def test_it_is_answered_in_a_frame_of_another_site_without_third_party_cookies(
    new_whole_context: NewContext,
    live_server: str,
    factories: Factories,
    session: Session,
    host: tuple[str, dict[str, str]],
    with_javascript: bool,
) -> None:
    origin, pages = host
    survey = factories.survey(embed_domains=[origin])
    pages["/"] = f'<iframe src="{live_server}{survey_path(survey)}?embed=1" width="360" height="700"></iframe>'
    page = new_whole_context(java_script_enabled=with_javascript).new_page()
    page.goto(origin + "/")
    frame = page.frame_locator("iframe")
    assert frame.locator("body").evaluate(KEEPS_NOTHING), "this browser blocks what third parties keep"
    frame.locator(".score-choice").nth(9).click()
    if not with_javascript:
        frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("What was missing for a 10?")
    frame.get_by_role("textbox").fill("Opening hours")
    frame.get_by_role("button", name="Continue").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Thank you")
    (given,) = responses(session)
    assert (given.score, given.comment, given.source) == (9, "Opening hours", "embed")


def test_a_site_that_is_not_listed_cannot_frame_it(page: Page, address: str, host: tuple[str, dict[str, str]]) -> None:
    origin, pages = host
    pages["/"] = f'<iframe src="{address}" width="360" height="700"></iframe>'
    page.goto(origin + "/")
    page.wait_for_timeout(500)
    assert page.frames[1].url.startswith("chrome-error:")


# Looks


@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_and_nothing_is_refused_by_the_policy(
    new_context: NewContext, address: str, width: int, scheme: str
) -> None:
    page = new_context(viewport={"width": width, "height": 740}, color_scheme=scheme).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    for step in ("question", "why", "thanks"):
        assert page.evaluate("document.documentElement.scrollWidth") <= width, step
        if step == "question":
            choose(page, 9)
            page.wait_for_url("**/s/r/**")
        elif step == "why":
            page.get_by_role("textbox").fill("Ord" * 400)
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url("**/thanks*")
    assert complaints == []


def test_every_number_is_large_enough_for_a_thumb_and_on_the_first_screen(
    new_context: NewContext, address: str
) -> None:
    page = new_context(viewport={"width": 320, "height": 568}).new_page()
    page.goto(address)
    for choice in page.locator(".score-choice").all():
        box = choice.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 40
        assert box["y"] + box["height"] <= 568
