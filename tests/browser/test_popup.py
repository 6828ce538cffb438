"""The popup on somebody else's page: another origin, hostile surroundings, a real Chromium."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Invitation, Popup, PopupCount
from socialproof.responses.models import Response
from socialproof.seal import Seal
from tests.browser.looking import VENDOR, in_both_themes
from tests.browser.test_widget import BEFORE, Site, errors, site, visitor
from tests.conftest import SECRET
from tests.factories import Factories
from tests.people import Marketer

__all__ = ["site", "visitor"]

PHONE = {"width": 360, "height": 640}
IDENTIFY = "i" * 43
LONG_NAME = "Keski-Pohjanmaan Lämpöpumppuasennus- ja Ilmastointihuoltopalvelut Virtanen & Kumppanit Oy"
LOADED = "() => document.readyState === 'complete' || new Promise((done) => addEventListener('load', done))"
ESCAPE_SOON = """void setTimeout(
  () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true })), 50)"""
"""In a frame, later and by script: a driver can wait for ever for a frame that is gone before the key comes up."""
MakePopup = Callable[..., Popup]


@pytest.fixture
def popup_on(factories: Factories, site: Site) -> MakePopup:
    """A popup that the foreign site may show; at once, unless said otherwise."""
    company = factories.company(name="Nordlys Kaffe AB")
    company.identify_secret = Seal((SECRET,)).close(IDENTIFY)

    def make(**values: Any) -> Popup:
        survey = factories.survey(company, embed_domains=[site.address])
        return factories.popup(survey, **{"trigger": "seconds", "trigger_value": 0} | values)

    return make


def script(base: str, popup: Popup, extra: str = "") -> str:
    return f'<script async src="{base}/w/popup.js" data-popup="{popup.public_id}"{extra}></script>'


def token(email: str = "saara@customer.example") -> str:
    exp = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    return jwt.encode({"email": email, "exp": exp}, IDENTIFY, algorithm="HS256")


def say(*call: object) -> str:
    return f"(window.socialproof = window.socialproof || []).push({json.dumps(call)})"


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog", name="A question from Nordlys Kaffe AB")


def inside(page: Page) -> FrameLocator:
    return page.frame_locator("socialproof-popup iframe")


def asks_of(page: Page) -> list[str]:
    """Every request to our server from now on, as method and path."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {urlsplit(request.url).path}"))
    return asked


def kept(page: Page) -> int:
    count = page.evaluate("localStorage.length + sessionStorage.length")
    return int(count) + len(page.context.cookies())


def quiet_for(page: Page, popup: Popup, days: int) -> None:
    """The browser remembers to leave this person in peace for so many days."""
    key = f"socialproof.popup.{popup.public_id}"
    page.wait_for_function(
        "([key, days]) => Math.ceil((+localStorage.getItem(key) - Date.now()) / 864e5) === days", arg=[key, days]
    )


def test_a_page_that_nobody_sees_yet_asks_nobody(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page
) -> None:
    """A tab behind others, or one that the browser loads ahead: a question there would use up the person's rest."""
    popup = popup_on()
    visitor.add_init_script("window.away = true; Object.defineProperty(document, 'hidden', { get: () => window.away })")
    asked = asks_of(visitor)
    visitor.goto(site.page("<h1>Shop</h1>" + script(live_server, popup)))
    visitor.wait_for_timeout(1200)
    assert not any(line.startswith("POST") for line in asked)
    visitor.evaluate("window.away = false")
    expect(panel(visitor)).to_be_visible()


def test_it_comes_up_in_the_corner_takes_no_focus_is_answered_and_stays_quiet_for_90_days(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page, session: Session
) -> None:
    popup = popup_on()
    address = site.page('<h1>Shop</h1><input id="name" autofocus>' + script(live_server, popup))
    visitor.goto(address)
    expect(panel(visitor)).to_be_visible()
    assert visitor.evaluate("document.activeElement.id") == "name"
    expect(visitor.get_by_role("status")).to_have_text("A question from Nordlys Kaffe AB")
    assert kept(visitor) == 0
    inside(visitor).get_by_text("9", exact=True).click()
    expect(inside(visitor).get_by_role("heading", name="What was missing for a 10?")).to_be_visible()
    quiet_for(visitor, popup, 90)
    visitor.get_by_role("button", name="Close").click()
    expect(panel(visitor)).to_have_count(0)
    asked = asks_of(visitor)
    visitor.goto(address)
    visitor.wait_for_timeout(500)
    assert [line for line in asked if line.startswith("POST")] == []
    session.rollback()
    [response] = session.scalars(select(Response)).all()
    assert (response.score, response.source, response.contact_id) == (9, "popup", None)
    assert errors(visitor) == []


def test_a_very_long_name_leaves_room_for_all_scores_on_a_phone_and_back_leads_back(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page, session: Session
) -> None:
    popup = popup_on()
    popup.survey.company.name = LONG_NAME
    session.commit()
    visitor.set_viewport_size(PHONE)  # type: ignore[arg-type]
    visitor.goto(site.page("<h1>Before</h1>"))
    head = '<meta name="viewport" content="width=device-width">'
    visitor.goto(site.page("<h1>Shop</h1>" + script(live_server, popup), head=head, lang="fi"))
    before = visitor.evaluate("history.length")
    ten = inside(visitor).get_by_text("10", exact=True)
    expect(ten).to_be_in_viewport(ratio=0.8)
    ten.click()
    expect(inside(visitor).get_by_role("heading", name="Saammeko siteerata sinua?")).to_be_visible()
    inside(visitor).locator("body").evaluate(LOADED)
    inside(visitor).get_by_role("link", name="Svenska").click()
    expect(inside(visitor).get_by_role("heading", name="Får vi citera dig?")).to_be_visible()
    assert visitor.evaluate("history.length") == before, "one press of Back leads to the page before"


def test_strict_csp_hostile_css_and_old_libraries_change_nothing(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page
) -> None:
    popup = popup_on()
    policy = (
        f"default-src 'none'; script-src {live_server}; connect-src {live_server}; frame-src {live_server}; "
        "style-src 'nonce-page'; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    hostile = """<style nonce="page">
      * { all: unset !important; display: none !important; transform: scale(0) !important; opacity: 0 !important }
      html { display: block !important; transform: none !important; opacity: 1 !important }
      socialproof-popup { position: fixed !important; left: -9999px !important; visibility: hidden !important }
    </style>"""
    visitor.goto(site.page(script(live_server, popup), head=hostile, Content_Security_Policy=policy))
    expect(panel(visitor)).to_be_visible()
    expect(inside(visitor).get_by_text("10", exact=True)).to_be_visible()
    assert visitor.evaluate("violations") == []
    spoiled = script(live_server, popup, ' onload="spoil()"')
    visitor.goto(site.page(f"{BEFORE}<h1>Old</h1>{spoiled}"))
    expect(panel(visitor)).to_be_visible()
    assert errors(visitor) == []


def test_a_closed_root_twice_the_script_one_popup_and_fifty_routes(
    live_server: str, site: Site, popup_on: MakePopup, page: Page
) -> None:
    popup = popup_on(pages=["/*.html"])
    tag = script(live_server, popup)
    asked = asks_of(page)
    page.goto(site.page(f"<main><p>Shop</p>{tag}</main>{tag}", head=tag))
    page.wait_for_function("document.querySelector('socialproof-popup')")
    page.evaluate("""async () => {
      for (let i = 0; i < 50; i++) { history.pushState({}, "", `/route-${i}`); document.body.innerHTML = `<p>${i}</p>`;
        await new Promise((done) => setTimeout(done, 5)); }
    }""")
    page.wait_for_timeout(1300)
    assert page.locator("socialproof-popup").count() == 1
    assert page.evaluate("document.querySelector('socialproof-popup').shadowRoot") is None
    assert len([line for line in asked if line.startswith("POST")]) == 1
    assert len([line for line in asked if line.endswith(".json")]) == 1


def test_page_rules_follow_the_routes_of_an_application(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page
) -> None:
    popup = popup_on(pages=["/orders/*"])
    visitor.goto(site.page("<h1>Shop</h1>" + script(live_server, popup)))
    visitor.wait_for_timeout(400)
    expect(panel(visitor)).to_have_count(0)
    visitor.evaluate("history.pushState({}, '', '/orders/7')")
    expect(panel(visitor)).to_be_visible()


@pytest.mark.parametrize(
    ("values", "act"),
    [
        ({"trigger": "scroll", "trigger_value": 60}, lambda page: page.mouse.wheel(0, 3000)),
        (
            {"trigger": "exit"},
            lambda page: (page.mouse.move(300, 300), page.mouse.move(300, 1), page.mouse.move(300, -5)),
        ),
        ({"trigger": "event", "event_name": "order placed"}, lambda page: page.evaluate(say("event", "Order placed"))),
    ],
    ids=["scroll", "exit", "event"],
)
def test_each_trigger_waits_for_its_moment(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page, values: dict[str, Any], act: Callable[[Page], Any]
) -> None:
    popup = popup_on(**values)
    asked = asks_of(visitor)
    with visitor.expect_response(lambda response: response.url.split("?")[0].endswith(f"{popup.public_id}.json")):
        visitor.goto(site.page('<div style="height: 2600px">Shop</div>' + script(live_server, popup)))
    visitor.wait_for_timeout(400)
    assert [line for line in asked if line.startswith("POST")] == []
    if values["trigger"] == "exit":
        visitor.evaluate("document.documentElement.dispatchEvent(new MouseEvent('mouseleave', {clientY: -1}))")
    else:
        act(visitor)
    expect(panel(visitor)).to_be_visible()


def test_escape_closes_from_the_page_and_from_the_frame_and_is_remembered_for_30_days(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page
) -> None:
    popup = popup_on()
    address = site.page("<h1>Shop</h1>" + script(live_server, popup))
    visitor.goto(address)
    expect(panel(visitor)).to_be_visible()
    inside(visitor).locator("body").evaluate(ESCAPE_SOON)
    expect(panel(visitor)).to_have_count(0)
    quiet_for(visitor, popup, 30)
    visitor.evaluate("localStorage.clear()")
    visitor.reload()
    expect(panel(visitor)).to_be_visible()
    visitor.keyboard.press("Escape")
    expect(panel(visitor)).to_have_count(0)


def test_a_tab_is_opened_by_keyboard_takes_the_focus_there_and_back_and_is_answered_by_keyboard(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page
) -> None:
    popup = popup_on(mode="tab")
    visitor.goto(site.page('<main><h1>Shop</h1><a href="#x">Link</a></main>' + script(live_server, popup)))
    tab = visitor.get_by_role("button", name="Give feedback")
    expect(tab).to_have_attribute("aria-expanded", "false")
    expect(panel(visitor)).to_have_count(0)
    tab.focus()
    visitor.keyboard.press("Enter")
    expect(panel(visitor)).to_be_focused()
    visitor.keyboard.press("Escape")
    expect(tab).to_be_focused()
    visitor.keyboard.press("Enter")
    expect(panel(visitor)).to_be_focused()
    visitor.keyboard.press("Tab")
    expect(visitor.get_by_role("button", name="Close")).to_be_focused()
    for _press in range(3):
        visitor.keyboard.press("Tab")
        if inside(visitor).locator("input[name=score]:focus").count():
            break
    visitor.keyboard.press("ArrowRight")
    visitor.keyboard.press("Enter")
    expect(inside(visitor).get_by_text("is saved")).to_be_visible()


def test_axe_finds_nothing_in_the_panel_and_the_tab(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page
) -> None:
    popup = popup_on(mode="tab")
    visitor.context.add_init_script(path=str(VENDOR / "axe.min.js"))
    body = "<main><h1>Shop</h1></main>" + script(live_server, popup)
    visitor.goto(site.page(body, head='<meta name="viewport" content="width=device-width">'))
    tab = visitor.get_by_role("button", name="Give feedback")
    expect(tab).to_be_visible()
    found = in_both_themes(visitor)
    tab.click()
    expect(panel(visitor)).to_be_visible()
    assert found + in_both_themes(visitor) == []


def test_on_a_phone_it_covers_at_most_two_fifths_until_it_is_touched(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page
) -> None:
    popup = popup_on()
    visitor.set_viewport_size(PHONE)  # type: ignore[arg-type]
    head = '<meta name="viewport" content="width=device-width">'
    visitor.goto(site.page("<h1>Shop</h1>" + script(live_server, popup), head=head))
    expect(panel(visitor)).to_be_visible()
    at_rest = (
        "document.querySelector('socialproof-popup').shadowRoot.querySelector('.box').getAnimations().length === 0"
    )
    visitor.wait_for_function(at_rest)
    box = panel(visitor).bounding_box()
    assert box
    assert box["height"] <= 0.4 * PHONE["height"] + 1
    ten = inside(visitor).get_by_text("10", exact=True).bounding_box()
    assert ten
    assert ten["y"] + ten["height"] <= PHONE["height"], "all scores are seen before it is touched"
    visitor.mouse.move(ten["x"] + ten["width"] / 2, ten["y"] + ten["height"] / 2)
    visitor.mouse.down()
    visitor.wait_for_timeout(300)
    assert panel(visitor).bounding_box() == box, "nothing moves under a press"
    visitor.mouse.up()
    expect(inside(visitor).get_by_text("Thank you!")).to_be_visible()
    visitor.wait_for_function(
        "document.querySelector('socialproof-popup').shadowRoot.querySelector('.box').clientHeight > 300"
    )


def test_a_named_person_gets_the_own_link_once_and_another_person_never_sees_it(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page, session: Session
) -> None:
    popup = popup_on(is_identified_only=True)
    address = site.page(f"<h1>Shop</h1><script>{say('identify', token())}</script>" + script(live_server, popup))
    visitor.goto(address)
    expect(panel(visitor)).to_be_visible()
    session.rollback()
    invitation = session.scalars(select(Invitation)).one()
    assert invitation.contact.email == "saara@customer.example"
    session.rollback()
    frame = "document.querySelector('socialproof-popup').shadowRoot.querySelector('iframe')"
    first = visitor.evaluate(f"{frame}.src")
    visitor.evaluate(say("identify", token("ole@customer.example")))
    visitor.wait_for_function(
        f"(first) => {{ const f = {frame}; return f && f.src !== first && f.src.includes('/s/i/'); }}",
        arg=first,
    )
    session.expire_all()
    expect(panel(visitor)).to_be_visible()
    emails = {each.contact.email for each in session.scalars(select(Invitation))}
    assert emails == {"saara@customer.example", "ole@customer.example"}
    session.rollback()
    visitor.goto(address)
    visitor.wait_for_timeout(500)
    expect(panel(visitor)).to_have_count(0)
    assert kept(visitor) == 0


def test_inline_it_stands_in_its_place_as_high_as_it_needs(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page
) -> None:
    popup = popup_on(mode="inline")
    place = f'<main><h1>Shop</h1><div data-socialproof-popup="{popup.public_id}"></div><p id="after">After</p></main>'
    visitor.goto(site.page(place + f'<script async src="{live_server}/w/popup.js"></script>'))
    expect(inside(visitor).get_by_text("10", exact=True)).to_be_visible()
    frame = visitor.locator("[data-socialproof-popup] iframe")
    visitor.wait_for_function(
        "document.querySelector('socialproof-popup').shadowRoot.querySelector('iframe').clientHeight > 200"
    )
    assert frame.evaluate("f => f.clientHeight") < 900
    visitor.evaluate("document.querySelector('main').innerHTML = document.querySelector('main').innerHTML")
    expect(inside(visitor).get_by_text("10", exact=True)).to_be_visible()
    assert visitor.locator("socialproof-popup").count() == 1


def test_a_button_of_the_page_opens_it_against_its_trigger_and_a_script_alone_does_not_get_more(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page, session: Session
) -> None:
    popup = popup_on(trigger="event", event_name="never")
    button = '<button id="b">Feedback</button>'
    identify = f"<script>{say('identify', token())}</script>"
    visitor.goto(site.page(button + identify + script(live_server, popup)))
    for _time in range(2):
        visitor.evaluate(f"document.querySelector('#b').onclick = () => {say('open')}")
        visitor.locator("#b").click()
        expect(panel(visitor)).to_be_focused()
        visitor.evaluate(say("close"))
        expect(panel(visitor)).to_have_count(0)
    session.rollback()
    assert len(session.scalars(select(Invitation)).all()) == 1


def test_the_teams_trial_shows_it_as_it_would_be_without_a_trace(
    live_server: str, popup_on: MakePopup, signed_in: Callable[..., Marketer], visitor: Page, session: Session
) -> None:
    popup = popup_on(mode="tab", state="off")
    marketer = signed_in("viewer", popup.survey.company)
    jar: Any = marketer.client._cookies
    visitor.context.add_cookies([{"name": one.key, "value": one.value, "url": live_server} for one in jar.values()])
    visitor.context.add_init_script(path=str(VENDOR / "axe.min.js"))
    visitor.goto(f"{live_server}/app/popups/{popup.public_id}/trial")
    expect(visitor.get_by_role("button", name="Give feedback")).to_be_visible()
    assert in_both_themes(visitor) == []
    visitor.get_by_role("button", name="Give feedback").click()
    expect(inside(visitor).get_by_text("10", exact=True)).to_be_visible()
    visitor.get_by_role("button", name="Close it").click()
    expect(panel(visitor)).to_have_count(0)
    visitor.get_by_role("button", name="Open it").click()
    expect(panel(visitor)).to_be_focused()
    assert visitor.evaluate("violations") == []
    assert errors(visitor) == []
    session.rollback()
    assert session.scalars(select(PopupCount)).all() == []


@pytest.mark.parametrize("broken", ["down", "frame"])
def test_when_we_are_down_or_the_page_may_not_frame_us_nothing_is_seen(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page, broken: str
) -> None:
    popup = popup_on()
    if broken == "down":
        visitor.route("**/ask", lambda route: route.abort())
        address = site.page("<h1>Shop</h1>" + script(live_server, popup))
    else:
        policy = f"default-src 'none'; script-src {live_server}; connect-src {live_server}"
        address = site.page(script(live_server, popup), Content_Security_Policy=policy)
    visitor.goto(address)
    visitor.wait_for_timeout(700)
    expect(panel(visitor)).to_have_count(0)
    assert errors(visitor) == []


def test_without_any_storage_it_works_all_the_same(
    live_server: str, site: Site, popup_on: MakePopup, visitor: Page
) -> None:
    popup = popup_on()
    private = "<script>Object.defineProperty(window, 'localStorage', {get() { throw new Error('private') }})</script>"
    visitor.goto(site.page(private + script(live_server, popup)))
    visitor.get_by_role("button", name="Close").click()
    expect(panel(visitor)).to_have_count(0)
    assert errors(visitor) == []
