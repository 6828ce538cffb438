"""The team's widget pages: made, seen, changed, pasted; and refused to everybody else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.settings import Settings
from socialproof.widgets.models import Snapshot, Widget
from tests.factories import Factories
from tests.people import Marketer

SignedIn = Callable[..., Marketer]
FORM = {
    "name": "Front page",
    "layout": "single",
    "theme": "dark",
    "accent": "#123456",
    "own_accent": "y",
    "language": "sv",
    "max_count": "12",
    "survey": "",
    "shows_nps": "y",
    "nps_kind": "relationship",
}


def test_an_empty_list_says_what_to_do_next(signed_in: SignedIn) -> None:
    page = signed_in("owner").get("/app/widgets").text
    assert "Show what your customers say" in page
    assert "/app/widgets/new" in page


def test_a_new_widget_is_published_at_once_in_every_language(signed_in: SignedIn, session: Session) -> None:
    marketer = signed_in("admin")
    answer = marketer.post("/app/widgets", FORM)
    assert answer.status_code == 303
    widget = session.scalars(select(Widget)).one()
    assert (widget.layout, widget.theme, widget.accent, widget.language) == ("single", "dark", "#123456", "sv")
    assert len(session.scalars(select(Snapshot)).all()) == 5
    assert marketer.client.get(f"/w/{widget.public_id}/sv.json").status_code == 200


def test_the_line_to_paste_is_one_line_with_a_real_link(
    signed_in: SignedIn, factories: Factories, settings: Settings
) -> None:
    marketer = signed_in("owner", factories.company(name='Nordlys "Kaffe" & Co'))
    marketer.post("/app/widgets", FORM)
    page = marketer.get(marketer.get("/app/widgets").text.split('<h2><a href="')[1].split('"')[0]).text
    found = re.search(r'id="snippet" value="([^"]*)"', page)
    assert found
    line = html.unescape(found.group(1))
    assert "\n" not in line
    assert line.startswith(f'<a href="{settings.base_url}/w/')
    assert "Nordlys &#34;Kaffe&#34; &amp; Co</a>" in line
    assert line.endswith(f'<script async src="{settings.base_url}/w/widget.js"></script>')


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  \u200b "),
        ("layout", "marquee"),
        ("theme", "neon"),
        ("accent", "red;}body{display:none"),
        ("max_count", "0"),
        ("max_count", "101"),
        ("max_count", "many"),
        ("language", "xx"),
        ("survey", "not-ours"),
    ],
)
def test_a_wrong_field_keeps_everything_typed(signed_in: SignedIn, session: Session, field: str, value: str) -> None:
    answer = signed_in("owner").post("/app/widgets", {**FORM, field: value})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text or "field-error" in answer.text
    assert "#123456" in answer.text or field == "accent"
    assert session.scalars(select(Widget)).first() is None


def test_an_edit_is_published_at_once(signed_in: SignedIn, session: Session) -> None:
    marketer = signed_in("owner")
    marketer.post("/app/widgets", FORM)
    widget = session.scalars(select(Widget)).one()
    feed = f"/w/{widget.public_id}/en.json"
    assert marketer.client.get(feed).json["widget"]["layout"] == "single"
    assert marketer.post(f"/app/widgets/{widget.public_id}", {**FORM, "layout": "wall"}).status_code == 303
    session.rollback()
    assert b'"layout":"wall"' in session.scalars(select(Snapshot)).first().body  # type: ignore[union-attr]


def test_a_deleted_widget_is_gone_for_visitors(signed_in: SignedIn, session: Session) -> None:
    marketer = signed_in("owner")
    marketer.post("/app/widgets", FORM)
    widget_id = session.scalars(select(Widget.public_id)).one()
    assert marketer.post(f"/app/widgets/{widget_id}/delete").status_code == 303
    assert marketer.client.get(f"/w/{widget_id}").status_code == 404
    session.rollback()
    assert session.scalars(select(Snapshot)).first() is None


def test_the_preview_shows_unsaved_settings_and_may_be_framed_by_us_alone(signed_in: SignedIn) -> None:
    marketer = signed_in("owner")
    page = marketer.get("/app/widgets/preview?layout=badge&theme=dark&language=fi&ground=dark")
    assert page.status_code == 200
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert "/w/widget.js" in page.text
    query = {key: value for key, value in FORM.items() if key != "name"} | {"layout": "badge"}
    feed = marketer.get("/app/widgets/preview/fi.json", query_string=query)
    assert feed.json["widget"]["layout"] == "badge"
    assert feed.json["language"] == "fi"
    assert "no-store" in feed.headers["Cache-Control"]


def test_looking_at_a_preview_writes_nothing(signed_in: SignedIn, session: Session) -> None:
    marketer = signed_in("owner")
    marketer.get("/app/widgets/preview/en.json", query_string=FORM)
    assert session.scalars(select(Widget)).first() is None


def test_a_preview_with_nonsense_is_refused(signed_in: SignedIn) -> None:
    assert signed_in("owner").get("/app/widgets/preview/en.json?layout=x").status_code == 422


@pytest.mark.parametrize("role", ["viewer", "moderator"])
def test_a_role_below_admin_may_look_but_not_change(signed_in: SignedIn, factories: Factories, role: str) -> None:
    marketer = signed_in(role)
    widget = factories.widget(marketer.company)
    assert marketer.get("/app/widgets").status_code == 200
    assert marketer.get(f"/app/widgets/{widget.public_id}").status_code == 200
    assert marketer.get("/app/widgets/new").status_code == 403
    for path in ("", f"/{widget.public_id}", f"/{widget.public_id}/delete"):
        assert marketer.post(f"/app/widgets{path}", FORM).status_code == 403


def test_another_companys_widget_and_a_missing_one_are_the_same_404(signed_in: SignedIn, factories: Factories) -> None:
    marketer, foreign = signed_in("owner"), factories.widget()
    for method in (marketer.get, marketer.post):
        for end in ("", "/delete"):
            if method == marketer.get and end:
                continue
            theirs, missing = (method(f"/app/widgets/{one}{end}") for one in (foreign.public_id, "A" * 16))
            assert theirs.status_code == missing.status_code == 404


def test_nobody_gets_in_without_signing_in(client: FlaskClient, factories: Factories) -> None:
    widget = factories.widget()
    for path in ("", "/new", f"/{widget.public_id}", "/preview", "/preview/en.json"):
        assert client.get(f"/app/widgets{path}").status_code in (303, 401)


def test_a_survey_of_another_company_cannot_be_chosen(signed_in: SignedIn, factories: Factories) -> None:
    foreign = factories.survey()
    assert signed_in("owner").post("/app/widgets", {**FORM, "survey": foreign.public_id}).status_code == 422


def test_a_name_of_html_stays_text(signed_in: SignedIn) -> None:
    marketer = signed_in("owner")
    marketer.post("/app/widgets", {**FORM, "name": '"><img src=x onerror=alert(1)>'})
    page = marketer.get("/app/widgets").text
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
