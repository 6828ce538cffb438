"""The builder of a segment: rows that are typed, what is wrong with them, and who is found by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import render_template, request

from socialproof.clock import now
from socialproof.companies.queries import team
from socialproof.contacts import queries
from socialproof.contacts.models import ContactSegment
from socialproof.contacts.phones import e164, home_of
from socialproof.contacts.segments import segment_filter
from socialproof.database import db
from socialproof.domain.contact import ATTRIBUTE, FIELDS
from socialproof.domain.errors import RuleBroken
from socialproof.domain.segments import MOST_RULES, OPS, SET_OPS, Rule, checked_rules, ops_of
from socialproof.domain.text import clean_line
from socialproof.languages import known_language
from socialproof.web.marketer.access import current
from socialproof.web.marketer.contact_words import fault_words
from socialproof.web.marketer.fields import LONGEST_NAME

NAMES_SHOWN = 12

Row = dict[str, str]


@dataclass
class Draft:
    """A segment as it stands in the form; `errors` are by row."""

    name: str = ""
    rows: list[Row] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    name_error: str = ""

    @classmethod
    def of(cls, segment: ContactSegment | None) -> Draft:
        """What is stored; a new one begins with an empty row."""
        return cls(segment.name, [dict(rule) for rule in segment.rules]) if segment else cls(rows=[_blank()])

    @classmethod
    def sent(cls) -> Draft:
        """What was typed, with a row more or less if a button said so."""
        columns = [request.form.getlist(name)[: MOST_RULES + 1] for name in ("field", "op", "value")]
        rows = [dict(zip(("field", "op", "value"), cells, strict=True)) for cells in zip(*columns, strict=False)]
        gone = request.form.get("remove", "")
        kept = [row for number, row in enumerate(rows) if str(number) != gone]
        draft = cls(request.form.get("name", ""), [_fitting(row) for row in kept])
        if "add" in request.form and len(draft.rows) < MOST_RULES:
            draft.rows.append(_blank())
        return draft

    def checked(self) -> tuple[Rule, ...] | None:
        """The rules, or None with the errors said beside their rows. Rows where nothing was chosen are no rules."""
        self.rows = [row for row in self.rows if row["field"]] or [_blank()]
        rules: list[Rule] = []
        for number, row in enumerate(self.rows):
            if row["field"]:
                try:
                    rules.extend(checked_rules([row]))
                except RuleBroken as broken:
                    self.errors[number] = fault_words(broken.code, broken.details.get("most"))
        return None if self.errors else tuple(rules)

    def sound(self) -> list[Mapping[str, Any]]:
        """The rows that can be looked for already."""
        return [row for row in self.rows if _is_sound(row)]


def is_only_looking() -> bool:
    """Whether a button other than Save was pressed."""
    return any(button in request.form for button in ("add", "remove", "count"))


def page(draft: Draft, segment: ContactSegment | None, used_by: Sequence[Any] = ()) -> str:
    """The builder with the number and the first names of those who are found."""
    company = current().company
    sound = draft.sound()
    found = segment_filter(sound, company.id, today=now().date())
    return render_template(
        "marketer/segments/show.html",
        draft=draft,
        segment=segment,
        used_by=used_by,
        count=queries.count_of(db.session(), found),
        first=queries.names_of(db.session(), found, limit=NAMES_SHOWN),
        is_partial=len(sound) < len(draft.rows),
        fields=FIELDS,
        attributes=_attributes(draft),
        ops=lambda row: ops_of(row["field"]) or OPS,
        set_ops=SET_OPS,
        team=team(db.session(), company.id),
        longest_name=LONGEST_NAME,
        most_rules=MOST_RULES,
    )


def _blank() -> Row:
    return {"field": "", "op": "is", "value": ""}


def _fitting(row: Row) -> Row:
    """A field that was just chosen may not know the operation of the one before it; numbers become international."""
    row = row | {"field": row["field"].strip(), "value": clean_line(row["value"][:400])}
    known = ops_of(row["field"])
    if known and row["op"] not in known:
        row |= {"op": known[0], "value": ""}
    if row["field"] == "phone" and row["op"] in ("is", "is_not"):
        company = current().company
        row["value"] = e164(row["value"], home_of(company.time_zone, company.default_language)) or row["value"]
    if row["field"] == "language":
        row["value"] = known_language(row["value"]) or ""
    return row


def _is_sound(row: Row) -> bool:
    try:
        checked_rules([row])
    except RuleBroken:
        return False
    return True


def _attributes(draft: Draft) -> list[str]:
    """Free attributes to choose from: those of the newest contacts, and those that the rules name."""
    named = {row["field"].removeprefix(ATTRIBUTE) for row in draft.rows if row["field"].startswith(ATTRIBUTE)}
    return sorted({*queries.attribute_names(db.session(), current().company.id), *named} - {""}, key=str.lower)
