"""The company's settings, its logo, and who may change them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from socialproof.companies.models import AuditEntry, Company
from tests.factories import Factories
from tests.people import Marketer, csrf_token

SignIn = Callable[..., Marketer]
FORM = {
    "name": "Nordlys Kaffe AB",
    "website_url": "nordlys.example",
    "brand_color": "#0A7",
    "default_language": "sv",
    "customer_count": "12 500",
}


@pytest.fixture
def admin(signed_in: SignIn) -> Marketer:
    return signed_in("admin")


def picture(format: str = "PNG", size: tuple[int, int] = (900, 300), **options: object) -> BytesIO:
    target = BytesIO()
    Image.new("RGBA" if format == "PNG" else "RGB", size, "teal").save(target, format, **options)
    target.seek(0)
    return target


def upload(marketer: Marketer, content: BytesIO, name: str = "logo.png") -> TestResponse:
    token = csrf_token(marketer.get("/app/company").text)
    boundary, body = encode_multipart({"csrf_token": token, "logo": FileStorage(content, name)})
    content_type = f"multipart/form-data; boundary={boundary}"
    return marketer.client.post("/app/company/logo", data=body, content_type=content_type)


def kept(session: Session, marketer: Marketer) -> Company:
    session.rollback()
    return session.get_one(Company, marketer.company.id, populate_existing=True)


def test_an_admin_changes_the_settings(admin: Marketer, session: Session) -> None:
    assert admin.post("/app/company", FORM).status_code == 303
    company = kept(session, admin)
    assert company.name == "Nordlys Kaffe AB"
    assert company.website_url == "https://nordlys.example"
    assert company.brand_color == "#00aa77"
    assert company.default_language == "sv"
    assert company.customer_count == 12_500
    assert session.query(AuditEntry).filter_by(action="company.changed").count() == 1


def test_empty_website_and_number_mean_unknown(admin: Marketer, session: Session) -> None:
    admin.post("/app/company", FORM | {"website_url": "  ", "customer_count": ""})
    company = kept(session, admin)
    assert (company.website_url, company.customer_count) == ("", None)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("website_url", "javascript:alert(1)"),
        ("website_url", "java\tscript:alert(1)"),
        ("website_url", "\x01javascript:alert(1)"),
        ("website_url", "data:text/html,<script>alert(1)</script>"),
        ("website_url", "ftp://nordlys.example"),
        ("website_url", "https://a:b@nordlys.example"),
        ("website_url", "https://" + "x" * 3000),
        ("name", ""),
        ("name", "\u200b"),
        ("name", "Nordlys\r\nBcc: x@evil.example"),
        ("name", "x" * 121),
        ("brand_color", "red;}body{display:none"),
        ("brand_color", ""),
        ("default_language", "xx"),
        ("customer_count", "-5"),
        ("customer_count", "1e9"),
        ("customer_count", "٣"),
        ("customer_count", "9" * 40),
    ],
)
def test_a_wrong_setting_is_refused_and_the_rest_kept(
    admin: Marketer, session: Session, field: str, typed: str
) -> None:
    answer = admin.post("/app/company", FORM | {field: typed})
    assert answer.status_code == 422
    assert "javascript:alert(1)" not in answer.text or "href" not in answer.text.split("javascript:alert(1)")[0][-40:]
    assert 'value="12 500"' in answer.text or field == "customer_count"
    assert kept(session, admin).name == admin.company.name


@pytest.mark.parametrize("role", ["viewer", "moderator"])
def test_others_read_the_settings_and_change_nothing(signed_in: SignIn, session: Session, role: str) -> None:
    marketer = signed_in(role)
    page = marketer.get("/app/company")
    assert page.status_code == 200
    assert "Owners and admins change these settings." in page.text
    assert marketer.post("/app/company", FORM).status_code == 403
    assert upload(marketer, picture()).status_code == 403
    assert marketer.post("/app/company/logo/remove").status_code == 403


def test_a_logo_is_encoded_anew_and_replaces_the_former(app: Flask, admin: Marketer, session: Session) -> None:
    storage = app.extensions["socialproof"].backends.storage
    assert upload(admin, picture()).status_code == 303
    first = kept(session, admin).logo_key
    answer = admin.get("/app/company/logo")
    assert answer.mimetype == "image/webp"
    with Image.open(BytesIO(answer.data)) as image:
        assert image.size == (640, 213)
    assert upload(admin, picture("JPEG", (40, 40)), "../../x\u202e.html").status_code == 303
    second = kept(session, admin).logo_key
    assert second != first
    assert second.startswith(f"companies/{admin.company.public_id}/logo/")
    assert storage.stat(first) is None
    assert admin.post("/app/company/logo/remove").status_code == 303
    assert storage.stat(second) is None
    assert admin.get("/app/company/logo").status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", id="SVG"),
        pytest.param(b"<!doctype html><script>alert(1)</script>", id="HTML"),
        pytest.param(b"GIF89a/*<script>alert(1)</script>*/", id="GIF polyglot"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, id="broken PNG"),
        pytest.param(b"x" * (5 * 1024 * 1024 + 1), id="too large"),
    ],
)
def test_what_is_no_picture_is_no_logo(admin: Marketer, session: Session, content: bytes) -> None:
    answer = upload(admin, BytesIO(content))
    assert answer.status_code == 422
    assert 'id="logo-error"' in answer.text
    assert kept(session, admin).logo_key == ""


def test_a_far_too_large_upload_is_cut_off(admin: Marketer) -> None:
    assert upload(admin, BytesIO(b"x" * (6 * 1024 * 1024))).status_code == 413


def test_a_picture_of_too_many_pixels_is_refused(admin: Marketer) -> None:
    assert upload(admin, picture("JPEG", (9000, 9000), quality=1)).status_code == 422


def test_nothing_of_the_sent_file_is_kept(admin: Marketer) -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    upload(admin, picture("JPEG", exif=exif))
    assert b"where I live" not in admin.get("/app/company/logo").data


def test_one_company_never_sees_anothers_logo(signed_in: SignIn, admin: Marketer, session: Session) -> None:
    upload(admin, picture())
    session.rollback()
    assert signed_in("owner").get("/app/company/logo").status_code == 404


GIGABYTE = 1024**3


def meter_page(make_app: Callable[..., Flask], factories: Factories, judged: int, waiting: int) -> str:
    """The page of a company that stores so many bytes, with 100 GB in all and 20 GB for what waits."""
    app = make_app(max_company_bytes=100 * GIGABYTE, max_waiting_bytes=20 * GIGABYTE)
    viewer = Marketer.signed_in(app, factories, "viewer")
    response = factories.response(factories.survey(viewer.company))
    factories.media(response, stored_byte_count=judged, judged_at=factories.now)
    factories.media(response, stored_byte_count=waiting)
    factories.media(factories.response(), stored_byte_count=99 * GIGABYTE)
    return viewer.get("/app/company").text


def test_the_meter_says_what_is_stored_and_what_waits(make_app: Callable[..., Flask], factories: Factories) -> None:
    page = meter_page(make_app, factories, 3 * GIGABYTE, GIGABYTE // 2)
    assert "3.5 GB of 100 GB, of which 512 MB wait for a decision." in page
    assert 'value="3" max="100"' in page
    assert "storage-good" in page
    assert "The room is" not in page


@pytest.mark.parametrize(
    ("judged", "waiting", "level", "way"),
    [
        (80, 0, "caution", "/app/surveys"),
        (96, 0, "bad", "/app/surveys"),
        (0, 17, "caution", "/app/moderation"),
        (0, 20, "bad", "/app/moderation"),
    ],
)
def test_a_scarce_room_is_told_with_what_helps(
    make_app: Callable[..., Flask], factories: Factories, judged: int, waiting: int, level: str, way: str
) -> None:
    page = meter_page(make_app, factories, judged * GIGABYTE, waiting * GIGABYTE)
    alert = page[page.index(f"alert-{level}") :]
    assert f'href="{way}"' in alert[: alert.index("</section>")]


def test_the_meter_of_an_empty_company_says_so(admin: Marketer) -> None:
    assert "0 MB of 100 GB, of which 0 MB wait for a decision." in admin.get("/app/company").text
