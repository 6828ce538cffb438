"""Several companies in one installation, each with its own walls."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from socialproof.companies.models import Company
from tests.factories import Factories
from tests.people import Marketer

SignIn = Callable[..., Marketer]


def test_a_member_of_two_companies_stands_in_one_at_a_time(signed_in: SignIn, factories: Factories) -> None:
    marketer = signed_in("owner")
    factories.session.rollback()
    second = factories.company(name="Sydlys Te AB")
    factories.member("viewer", second, marketer.user)
    factories.session.rollback()
    assert marketer.post("/app/switch", {"company": second.public_id}).location == "/app/"
    page = marketer.get("/app/company").text
    assert 'value="Sydlys Te AB"' in page
    assert marketer.post("/app/company", {"name": "Mine"}).status_code == 403
    assert marketer.post("/app/switch", {"company": marketer.company.public_id}).status_code == 303
    assert f'value="{marketer.company.name}"' in marketer.get("/app/company").text


@pytest.mark.parametrize("wanted", ["foreign", "missing", "", "\x00"])
def test_a_foreign_and_a_missing_company_are_the_same(signed_in: SignIn, factories: Factories, wanted: str) -> None:
    marketer = signed_in("owner")
    factories.session.rollback()
    foreign = factories.member().company
    answer = marketer.post("/app/switch", {"company": foreign.public_id if wanted == "foreign" else wanted})
    assert answer.status_code == 404
    assert answer.text == marketer.post("/app/switch", {"company": "none"}).text
    assert f'value="{marketer.company.name}"' in marketer.get("/app/company").text


def test_an_owner_makes_another_company_and_stands_in_it(signed_in: SignIn) -> None:
    marketer = signed_in("owner")
    assert marketer.post("/app/switch/new", {"name": "Sydlys Te AB"}).location == "/app/"
    assert 'value="Sydlys Te AB"' in marketer.get("/app/company").text
    assert marketer.company.name in marketer.get("/app/switch").text


@pytest.mark.parametrize("role", ["viewer", "moderator", "admin"])
def test_who_owns_nothing_makes_no_company(signed_in: SignIn, session: Session, role: str) -> None:
    marketer = signed_in(role)
    assert "/app/switch/new" not in marketer.get("/app/switch").text
    assert marketer.post("/app/switch/new", {"name": "Sydlys Te AB"}).status_code == 403
    session.rollback()
    assert session.query(Company).count() == 1


@pytest.mark.parametrize("name", ["", "\u200b", "A\r\nBcc: x@evil.example", "x" * 121])
def test_a_company_needs_a_name_in_one_line(signed_in: SignIn, name: str) -> None:
    assert signed_in("owner").post("/app/switch/new", {"name": name}).status_code == 422


def test_nobody_switches_nothing(client: FlaskClient, factories: Factories) -> None:
    factories.member()
    assert client.get("/app/switch").location == "/app/sign-in?next=%2Fapp%2Fswitch"
