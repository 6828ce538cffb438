"""The sample company's website beside the product: widgets on another origin, and the mail that was not sent."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from socialproof.backends.sms import SmsMessage
from socialproof.demo.site import create_site


@pytest.fixture
def site(app: Flask) -> FlaskClient:
    return create_site(app).test_client()


@pytest.fixture
def letter() -> EmailMessage:
    letter = EmailMessage()
    letter["Subject"], letter["To"] = "Your receipt", "maja@example.com"
    letter.set_content("Open http://127.0.0.1/s/t/token")
    letter.add_alternative('<html><head></head><body><a href="/s/t/token">Open</a></body></html>', subtype="html")
    return letter


def keep(letter: EmailMessage, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "one.eml").write_bytes(letter.as_bytes())


def test_an_empty_outbox_says_how_mail_comes_there(site: FlaskClient) -> None:
    assert "Nothing was sent yet" in site.get("/outbox").text


def test_text_messages_lie_there_too(site: FlaskClient, app: Flask) -> None:
    services = app.extensions["socialproof"]
    services.backends.sms.send(SmsMessage(to="+46701234567", text="Hej! http://127.0.0.1/s/k/0123456789", key="one"))
    page = site.get("/outbox").text
    assert '<a href="http://127.0.0.1/s/k/0123456789"' in page
    assert "to: +46701234567" in page
    assert "Nothing was sent yet" not in page


def test_the_links_of_a_letter_open_beside_the_outbox(site: FlaskClient, app: Flask, letter: EmailMessage) -> None:
    """A page of the product refuses to stand in the frame that shows the letter."""
    keep(letter, app.extensions["socialproof"].settings.data_dir / "outbox")
    assert "Your receipt" in site.get("/outbox").text
    assert '<head><base target="_blank">' in site.get("/outbox/one").text
    assert site.get("/outbox/two").status_code == 404
