"""The preview shows the customer's real pages with words that are not saved, and records nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from socialproof.responses.models import Response, ScoreCount
from socialproof.surveys.models import SurveyWording


@pytest.fixture
def admin(signed_in):
    return signed_in("admin")


@pytest.fixture
def survey(factories, admin):
    return factories.survey(admin.company, state="draft")


def test_it_shows_a_draft_as_customers_will_see_it(admin, survey):
    page = admin.get(f"/app/surveys/{survey.public_id}/preview?lang=en")
    assert page.status_code == 200
    assert f"recommend {admin.company.name}" in page.text
    assert page.text.count('name="score"') == 11


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("score=9", "What was missing for a 10?"),
        ("score=8", "What would have made it a 10?"),
        ("score=0", "What went wrong"),
        ("score=10", "May we quote you?"),
        ("look=thanks-3", "make this right"),
        ("score=11", "recommend"),
        ("score=" + "9" * 5000, "recommend"),
        ("look=../../etc/passwd", "recommend"),
        ("lang=xx&look=question", "recommend"),
    ],
)
def test_score_and_look_choose_the_page(admin, survey, query, words):
    page = admin.get(f"/app/surveys/{survey.public_id}/preview?{query}")
    assert page.status_code == 200
    assert words in page.text


def test_typed_words_are_shown_and_not_saved(admin, session, survey):
    typed = {"language": "sv", "look": "thanks-10", "thanks_promoter": "Tack för <b>allt</b>!"}
    page = admin.post(f"/app/surveys/{survey.public_id}/preview", typed)
    assert page.status_code == 200
    assert "Tack för &lt;b&gt;allt&lt;/b&gt;!" in page.text
    assert '<html lang="sv"' in page.text
    assert session.scalars(select(SurveyWording)).all() == []


def test_it_never_records_whatever_is_pressed(admin, session, factories, survey):
    survey.state = "open"
    session.commit()
    for number in range(11):
        admin.get(f"/app/surveys/{survey.public_id}/preview?score={number}")
        admin.post(f"/app/surveys/{survey.public_id}/preview", {"score": str(number), "language": "en"})
    assert session.scalar(select(func.count(Response.id))) == 0
    assert session.scalar(select(func.count(ScoreCount.id))) == 0


def test_it_is_a_picture_in_our_own_frame_only(admin, survey):
    page = admin.get(f"/app/surveys/{survey.public_id}/preview")
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "form-action 'none'" in policy
    assert "script-src 'none'" in policy
    assert "<script" not in page.text


def test_its_colour_may_be_tried(admin, survey):
    sheet = admin.get(f"/app/surveys/{survey.public_id}/brand.css?color=%23aa2211")
    assert sheet.content_type.startswith("text/css")
    assert "#aa2211" in sheet.text
    odd = admin.get(f"/app/surveys/{survey.public_id}/brand.css?color=red;}}*{{display:none")
    assert "display" not in odd.text


def test_another_companys_preview_is_a_404_and_viewers_try_no_words(admin, signed_in, factories, survey):
    foreign = factories.survey()
    for path in ("preview", "brand.css"):
        assert admin.get(f"/app/surveys/{foreign.public_id}/{path}").status_code == 404
    assert admin.post(f"/app/surveys/{foreign.public_id}/preview", {}).status_code == 404
    viewer = signed_in("viewer", company=admin.company)
    assert viewer.get(f"/app/surveys/{survey.public_id}/preview").status_code == 200
    assert viewer.post(f"/app/surveys/{survey.public_id}/preview", {}).status_code == 403
