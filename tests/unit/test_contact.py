"""Fields of a contact, and cells of a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialproof.contacts.phones import e164, readable
from socialproof.domain import contact as rules
from socialproof.domain.errors import RuleBroken
from socialproof.domain.searching import containing, exactly, phone_digits, tolerant
from socialproof.domain.segments import MOST_RULES, checked_rules, ops_of

CELLS = st.text("'=+-@\t\ra1;, \"") | st.text()


@given(CELLS)
def test_a_guarded_cell_is_never_a_formula_and_comes_back_as_it_was(cell: str) -> None:
    assert not rules.guard(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert rules.unguard(rules.guard(cell)) == cell


@given(CELLS)
def test_a_file_exported_imported_and_exported_again_is_the_same(cell: str) -> None:
    exported = rules.guard(cell)
    assert rules.guard(rules.unguard(exported)) == exported


@pytest.mark.parametrize("cell", ["Anna;=1+1", "Anna;=1+1;", 'Anna;"=1+1"', "Anna;'=1+1", "=1;+1;-1;@a"])
def test_a_cell_is_no_formula_either_where_cells_end_at_a_semicolon(cell: str) -> None:
    line = io.StringIO()
    csv.writer(line).writerow(["a@kund.example", rules.guard(cell), "x"])
    for read in csv.reader([line.getvalue()], delimiter=";"):
        assert not [each for each in read if each.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("cell", ["Anna,=1+1", "Anna,=1+1,", 'Anna,"=1+1"', "Anna,'=1+1", "=1,+1,-1,@a"])
def test_a_cell_is_no_formula_either_where_semicolons_divide_and_cells_end_at_a_comma(cell: str) -> None:
    line = io.StringIO()
    csv.writer(line, delimiter=";").writerow(["a@kund.example", rules.guard(cell), "x"])
    for read in csv.reader([line.getvalue()], delimiter=","):
        assert not [each for each in read if each.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("cell", ["'=1", "''=1", "+46701234567", "-", "O'Brien", "'quoted'", "=", "100,-"])
def test_cells_of_every_day_come_back(cell: str) -> None:
    assert rules.unguard(rules.guard(cell)) == cell


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2024-03-01", date(2024, 3, 1)),
        ("2024-03-01T09:00:00Z", date(2024, 3, 1)),
        ("2024-03-01 00:00:00", date(2024, 3, 1)),
        ("20240301", date(2024, 3, 1)),
        ("1. 3. 2024", date(2024, 3, 1)),
        (" ", None),
    ],
)
def test_a_day_is_read_in_the_forms_that_have_one_meaning(typed: str, meant: date | None) -> None:
    assert rules.day_of(typed) == meant


@pytest.mark.parametrize("typed", ["1/3/2024", "2024-02-30", "0001-01-01", "9999-12-31", "soon", "٢٠٢٤-٠١-٠١x"])
def test_a_day_with_two_meanings_or_none_is_refused(typed: str) -> None:
    with pytest.raises(RuleBroken, match="not_a_day"):
        rules.day_of(typed)


def test_a_time_zone_is_known_whatever_its_case() -> None:
    assert rules.time_zone_of("europe/HELSINKI") == "Europe/Helsinki"
    assert rules.time_zone_of("utc") == "UTC"
    for typed in ("Nowhere/At_All", "../../etc/passwd", "posixrules"):
        with pytest.raises(RuleBroken, match="unknown_time_zone"):
            rules.time_zone_of(typed)


def test_a_line_break_or_too_much_is_refused_and_directions_are_taken_out() -> None:
    assert rules.line("name", "Anna\u202e  Berg ") == "Anna Berg"
    with pytest.raises(RuleBroken, match="line_break"):
        rules.line("name", "Anna\r\nBcc: x@example.com")
    with pytest.raises(RuleBroken, match="too_long"):
        rules.line("name", "x" * 121)


def test_attributes_are_cleaned_counted_and_gone_without_a_value() -> None:
    assert rules.checked_attributes({" Plan ": " gold ", "Old": " \u200b"}) == {"Plan": "gold"}
    with pytest.raises(RuleBroken, match="too_many_attributes"):
        rules.checked_attributes({f"a{number}": "x" for number in range(41)})
    with pytest.raises(RuleBroken, match="no_name"):
        rules.checked_attributes({" ": "x"})


@pytest.mark.parametrize(
    ("typed", "place", "kept"),
    [
        ("070-123 45 67", "sv", "+46701234567"),
        ("40 12 34 56", "nb", "+4740123456"),
        ("040 1234567", "FI", "+358401234567"),
        ("0046 70 123 45 67", "sv", "+46701234567"),
        ("+45 32 12 34 56", "", "+4532123456"),
        ("070-123 45 67", "", None),
        ("12", "sv", None),
        ("=HYPERLINK(1)", "sv", None),
    ],
)
def test_a_number_is_typed_as_at_home_and_kept_for_the_world(typed: str, place: str, kept: str | None) -> None:
    assert e164(typed, place) == kept
    if kept:
        assert e164(readable(kept), "") == kept


@pytest.mark.parametrize("typed", ["kjaer", "KJAR", "Kjær", "kjä"])
def test_a_name_is_found_without_its_accents(typed: str) -> None:
    assert re.search(tolerant(typed), "Kjær")


@pytest.mark.parametrize("typed", ["a" * 58, "å" * 58, "áå" * 29, "s" * 58, "ß" * 58, "ss" * 14 + "ß" * 30])
def test_a_word_of_one_letter_again_and_again_is_looked_for_without_trying_every_way(typed: str) -> None:
    for name in ("å" * 120, "a" * 120, "ß" * 120, "s" * 120):
        assert re.search(tolerant(f"{typed}-"), name) is None
    assert re.search(tolerant(typed), typed)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8))
def test_whatever_is_typed_finds_itself_and_is_no_pattern(text: str) -> None:
    for pattern in (tolerant(text), exactly(text), containing(text)):
        assert re.search(pattern, text)
    assert not re.search(exactly(text), text + "x")


def test_digits_are_a_number_only_when_nothing_else_stands_there() -> None:
    assert phone_digits("070-123 45") == "7012345"
    assert phone_digits("+46 (0)70 123") == "4670123"
    assert phone_digits("7 Eleven") == phone_digits("123") == ""


def test_rules_of_a_segment_are_checked_row_by_row() -> None:
    rows = [
        {"field": "name", "op": "is", "value": " Åsa "},
        {"field": "attributes. Plan ", "op": "is_set", "value": "x"},
        {"field": "customer_since", "op": "on_or_after", "value": "1.3.2024"},
    ]
    assert [rule.value for rule in checked_rules(rows)] == ["Åsa", "", "2024-03-01"]
    for row, code in (
        ({"field": "id", "op": "is", "value": "1"}, "unknown_field"),
        ({"field": "name", "op": "days_ago_more", "value": "1"}, "unknown_op"),
        ({"field": "name", "op": "is", "value": " "}, "value_needed"),
        ({"field": "customer_since", "op": "days_ago_more", "value": "-1"}, "not_a_number"),
        ({"field": "attributes.", "op": "is_set"}, "no_name"),
    ):
        with pytest.raises(RuleBroken, match=code) as broken:
            checked_rules([*rows, row])
        assert broken.value.details["row"] == 3
    with pytest.raises(RuleBroken, match="too_many_rules"):
        checked_rules(rows * MOST_RULES)
    assert ops_of("password") == ()
