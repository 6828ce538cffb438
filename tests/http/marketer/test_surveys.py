"""Surveys are made, worded, set and opened by admins, and by nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from socialproof.surveys.models import Survey, SurveyWording
from socialproof.surveys.wording import wording_for

HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


@pytest.fixture
def survey(factories, admin):
    return factories.survey(admin.company, name="Yearly")


@pytest.fixture
def again(session):
    """The row as it is now."""

    def read(row):
        session.rollback()
        session.refresh(row)
        return row

    return read


SETTINGS = {
    "name": "Yearly",
    "default_language": "sv",
    "max_video_seconds": "60",
    "video_retention_days": "30",
    "asks_for_testimonial": "y",
}


def test_a_survey_is_made_read_and_opened(admin, session):
    made = admin.post("/app/surveys", {"name": " Yearly  2026 ", "kind": "relationship", "language": "fi"})
    assert made.status_code == 303
    survey = session.scalars(select(Survey)).one()
    assert (survey.name, survey.kind, survey.state, survey.default_language) == (
        "Yearly 2026",
        "relationship",
        "draft",
        "fi",
    )
    page = admin.get(made.location)
    assert "Draft" in page.text
    assert "Kuinka" in page.text or "How likely" in page.text
    opened = admin.post(f"/app/surveys/{survey.public_id}/open")
    assert opened.location.endswith("/share")
    assert "it takes answers from now on" in admin.get(opened.location).text


def test_a_refused_survey_keeps_what_was_typed(admin, session):
    page = admin.post("/app/surveys", {"name": "n" * 121, "kind": "both", "language": "xx"})
    assert page.status_code == 422
    assert "n" * 121 in page.text
    assert session.scalars(select(Survey)).all() == []
    for name in ("", "  \u200b ", "two\r\nlines"):
        assert admin.post("/app/surveys", {"name": name, "kind": "relationship", "language": "en"}).status_code == 422


def test_opening_and_closing_twice_says_so(admin, survey, again):
    closed = f"/app/surveys/{survey.public_id}/close"
    admin.post(closed)
    assert again(survey).state == "closed"
    again_closed = admin.post(closed)
    assert again_closed.status_code == 303
    page = admin.get(again_closed.location).text
    assert "takes no answers as it is" in page
    assert "Open it again" in page


def test_own_words_are_kept_per_language(admin, survey, again):
    answer = admin.post(
        f"/app/surveys/{survey.public_id}/words/sv",
        {"question": "Rekommenderar du oss?", "testimonial_prompts": "Hur var det?\r\n\r\nVad mer?", "language": "sv"},
    )
    assert answer.status_code == 303
    assert wording_for(again(survey), "sv").question == "Rekommenderar du oss?"
    assert wording_for(survey, "sv").testimonial_prompts == ["Hur var det?", "Vad mer?"]
    assert "Rekommenderar du oss?" in admin.get(answer.location).text
    assert "Rekommenderar du oss?" not in admin.get(f"/app/surveys/{survey.public_id}/words/fi").text


def test_the_editor_stays_in_the_readers_language(admin, survey):
    page = admin.get(f"/app/surveys/{survey.public_id}/words/fi").text
    assert '<html lang="en"' in page


def test_a_question_with_answers_needs_somebody_who_understands(admin, factories, session, survey, again):
    factories.response(survey, 9)
    address = f"/app/surveys/{survey.public_id}/words/en"
    refused = admin.post(address, {"question": "Another one?"})
    assert refused.status_code == 422
    assert "Another one?" in refused.text
    assert "1 answer was given to these words" in refused.text
    assert session.scalars(select(SurveyWording)).all() == []
    assert admin.post(address, {"question": "Another one?", "is_understood": "y"}).status_code == 303
    assert wording_for(again(survey), "en").question == "Another one?"
    assert admin.post(address, {"question": "Another one?", "why_nine": "What was missing?"}).status_code == 303


def test_words_that_are_too_long_stay_in_their_field(admin, survey, session):
    typed = {
        "question": "q" * 301,
        "low_label": "l" * 61,
        "thanks_promoter": "t" * 601,
        "testimonial_prompts": "\n".join("abcdefg"),
    }
    page = admin.post(f"/app/surveys/{survey.public_id}/words/en", typed)
    assert page.status_code == 422
    for text in ("q" * 301, "l" * 61, "t" * 601, "At most 6 questions."):
        assert text in page.text
    assert session.scalars(select(SurveyWording)).all() == []


def test_settings_are_kept(admin, survey, again):
    typed = SETTINGS | {
        "brand_color": "#A1B",
        "promoters_only": "y",
        "reward_text": "A bag of coffee for everybody",
        "embed_domains": "shop.example\nhttps://www.shop.example/",
    }
    assert admin.post(f"/app/surveys/{survey.public_id}/settings", typed).status_code == 303
    kept = again(survey)
    assert (kept.brand_color, kept.promoters_only, kept.allows_video) == ("#aa11bb", True, False)
    assert kept.embed_domains == ["https://shop.example", "https://www.shop.example"]
    assert (kept.max_video_seconds, kept.video_retention_days, kept.default_language) == (60, 30, "sv")
    page = admin.get(f"/app/surveys/{survey.public_id}/settings").text
    assert "only satisfied customers were asked" in page
    assert "A bag of coffee for everybody" in page


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("embed_domains", "javascript:alert(1)"),
        ("embed_domains", "java\tscript:alert(1)"),
        ("embed_domains", "https://a.example; script-src *"),
        ("embed_domains", "https://a.example/path https://b.example"),
        ("brand_color", "red;}body{display:none"),
        ("max_video_seconds", "1e9"),
        ("max_video_seconds", "-5"),
        ("max_video_seconds", ""),
        ("video_retention_days", "0"),
        ("video_retention_days", "3651"),
        ("video_retention_days", "for ever"),
        ("video_retention_days", ""),
        ("default_language", "xx"),
        ("name", ""),
        ("reward_text", "r" * 301),
    ],
)
def test_wrong_settings_are_refused_with_words_and_kept_on_the_page(admin, survey, again, field, typed):
    page = admin.post(
        f"/app/surveys/{survey.public_id}/settings", SETTINGS | {field: typed, "name": "Kept"} | {field: typed}
    )
    assert page.status_code == 422
    assert "error-summary" in page.text
    assert again(survey).name == "Yearly"


def test_hostile_names_stay_text_and_do_not_turn_their_neighbours(admin, factories):
    survey = factories.survey(admin.company, name=HOSTILE)
    for path in ("", f"/{survey.public_id}", f"/{survey.public_id}/settings", f"/{survey.public_id}/share"):
        assert "<img src=x" not in admin.get("/app/surveys" + path).text
    admin.post(f"/app/surveys/{survey.public_id}/settings", SETTINGS | {"name": "abc\u202edef"})
    assert "\u202e" not in admin.get("/app/surveys").text


def pages_of(survey_id):
    return [
        ("GET", f"/app/surveys/{survey_id}"),
        ("GET", f"/app/surveys/{survey_id}/words/en"),
        ("POST", f"/app/surveys/{survey_id}/words/en"),
        ("GET", f"/app/surveys/{survey_id}/settings"),
        ("POST", f"/app/surveys/{survey_id}/settings"),
        ("POST", f"/app/surveys/{survey_id}/open"),
        ("POST", f"/app/surveys/{survey_id}/close"),
    ]


@pytest.mark.both_databases
def test_another_companys_survey_is_the_same_404_as_a_missing_one(admin, factories, again):
    foreign = factories.survey(name="Not yours")
    for survey_id in (foreign.public_id, "nobody", "%00", "x" * 5000):
        for method, path in pages_of(survey_id):
            page = admin.get(path) if method == "GET" else admin.post(path, SETTINGS)
            assert page.status_code == 404, path
            assert "Not yours" not in page.text
    assert again(foreign).state == "open"


@pytest.mark.parametrize("role", ["viewer", "moderator"])
def test_who_is_no_admin_may_read_but_not_change(signed_in, factories, again, role):
    reader = signed_in(role)
    survey = factories.survey(reader.company)
    for method, path in pages_of(survey.public_id):
        page = reader.get(path) if method == "GET" else reader.post(path, SETTINGS)
        assert page.status_code == (200 if method == "GET" else 403), path
    assert reader.get("/app/surveys/new").status_code == 403
    assert reader.post("/app/surveys", {"name": "Mine", "kind": "relationship", "language": "en"}).status_code == 403
    assert again(survey).state == "open"


def test_nobody_who_is_not_signed_in_comes_in(client, factories):
    survey = factories.survey()
    factories.member("owner", survey.company)
    for path in ("/app/surveys", "/app/surveys/new", f"/app/surveys/{survey.public_id}"):
        assert client.get(path).status_code == 303


def test_a_form_of_another_site_changes_nothing(admin, survey, again):
    page = admin.client.post(f"/app/surveys/{survey.public_id}/close", data={})
    assert page.status_code >= 400
    assert again(survey).state == "open"
