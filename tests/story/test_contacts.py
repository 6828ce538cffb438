"""Contacts and segments, found in both databases alike."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.contacts.models import Contact
from socialproof.contacts.segments import segment_filter
from tests.factories import Factories

NAME = "\"><img src=x onerror=alert(1)></script> O'Brien & Søn 🙂\\"
TODAY = date(2026, 3, 1)


def rule(field: str, op: str, value: str = "") -> dict[str, str]:
    return {"field": field, "op": op, "value": value}


RULES = [
    ([], {"Åsa", "Kjær", "Plain"}),
    ([rule("name", "is", "åSA")], {"Åsa"}),
    ([rule("name", "contains", "JÆR")], {"Kjær"}),
    ([rule("name", "is_not", "Åsa")], {"Kjær", "Plain"}),
    ([rule("organisation", "contains", "%")], set()),
    ([rule("organisation", "contains", "a.b")], {"Plain"}),
    ([rule("role", "is_not_set")], {"Kjær", "Plain"}),
    ([rule(f"attributes.{NAME}", "is", "Guld")], {"Åsa"}),
    ([rule(f"attributes.{NAME}", "is_not", "guld")], {"Kjær", "Plain"}),
    ([rule("attributes.Nivå", "is_set")], {"Kjær"}),
    ([rule("attributes.Nivå", "contains", "É")], {"Kjær"}),
    ([rule("customer_since", "on_or_after", "1.3.2025")], {"Kjær"}),
    ([rule("customer_since", "days_ago_more", "300")], {"Åsa"}),
    ([rule("customer_since", "days_ago_less", "300")], {"Kjær"}),
    ([rule("customer_since", "is_not_set")], {"Plain"}),
    ([rule("owner", "is", "BOSS@example.com")], {"Åsa"}),
    ([rule("owner", "is_not", "boss@example.com")], {"Kjær", "Plain"}),
    ([rule("phone", "is", "+46 70 123 45 67"), rule("language", "is", "SV")], {"Åsa"}),
]


@pytest.fixture
def three(factories: Factories) -> int:
    company = factories.company()
    boss = factories.member("owner", company, factories.user(email="boss@example.com")).user
    make: dict[str, dict[str, Any]] = {
        "Åsa": {
            "role": "Chef",
            "attributes": {NAME: "guld"},
            "customer_since": date(2024, 1, 1),
            "owner_id": boss.id,
            "phone": "+46701234567",
            "language": "sv",
        },
        "Kjær": {"attributes": {"Nivå": "café"}, "customer_since": date(2026, 1, 1)},
        "Plain": {"organisation": "xA.B 100"},
    }
    for name, values in make.items():
        factories.contact(company, name=name, **values)
    factories.contact(factories.company(), name="Åsa")
    return company.id


def test_a_segment_finds_the_same_contacts_in_both_databases(session: Session, three: int) -> None:
    for rules, expected in RULES:
        found = session.scalars(select(Contact.name).where(*segment_filter(rules, three, today=TODAY)))
        assert set(found) == expected, rules
