"""Contacts from a file: choose it, see what it holds, name its columns, watch it come in, read what was wrong."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from socialproof.backends.storage.port import MissingObject, StorageFull
from socialproof.clock import now
from socialproof.contacts import import_queries as queries
from socialproof.contacts import importing
from socialproof.contacts.export import BOM, lines
from socialproof.contacts.import_phones import PhoneQuestion, phone_question
from socialproof.contacts.models import ContactImport
from socialproof.contacts.phones import home_of
from socialproof.database import db, transaction
from socialproof.domain.contact import ATTRIBUTE
from socialproof.domain.contact_cells import ASK, DAY_FIRST, MONTH_FIRST, day_order, order_meant
from socialproof.domain.contact_file import MOST_BYTES
from socialproof.domain.contact_headings import attribute_of, guess_fields
from socialproof.domain.errors import Conflict, RuleBroken
from socialproof.web import services
from socialproof.web.marketer import imports_words as words
from socialproof.web.marketer.access import current, role_required, takes
from socialproof.web.marketer.filters import is_public_id

blueprint = Blueprint("imports", __name__, url_prefix="/contacts/import")
words.register_import_words(blueprint)

CANDIDATES = ("windows-1252", "utf-8")
"""What a file may be that could not be told; the other encodings always can."""


@blueprint.get("")
@role_required("admin")
def new() -> Response:
    """Choose a file; and the imports before."""
    return _new_page()


@blueprint.post("")
@role_required("admin")
@takes(MOST_BYTES + 1_000_000)
def upload() -> ResponseReturnValue:
    """Take a file and look into it. Its row is there first, so that no file is ever forgotten in the storage."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _new_page(words.refusal_word("no_file"), 422)
    try:
        size = sent.stream.seek(0, io.SEEK_END)
        sent.stream.seek(0)
        reading = importing.check_file(sent.stream, size)  # type: ignore[arg-type]
        with transaction() as session:
            found = importing.begin_import(
                session,
                company=current().company,
                user=current().user,
                file_name=sent.filename,
                size=size,
                reading=reading,
                now=now(),
            )
        services().backends.storage.put(found.storage_key, sent.stream)  # type: ignore[arg-type]
    except (RuleBroken, StorageFull) as refused:
        return _new_page(words.refusal_word(refused.code), 422)
    finally:
        sent.close()
    return _see(found.public_id)


@blueprint.get("/<import_id>")
@role_required("admin")
def show(import_id: str) -> Response:
    """The preview before it is started; after that how far it is and what came of it."""
    found = _found(import_id)
    return _preview(found) if found.state == "uploaded" else _report(found)


@blueprint.post("/<import_id>/reading")
@role_required("admin")
def read(import_id: str) -> ResponseReturnValue:
    """Read the file in other letters, or divided by another sign."""
    found = _found(import_id)
    chosen = {"encoding": request.form.get("encoding", ""), "delimiter": request.form.get("delimiter", "")}
    try:
        with transaction() as session:
            importing.set_reading(session, found=found, **chosen)
    except Conflict:
        return _see(import_id)
    except RuleBroken as refused:
        return _preview(found, 422, refused=words.refusal_word(refused.code))
    return _see(import_id)


@blueprint.post("/<import_id>/start")
@role_required("admin")
def start(import_id: str) -> ResponseReturnValue:
    """Hand it to the worker with the columns as they were named."""
    found, acting = _found(import_id), current()
    fields = _chosen_fields()
    try:
        chosen = _answers(found, fields)
        with transaction() as session:
            importing.start_import(
                session,
                company=acting.company,
                user=acting.user,
                found=found,
                mapping=fields,
                **chosen,
                now=now(),
            )
    except Conflict:
        return _see(import_id)
    except MissingObject as missing:
        return _preview(found, 422, refused=words.refusal_word(missing.code))
    except RuleBroken as refused:
        return _preview(found, 422, refused=words.refusal_word(refused.code, **refused.details), fields=fields)
    return _see(import_id)


@blueprint.post("/<import_id>/cancel")
@role_required("admin")
def cancel(import_id: str) -> ResponseReturnValue:
    """Take no more rows."""
    with transaction() as session:
        is_cancelled = importing.cancel_import(session, found=_found(import_id), now=now())
    flash(
        _("The import is cancelled. What was taken before stays.")
        if is_cancelled
        else _("The import was over already.")
    )
    return _see(import_id)


@blueprint.get("/<import_id>/progress")
@role_required("admin")
def progress(import_id: str) -> Response:
    """How far it is, for the page that waits for it."""
    found = _found(import_id)
    return jsonify(state=found.state, done=found.done_count, rows=found.row_count)


@blueprint.get("/<import_id>/problems.csv")
@role_required("admin")
def problems(import_id: str) -> Response:
    """What was wrong, as a file to keep beside the one that was sent."""
    found = _found(import_id)
    content, charset = _as_sent("".join(_problem_lines(found)), found.encoding)
    answer = make_response(content)
    answer.content_type = f"text/csv; charset={charset}"
    answer.headers["Content-Disposition"] = f'attachment; filename="import-{found.public_id}.csv"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _as_sent(text: str, encoding: str) -> tuple[bytes, str]:
    """The text in the letters of the file that was sent, and their name; UTF-8 where those do not have all of it.

    Programs that open the one open the other. The mark in front is what tells spreadsheets more than Windows-1252.
    """
    if encoding == "windows-1252":
        with suppress(UnicodeEncodeError):
            return text.encode(encoding), encoding
    wide = encoding if encoding.startswith("utf-16") else ""
    return (BOM + text).encode(wide or "utf-8"), "utf-16" if wide else "utf-8"


def _problem_lines(found: ContactImport) -> Iterator[str]:
    yield lines([[_("Line"), _("Column"), _("Value"), _("Reason"), _("Row taken")]], found.delimiter)
    for page in queries.all_problems(db.session(), found):
        rows = [(each.line, each.field, each.value, words.problem_word(each.code), each.is_refused) for each in page]
        yield lines([[*map(str, row[:4]), _("no") if row[4] else _("yes")] for row in rows], found.delimiter)


def _chosen_fields() -> dict[str, str]:
    """Field by column number, as the form says; what is no field of ours is nothing."""
    known, fields = words.field_words(), {}
    for name, value in request.form.items():
        number = name.removeprefix("column-")
        if name != number and number.isascii() and number.isdigit() and len(number) < 4:
            # Our own exports head such a column with the prefix already.
            heading = request.form.get(f"heading-{number}", "").removeprefix(ATTRIBUTE)
            field = attribute_of(heading) if value == "attribute" else value
            if value == "attribute" or value in known:
                fields[number] = field or attribute_of(number)
    return fields


def _answers(found: ContactImport, fields: dict[str, str]) -> dict[str, str]:
    """The order of days and the country of numbers without one, as chosen or as the file shows it; RuleBroken where
    somebody has to choose."""
    columns = {name: int(number) for number, name in fields.items()}
    if not {"customer_since", "phone"} & columns.keys():
        return {"dates": "", "phones": ""}
    samples = dict(enumerate(_look(found, found.encoding or CANDIDATES[0]).samples))
    days, numbers = (samples.get(columns.get(name, -1), []) for name in ("customer_since", "phone"))
    return {"dates": _order(days), "phones": _country(numbers)}


def _order(days: list[str]) -> str:
    chosen = request.form.get("dates", "")
    order = order_meant(days, chosen) if chosen in (DAY_FIRST, MONTH_FIRST) else day_order(days)
    if order == ASK:
        raise RuleBroken("unknown_dates")
    return order


def _country(numbers: list[str]) -> str:
    chosen = request.form.get("phones", "")
    if not chosen and phone_question(numbers, _home()):
        raise RuleBroken("unknown_phones")
    return chosen


def _home() -> str:
    company = current().company
    return home_of(company.time_zone, company.default_language)


def _preview(
    found: ContactImport, status: int = 200, refused: str = "", fields: dict[str, str] | None = None
) -> Response:
    try:
        look = _look(found, found.encoding or CANDIDATES[0])
    except (MissingObject, RuleBroken) as broken:
        look, refused = importing.Look([], [], []), words.refusal_word(broken.code)
    fields = guess_fields(look.headings, look.samples) if fields is None else fields
    return _page(
        "_preview",
        found,
        status,
        look=look,
        fields=fields,
        candidates={} if found.encoding or not look.rows else _candidates(found),
        orders=[day_order(cells) for cells in look.samples],
        phones={number: _question(look, number) for number, field in fields.items() if field == "phone"},
        refused=refused,
    )


def _question(look: importing.Look, number: str) -> PhoneQuestion | None:
    return phone_question(look.samples[int(number)], _home()) if int(number) < len(look.samples) else None


def _look(found: ContactImport, encoding: str) -> importing.Look:
    return importing.look_into(services().backends.storage, found, encoding)


def _candidates(found: ContactImport) -> dict[str, list[str]]:
    """Words of the file with letters beyond ASCII, in each way to read them."""
    telling: dict[str, list[str]] = {}
    for encoding in CANDIDATES:
        cells = [cell for column in _look(found, encoding).samples for cell in column if not cell.isascii()]
        telling[encoding] = list(dict.fromkeys(cells))[:4]
    return telling


def _report(found: ContactImport) -> Response:
    after = request.args.get("after", "")
    shown = queries.problems_of(
        db.session(), found, after=int(after) if after.isdecimal() and len(after) < 15 else 0, limit=queries.PAGE + 1
    )
    return _page(
        "_report",
        found,
        problems=shown[: queries.PAGE],
        next_page=shown[queries.PAGE - 1].id if len(shown) > queries.PAGE else None,
        is_first=not after,
        problem_count=queries.problem_count(db.session(), found),
    )


def _page(part: str, found: ContactImport, status: int = 200, **context: Any) -> Response:
    html = render_template(
        "marketer/imports/show.html",
        part=f"marketer/imports/{part}.html",
        found=found,
        field_words=words.field_words(),
        encoding_words=words.encoding_words(),
        delimiter_words=words.delimiter_words(),
        is_running=found.state in ("waiting", "running"),
        **context,
    )
    return make_response(html, status)


def _new_page(refused: str = "", status: int = 200) -> Response:
    imports = queries.recent_imports(db.session(), current().company.id)
    return make_response(render_template("marketer/imports/new.html", imports=imports, refused=refused), status)


def _found(import_id: str) -> ContactImport:
    """The import in the company of the session; missing and foreign are the same 404."""
    company_id = current().company.id
    found = queries.import_of(db.session(), company_id, import_id) if is_public_id(import_id) else None
    if found is None:
        abort(404)
    return found


def _see(import_id: str) -> ResponseReturnValue:
    return redirect(url_for("marketer.imports.show", import_id=import_id), 303)
