"""A file of contacts as somebody's program wrote it: in which letters, divided by what, and its rows one by one.

What cannot be known is asked and never guessed into the database: wrong letters in a name stay wrong for years.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from socialproof.domain.errors import RuleBroken

MOST_BYTES = 50 * 1024 * 1024
MOST_ROWS = 1_000_000
MOST_COLUMNS = 200
LONGEST_LINE = 2_000_000
MOST_LINES = 50
"""Lines of one row. More means that a quotation mark was opened and not closed."""

ENCODINGS = ("utf-8", "windows-1252", "utf-16-le", "utf-16-be")
DELIMITERS = (",", ";", "\t")

_HEAD_BYTES = 64 * 1024
_BLOCK_BYTES = 1024 * 1024
_SAMPLE_BYTES = 256 * 1024
_PROGRAMS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff")
_CONTROLS = bytes(set(range(32)) - {9, 10, 13})
_TOO_LONG = "x" * 200_000
"""The csv module takes no cell of that size."""
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
_SPOILT = re.compile("[\x00\ud800-\udfff]")
_WESTERN = "åäöÅÄÖæøÆØéÉèÈêëüÜßáàâçñíìîïóòôúùûÁÀÂÇÑÍÓÚÈÊËÏÔÛýðþšžŠŽõÕ"
_SIGNS = "–—‘’“”„…€°§£´«»·•\xa0®©™½²"
_STRANGE = re.compile(
    f"[^\x00-\x7f{_WESTERN}{_SIGNS}]|[^\\W\\d_][{_SIGNS.replace('’', '').replace('´', '')}][^\\W\\d_]"
)
"""A letter that names here do not have, or a sign in the middle of a word: then it was another encoding."""


class Record(NamedTuple):
    """One row: the line of the file where it begins, from 1, its cells, and why it cannot be read ("" when it can).

    Faults: cell_too_long, quote_open, unreadable (a NUL or bytes that are no letters).
    """

    line: int
    cells: list[str]
    fault: str


@dataclass(frozen=True)
class Reading:
    """How the file is to be read; `encoding` is the best guess, and not more than that unless `is_sure`."""

    encoding: str
    delimiter: str
    is_sure: bool


def sniff(stream: BinaryIO) -> Reading:
    """Look through the whole file, in constant memory. RuleBroken: empty, too_large, not_text."""
    head = stream.read(_HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise RuleBroken("empty")
    wide = _wide_encoding(head)
    if head.startswith(_PROGRAMS) or head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        raise RuleBroken("not_text")
    if wide is None and len(head) - len(head.translate(None, _CONTROLS)) > len(head) // 20:
        raise RuleBroken("not_text")
    stream.seek(0)
    encoding, is_sure = (wide, True) if wide else _narrow_encoding(stream)
    return Reading(encoding, _delimiter(head.decode(encoding, "replace")), is_sure)


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 by its mark, or by every second byte being nothing, as it is in Western words."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) * 0.3 and even < odd // 8:
        return "utf-16-le"
    return "utf-16-be" if even > len(head) * 0.3 and odd < even // 8 else None


def _narrow_encoding(stream: BinaryIO) -> tuple[str, bool]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, sample, size = True, b"", 0
    while block := stream.read(_BLOCK_BYTES):
        size += len(block)
        if size > MOST_BYTES:
            raise RuleBroken("too_large")
        if len(sample) < _SAMPLE_BYTES and not block.isascii():
            sample += b"\n".join(line for line in block.splitlines() if not line.isascii())[:_SAMPLE_BYTES]
        is_utf8 = is_utf8 and _decodes(decoder, block)
    if is_utf8 and _decodes(decoder, b"", final=True):
        return "utf-8", True
    kept = re.sub(rb"[^\x80-\xff]", b"", sample)
    lost = sample.decode("utf-8", "replace").count("\ufffd")
    if lost * 8 < len(kept):  # nearly all of it is UTF-8: a few damaged letters do not make it something else
        return "utf-8", False
    return "windows-1252", _STRANGE.search(sample.decode("windows-1252", "replace")) is None


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(head: str) -> str:
    """The sign that divides the heading into most columns, and the rows below into as many."""
    named = _SEPARATOR_LINE.match(head.lstrip("\ufeff"))
    if named and named[1] in DELIMITERS:
        return named[1]
    return max(DELIMITERS, key=lambda sign: _fit(head, sign))


def _fit(head: str, sign: str) -> float:
    lines = io.StringIO(head[:20_000].lstrip("\ufeff"), newline="")
    try:
        rows = [row for row, _ in zip(csv.reader(lines, delimiter=sign), range(20), strict=False) if any(row)]
    except csv.Error:
        return 0.0
    if not rows or len(rows[0]) < 2:
        return 0.0
    alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
    return alike * 1000 + len(rows[0])


def records(stream: BinaryIO, encoding: str, delimiter: str) -> Generator[Record, None, None]:
    """The rows of the file, the heading first, without empty ones. Closes the stream; holds one row at a time."""
    with io.TextIOWrapper(stream, encoding, errors=SPOILT, newline="") as text:
        place = _Place()
        rows = csv.reader(_lines(text.readline, place), delimiter=delimiter)
        while True:
            before = rows.line_num
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error:
                place.is_spoilt = False
                yield Record(before + 1, [], "cell_too_long")
                continue
            if place.is_spoilt or rows.line_num - before > MOST_LINES:
                yield Record(before + 1, cells, "unreadable" if place.is_spoilt else "quote_open")
                place.is_spoilt = False
            elif cells and (cells[0].strip() or "".join(cells).strip()):
                yield Record(before + 1, cells, "")


class _Place:
    """Whether one of the last row's lines holds what no text holds."""

    is_spoilt = False


def _lines(readline: Callable[[int], str], place: _Place) -> Generator[str, None, None]:
    first = readline(LONGEST_LINE).lstrip("\ufeff")
    yield "\n" if not first or _SEPARATOR_LINE.fullmatch(first) else _checked(first, readline, place)
    while line := readline(LONGEST_LINE):
        is_plain = "\0" not in line and len(line) < LONGEST_LINE and (line.isascii() or _is_whole(line))
        yield line if is_plain else _checked(line, readline, place)


def _checked(line: str, readline: Callable[[int], str], place: _Place) -> str:
    """The line itself. One without end is read over, and becomes a cell that is too long for the reader."""
    if len(line) >= LONGEST_LINE and line[-1] not in "\r\n":
        while (rest := readline(LONGEST_LINE)) and rest[-1] not in "\r\n":
            continue
        return _TOO_LONG
    place.is_spoilt = place.is_spoilt or "\0" in line or not _is_whole(line)
    return line


def _is_whole(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


def spoilt_cell(cells: list[str]) -> int | None:
    """The first cell that holds a NUL or bytes that are no letters."""
    return next((index for index, cell in enumerate(cells) if _SPOILT.search(cell)), None)


def _mark_spoilt(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


SPOILT = "socialproof.spoilt"
codecs.register_error(SPOILT, _mark_spoilt)


def count_lines(stream: BinaryIO) -> int:
    """Line ends of the file: at least as many as it has rows under its heading, and nearly always just so many."""
    feeds = returns = 0
    while block := stream.read(_BLOCK_BYTES):
        feeds += block.count(b"\n")
        returns += block.count(b"\r")
    return feeds or returns


def heading_of(rows: Iterator[Record]) -> list[str]:
    """The names of the columns, from rows that were just begun.

    RuleBroken: empty, heading_unreadable, too_many_columns (with `most`), no_heading (the first line is a contact).
    """
    first = next(rows, None)
    if first is None:
        raise RuleBroken("empty")
    if first.fault:
        raise RuleBroken("heading_unreadable")
    if len(first.cells) > MOST_COLUMNS:
        raise RuleBroken("too_many_columns", most=MOST_COLUMNS)
    if any(_ADDRESS.fullmatch(cell.strip()) for cell in first.cells):
        raise RuleBroken("no_heading")
    return first.cells


_ADDRESS = re.compile(r"[^\s@()<>]{1,64}@[^\s@()<>]{1,200}\.[^\s@()<>.]{2,24}")


def is_address(cell: str) -> bool:
    """Whether a cell looks like an e-mail address, for guessing what a column holds."""
    return _ADDRESS.fullmatch(cell.strip()) is not None
