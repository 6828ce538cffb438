"""The permanent link: see, change, allow, take back, erase, take along; and no other link opens it."""

import json
import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from socialproof.media.models import Media
from socialproof.testimonials.models import Testimonial
from socialproof.tokens import Purpose
from socialproof.web import EXTENSION
from tests.factories import Factories


class Customer:
    """Holds the manage link of one testimonial, and no script."""

    def __init__(self, app: Flask, testimonial: Testimonial) -> None:
        self.client = app.test_client()
        token = app.extensions[EXTENSION].tokens.sign(Purpose.MANAGE, testimonial.public_id)
        self.path = f"/s/t/{token}"

    def page(self, step: str = "") -> str:
        answer = self.client.get(self.path + step)
        assert answer.status_code == 200, answer.status
        return answer.text

    def post(self, step: str, **form: Any) -> TestResponse:
        return self.client.post(self.path + step, data=form)

    def edit(self, **changes: str) -> TestResponse:
        form = {"text": "New words.", "name": "Aino Virtanen", "attribution": "full_name", "email": ""}
        return self.post("/edit", **form | changes)


@pytest.fixture
def testimonial(factories: Factories) -> Testimonial:
    response = factories.response(factories.survey(factories.company(name="Nordlys Kaffe AB")))
    return factories.testimonial(response, author_name="Aino Virtanen", author_email="aino@kunde.example")


@pytest.fixture
def customer(app: Flask, testimonial: Testimonial) -> Customer:
    return Customer(app, testimonial)


def renew(session: Session) -> None:
    """Forget what was read, so that the test sees what the page has written."""
    session.rollback()
    session.expire_all()


def approved(session: Session, testimonial: Testimonial) -> None:
    testimonial.state = "approved"
    session.commit()


def test_the_page_shows_everything_that_is_kept(customer: Customer) -> None:
    html = customer.page()
    for kept in ("They answered within an hour", "Aino Virtanen", "aino@kunde.example", "You may show it on your"):
        assert kept in html


def test_it_says_whether_the_world_sees_it(customer: Customer, testimonial: Testimonial, session: Session) -> None:
    assert "It waits to be read" in customer.page()
    approved(session, testimonial)
    assert "Everybody can see it" in customer.page()


def test_it_says_that_without_consent_nothing_is_shown(app: Flask, factories: Factories) -> None:
    customer = Customer(app, factories.testimonial(purposes=(), state="approved"))
    assert "You have not allowed it for websites" in customer.page()


def test_changed_words_of_an_approved_one_go_back_to_be_read(
    customer: Customer, testimonial: Testimonial, session: Session
) -> None:
    approved(session, testimonial)
    assert customer.edit().status_code == 303
    renew(session)
    assert (testimonial.state, testimonial.text) == ("submitted", "New words.")
    assert "It waits to be read" in customer.page()


def test_a_mistake_keeps_everything_typed(customer: Customer) -> None:
    answer = customer.edit(text="Kept words", email="nonsense", name="A" * 121)
    assert answer.status_code == 422
    assert "Kept words" in answer.text
    assert "nonsense" in answer.text


def test_a_line_break_in_the_name_is_refused_in_words(customer: Customer) -> None:
    answer = customer.edit(name="Aino\r\nBcc: x@evil.example")
    assert answer.status_code == 422
    assert "one line" in answer.text


def seen(customer: Customer) -> str:
    found = re.search(r'name="consent_seen" value="([^"]+)"', customer.page())
    assert found
    return found.group(1)


def test_consents_are_exactly_what_is_ticked(customer: Customer, testimonial: Testimonial, session: Session) -> None:
    answer = customer.post("/consents", purpose=["social_media"], consent_seen=seen(customer))
    assert answer.status_code == 303
    renew(session)
    standing = [consent.purpose for consent in testimonial.consents if consent.withdrawn_at is None]
    assert standing == ["social_media"]


def test_taking_a_consent_back_never_waits_for_a_newer_text(
    customer: Customer, testimonial: Testimonial, session: Session
) -> None:
    assert customer.post("/consents", consent_seen="older").status_code == 303
    renew(session)
    assert testimonial.consents[0].withdrawn_at is not None


def test_a_new_consent_needs_the_words_that_are_kept(customer: Customer) -> None:
    answer = customer.post("/consents", purpose=["website", "advertising"], consent_seen="older")
    assert answer.status_code == 422
    assert "worded anew" in answer.text


@pytest.mark.parametrize("step", ["withdraw", "erase"])
def test_a_get_only_asks(customer: Customer, testimonial: Testimonial, session: Session, step: str) -> None:
    html = customer.page(f"/{step}")
    assert f'action="{customer.path}/{step}"' in html
    renew(session)
    assert testimonial.state == "submitted"


def test_withdrawn_it_is_shown_nowhere_and_can_still_be_taken_along(
    customer: Customer, testimonial: Testimonial, session: Session
) -> None:
    approved(session, testimonial)
    assert customer.post("/withdraw").status_code == 303
    assert customer.post("/withdraw").status_code == 303
    renew(session)
    assert testimonial.state == "withdrawn"
    assert "It is shown nowhere" in customer.page()
    assert customer.client.get(f"{customer.path}/export").status_code == 200
    assert customer.edit().status_code == 303
    renew(session)
    assert testimonial.state == "withdrawn"


def test_erased_the_link_says_so_and_nothing_else(
    customer: Customer, testimonial: Testimonial, session: Session
) -> None:
    assert customer.post("/erase").status_code == 303
    answer = customer.client.get(customer.path)
    assert answer.status_code == 410
    assert "Your testimonial is erased" in answer.text
    for gone in ("Aino", "aino@kunde.example", "within an hour"):
        assert gone not in answer.text
    assert customer.post("/erase").status_code == 303
    assert customer.edit().status_code == 303
    export = customer.client.get(f"{customer.path}/export").text
    assert "Aino" not in export
    renew(session)
    assert testimonial.text == ""


def test_the_export_holds_everything_as_json(customer: Customer, testimonial: Testimonial) -> None:
    answer = customer.client.get(f"{customer.path}/export")
    kept = json.loads(answer.text)
    assert "attachment" in answer.headers["Content-Disposition"]
    assert kept["testimonial"]["text"] == testimonial.text
    assert kept["author"]["email"] == "aino@kunde.example"
    assert kept["consents"][0]["purpose"] == "website"
    assert kept["answer"]["score"] == 9


def test_html_in_the_words_stays_text(app: Flask, factories: Factories) -> None:
    evil = '"><img src=x onerror=alert(1)>'
    customer = Customer(app, factories.testimonial(text=evil, author_name=evil, author_role=evil))
    assert "<img src=x" not in customer.page()
    assert json.loads(customer.client.get(f"{customer.path}/export").text)["testimonial"]["text"] == evil


def photo() -> tuple[BytesIO, str]:
    content = BytesIO()
    Image.new("RGB", (200, 200), "teal").save(content, "PNG")
    return BytesIO(content.getvalue()), "me.png"


def test_a_photo_is_changed_and_removed(customer: Customer, testimonial: Testimonial, session: Session) -> None:
    assert customer.post("/photo", photo=photo()).status_code == 303
    renew(session)
    [media] = testimonial.media
    path = f"{customer.path}/media/{media.public_id}/192.webp"
    assert customer.client.get(path, buffered=True).mimetype == "image/webp"
    assert customer.post("/photo", remove_photo="1").status_code == 303
    renew(session)
    assert media.state == "deleted"
    assert customer.client.get(path).status_code == 404


@pytest.mark.parametrize("content", [b"", b"<svg/>"])
def test_no_photo_or_a_broken_one_is_answered_in_words(customer: Customer, content: bytes) -> None:
    answer = customer.post("/photo", photo=(BytesIO(content), "me.png" if content else ""))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_player_may_jump_in_the_customers_own_video(
    customer: Customer, factories: Factories, testimonial: Testimonial, app: Flask
) -> None:
    assert testimonial.response is not None
    media = factories.media(testimonial.response, testimonial, variants=["video.mp4"])
    app.extensions[EXTENSION].backends.storage.put(f"{media.prefix}/video.mp4", BytesIO(bytes(range(100))))
    path = f"{customer.path}/media/{media.public_id}/video.mp4"
    with customer.client.get(path, headers={"Range": "bytes=10-19"}) as answer:
        assert (answer.status_code, answer.data) == (206, bytes(range(10, 20)))
        assert answer.headers["Content-Range"] == "bytes 10-19/100"
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_media_of_another_testimonial_is_not_shown(customer: Customer, factories: Factories) -> None:
    other = factories.testimonial()
    assert other.response
    media = factories.media(other.response, other, variants=["video.mp4"])
    assert customer.client.get(f"{customer.path}/media/{media.public_id}/video.mp4").status_code == 404


@pytest.fixture
def film(testimonial: Testimonial, factories: Factories, session: Session) -> Media:
    assert testimonial.response is not None
    testimonial.kind = "video"
    return factories.media(
        testimonial.response,
        testimonial,
        variants=["video.mp4", "video-360.mp4", "poster.webp", "preview.webp"],
        width=720,
        height=1280,
        duration_seconds=38.0,
        recorded_seconds=52.4,
        trim_start_seconds=3.0,
        trim_end_seconds=41.0,
        ready_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
    )


def test_the_customers_video_comes_in_two_sizes_with_its_captions_and_its_cut(customer: Customer, film: Media) -> None:
    page = customer.page()
    path = f"{customer.path}/media/{film.public_id}"
    assert f'<source media="(max-width: 600px)" src="{path}/video-360.mp4" type="video/mp4">' in page
    assert f'<source src="{path}/video.mp4" type="video/mp4">' in page
    assert f'poster="{path}/poster.webp" width="720" height="1280"' in page
    assert f'<track kind="captions" default src="{path}/captions.vtt" srclang="en" label="Captions">' in page
    assert "You cut it: from 0:03 to 0:41 of what you recorded." in page
    assert "kept privately until 29 Aug 2026" in page
    captions = customer.client.get(f"{path}/captions.vtt")
    assert captions.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert captions.headers["Cache-Control"] == "private, no-store"
    assert "They answered within an hour." in captions.text


def test_a_video_that_waits_for_its_captions_says_so_and_shows_no_draft(
    customer: Customer, film: Media, testimonial: Testimonial, session: Session
) -> None:
    assert film.captions is not None
    film.captions.state, testimonial.state = "draft", "approved"
    session.commit()
    page = customer.page()
    assert page.count("It is shown as soon as its captions are checked.") == 2
    assert "Everybody can see it" not in page
    assert "<track" not in page
    assert customer.client.get(f"{customer.path}/media/{film.public_id}/captions.vtt").status_code == 404
    testimonial.state = "submitted"
    session.commit()
    assert "Nothing is shown before somebody has checked them." in customer.page()


def test_an_original_that_has_gone_says_when(customer: Customer, film: Media, session: Session) -> None:
    film.source_deleted_at = datetime(2026, 9, 1, tzinfo=UTC)
    session.commit()
    page = customer.page()
    assert "deleted on 1 Sept 2026" in page or "deleted on 1 Sep 2026" in page
    assert "kept privately" not in page


def test_captions_of_another_testimonial_are_not_shown(customer: Customer, factories: Factories) -> None:
    other = factories.testimonial()
    assert other.response
    media = factories.media(other.response, other)
    assert customer.client.get(f"{customer.path}/media/{media.public_id}/captions.vtt").status_code == 404


def test_an_export_tells_all_that_is_kept_of_a_video(customer: Customer, film: Media, session: Session) -> None:
    [media] = json.loads(customer.page("/export"))["media"]
    assert (media["recorded_seconds"], media["duration_seconds"]) == (52.4, 38.0)
    assert (media["trim_start_seconds"], media["trim_end_seconds"]) == (3.0, 41.0)
    assert media["original_kept_until"].startswith("2026-08-29T09:30")
    assert media["original_deleted_at"] is None
    assert media["captions"]["state"] == "reviewed"
    assert media["captions"]["language"] == "en"
    assert media["captions"]["vtt"] == "WEBVTT\n\n00:00.000 --> 00:02.000\nThey answered within an hour.\n"
    assert set(media["files"]) == {"video.mp4", "video-360.mp4", "poster.webp", "preview.webp"}
    film.source_deleted_at = datetime(2026, 9, 1, tzinfo=UTC)
    assert film.captions is not None
    session.delete(film.captions)
    session.commit()
    [media] = json.loads(customer.page("/export"))["media"]
    assert (media["original_kept_until"], media["captions"]) == (None, None)
    assert media["original_deleted_at"].startswith("2026-09-01")


@pytest.mark.parametrize("purpose", [Purpose.RESPONSE, Purpose.PROPOSAL, Purpose.INVITATION])
def test_a_link_of_another_kind_is_unknown_here(app: Flask, testimonial: Testimonial, purpose: Purpose) -> None:
    token = app.extensions[EXTENSION].tokens.sign(purpose, testimonial.public_id)
    for step in ("", "/edit", "/withdraw", "/erase", "/export"):
        assert app.test_client().get(f"/s/t/{token}{step}").status_code == 404


def test_one_changed_character_is_as_unknown_as_any_other(customer: Customer) -> None:
    broken = customer.path[:-1] + ("A" if customer.path[-1] != "A" else "B")
    unknown = customer.client.get("/s/t/unknown")
    answer = customer.client.get(broken)
    assert (answer.status_code, answer.data) == (404, unknown.data)


def test_no_cookie_no_cache_no_index(customer: Customer) -> None:
    answer = customer.client.get(customer.path)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("language", ["en", "sv", "da", "nb", "fi"])
@pytest.mark.parametrize("step", ["", "/edit", "/withdraw", "/erase"])
def test_every_page_opens_in_every_language(customer: Customer, language: str, step: str) -> None:
    assert f'<html lang="{language}"' in customer.page(f"{step}?lang={language}")
