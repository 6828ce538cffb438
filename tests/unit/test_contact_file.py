"""Files of contacts as spreadsheets and other programs write them: letters, delimiters, headings, days."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.domain.contact_cells import (
    ASK,
    DAY_FIRST,
    MONTH_FIRST,
    MONTH_FIRST_BUT_POINTS,
    asked_day,
    day_in,
    day_order,
    is_yes,
    language_named,
    order_meant,
    zone_named,
)
from socialproof.domain.contact_file import LONGEST_LINE, Record, heading_of, records, sniff
from socialproof.domain.contact_headings import attribute_of, check_fields, guess_fields
from socialproof.domain.errors import RuleBroken

SWEDISH = "Namn;E-post\nÅsa Öberg;asa@kund.example\nBjörn Ärlig;bjorn@kund.example\n"


def read(content: bytes, encoding: str = "utf-8", delimiter: str = ",") -> list[Record]:
    return list(records(BytesIO(content), encoding, delimiter))


@pytest.mark.parametrize(
    ("written", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("windows-1252", "windows-1252"),
    ],
)
def test_the_letters_are_found_and_read_right(written: str, encoding: str) -> None:
    content = SWEDISH.encode(written)
    reading = sniff(BytesIO(content))
    assert (reading.encoding, reading.delimiter, reading.is_sure) == (encoding, ";", True)
    rows = read(content, reading.encoding, reading.delimiter)
    assert [row.cells[0] for row in rows] == ["Namn", "Åsa Öberg", "Björn Ärlig"]


@pytest.mark.parametrize("written", ["mac_roman", "cp850", "cp1257", "cp1251", "iso8859_2"])
def test_letters_that_could_be_another_encoding_are_asked_about(written: str) -> None:
    words = {"cp1251": "Юлия", "iso8859_2": "Łukasz Wiśniewski", "cp1257": "Ģirts Šķēle"}.get(
        written, "Åsa Öberg Märta"
    )
    reading = sniff(BytesIO(f"name,email\n{words},a@kund.example\n".encode(written)))
    assert not reading.is_sure


def test_one_damaged_letter_does_not_make_a_file_of_another_kind() -> None:
    content = "name,email\n" + "Åsa Öberg,a@kund.example\n" * 40
    reading = sniff(BytesIO(content.encode() + b"B\xc3,b@kund.example\n"))
    assert (reading.encoding, reading.is_sure) == ("utf-8", False)


def test_one_endless_line_among_short_ones_is_looked_through_once() -> None:
    content = SWEDISH.encode("windows-1252") + b"a" * 900_000
    assert sniff(BytesIO(content)).encoding == "windows-1252"


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [
        ("email,name\na@b.example,Anna\n", ","),
        ("email;name\na@b.example;Berg, Anna\n", ";"),
        ("email\tname\na@b.example\tBerg, Anna; vd\n", "\t"),
        ("sep=;\nemail;name\na@b.example;Anna\n", ";"),
        ('email,notes\na@b.example,"one; two; three; four"\n', ","),
        ("email\na@b.example\n", ","),
    ],
)
def test_the_delimiter_is_found(head: str, delimiter: str) -> None:
    assert sniff(BytesIO(head.encode())).delimiter == delimiter


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"PK\x03\x04" + bytes(200), "not_text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(200), "not_text"),
        (bytes(range(32)) * 20, "not_text"),
        ("name".encode("utf-32"), "not_text"),
    ],
)
def test_what_is_no_text_is_said(content: bytes, code: str) -> None:
    with pytest.raises(RuleBroken) as broken:
        sniff(BytesIO(content))
    assert broken.value.code == code


def test_rows_know_their_line_whatever_stands_between() -> None:
    content = b'\xef\xbb\xbfsep=,\r\nname,email\r\n\r\n,\r\n"Anna\r\nBerg",a@b.example\rBo,b@b.example\n'
    assert read(content) == [
        Record(2, ["name", "email"], ""),
        Record(5, ["Anna\r\nBerg", "a@b.example"], ""),
        Record(7, ["Bo", "b@b.example"], ""),
    ]


@pytest.mark.parametrize(
    ("row", "encoding", "fault"),
    [
        (b"Bo\0,b@b.example\n", "utf-8", "unreadable"),
        (b"B\xed\xa0\x80,b@b.example\n", "utf-8", "unreadable"),
        (b"B\x81,b@b.example\n", "windows-1252", "unreadable"),
        (b"x" * 1_000_000 + b",b@b.example\n", "utf-8", "cell_too_long"),
        (b"x" * (2 * LONGEST_LINE) + b",b@b.example\n", "utf-8", "cell_too_long"),
        (b'"Bo,b@b.example\n' + b"C,c@b.example\n" * 60 + b'"\n', "utf-8", "quote_open"),
    ],
)
def test_a_row_that_cannot_be_read_is_one_row(row: bytes, encoding: str, fault: str) -> None:
    rows = read(b"name,email\nAnna,a@b.example\n" + row + b"Dag,d@b.example\n", encoding)
    assert [each.fault for each in rows] == ["", "", fault, ""]
    assert rows[-1].cells == ["Dag", "d@b.example"]


def test_a_lone_surrogate_and_half_a_letter_spoil_their_rows_only() -> None:
    content = "name,email\nB".encode("utf-16-le") + b"\x00\xd8" + "o,b@b.example\nC,c@b.example\nD".encode("utf-16-le")
    assert [row.fault for row in read(content + b"\x44", "utf-16-le")] == ["", "unreadable", "", "unreadable"]


@given(st.binary(max_size=400), st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "windows-1252"]))
def test_no_bytes_at_all_raise_while_rows_are_read(content: bytes, encoding: str) -> None:
    for row in read(content, encoding, ";"):
        assert row.fault or "".join(row.cells).encode()


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\n,\n", "empty"), (b"a," * 250 + b"\n", "too_many_columns"), (b"a@b.example,Anna\n", "no_heading")],
)
def test_a_heading_that_is_none_is_said(content: bytes, code: str) -> None:
    with pytest.raises(RuleBroken) as broken:
        heading_of(iter(read(content)))
    assert broken.value.code == code


@pytest.mark.parametrize(
    ("headings", "fields"),
    [
        (
            "First Name,Last Name,Email,Mobile Phone Number,Company name,Job Title",
            "first_name last_name email phone organisation role",
        ),
        ("Person - Name;Person - Email;Person - Phone;Person - Organization", "name email phone organisation"),
        ("E-mail 1 - Value,Phone 1 - Value,Organization 1 - Name", "email phone organisation"),
        (
            "Namn,E-postadress,Mobil,Företag,Titel,Språk,Kund sedan,Ansvarig",
            "name email phone organisation role language customer_since owner",
        ),
        (
            "Navn,E-mailadresse,Tlf.,Virksomhed,Stilling,Sprog,Kunde siden",
            "name email phone organisation role language customer_since",
        ),
        (
            "Etternavn,Fornavn,E-post,Telefon,Bedrift,Tidssone",
            "last_name first_name email phone organisation time_zone",
        ),
        ("Nimi,Sähköposti,Puhelin,Yritys,Kieli,Aikavyöhyke", "name email phone organisation language time_zone"),
        (
            "email,phone,name,customer_since,unsubscribed,attributes.Plan",
            "email phone name customer_since unsubscribed attributes.Plan",
        ),
        ("HasOptedOutOfEmail,EmailAddress,FirstName", "unsubscribed email first_name"),
        ("E-mail,E-mail,Shoe size", "email - -"),
    ],
)
def test_headings_of_people_and_programs_are_understood(headings: str, fields: str) -> None:
    names = headings.replace(";", ",").split(",")
    guessed = guess_fields(names)
    assert [guessed.get(str(index), "-") for index in range(len(names))] == fields.split()


def test_a_column_without_a_telling_heading_is_known_by_its_addresses() -> None:
    assert guess_fields(["A", "B"], [["Anna", "Bo"], ["a@b.example", "b@b.example"]]) == {"1": "email"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (["name"], "no_address"),
        (["email", "role", "role"], "field_twice"),
        (["email", "name", "last_name"], "name_twice"),
        (["email", *(attribute_of(f"f{n}") for n in range(41))], "too_many_attributes"),
    ],
)
def test_columns_that_do_not_go_together_are_refused(fields: list[str], code: str) -> None:
    with pytest.raises(RuleBroken) as broken:
        check_fields(fields)
    assert broken.value.code == code


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["2024-03-01", "2024-12-31 10:00:00"], ""),
        (["1.3.2024", "2.4.2024"], DAY_FIRST),
        (["03/04/2024", "31/12/2023"], DAY_FIRST),
        (["03/04/2024", "12/31/2023 9:30"], MONTH_FIRST),
        (["03/04/2024"], ASK),
        (["13/01/2024", "01/13/2024"], ASK),
        (["12.31.2024", "1.3.2024"], ASK),
        (["31.12.2025"] * 400 + ["12/31/2025"], DAY_FIRST),
        (["31.12.2025"] * 400 + ["03/04/2025"], DAY_FIRST),
        (["31.12.2025"] * 400 + ["12/31/2025", "03/04/2025"], ASK),
        (["31.12.2025"] * 40 + ["03/04/2025"] * 40, ASK),
        (["31/12/2025"] * 40 + ["03/04/2025"] * 40, DAY_FIRST),
        (["31/12/2025"] * 400 + ["12/31/2025"], DAY_FIRST),
        (["12/31/2025"] * 400 + ["31/12/2025"], MONTH_FIRST),
        (["12/31/2025"] * 400 + ["1.3.2025"], MONTH_FIRST_BUT_POINTS),
        (["45.45.2025"], ""),
    ],
)
def test_the_order_of_days_is_found_or_asked(cells: list[str], order: str) -> None:
    assert day_order(cells) == order


@pytest.mark.parametrize(
    ("cells", "day", "meant"),
    [
        (["31.12.2025"] * 400 + ["12/31/2025"], "", MONTH_FIRST_BUT_POINTS),
        (["31.12.2025"] * 40 + ["03/04/2025"] * 40, "03/04/2025", MONTH_FIRST_BUT_POINTS),
        (["31/12/2025", "03/04/2025"], "03/04/2025", MONTH_FIRST),
        (["12/31/2025"], "12/31/2025", MONTH_FIRST),
        (["12.31.2024", "1.3.2024"], "12.31.2024", MONTH_FIRST),
        (["2024-03-01"], "", MONTH_FIRST),
    ],
)
def test_only_days_that_need_it_are_asked_about_and_points_keep_the_day_first(
    cells: list[str], day: str, meant: str
) -> None:
    assert asked_day(cells) == day
    assert order_meant(cells, MONTH_FIRST) == meant
    assert order_meant(cells, DAY_FIRST) == DAY_FIRST


@pytest.mark.parametrize(
    ("cell", "order", "day"),
    [
        ("2024-03-01", MONTH_FIRST, date(2024, 3, 1)),
        ("2024-03-01T10:00:00Z", "", date(2024, 3, 1)),
        ("1.3.2024", "", date(2024, 3, 1)),
        ("01/03/2024", DAY_FIRST, date(2024, 3, 1)),
        ("03/01/2024 12:30", MONTH_FIRST, date(2024, 3, 1)),
        ("03/01/2024", MONTH_FIRST_BUT_POINTS, date(2024, 3, 1)),
        ("1.3.2024", MONTH_FIRST_BUT_POINTS, date(2024, 3, 1)),
    ],
)
def test_days_are_read_in_their_order(cell: str, order: str, day: date) -> None:
    assert day_in(cell, order) == day


@pytest.mark.parametrize("cell", ["31/02/2024", "1/3/24", "soon", "13/13/2024", "01/01/1700"])
def test_what_is_no_day_is_refused(cell: str) -> None:
    with pytest.raises(RuleBroken):
        day_in(cell, DAY_FIRST)


def test_languages_places_and_yes_are_understood_in_our_languages() -> None:
    assert [language_named(name) for name in ("Svenska", "ruotsi", "Norsk", "suomi", "de")] == [
        "sv",
        "sv",
        "nb",
        "fi",
        "de",
    ]
    zones = ["europe/helsinki", "Stockholm", "(UTC+01:00) Oslo", "FLE Standard Time", "europe_slash_copenhagen"]
    assert [zone_named(name) for name in zones] == [
        "Europe/Helsinki",
        "Europe/Stockholm",
        "Europe/Oslo",
        "Europe/Helsinki",
        "Europe/Copenhagen",
    ]
    assert [is_yes(word) for word in ("Ja", "kyllä", "TRUE", "nej", "0")] == [True, True, True, False, False]
    with pytest.raises(RuleBroken):
        is_yes("perhaps")
