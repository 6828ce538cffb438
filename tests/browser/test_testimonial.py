"""A customer with a real browser: phone and desk, with and without script, light and dark."""

from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.responses.models import Response
from socialproof.testimonials.models import Testimonial
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.browsers import NewContext
from tests.factories import Factories

LONG_NAME = "Aino-Kaarina Wolfeschlegelsteinhausenbergerdorff-Lindqvist"


@pytest.fixture
def response(factories: Factories) -> Response:
    company = factories.company(name="Nordlys Kaffe AB")
    contact = factories.contact(company, name=LONG_NAME, role="Vastaava paahtimopäällikkö", language="fi")
    survey = factories.survey(company)
    return factories.response(survey, 10, comment="Pavut tulevat aina ajoissa.", contact_id=contact.id)


@pytest.fixture
def address(app: Flask, live_server: str, response: Response) -> str:
    token = app.extensions[EXTENSION].tokens.sign(Purpose.RESPONSE, response.public_id)
    return f"{live_server}/s/r/{token}/testimonial"


@pytest.fixture
def manage_address(app: Flask, live_server: str, factories: Factories, response: Response) -> str:
    testimonial = factories.testimonial(response, state="approved", author_name=LONG_NAME)
    return f"{live_server}/s/t/{app.extensions[EXTENSION].tokens.sign(Purpose.MANAGE, testimonial.public_id)}"


def photo() -> dict[str, object]:
    content = BytesIO()
    Image.new("RGB", (400, 300), "teal").save(content, "JPEG")
    return {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


def listen(page: Page) -> list[str]:
    """What the page complains about: broken policies and script errors."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    return heard


def test_one_tap_and_consent_send_what_was_just_written(page: Page, address: str, session: Session) -> None:
    heard = listen(page)
    page.goto(f"{address}?from=comment")
    page.get_by_label("Website", exact=True).check()
    page.get_by_role("button", name="Send my testimonial").click()
    expect(page.get_by_role("heading", name="Thank you, it is sent")).to_be_visible()
    testimonial = session.scalars(select(Testimonial)).one()
    assert testimonial.text == "Pavut tulevat aina ajoissa."
    assert [consent.purpose for consent in testimonial.consents] == ["website"]
    assert heard == []


def test_the_word_about_a_bad_photo_goes_when_another_is_chosen(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Your photo").set_input_files({"name": "me.jpg", "mimeType": "image/jpeg", "buffer": b"no"})
    page.get_by_role("button", name="Send my testimonial").click()
    expect(page.locator("#photo-error")).to_be_visible()
    page.get_by_label("Your photo").set_input_files(photo())
    expect(page.locator("#photo-error")).to_have_count(0)


def test_the_preview_follows_the_name_and_the_choice(page: Page, address: str) -> None:
    page.goto(address)
    shown = page.locator("[data-preview-name]")
    page.get_by_label("Your name").fill("Bo Öberg Ek")
    expect(shown).to_have_text("Bo Öberg Ek")
    page.get_by_label("Initials only").check()
    expect(shown).to_have_text("B. Ö. E.")
    expect(page.locator("[data-preview-initials]")).to_have_text("BE")
    page.get_by_label("Without a name").check()
    expect(shown).to_have_text("A customer")
    expect(page.locator("[data-preview-role]")).to_have_text("")


def test_a_photo_is_seen_at_once_and_survives_a_mistake(page: Page, address: str, session: Session) -> None:
    page.goto(address)
    page.locator("#photo").set_input_files(photo())  # type: ignore[arg-type]
    expect(page.locator("img.photo-now")).to_be_visible()
    page.get_by_label("E-mail for your receipt").fill("nonsense")
    page.get_by_role("button", name="Send my testimonial").click()
    expect(page.locator("#error-summary")).to_be_visible()
    expect(page.locator("img.photo-now")).to_be_visible()
    page.get_by_label("E-mail for your receipt").fill("aino@kunde.example")
    page.get_by_label("E-mail for your receipt").press("Enter")
    expect(page.get_by_text("aino@kunde.example")).to_be_visible()
    assert [media.kind for media in session.scalars(select(Testimonial)).one().media] == ["photo"]


def test_a_photo_that_is_too_large_is_told_before_it_is_sent(page: Page, address: str) -> None:
    page.goto(address)
    large = {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8" + bytes(16 * 1024 * 1024)}
    page.locator("#photo").set_input_files(large)  # type: ignore[arg-type]
    expect(page.get_by_text("This photo is too large")).to_be_visible()
    assert page.locator("#photo").input_value() == ""


def test_a_second_press_sends_nothing_twice(page: Page, address: str, session: Session) -> None:
    page.goto(address)
    page.get_by_role("button", name="Send my testimonial").dblclick()
    expect(page.get_by_role("heading", name="Thank you, it is sent")).to_be_visible()
    assert len(session.scalars(select(Testimonial)).all()) == 1


def test_without_script_everything_can_be_given_and_taken_back(
    new_context: NewContext, address: str, session: Session
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(address)
    page.get_by_label("Your words").fill("They answer within the hour.")
    page.get_by_label("Website", exact=True).check()
    page.get_by_role("button", name="Send my testimonial").click()
    page.get_by_role("link", name="Open my page").click()
    expect(page.get_by_text("It waits to be read")).to_be_visible()
    page.get_by_role("link", name="Take back …").click()
    page.get_by_role("button", name="Yes, take it back").click()
    expect(page.get_by_text("It is shown nowhere.").first).to_be_visible()
    page.get_by_role("link", name="Erase …").click()
    page.get_by_role("button", name="Yes, erase everything").click()
    expect(page.get_by_role("heading", name="Your testimonial is erased")).to_be_visible()
    assert session.scalars(select(Testimonial)).one().author_name == ""


def test_the_form_is_filled_in_by_keyboard_alone(page: Page, address: str, session: Session) -> None:
    page.goto(f"{address}?from=comment")
    page.get_by_label("Website", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Send my testimonial").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you, it is sent")).to_be_visible()
    assert session.scalars(select(Testimonial)).one().consents


@pytest.mark.parametrize("language", ["fi", "sv"])
@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_its_screen(
    new_context: NewContext, address: str, manage_address: str, width: int, scheme: str, language: str
) -> None:
    context = new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    heard = listen(page)
    done = address + "/done"
    for place in (done, manage_address, f"{manage_address}/edit", f"{manage_address}/erase"):
        page.goto(f"{place}?lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
    assert heard == []


def test_the_form_is_no_wider_than_a_small_phone(new_context: NewContext, address: str) -> None:
    page = new_context(viewport={"width": 320, "height": 700}).new_page()
    page.goto(f"{address}?lang=fi")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
