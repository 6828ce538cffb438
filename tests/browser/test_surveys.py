"""The survey editor and the dashboard in a real browser."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from socialproof.responses.models import Response, ScoreCount
from socialproof.surveys.models import SurveyWording
from tests.factories import PASSWORD


@pytest.fixture
def admin(factories):
    return factories.member("admin", factories.company(name="Nordlys Kaffe AB"))


@pytest.fixture
def survey(factories, admin):
    return factories.survey(admin.company, name="Yearly")


@pytest.fixture
def sign_in(live_server, admin):
    def enter(page):
        page.goto(live_server + "/app/sign-in")
        page.fill("[name=email]", admin.user.email)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(re.compile(r"/app/$"))
        return page

    return enter


def test_the_preview_follows_what_is_typed_and_nothing_is_saved(page, sign_in, live_server, session, survey):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    sign_in(page).goto(f"{live_server}/app/surveys/{survey.public_id}/words/en")
    preview = page.frame_locator("[data-preview]")
    expect(preview.locator("h1")).to_contain_text("recommend Nordlys Kaffe AB")
    page.fill("[name=question]", "Would you <b>send</b> a friend?")
    expect(preview.locator("h1")).to_have_text("Would you <b>send</b> a friend?")
    page.fill("[name=thanks_promoter]", "A thousand thanks!")
    expect(preview.locator("h1")).to_have_text("A thousand thanks!")
    expect(page.locator("[name=look]")).to_have_value("thanks-10")
    page.select_option("[name=look]", "why-9")
    expect(preview.locator("h1")).to_have_text("What was missing for a 10?")
    page.reload()
    expect(page.locator("[name=question]")).to_have_value("")
    assert session.scalars(select(SurveyWording)).all() == []
    assert said == []


def test_the_preview_can_be_pressed_and_still_records_nothing(page, sign_in, live_server, session, survey):
    sign_in(page).goto(f"{live_server}/app/surveys/{survey.public_id}")
    preview = page.frame_locator("[data-preview]")
    preview.get_by_text("9", exact=True).click()
    preview.get_by_role("button", name="Send").click()
    page.wait_for_timeout(300)
    assert session.scalar(select(func.count(Response.id))) == 0


def test_without_javascript_a_button_shows_the_preview(new_context, sign_in, live_server, survey):
    page = sign_in(new_context(java_script_enabled=False).new_page())
    page.goto(f"{live_server}/app/surveys/{survey.public_id}/words/sv")
    page.fill("[name=why_nine]", "Vad saknades?")
    page.select_option("[name=look]", "why-9")
    page.get_by_role("button", name="Preview").click()
    expect(page.frame_locator("[data-preview]").locator("h1")).to_have_text("Vad saknades?")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[name=why_nine]")).to_have_value("Vad saknades?")


def test_the_colour_can_be_picked_and_the_link_copied(page, sign_in, live_server, survey):
    sign_in(page).goto(f"{live_server}/app/surveys/{survey.public_id}/settings")
    page.locator("input[type=color]").fill("#aa2211")
    expect(page.locator("[name=brand_color]")).to_have_value("#aa2211")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server}/app/surveys/{survey.public_id}/share")
    page.locator("[data-copy=public-link]").click()
    expect(page.locator("[data-copy=public-link]")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{live_server}/s/{survey.public_id}"


def test_the_trend_tells_its_values_to_pointer_and_keys(page, sign_in, live_server, factories, survey):
    for days, promoters in ((1, 30), (40, 40), (70, 50)):
        day = (factories.now - timedelta(days=days)).date()
        factories.add(
            ScoreCount(
                company_id=survey.company_id,
                survey_id=survey.id,
                day_on=day,
                score_10=promoters,
                score_8=20,
                score_2=10,
            )
        )
    sign_in(page)
    chart = page.locator("svg.trend.chart-wide")
    expect(chart).to_be_visible()
    chart.hover(position={"x": 5, "y": 40})
    expect(page.locator("[data-tip]")).to_contain_text("80 answers")
    page.mouse.move(0, 0)
    expect(page.locator("[data-tip]")).to_be_hidden()
    chart.locator(".mark").last.focus()
    expect(page.locator("[data-tip]")).to_contain_text("60 answers")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-tip]")).to_contain_text("70 answers")
    page.keyboard.press("Escape")
    expect(page.locator("[data-tip]")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_no_page_is_wider_than_its_window(new_context, sign_in, live_server, factories, session, survey, width):
    survey.name = "Asiakastyytyväisyystutkimuksenvuosineljänneskohtainenperuskyselykaikillekantaasiakkaille" + "x" * 30
    session.commit()
    for score in [10] * 22 + [3] * 4:
        factories.response(survey, score, comment="Kahvinpaahtamokokemusasiantuntijuus" * 9)
    factories.invitation(survey)
    page = sign_in(new_context(viewport={"width": width, "height": 800}).new_page())
    for path in (
        "",
        "surveys",
        "surveys/new",
        *(f"surveys/{survey.public_id}{tail}" for tail in ("", "/settings", "/share")),
    ):
        page.goto(f"{live_server}/app/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_filter_applies_itself_and_stands_in_the_address(page, sign_in, live_server, factories, survey):
    factories.response(survey, 9)
    sign_in(page)
    expect(page.locator("[data-filter-button]")).to_be_hidden()
    page.select_option("[name=period]", "30d")
    page.wait_for_url(re.compile(r"period=30d"))
    expect(page.locator("[name=period]")).to_have_value("30d")
