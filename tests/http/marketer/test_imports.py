"""Importing contacts as an admin does it: choose, look, name the columns, watch, read the report."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from io import BytesIO

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from socialproof.contacts import importing
from socialproof.contacts.models import Contact, ContactImport, ImportProblem
from socialproof.domain.contact_file import sniff
from tests.factories import Factories
from tests.people import Marketer

SignIn = Callable[..., Marketer]
RunJobs = Callable[[], int]


def send(admin: Marketer, content: bytes | str, name: str = "kunder.csv") -> str:
    """Upload a file that is taken; returns the address of its import."""
    data = content.encode() if isinstance(content, str) else content
    answer = admin.post("/app/contacts/import", {"file": (BytesIO(data), name)})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def chosen(html: str) -> dict[str, str]:
    """What the columns form would send as it stands."""
    fields = {}
    for name, options in re.findall(r'<select[^>]*name="(column-\d+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        picked = re.search(r'<option value="([^"]*)" selected', options)
        fields[name] = picked[1] if picked else ""
    hidden = re.findall(r'<input type="hidden" name="(heading-\d+)" value="([^"]*)"', html)
    return fields | dict(hidden)


def test_a_file_is_looked_into_started_and_reported(signed_in: SignIn, session: Session, run_jobs: RunJobs) -> None:
    admin = signed_in("admin")
    page = send(admin, "Namn;E-post;Nivå;Kund sedan\nÅsa Öberg;asa@kund.example;Guld;31/12/2023\nBo;;;2024-01-03\n")
    preview = admin.get(page).text
    assert "Åsa Öberg" in preview
    assert "0.1 kB" in preview
    assert "Days such as 31/12/2023" in preview
    form = chosen(preview) | {"dates": "dmy"}
    assert [form[f"column-{n}"] for n in range(4)] == ["name", "email", "", "customer_since"]
    assert admin.post(f"{page}/start", form | {"column-2": "attribute"}).status_code == 303
    waiting = admin.get(page).text
    assert '<noscript><meta http-equiv="refresh"' in waiting
    assert admin.get(f"{page}/progress").json == {"state": "waiting", "done": 0, "rows": None}
    run_jobs()
    assert admin.get(f"{page}/progress").json == {"state": "done", "done": 2, "rows": 2}
    report = admin.get(page).text
    assert "Neither an e-mail address nor a phone number" in report
    lines = admin.get(f"{page}/problems.csv").text.splitlines()
    assert lines == ["\ufeffLine;Column;Value;Reason;Row taken", "3;;;Neither an e-mail address nor a phone number;no"]
    session.rollback()
    asa = session.scalars(select(Contact)).one()
    assert (asa.name, asa.attributes, str(asa.customer_since)) == ("Åsa Öberg", {"Nivå": "Guld"}, "2023-12-31")
    assert "kunder.csv" in admin.get("/app/contacts/import").text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "This file is empty."),
        (b"email,name\n", "only a heading"),
        (b"PK\x03\x04" + bytes(300), "save it as CSV"),
        (b"a@kund.example,Anna\n", "The first line must name the columns"),
        (b"x," * 300 + b"\n", "too many columns"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_with_a_sentence(
    signed_in: SignIn, session: Session, content: bytes, words: str
) -> None:
    answer = signed_in("admin").post("/app/contacts/import", {"file": (BytesIO(content), "kunder.csv")})
    assert answer.status_code == 422
    assert words in answer.text
    assert session.scalars(select(ContactImport)).all() == []


def test_no_file_is_asked_for_and_too_much_is_refused(signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = signed_in("admin")
    assert "Please choose a file." in admin.post("/app/contacts/import", {}).text
    monkeypatch.setattr(importing, "MOST_BYTES", 10)
    large = {"file": (BytesIO(b"email\na@kund.example\n"), "kunder.csv")}
    assert "at most 50 MB" in admin.post("/app/contacts/import", large).text


def test_html_is_literal_everywhere(signed_in: SignIn, run_jobs: RunJobs) -> None:
    admin = signed_in("admin")
    evil = "<img src=x onerror=alert(1)>"
    page = send(admin, f'email,"{evil}"\n{evil},{evil}\n', f"{evil}.csv")
    form = chosen(admin.get(page).text) | {"column-1": "attribute"}
    pages = [admin.get(page).text]
    admin.post(f"{page}/start", form)
    run_jobs()
    pages += [admin.get(page).text, admin.get("/app/contacts/import").text]
    for html in pages:
        assert "&lt;img src=x" in html
        assert "<img src=x" not in html


def test_letters_that_cannot_be_known_are_asked_about(signed_in: SignIn, session: Session, run_jobs: RunJobs) -> None:
    admin = signed_in("admin")
    page = send(admin, "name,email\nÅsa Öberg Märta,a@kund.example\n".encode("cp850"))
    asking = admin.get(page).text
    assert "We cannot tell how the letters" in asking
    assert "column-0" not in asking
    assert admin.post(f"{page}/start", {"column-0": "name", "column-1": "email"}).status_code == 422
    assert admin.post(f"{page}/reading", {"encoding": "koi8-r", "delimiter": ","}).status_code == 422
    assert admin.post(f"{page}/reading", {"encoding": "windows-1252", "delimiter": ","}).status_code == 303
    assert "column-0" in admin.get(page).text
    run_jobs()
    assert session.scalars(select(Contact)).all() == []


def test_a_column_that_becomes_days_only_now_is_asked_about_too(signed_in: SignIn) -> None:
    admin = signed_in("admin")
    page = send(admin, "email,when\na@kund.example,03/04/2024\n")
    form = chosen(admin.get(page).text) | {"column-1": "customer_since", "column-150": "name"}
    refused = admin.post(f"{page}/start", form)
    assert refused.status_code == 422
    assert "what comes first?" in refused.text
    assert admin.post(f"{page}/start", form | {"dates": "mdy"}).status_code == 303


def test_the_country_of_numbers_without_one_is_asked_once_and_the_answer_is_kept(
    signed_in: SignIn, session: Session, run_jobs: RunJobs
) -> None:
    admin = signed_in("admin")
    admin.company.time_zone = "Europe/Helsinki"
    session.commit()
    page = send(admin, "email,tel no,språk\na@kund.example,040 123 4567,sv\nb@kund.example,+46701740635,fi\n")
    assert "Which country" not in admin.get(page).text
    form = chosen(admin.get(page).text) | {"column-1": "phone"}
    refused = admin.post(f"{page}/start", form)
    assert (refused.status_code, "Please say which country numbers" in refused.text) == (422, True)
    choices = re.findall(r'name="phones" value="(\w+)"[^>]*?( checked)?>', refused.text)
    assert (choices[0], choices[-1]) == (("FI", " checked"), ("refuse", ""))
    assert {code for code, _checked in choices} == {"FI", "SE", "DE", "GB", "DK", "NO", "refuse"}
    assert re.search(r"<bdi>040 123 4567</bdi> → <bdi>\+358 40 1234567</bdi>", refused.text)
    again = admin.post(f"{page}/start", form | {"column-0": "phone", "phones": "refuse"}).text
    assert re.search(r'value="refuse" checked', again)
    assert admin.post(f"{page}/start", form | {"phones": "XX"}).status_code == 422
    assert admin.post(f"{page}/start", form | {"phones": "FI"}).status_code == 303
    run_jobs()
    session.rollback()
    assert set(session.scalars(select(Contact.phone))) == {"+358401234567", "+46701740635"}


def test_one_strange_day_among_hundreds_is_a_row_of_the_report_and_no_question(
    signed_in: SignIn, run_jobs: RunJobs
) -> None:
    admin = signed_in("admin")
    days = ["31.12.2025"] * 400 + ["12/31/2025"]
    rows = [f"p{number}@kund.example;{day}" for number, day in enumerate(days)]
    page = send(admin, "email;customer since\n" + "\n".join(rows))
    preview = admin.get(page).text
    assert "what comes first?" not in preview
    assert admin.post(f"{page}/start", chosen(preview)).status_code == 303
    run_jobs()
    assert admin.get(f"{page}/problems.csv").text.splitlines()[1:] == ["402;customer since;12/31/2025;Not a day;yes"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8", "windows-1252"])
def test_whatever_is_chosen_to_read_a_file_the_page_comes(signed_in: SignIn, encoding: str) -> None:
    admin = signed_in("admin")
    page = send(admin, b"name,email\n\xc5sa,a@kund.example\nB\0,b@kund.example\n")
    assert admin.post(f"{page}/reading", {"encoding": encoding, "delimiter": "\t"}).status_code == 303
    assert admin.get(page).status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"column-1": ""}, "One column must be the e-mail address or the phone number."),
        ({"column-0": "email"}, "“E-mail address” is chosen for two columns."),
        ({"dates": "ask"}, "Please say what comes first in the days of the file."),
    ],
)
def test_columns_that_do_not_go_together_come_back_as_they_were_chosen(
    signed_in: SignIn, change: dict[str, str], words: str
) -> None:
    admin = signed_in("admin")
    page = send(admin, "name,email,customer since\nAnna,a@kund.example,03/04/2024\n")
    answer = admin.post(f"{page}/start", chosen(admin.get(page).text) | {"dates": "mdy"} | change)
    assert answer.status_code == 422
    assert words in answer.text
    again = chosen(answer.text)
    assert {name: again[name] for name in change if name != "dates"} == {
        name: value for name, value in change.items() if name != "dates"
    }


def test_it_can_be_cancelled_once_and_started_once(signed_in: SignIn, run_jobs: RunJobs) -> None:
    admin = signed_in("admin")
    page = send(admin, "email\na@kund.example\n")
    assert admin.post(f"{page}/start", {"column-0": "email"}).status_code == 303
    assert admin.post(f"{page}/start", {"column-0": "email"}).status_code == 303
    assert admin.post(f"{page}/cancel").status_code == 303
    assert "The import was cancelled" in admin.get(page).text
    run_jobs()
    assert admin.post(f"{page}/cancel").status_code == 303
    assert "The import was over already." in admin.get(page).text


@pytest.mark.parametrize(
    ("word", "encoding", "delimiter", "read_as"),
    [
        ("Åsa", "windows-1252", ";", "windows-1252"),
        ("Åsa", "utf-16", "\t", "utf-16"),
        ("Łódź", "utf-8", ";", "utf-8-sig"),
    ],
)
def test_the_report_opens_where_the_file_did(
    signed_in: SignIn, run_jobs: RunJobs, word: str, encoding: str, delimiter: str, read_as: str
) -> None:
    admin = signed_in("admin")
    lines = [["Sähköposti", "name"], [f"{word}, vd", "=1+1"], ["a@kund.example", "Åsa"]]
    page = send(admin, "\n".join(map(delimiter.join, lines)).encode(encoding))
    admin.post(f"{page}/start", {"column-0": "email", "column-1": "name"})
    run_jobs()
    answer = admin.get(f"{page}/problems.csv")
    rows = list(csv.reader(answer.data.decode(read_as).splitlines(), delimiter=delimiter))
    assert rows[1:] == [["2", "Sähköposti", f"{word}, vd", "Not an e-mail address", "no"]]
    assert answer.content_type == f"text/csv; charset={encoding}"
    report = sniff(BytesIO(answer.data))
    assert (report.delimiter, report.is_sure) == (delimiter, True)


def test_a_report_whose_words_the_letters_of_the_file_do_not_have_is_utf_8(
    signed_in: SignIn, session: Session, factories: Factories
) -> None:
    admin = signed_in("admin")
    found = factories.contact_import(admin.company, encoding="windows-1252", delimiter=";", state="done")
    factories.add(ImportProblem(import_id=found.id, line=2, code="bad_email", field="e-post", value="Łódź"))
    answer = admin.get(f"/app/contacts/import/{found.public_id}/problems.csv")
    assert "Łódź" in answer.data.decode("utf-8-sig")
    assert answer.data.startswith(b"\xef\xbb\xbf")


def test_long_reports_have_pages(signed_in: SignIn, run_jobs: RunJobs) -> None:
    admin = signed_in("admin")
    page = send(admin, "email\n" + "nobody\n" * 60)
    admin.post(f"{page}/start", {"column-0": "email"})
    run_jobs()
    first = admin.get(page).text
    following = re.search(r'href="([^"]*after=\d+)"', first)
    assert following
    assert "Line 51" in first
    assert "Line 52" not in first
    second = admin.get(following[1]).text
    assert "Line 61" in second
    assert "First page" in second


def test_an_export_comes_back_by_the_page_without_a_second_set_of_fields(
    signed_in: SignIn, session: Session, run_jobs: RunJobs
) -> None:
    admin = signed_in("admin")
    file = "email,attributes.Plan\nasa@kund.example,Guld\n"
    for _again in range(2):
        page = send(admin, file)
        assert admin.post(f"{page}/start", chosen(admin.get(page).text)).status_code == 303
        run_jobs()
    session.rollback()
    assert session.scalars(select(Contact)).one().attributes == {"Plan": "Guld"}
