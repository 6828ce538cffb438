"""A file of contacts becomes contacts: every row once, nobody doubled, nobody asked again who said never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from socialproof.backends.jobs.models import Job
from socialproof.backends.jobs.port import JobContext
from socialproof.cli.work import job_context
from socialproof.companies.emails import kept_email
from socialproof.companies.models import Company, Membership
from socialproof.contacts import import_job, importing
from socialproof.contacts.export import export
from socialproof.contacts.import_values import plain_email, plain_phone
from socialproof.contacts.models import Contact, ContactImport, ImportProblem
from socialproof.contacts.phones import e164
from socialproof.contacts.service import delete_contact
from socialproof.contacts.suppression import unsubscribe
from socialproof.database import transaction
from socialproof.domain.contact_file import sniff
from socialproof.domain.contact_headings import guess_fields
from socialproof.domain.errors import Conflict, RuleBroken
from tests.factories import Factories

RunJobs = Callable[[], int]
HEADING = "email,phone,name,role,organisation,language,time_zone,customer_since,owner,unsubscribed,Plan"


@pytest.fixture
def context(app: Flask) -> JobContext:
    return job_context(app)


@pytest.fixture
def member(factories: Factories) -> Membership:
    return factories.member("admin", factories.company(default_language="sv"))


@pytest.fixture
def bring(session: Session, context: JobContext, member: Membership) -> Callable[..., ContactImport]:
    """Store a file and start its import; the worker takes it at the next `run_jobs`."""

    def bring_in(content: str | bytes, dates: str = "", phones: str = "", **mapping: str) -> ContactImport:
        data = content.encode() if isinstance(content, str) else content
        reading = sniff(BytesIO(data))
        session.rollback()
        with transaction(session):
            found = importing.begin_import(
                session,
                company=member.company,
                user=member.user,
                file_name="kunder.csv",
                size=len(data),
                reading=reading,
                now=context.now(),
            )
        context.backends.storage.put(found.storage_key, BytesIO(data))
        headings = importing.look_into(context.backends.storage, found, reading.encoding).headings
        guessed = guess_fields(headings) | mapping
        with transaction(session):
            importing.start_import(
                session,
                company=member.company,
                user=member.user,
                found=found,
                mapping=guessed,
                dates=dates,
                phones=phones,
                now=context.now(),
            )
        return found

    return bring_in


def counts(session: Session, found: ContactImport) -> tuple[str, int, int, int, int]:
    session.rollback()
    session.refresh(found)
    assert found.done_count == found.added_count + found.changed_count + found.same_count + found.refused_count
    return found.state, found.added_count, found.changed_count, found.same_count, found.refused_count


def contacts(session: Session, company: Company) -> dict[str, Contact]:
    session.rollback()
    living = (Contact.company_id == company.id, Contact.deleted_at.is_(None))
    found = session.scalars(select(Contact).where(*living).order_by(Contact.id))
    return {contact.email or contact.phone or "": contact for contact in found}


def problems(session: Session, found: ContactImport) -> list[tuple[int, str, str, bool]]:
    rows = session.scalars(
        select(ImportProblem).where(ImportProblem.import_id == found.id).order_by(ImportProblem.line)
    )
    return [(row.line, row.code, row.field, row.is_refused) for row in rows]


def test_a_company_that_writes_english_has_its_phone_numbers_where_its_clock_is(
    bring: Callable[..., ContactImport], session: Session, member: Membership, run_jobs: RunJobs
) -> None:
    member.company.default_language, member.company.time_zone = "en", "Europe/Stockholm"
    session.commit()
    bring("phone,language\n070-174 06 35,en\n070-174 06 36,\n")
    run_jobs()
    assert sorted(contacts(session, member.company)) == ["+46701740635", "+46701740636"]


def test_a_row_fills_every_field_of_a_contact(
    bring: Callable[..., ContactImport], session: Session, member: Membership, run_jobs: RunJobs
) -> None:
    row = "Anna@Kund.Example,070-174 06 35,Anna  Åkesson,'-vd,Kund AB,danska,Helsinki,1.3.2024"
    both = "b@kund.example,040 123 45 67,,,,finska,,"
    found = bring(f"{HEADING}\n{row},{member.user.email},nej,Guld\n{both}\n", **{"10": "attributes.Plan"})
    run_jobs()
    assert counts(session, found) == ("done", 2, 0, 0, 0)
    anna = contacts(session, member.company)["anna@kund.example"]
    assert (anna.name, anna.role, anna.organisation, anna.language) == ("Anna Åkesson", "-vd", "Kund AB", "da")
    assert (anna.time_zone, str(anna.customer_since), anna.owner_id) == (
        "Europe/Helsinki",
        "2024-03-01",
        member.user_id,
    )
    assert (anna.attributes, anna.unsubscribed_at, anna.phone) == ({"Plan": "Guld"}, None, "+46701740635")
    assert problems(session, found) == [(3, "ambiguous_phone", "phone", False)]  # Swedish or Finnish: nobody knows


@pytest.mark.parametrize(
    ("phones", "taken", "code"),
    [
        ("FI", {"+358401234567", "+358401234568", "+46701740635", "+46701740636"}, "bad_phone"),
        ("refuse", {"+46701740635", "+46701740636"}, "no_country"),
    ],
)
def test_the_country_of_numbers_without_one_holds_for_the_whole_file(
    bring: Callable[..., ContactImport],
    session: Session,
    member: Membership,
    run_jobs: RunJobs,
    phones: str,
    taken: set[str],
    code: str,
) -> None:
    numbers = ["040 123 4567,sv", "401234568,fi", "+46 70 174 06 35,fi", "0046701740636,en", "0701,sv"]
    found = bring("phone,language\n" + "\n".join(numbers), phones=phones)
    run_jobs()
    assert contacts(session, member.company).keys() == taken
    assert (6, code, "phone", True) in problems(session, found)
    assert counts(session, found) == ("done", len(taken), 0, 0, 5 - len(taken))


def test_the_same_file_twice_adds_nothing_and_a_doubled_row_is_one_contact(
    bring: Callable[..., ContactImport], session: Session, member: Membership, run_jobs: RunJobs
) -> None:
    content = (
        "email,phone,name\na@kund.example,+46701740635,Anna\nA@KUND.example,,Anna\n,0701740636,Bo\n"
        ",+46 70 174 06 36,Bo Berg\nc@kund.example,+46701740635,Cia\n"
    )
    first = bring(content)
    run_jobs()
    assert counts(session, first) == ("done", 3, 1, 1, 0)
    assert [contact.name for contact in contacts(session, member.company).values()] == ["Anna", "Bo Berg", "Cia"]
    again = bring(content.replace(",Bo\n", ",Bo Berg\n"))
    run_jobs()
    assert counts(session, again) == ("done", 0, 0, 5, 0)


def test_filled_cells_replace_and_empty_cells_change_nothing(
    bring: Callable[..., ContactImport],
    session: Session,
    member: Membership,
    factories: Factories,
    run_jobs: RunJobs,
) -> None:
    company = member.company
    factories.contact(
        company, email="a@kund.example", name="Anna", role="vd", attributes={"Plan": "Guld", "Ort": "Umeå"}
    )
    factories.contact(company, email=None, phone="+46701740635", name="Bo")
    factories.contact(factories.company(), email="a@kund.example", name="Of another company")
    found = bring(
        "email,phone,name,role,Plan\na@kund.example,,Anna Berg,,Silver\nbo@kund.example,0701740635,,,\n",
        **{"4": "attributes.Plan"},
    )
    run_jobs()
    assert counts(session, found) == ("done", 0, 2, 0, 0)
    kept = contacts(session, company)
    anna, bo = kept["a@kund.example"], kept["bo@kund.example"]
    assert (anna.name, anna.role, anna.attributes) == ("Anna Berg", "vd", {"Plan": "Silver", "Ort": "Umeå"})
    assert (bo.name, bo.phone) == ("Bo", "+46701740635")


def test_who_said_never_stays_unsubscribed_and_a_file_may_say_it_too(
    bring: Callable[..., ContactImport],
    session: Session,
    member: Membership,
    factories: Factories,
    context: JobContext,
    run_jobs: RunJobs,
) -> None:
    gone = factories.contact(member.company, email="gone@kund.example")
    factories.contact(member.company, email="old@kund.example")
    with transaction(session):
        gone = session.get_one(Contact, gone.id)
        unsubscribe(session, contact=gone, by="link", now=context.now())
        delete_contact(session, contact=gone, now=context.now())
    found = bring(
        "email,unsubscribed\ngone@kund.example,no\nold@kund.example,yes\nnew@kund.example,ja\nx@kund.example,\n"
    )
    run_jobs()
    assert counts(session, found) == ("done", 3, 1, 0, 0)
    kept = contacts(session, member.company)
    said = {email: contact.unsubscribed_by for email, contact in kept.items() if contact.unsubscribed_at}
    assert said == {
        "gone@kund.example": said["gone@kund.example"],
        "old@kund.example": "import",
        "new@kund.example": "import",
    }
    again = bring("email,unsubscribed\nnew@kund.example,no\nold@kund.example,yes\n")
    run_jobs()
    assert counts(session, again) == ("done", 0, 0, 2, 0)
    assert contacts(session, member.company)["new@kund.example"].unsubscribed_at is not None


def test_what_was_exported_comes_back_unchanged(
    bring: Callable[..., ContactImport],
    session: Session,
    member: Membership,
    factories: Factories,
    run_jobs: RunJobs,
) -> None:
    factories.contact(
        member.company,
        email="a@kund.example",
        phone="+46701740635",
        name="=Åsa",
        owner_id=member.user_id,
        attributes={"Nivå": "-1"},
    )
    factories.contact(member.company, email=None, phone="+4521234567", time_zone="Europe/Oslo", language="da")
    content = "".join(export(session, [Contact.company_id == member.company_id]))
    found = bring(content)
    run_jobs()
    assert counts(session, found) == ("done", 0, 0, 2, 0)
    assert problems(session, found) == []


def test_ten_thousand_rows_with_a_broken_one_in_the_middle(
    bring: Callable[..., ContactImport], session: Session, member: Membership, run_jobs: RunJobs
) -> None:
    rows = [f"p{number}@kund.example,Person {number}" for number in range(1, 10_001)]
    rows[4999] = "<script>alert(1)</script>,Broken"
    found = bring("email,name\n" + "\n".join(rows))
    run_jobs()
    assert counts(session, found) == ("done", 9999, 0, 0, 1)
    [problem] = session.scalars(select(ImportProblem))
    assert (problem.line, problem.code, problem.field) == (5001, "bad_email", "email")
    assert problem.value == "<script>alert(1)</script>"
    again = bring("email,name\n" + "\n".join(rows))
    run_jobs()
    assert counts(session, again) == ("done", 0, 0, 9999, 1)


def test_what_is_wrong_is_said_row_by_row(
    bring: Callable[..., ContactImport], session: Session, run_jobs: RunJobs
) -> None:
    content = b"\n".join(
        [
            b"email,phone,language,customer_since,name,owner",
            b",,,,Nobody,",
            b"a@kund.example,123,Klingon,31/31/2024,Anna,nobody@b.example",
            b"b@kund.example,,,,B\0,",
            b"c@kund.example,,,,C,,shifted",
            b"d@kund.example,,,," + b"x" * 1_000_000 + b",",
            b"e@kund.example,,,," + b"x" * 130 + b",",
            b"f@kund.example",
        ]
    )
    found = bring(content, dates="dmy")
    run_jobs()
    assert counts(session, found) == ("done", 3, 0, 0, 4)
    assert problems(session, found) == [
        (2, "no_address", "", True),
        (3, "unknown_language", "language", False),
        (3, "not_a_day", "customer_since", False),
        (3, "unknown_owner", "owner", False),
        (3, "bad_phone", "phone", False),
        (4, "unreadable", "name", True),
        (5, "too_many_cells", "", True),
        (6, "cell_too_long", "", True),
        (7, "too_long", "name", False),
    ]


def test_it_goes_on_where_a_killed_worker_stopped(
    bring: Callable[..., ContactImport],
    session: Session,
    member: Membership,
    context: JobContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_job, "BATCH_ROWS", 10)
    found = bring("email\n" + "".join(f"p{number}@kund.example\n" for number in range(35)))
    ids = {"company_id": found.company_id, "import_id": found.id}
    calls = iter(range(100))

    def dying(*arguments: Any, **more: Any) -> Any:
        if next(calls) == 2:
            raise SystemExit("killed")
        return kept(*arguments, **more)

    kept = import_job._keep_problems
    monkeypatch.setattr(import_job, "_keep_problems", dying)
    with pytest.raises(SystemExit):
        import_job.take_in(context, **ids)
    assert counts(session, found)[:2] == ("running", 20)
    import_job.take_in(context, **ids)
    assert counts(session, found) == ("done", 35, 0, 0, 0)
    import_job.take_in(context, **ids)
    assert session.scalar(select(func.count()).select_from(Contact)) == 35


def test_two_workers_with_the_same_import_take_each_row_once_and_a_cancelled_one_ends(
    bring: Callable[..., ContactImport],
    session: Session,
    context: JobContext,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(import_job, "BATCH_ROWS", 10)
    found = bring("email\n" + "".join(f"p{number}@kund.example\n" for number in range(35)))
    late = import_job._begin(context, found.company_id, found.id)
    assert late is not None
    rows = [late.reader(["email"]).read(record) for record in list(late.records(context))[1:11]]
    import_job._take(context, late, rows)
    late.done_count = 0
    with pytest.raises(import_job.Lost):
        import_job._take(context, late, rows)
    assert counts(session, found) == ("running", 10, 0, 0, 0)
    with transaction(session):
        assert importing.cancel_import(session, found=found, now=context.now())
        assert not importing.cancel_import(session, found=found, now=context.now())
    run_jobs()
    assert counts(session, found) == ("cancelled", 10, 0, 0, 0)
    assert context.backends.storage.stat(f"companies/x/imports/{found.public_id}.csv") is None
    assert found.storage_key == ""


def test_files_are_deleted_when_it_is_over_or_nobody_went_on(
    bring: Callable[..., ContactImport], session: Session, context: JobContext, run_jobs: RunJobs
) -> None:
    done, left = bring("email\na@kund.example\n"), bring("email\nb@kund.example\n")
    key, left_key = done.storage_key, left.storage_key
    with transaction(session):
        left.state, left.created_at = "uploaded", context.now() - timedelta(days=8)
    run_jobs()
    assert context.backends.storage.stat(key) is None
    assert context.backends.storage.stat(left_key) is not None
    import_job.sweep_imports(context)
    assert context.backends.storage.stat(left_key) is None
    assert counts(session, left)[0] == "cancelled"


def test_what_stood_in_a_refused_cell_is_forgotten_after_a_month(
    bring: Callable[..., ContactImport], session: Session, context: JobContext, run_jobs: RunJobs
) -> None:
    found = bring("email,phone\neva@kund.example,070-eva\n")
    run_jobs()
    values = select(ImportProblem.code, ImportProblem.value)
    import_job.sweep_imports(context)
    assert session.execute(values).all() == [("bad_phone", "070-eva")]
    with transaction(session):
        found.created_at = context.now() - timedelta(days=31)
    import_job.sweep_imports(context)
    session.rollback()
    assert session.execute(values).all() == [("bad_phone", "")]


def test_the_look_at_a_file_reads_only_its_beginning(bring: Callable[..., ContactImport], context: JobContext) -> None:
    """A file of empty lines keeps no page busy: none of them would ever fill the look."""
    found, storage = bring("email\n"), context.backends.storage
    storage.put(found.storage_key, BytesIO(b"email\neva@kund.example\n" + b"\n" * 5_000_000 + b"late@kund.example\n"))
    assert [cells for _line, cells in importing.look_into(storage, found, "utf-8").rows] == [["eva@kund.example"]]


def test_a_given_up_import_says_so_and_goes_on_when_it_is_revived(
    bring: Callable[..., ContactImport], session: Session, context: JobContext, run_jobs: RunJobs
) -> None:
    found = bring("email\na@kund.example\n")
    ids = {"company_id": found.company_id, "import_id": found.id}
    with transaction(session):
        importing.note_parked(session, error=ValueError(), **ids)
    session.refresh(found)
    assert (found.state, found.error) == ("failed", "gave_up")
    with transaction(session):
        importing.note_revived(session, now=context.now(), **ids)
    run_jobs()
    assert counts(session, found)[0] == "done"


@pytest.mark.parametrize(("change", "error"), [("gone", "missing"), ("many", "too_many_rows")])
def test_an_import_that_cannot_be_done_says_why(
    bring: Callable[..., ContactImport],
    session: Session,
    context: JobContext,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
    error: str,
) -> None:
    found = bring("email\na@kund.example\nb@kund.example\n")
    if change == "gone":
        context.backends.storage.delete(found.storage_key)
    monkeypatch.setattr(import_job, "MOST_ROWS", 1)
    run_jobs()
    assert counts(session, found) == ("failed", 0, 0, 0, 0)
    assert found.error == error
    assert session.scalars(select(Job)).all() == []


def test_it_starts_once_and_only_when_the_letters_are_known(
    bring: Callable[..., ContactImport], session: Session, member: Membership, context: JobContext
) -> None:
    found = bring("email\na@kund.example\n")
    how: dict[str, Any] = {"company": member.company, "user": member.user, "found": found, "now": context.now()}
    with pytest.raises(Conflict), transaction(session):
        importing.start_import(session, **how, mapping={"0": "email"}, dates="")
    found.encoding = ""
    with pytest.raises(RuleBroken) as broken, transaction(session):
        importing.start_import(session, **how, mapping={"0": "email"}, dates="")
    assert broken.value.code == "unknown_encoding"


LOCAL = st.text("abcz09._+-A@ ", min_size=1, max_size=70)
DOMAIN = st.text("abz0-.", min_size=1, max_size=80)
ENDING = st.sampled_from(["example", "se", "com", "local", "invalid", "arpa", "onion", "test", "localhost", "x", "1a"])


@given(LOCAL, DOMAIN, ENDING)
def test_the_fast_look_at_an_address_never_accepts_what_the_rule_refuses(local: str, domain: str, ending: str) -> None:
    typed = f"{local}@{domain}.{ending}"
    found = plain_email(typed)
    assert found is None or found == kept_email(typed)


@given(
    st.sampled_from(["+46", "+47", "+45", "+358", "0", "", "00", "+460"]),
    st.text("0123456789 -()", max_size=14),
    st.sampled_from(["sv", "nb", "da", "fi", "en"]),
)
def test_the_fast_look_at_a_number_says_what_the_rule_says(start: str, rest: str, language: str) -> None:
    found = plain_phone(start + rest, language)
    assert found is None or found == e164(start + rest, language)


@given(st.integers(0, 10**9), st.sampled_from(["sv", "nb", "da", "fi"]))
def test_plain_mobile_numbers_are_taken_by_the_fast_look_as_the_rule_takes_them(number: int, language: str) -> None:
    start = {"sv": "07", "nb": "9", "da": "2", "fi": "04"}[language]
    typed = start + str(number)[:8]
    found = plain_phone(typed, language)
    assert found is None or found == e164(typed, language)
