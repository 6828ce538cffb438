"""One row of a file becomes checked values of a contact, or a reason why not. Touches no database.

Most addresses and numbers of a file are plainly good. Those are told by a pattern that accepts less than the rule
does (`kept_email`, `e164`); everything else goes to the rule itself, which takes twenty times as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from email_validator import SPECIAL_USE_DOMAIN_NAMES
from phonenumbers import PhoneMetadata

from socialproof.companies.emails import kept_email
from socialproof.contacts.import_phones import REFUSE, has_country
from socialproof.contacts.phones import e164, region_of
from socialproof.domain.contact import ATTRIBUTE, LONGEST, is_attribute, longest, unguard
from socialproof.domain.contact_cells import day_in, is_yes, language_named, zone_named
from socialproof.domain.contact_file import Record, spoilt_cell
from socialproof.domain.errors import RuleBroken
from socialproof.domain.text import clean_line
from socialproof.languages import LANGUAGES, known_language

LONGEST_CELL = 1000
"""No field takes more; longer cells are not even looked at."""
LONGEST_SHOWN = 120

_PARTS = ("first_name", "last_name")
_REPEATED = ("first_name", "role")
"""Texts that many rows of a file share, as they do free attributes."""
_NO_ADDRESS = ("bad_email", "bad_phone", "ambiguous_phone", "no_country")
_MOST_REMEMBERED = 256
"""Cells of one column; they are short, so that even a file made for it fills no memory."""
_PLAIN_LINE = re.compile(r"[!-&(-~\xa1-\xac\xae-\u017f]+(?: [!-&(-~\xa1-\xac\xae-\u017f]+)*")
"""Letters of northern and western Europe, without the mark of a guarded cell: clean_line gives back the same."""
_PLAIN_EMAIL = re.compile(r"([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@((?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+([a-z]{2,24}))")
_SPECIAL_ENDINGS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
_PLAIN_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{5,24}[0-9]")

_Reader = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was not taken, or not whole. `column` is the heading that it is about, "" for the whole row."""

    line: int
    code: str
    column: str = ""
    value: str = ""
    is_refused: bool = True


@dataclass(slots=True)
class Row:
    """What one row says of a contact: only what it says, so that empty cells change nothing."""

    line: int
    values: dict[str, object]
    attributes: dict[str, str]
    is_unsubscribed: bool
    problems: list[Problem]


class RowReader:
    """Knows the columns of one file.

    `mapping`: field by column number; `dates`: the order of days, or ""; `language`: the company's, or its country, for
    telephone numbers; `phones`: the country of those without a country code, REFUSE, or "" to judge each by its
    contact's language; `owners`: user ids of the team by e-mail address.
    """

    def __init__(
        self,
        mapping: Mapping[str, str],
        headings: Sequence[str],
        *,
        dates: str,
        language: str,
        owners: Mapping[str, int],
        phones: str = "",
    ) -> None:
        numbered = [(int(number), name) for number, name in mapping.items() if number.isdecimal()]
        columns = [(index, name) for index, name in numbered if name and index < len(headings)]
        self._headings = headings
        columns.sort(key=lambda column: column[1] == "phone")  # the language before it
        readers = _readers(dates, owners)
        # The reader of telephone numbers is chosen for each row.
        self._plan = [
            (index, name, None if name == "phone" else readers.get(name) or _text_reader(name))
            for index, name in columns
        ]
        self._has_parts = any(name in _PARTS for _, name in columns)
        self._attributes = [(name, name.removeprefix(ATTRIBUTE)) for _, name in columns if is_attribute(name)]
        self._phone_of, self._phone_at_home = _phone_readers(region_of(language), phones)

    def read(self, record: Record) -> Row | Problem:
        """The row's values; a Problem when it can be no contact."""
        line, cells, fault = record
        if fault:
            return self._unreadable(record)
        if len(cells) != len(self._headings):
            if any(map(str.strip, cells[len(self._headings) :])):
                return Problem(line, "too_many_cells", value=_shown(cells[-1]))
            cells = cells + [""] * (len(self._headings) - len(cells))
        row = Row(line, {}, {}, False, [])
        values = row.values
        for index, name, read in self._plan:
            cell = cells[index]
            if not cell:
                continue
            if read is None:
                read = self._phone_of.get(values.get("language"), self._phone_at_home)
            try:
                value = read(cell)
            except RuleBroken as broken:
                self._note(row, index, broken.code, cell)
                continue
            if value:
                values[name] = value
        return self._finished(row)

    def _note(self, row: Row, index: int, code: str, cell: str) -> None:
        if not cell.isspace():
            row.problems.append(Problem(row.line, code, self.column(index), _shown(cell), is_refused=False))

    def _finished(self, row: Row) -> Row | Problem:
        values = row.values
        if "email" not in values and "phone" not in values:
            return self._without_address(row)
        if self._has_parts:
            name = " ".join(str(values.pop(part)) for part in _PARTS if part in values)
            if name:
                values["name"] = name[: LONGEST["name"]].rstrip()
        for name, word in self._attributes:
            if name in values:
                row.attributes[word] = str(values.pop(name))
        if "owner" in values:
            values["owner_id"] = values.pop("owner")
        if "unsubscribed" in values:
            row.is_unsubscribed = bool(values.pop("unsubscribed"))
        return row

    def _without_address(self, row: Row) -> Problem:
        """Refused; when an address stood there and is none, that is the reason to show."""
        wrong = next((each for each in row.problems if each.code in _NO_ADDRESS), None)
        if wrong is None:
            return Problem(row.line, "no_address")
        return Problem(row.line, wrong.code, wrong.column, wrong.value)

    def _unreadable(self, record: Record) -> Problem:
        index = spoilt_cell(record.cells)
        if index is None:
            return Problem(record.line, record.fault)
        return Problem(record.line, record.fault, self.column(index), _shown(record.cells[index]))

    def column(self, index: int) -> str:
        """The column as a person finds it: by its heading, else by the letters of a spreadsheet."""
        heading = clean_line(self._headings[index])[:LONGEST_SHOWN] if index < len(self._headings) else ""
        return heading or column_letters(index)


def column_letters(index: int) -> str:
    """A, B … Z, AA, AB, as spreadsheets name their columns; `index` from 0."""
    return (column_letters(index // 26 - 1) if index >= 26 else "") + chr(65 + index % 26)


def plain_email(cell: str) -> str | None:
    """The address as `kept_email` keeps it, when it is plainly one; None says nothing."""
    if len(cell) > LONGEST["email"] or not cell.isascii():
        return None
    found = _PLAIN_EMAIL.fullmatch(cell.lower())
    if found is None:
        return None
    name, domain, ending = found.groups()
    return found[0] if len(name) <= 64 and len(domain) <= 63 and ending not in _SPECIAL_ENDINGS else None


def plain_phone(cell: str, language: str) -> str | None:
    """The number as `e164` gives it, when it is plainly a Nordic mobile number; None says nothing."""
    if not _PLAIN_PHONE.fullmatch(cell):
        return None
    digits = cell.replace(" ", "").replace("-", "").replace("(", "").replace(")", "")
    if digits[0] == "+":
        code = digits[1:4] if digits.startswith("+358") else digits[1:3]
        pattern = _mobiles().get(code)
        return digits if pattern and pattern.fullmatch(digits, len(code) + 1) else None
    code, trunk = _HOME.get(region_of(language), ("", ""))
    if not code or not digits.startswith(trunk):
        return None
    return f"+{code}{digits[len(trunk) :]}" if _mobiles()[code].fullmatch(digits, len(trunk)) else None


_HOME = {"SE": ("46", "0"), "FI": ("358", "0"), "DK": ("45", ""), "NO": ("47", "")}
"""Country code, and what is dialled before a number at home."""


@lru_cache
def _mobiles() -> dict[str, re.Pattern[str]]:
    found = {}
    for region, (code, _trunk) in _HOME.items():
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is not None and metadata.mobile is not None:
            found[code] = re.compile(str(metadata.mobile.national_number_pattern))
    return found


def _readers(dates: str, owners: Mapping[str, int]) -> dict[str, Callable[[str], object]]:
    """What reads the cells of a column that is no plain text, as they stand in the file. Where few values come again
    and again, each is read once."""
    return {
        "email": _email,
        "language": _remembered(_language),
        "time_zone": _remembered(zone_named),
        "customer_since": _remembered(partial(day_in, order=dates), 2048),
        "owner": _remembered(partial(_owner, owners=owners)),
        "unsubscribed": _remembered(is_yes),
    }


def _remembered(read: Callable[[str], object], most: int = _MOST_REMEMBERED) -> Callable[[str], object]:
    """The same reader; what it read lately, it knows."""

    def read_anew(cell: str) -> object:
        if len(cell) > LONGEST_CELL:
            raise RuleBroken("too_long")
        return read(unguard(cell))

    return lru_cache(most)(read_anew)


def _text_reader(name: str) -> Callable[[str], object]:
    most, is_plain = longest("name" if name in _PARTS else name), _PLAIN_LINE.fullmatch

    def text(cell: str) -> str:
        if len(cell) <= most and is_plain(cell):
            return cell
        if len(cell) > LONGEST_CELL:
            raise RuleBroken("too_long")
        cleaned = clean_line(unguard(cell))
        if len(cleaned) > most:
            raise RuleBroken("too_long")
        return cleaned

    return lru_cache(_MOST_REMEMBERED)(text) if name in _REPEATED or is_attribute(name) else text


def _email(cell: str) -> str:
    found = plain_email(cell) or kept_email(unguard(cell))
    if found is None:
        raise RuleBroken("bad_email")
    return found


def _phone_readers(home: str, phones: str) -> tuple[dict[object, _Reader], _Reader]:
    """What reads a telephone number, by the language of its contact; and for all others."""
    if phones == REFUSE:
        return {}, partial(_phone_with_country, home=home)
    if phones:
        return {}, partial(_phone, region=phones, home=phones)
    # English is what people from everywhere are written to in; it says nothing about their country.
    regions = {spoken: home if spoken == "en" else region_of(spoken) for spoken in LANGUAGES}
    by_language: dict[object, _Reader] = {
        spoken: partial(_phone, region=region, home=home) for spoken, region in regions.items()
    }
    return by_language, partial(_phone, region=home, home=home)


def _phone_with_country(cell: str, home: str) -> str:
    if not has_country(cell):
        raise RuleBroken("no_country")
    return _phone(cell, home, home)


def _phone(cell: str, region: str, home: str) -> str:
    """A number as at home for the contact or for the company; who could be both is not rung up on a guess."""
    typed = unguard(cell) if "'" in cell else cell
    found = plain_phone(typed, region) or e164(typed, region)
    if region != home and not (found and typed[0] == "+"):
        other = plain_phone(typed, home) or e164(typed, home)
        if found and other and found != other:
            raise RuleBroken("ambiguous_phone")
        found = found or other
    if found is None:
        raise RuleBroken("bad_phone")
    return found


def _language(cell: str) -> str:
    found = known_language(language_named(cell))
    if found is None:
        raise RuleBroken("unknown_language")
    return found


def _owner(cell: str, owners: Mapping[str, int]) -> int:
    found = owners.get(clean_line(cell).lower())
    if found is None:
        raise RuleBroken("unknown_owner")
    return found


def _shown(cell: str) -> str:
    text = clean_line(cell[: LONGEST_SHOWN * 4])
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
