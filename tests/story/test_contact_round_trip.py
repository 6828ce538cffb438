"""A file of contacts goes out, comes in elsewhere, and goes out again byte by byte the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from socialproof.cli.work import job_context
from socialproof.companies.models import Company, User
from socialproof.contacts import importing
from socialproof.contacts.export import export
from socialproof.contacts.queries import Wanted, conditions
from socialproof.database import transaction
from socialproof.demo.seed import HOSTILE
from socialproof.domain.contact_file import sniff
from socialproof.domain.contact_headings import guess_fields
from tests.factories import Factories

TODAY = date(2026, 3, 1)


def exported(session: Session, company: Company, delimiter: str) -> bytes:
    session.rollback()
    return "".join(export(session, conditions(company.id, Wanted(TODAY)), delimiter)).encode()


def bring_in(app: Flask, session: Session, company: Company, user: User, data: bytes) -> None:
    context = job_context(app)
    reading = sniff(BytesIO(data))
    session.rollback()
    with transaction(session):
        found = importing.begin_import(
            session,
            company=company,
            user=user,
            file_name="contacts.csv",
            size=len(data),
            reading=reading,
            now=context.now(),
        )
    context.backends.storage.put(found.storage_key, BytesIO(data))
    mapping = guess_fields(importing.look_into(context.backends.storage, found, reading.encoding).headings)
    with transaction(session):
        importing.start_import(
            session, company=company, user=user, found=found, mapping=mapping, dates="", now=context.now()
        )


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_file_comes_back_byte_by_byte(
    app: Flask, session: Session, factories: Factories, run_jobs: Callable[[], int], delimiter: str
) -> None:
    first, second = factories.company(default_language="sv"), factories.company(default_language="fi")
    user = factories.user(email="boss@nordlys.example")
    for company in (first, second):
        factories.member("owner", company, user)
    strange = (
        "=1+1",
        "'=1",
        "''=1",
        "+46 x",
        "-",
        "@x",
        "'a'",
        'a,b;"c"',
        "a,=1;-1",
        "100,-",
        HOSTILE,
        "Åsa Kjær",
        "\u05e9\u05dc\u05d5\u05dd",
    )
    for number, text in enumerate(strange):
        factories.contact(
            first,
            email=f"{number}@customer.example",
            phone=f"+4670123456{number}" if number < 10 else None,
            name=text,
            role=text,
            organisation=text,
            language="sv" if number % 2 else "",
            time_zone="Europe/Stockholm" if number % 3 else "",
            customer_since=date(2024, 3, 1 + number) if number % 4 else None,
            owner_id=user.id if number % 2 else None,
            unsubscribed_at=factories.now if number == 3 else None,
            attributes={"Plan": text, "name": "x", HOSTILE[:60]: text} if number % 5 else {},
        )
    gone_out = exported(session, first, delimiter)
    bring_in(app, session, second, user, gone_out)
    run_jobs()
    assert exported(session, second, delimiter) == gone_out
