"""The method page: how the figure and the selection come about."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient


def test_it_explains_score_margin_consent_and_moderation(client: FlaskClient, showcase: Any) -> None:
    for score in [10] * 30 + [7] * 20 + [2] * 10:
        showcase.factories.response(showcase.survey, score)
    page = client.get(f"/w/{showcase.publish().public_id}/method")
    assert page.status_code == 200
    for words in (
        "(n + 3)",
        "1.96",
        "adjusted Wald",
        "fewer than 20 answers",
        "Promoters (9–10)",
        "not for being negative",
    ):
        assert words in page.text
    cells = [int(cell) for cell in re.findall(r"<td[^>]*>(\d+)</td>", page.text)]
    assert cells == [30, 20, 10]


def test_it_carries_the_trademark_note(client: FlaskClient, showcase: Any) -> None:
    page = client.get(f"/w/{showcase.publish().public_id}/method").text
    assert "Net Promoter®" in page
    assert "trademarks or service marks" in page


def test_the_formula_is_markup_and_names_are_not(client: FlaskClient, showcase: Any) -> None:
    showcase.company.name = "<b>Kaffe</b>"
    page = client.get(f"/w/{showcase.publish().public_id}/method").text
    assert '<span class="formula">± 1.96' in page
    assert "<b>Kaffe</b>" not in page


def test_few_answers_have_no_figure_here_either(client: FlaskClient, showcase: Any) -> None:
    showcase.factories.response(showcase.survey, 10)
    page = client.get(f"/w/{showcase.publish().public_id}/method").text
    assert "Collecting answers: 1" in page
    assert "+100" not in page.replace("from −100 to +100", "")


def test_it_counts_what_was_handed_in_and_what_is_shown(client: FlaskClient, showcase: Any) -> None:
    showcase.story()
    showcase.story(state="rejected")
    page = client.get(f"/w/{showcase.publish().public_id}/method").text
    assert "<dt>Stories handed in</dt><dd>2</dd>" in page
    assert "<dt>Shown here</dt><dd>1</dd>" in page
    assert "The stories are a selection." in page
