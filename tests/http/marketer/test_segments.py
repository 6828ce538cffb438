"""The pages of segments: rules in rows, tried while they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.campaigns.models import Campaign
from socialproof.companies.models import Company
from socialproof.contacts.models import ContactSegment
from socialproof.demo.seed import HOSTILE
from tests.factories import Factories
from tests.people import Marketer

SignIn = Callable[..., Marketer]


def typed(*rules: tuple[str, str, str], name: str = "Gold", **buttons: str) -> dict[str, Any]:
    columns = zip(*rules, strict=True) if rules else ([], [], [])
    return {"name": name} | dict(zip(("field", "op", "value"), map(list, columns), strict=True)) | buttons


@pytest.fixture
def company(factories: Factories) -> Company:
    company = factories.company(default_language="sv")
    factories.contact(company, name="Åsa", attributes={"Plan": "Gold"}, phone="+46701234567")
    factories.contact(company, name="Kjær", attributes={"Plan": "silver"}, language="da")
    return company


@pytest.fixture
def segment(factories: Factories, company: Company) -> ContactSegment:
    rules = [{"field": "attributes.Plan", "op": "is", "value": "gold"}]
    return factories.add(ContactSegment(company_id=company.id, name="Gold", rules=rules, created_at=factories.now))


def test_a_segment_is_built_row_by_row_without_a_script(session: Session, signed_in: SignIn, company: Company) -> None:
    admin = signed_in("admin", company)
    assert "2 contacts" in admin.get("/app/segments/new").text
    page = admin.post("/app/segments", typed(("attributes.Plan", "is", "gold"), add="1")).text
    assert "1 contact<" in page
    assert "Åsa" in page
    assert page.count('class="rule-row"') == 2
    assert "Rows that are not filled in are left out." in page
    page = admin.post("/app/segments", typed(("name", "is", "x"), ("language", "is", "da"), remove="0")).text
    assert "Kjær" in page
    assert page.count('class="rule-row"') == 1
    assert session.scalars(select(ContactSegment)).all() == []
    rules = (("attributes.Plan", "is", "gold"), ("phone", "is", "070-123 45 67"), ("", "is", ""))
    assert admin.post("/app/segments", typed(*rules)).status_code == 303
    session.rollback()
    assert session.scalars(select(ContactSegment)).one().rules == [
        {"field": "attributes.Plan", "op": "is", "value": "gold"},
        {"field": "phone", "op": "is", "value": "+46701234567"},
    ]


def test_a_chosen_field_asks_for_its_own_kind_of_value(signed_in: SignIn, company: Company) -> None:
    admin = signed_in("admin", company)
    rules = (("customer_since", "is", "x"), ("owner", "contains", ""), ("language", "is", "sv"))
    page = admin.post("/app/segments", typed(*rules, count="1")).text
    assert 'type="date"' in page
    assert f'<option value="{admin.user.email}"' in page
    assert '<option value="sv" selected>Svenska' in page


def test_rules_that_cannot_be_are_said_beside_their_rows_and_stay(
    session: Session, signed_in: SignIn, company: Company
) -> None:
    rules = (("name", "is", "kept"), ("customer_since", "days_ago_more", "soon"), ("password", "is", "x"))
    answer = signed_in("admin", company).post("/app/segments", typed(*rules, name="My name"))
    assert answer.status_code == 422
    assert answer.text.count('class="field-error"') == 2
    for kept in ("kept", "soon", "My name"):
        assert f'value="{kept}"' in answer.text
    assert session.scalars(select(ContactSegment)).all() == []


def test_two_segments_do_not_share_a_name(signed_in: SignIn, company: Company, segment: ContactSegment) -> None:
    admin = signed_in("admin", company)
    for name in ("Gold", " Gold ", "", "x" * 121):
        assert admin.post("/app/segments", typed(("name", "is", "x"), name=name)).status_code == 422
    path = f"/app/segments/{segment.public_id}"
    assert admin.post(path, typed(("name", "is", "x"), name="Gold")).status_code == 303


def test_a_segment_in_use_stays_and_says_by_which_campaign(
    session: Session, signed_in: SignIn, factories: Factories, company: Company, segment: ContactSegment
) -> None:
    survey = factories.survey(company)
    campaign = factories.add(
        Campaign(
            company_id=company.id,
            survey_id=survey.id,
            segment_id=segment.id,
            name="Autumn pulse",
            template="one_off",
            created_at=factories.now,
        )
    )
    admin = signed_in("admin", company)
    path = f"/app/segments/{segment.public_id}/delete"
    answer = admin.post(path)
    assert answer.status_code == 422
    assert "The segment is used by: Autumn pulse" in answer.text
    session.delete(campaign)
    session.commit()
    assert admin.post(path).status_code == 303
    session.rollback()
    assert session.scalars(select(ContactSegment)).all() == []


def test_a_viewer_reads_segments_and_changes_none(signed_in: SignIn, company: Company, segment: ContactSegment) -> None:
    viewer = signed_in("viewer", company)
    page = viewer.get(f"/app/segments/{segment.public_id}").text
    assert "1 contact<" in page
    assert 'name="add"' not in page
    assert viewer.post(f"/app/segments/{segment.public_id}", typed()).status_code == 403


def test_hostile_text_in_a_segment_stays_literal(signed_in: SignIn, factories: Factories, company: Company) -> None:
    rules = [{"field": f"attributes.{HOSTILE[:60]}", "op": "is", "value": HOSTILE}]
    segment = factories.add(ContactSegment(company_id=company.id, name=HOSTILE, rules=rules, created_at=factories.now))
    admin = signed_in("admin", company)
    for path in ("/app/segments", f"/app/segments/{segment.public_id}", "/app/contacts"):
        page = admin.get(path).text
        assert "&lt;img src=x" in page
        assert "<img src=x" not in page
