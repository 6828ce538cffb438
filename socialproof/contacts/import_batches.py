"""A batch of rows written into the contacts of a company: found by address, added or changed, each once.

An e-mail address finds its contact; a telephone number does for rows without an e-mail address, and finds contacts
that have none. People share telephones: a row with another address is another person.
"""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Select, String, Table, any_, bindparam, func, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from socialproof.contacts.import_values import Problem, Row
from socialproof.contacts.models import Contact
from socialproof.contacts.suppression import address_changed, apply_suppressions, has_any, unsubscribe
from socialproof.database import new_public_id
from socialproof.domain.contact import MOST_ATTRIBUTES

_TABLE = cast(Table, Contact.__table__)
_WRITTEN = (
    "email",
    "phone",
    "name",
    "role",
    "organisation",
    "language",
    "time_zone",
    "customer_since",
    "owner_id",
    "attributes",
)
_NAMES = ("id", *_WRITTEN, "unsubscribed_at")
_COLUMNS = [_TABLE.c[name] for name in _NAMES]
_BLANK: dict[str, Any] = dict.fromkeys(_WRITTEN, "") | {
    "email": None,
    "phone": None,
    "customer_since": None,
    "owner_id": None,
}
_WORDS = ("unsubscribed_at", "email_bounced_at", "complained_at", "phone_stopped_at", "bounce_told_at")
_CHANGE = (
    update(_TABLE)
    .where(_TABLE.c.company_id == bindparam("of_company"), _TABLE.c.id == bindparam("of_id"))
    .values({name: bindparam(f"new_{name}") for name in _WRITTEN})
)

Values = dict[str, Any]
"""One contact: the columns that an import writes, and the id of a known one."""


@dataclass(frozen=True)
class Tally:
    """What became of the rows of a batch."""

    added: int
    changed: int
    same: int
    problems: list[Problem]


def take_rows(session: Session, *, company_id: int, rows: Sequence[Row], now: datetime) -> Tally:
    """Write these rows. Doubled rows of one batch meet the same contact, like those of two batches."""
    batch = _Batch(_known(session, company_id, rows))
    problems = [problem for row in rows if row.problems for problem in row.problems]
    outcomes = Counter([batch.take(row, problems) for row in rows])
    _add(session, company_id, batch, now)
    _change(session, company_id, batch, now)
    return Tally(outcomes["added"], outcomes["changed"], outcomes["same"], problems)


class _Batch:
    """The contacts that a batch meets, by their addresses, and what it does to them."""

    def __init__(self, known: Iterable[Values]) -> None:
        self.added: list[Values] = []
        self.changed: dict[int, Values] = {}
        self.given: dict[int, bool] = {}
        """Known contacts with a new address; True where it replaces another."""
        self.unsubscribed: list[Values] = []
        self._by_email: dict[str, Values] = {}
        self._by_phone: dict[str, list[Values]] = {}
        for contact in known:
            self._note(contact)

    def take(self, row: Row, problems: list[Problem]) -> str:
        """Returns "added", "changed" or "same"."""
        contact = self._find(row.values.get("email"), row.values.get("phone"))
        if contact is None:
            contact = _BLANK | row.values
            contact["attributes"] = row.attributes
            self.added.append(contact)
            self._note(contact)
            outcome = "added"
        else:
            outcome = "changed" if self._merge(contact, row, problems) else "same"
        if row.is_unsubscribed and not contact.get("unsubscribed_at"):
            contact["unsubscribed_at"] = True
            self.unsubscribed.append(contact)
            outcome = "changed" if outcome == "same" else outcome
        return outcome

    def _note(self, contact: Values) -> None:
        if contact["email"]:
            self._by_email[contact["email"]] = contact
        if contact["phone"]:
            self._by_phone.setdefault(contact["phone"], []).append(contact)

    def _find(self, email: Any, phone: Any) -> Values | None:
        if email in self._by_email:
            return self._by_email[email]
        held = self._by_phone.get(phone, ()) if phone else ()
        return next((contact for contact in held if not (email and contact["email"])), None)

    def _merge(self, contact: Values, row: Row, problems: list[Problem]) -> bool:
        former = contact["email"], contact["phone"]
        new: Values = {name: value for name, value in row.values.items() if contact[name] != value}
        attributes = contact["attributes"] | row.attributes
        if len(attributes) > MOST_ATTRIBUTES:
            problems.append(Problem(row.line, "too_many_attributes", is_refused=False))
        elif attributes != contact["attributes"]:
            new["attributes"] = attributes
        if not new:
            return False
        contact.update(new)
        if {"email", "phone"} & new.keys():
            self._readdress(contact, former)
        if "id" in contact:
            self.changed[contact["id"]] = contact
        return True

    def _readdress(self, contact: Values, former: tuple[str | None, str | None]) -> None:
        """Found by its new addresses from here on. An e-mail address is given where none was, never replaced."""
        phone = former[1]
        if phone:
            self._by_phone[phone].remove(contact)
        self._note(contact)
        if "id" in contact:
            is_replaced = bool(phone and phone != contact["phone"])
            self.given[contact["id"]] = self.given.get(contact["id"], False) or is_replaced


def _known(session: Session, company_id: int, rows: Sequence[Row]) -> list[Values]:
    """The contacts that the rows may mean, oldest first, held until the commit."""
    emails: set[object] = set()
    alone: set[object] = set()
    beside: set[object] = set()
    for row in rows:
        email, phone = row.values.get("email"), row.values.get("phone")
        if email:
            emails.add(email)
        if phone:
            (beside if email else alone).add(phone)
    dialect = session.get_bind().dialect.name
    found: dict[int, Values] = {}
    for among, wanted in (("email", emails), ("phone beside", beside - alone), ("phone", alone)):
        if wanted:
            many = list(wanted) if dialect == "postgresql" else json.dumps(list(wanted))
            for held in session.execute(_HELD[dialect, among], {"of_company": company_id, "many": many}):
                found[held.id] = dict(zip(_NAMES, held, strict=True))
    return [found[contact_id] for contact_id in sorted(found)]


def _held(dialect: str, among: str) -> Select[Any]:
    """The contacts of a company whose address is one of many, held until the commit. "phone beside" are telephone
    numbers that stood beside an e-mail address.

    The many are given as one value: a statement of a thousand takes long to be made.
    """
    column = _TABLE.c[among.split()[0]]
    if dialect == "postgresql":
        is_among = column == any_(bindparam("many", type_=postgresql.ARRAY(String)))
    else:
        given = func.json_each(bindparam("many", type_=String)).table_valued("value")
        is_among = column.in_(select(given.c.value))
    conditions = [_TABLE.c.company_id == bindparam("of_company"), _TABLE.c.deleted_at.is_(None), is_among]
    if among == "phone beside":
        # Said so that no database looks through all contacts without an address for it.
        conditions.append(func.coalesce(_TABLE.c.email, "") == "")
    # The same order everywhere, so that two that write the same contacts wait instead of blocking each other.
    return select(*_COLUMNS).where(*conditions).order_by(_TABLE.c.id).with_for_update()


_HELD = {
    (dialect, among): _held(dialect, among)
    for dialect in ("sqlite", "postgresql")
    for among in ("email", "phone", "phone beside")
}


def _add(session: Session, company_id: int, batch: _Batch, now: datetime) -> None:
    added = batch.added
    if not added:
        return
    words = _words_of_new(session, company_id, added, bool(batch.unsubscribed), now)
    for contact, public_id in zip(added, _public_ids(len(added)), strict=True):
        contact["public_id"] = public_id
    if words is None:
        _insert(session, [*_WRITTEN, "public_id"], added, company_id, now)
    else:
        whole = [contact | said for contact, said in zip(added, words, strict=True)]
        _insert(session, [*_WRITTEN, "public_id", *_WORDS, "unsubscribed_by"], whole, company_id, now)


def _insert(session: Session, names: Sequence[str], rows: Sequence[Values], company_id: int, now: datetime) -> None:
    """Hand new contacts to the driver in the form that it takes, column by column: value by value, finding that form
    takes longer than writing them."""
    connection = session.connection()
    ready = [_formed(connection, name, [row[name] for row in rows]) for name in names]
    ready += [[company_id] * len(rows), _formed(connection, "created_at", [now]) * len(rows)]
    columns = [*names, "company_id", "created_at"]
    marks = ", ".join(["%s" if connection.dialect.name == "postgresql" else "?"] * len(columns))
    connection.exec_driver_sql(
        f"insert into {_TABLE.name} ({', '.join(columns)}) values ({marks})", list(zip(*ready, strict=True))
    )


def _formed(connection: Connection, name: str, values: list[Any]) -> list[Any]:
    form = _TABLE.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    if form is None:
        return values
    # Few different days and attributes stand in many rows.
    keys = [tuple(value.items()) for value in values] if name == "attributes" else values
    forms = {key: form(value) for key, value in dict(zip(keys, values, strict=True)).items()}
    return [forms[key] for key in keys]


def _public_ids(count: int) -> list[str]:
    """As new_public_id makes them, from one piece of chance."""
    letters = urlsafe_b64encode(secrets.token_bytes(12 * count)).decode()
    made = (letters[start : start + 16] for start in range(0, len(letters), 16))
    return [each if each[0].isalnum() else new_public_id() for each in made]


def _words_of_new(
    session: Session, company_id: int, added: list[Values], is_said: bool, now: datetime
) -> list[Values] | None:
    """What the new contacts' addresses said before, or say in this file; None when nothing can have been said."""
    if not is_said and not has_any(session, company_id):
        return None
    met = [Contact(company_id=company_id, email=each["email"], phone=each["phone"]) for each in added]
    apply_suppressions(session, company_id, met)
    for contact, values in zip(met, added, strict=True):
        if "unsubscribed_at" in values:
            unsubscribe(session, contact=contact, by="import", now=now)
    return [
        {name: getattr(contact, name) for name in _WORDS} | {"unsubscribed_by": contact.unsubscribed_by or ""}
        for contact in met
    ]


def _change(session: Session, company_id: int, batch: _Batch, now: datetime) -> None:
    if batch.changed:
        changes = [
            {"of_company": company_id, "of_id": contact_id} | {f"new_{name}": contact[name] for name in _WRITTEN}
            for contact_id, contact in batch.changed.items()
        ]
        session.execute(_CHANGE, changes)
    unsubscribed = {contact["id"] for contact in batch.unsubscribed if "id" in contact}
    if not unsubscribed and not batch.given:
        return
    of_batch = select(Contact).where(Contact.company_id == company_id, Contact.id.in_(unsubscribed | set(batch.given)))
    contacts = {contact.id: contact for contact in session.scalars(of_batch.execution_options(populate_existing=True))}
    apply_suppressions(session, company_id, [contacts[each] for each, is_new in batch.given.items() if not is_new])
    for contact_id, is_replaced in batch.given.items():
        if is_replaced:
            address_changed(session, contact=contacts[contact_id])
    for contact_id in unsubscribed:
        unsubscribe(session, contact=contacts[contact_id], by="import", now=now)
    session.flush()
