"""Rows per second of a file of contacts: our whole import, and plain executemany of the same columns.

    python -m benchmarks.contacts_import [rows] [rounds]

Ours reads the file from the storage, decodes and divides it, checks every address, number, day, language and time zone,
looks for known contacts and commits batches with the count of their rows. Plain is the driver's executemany of values
that lie ready in memory, the same columns, the same rows per commit, the same table with its indexes. Interleaved
rounds on SQLite and, where its server is installed, PostgreSQL, in a process that has settled as a worker does before
its first job; medians. Then the same file once more, when every row is known; then the memory of an import of 10,000
and of 100,000 rows, in processes of their own. Ratios are printed last (goal: ours ≥ 0.3 of plain).
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from socialproof.app import create_app
from socialproof.cli.work import job_context, settle
from socialproof.companies.models import Company
from socialproof.contacts import import_job
from socialproof.contacts.models import Contact, ContactImport
from socialproof.database import db, new_public_id
from socialproof.domain.contact_headings import guess_fields
from socialproof.settings import Settings

HEADINGS = ["email", "phone", "name", "role", "organisation", "language", "time_zone", "customer_since", "Plan"]
COLUMNS = [
    "public_id",
    "company_id",
    "email",
    "phone",
    "name",
    "role",
    "organisation",
    "language",
    "time_zone",
    "customer_since",
    "attributes",
    "created_at",
]
FIRST = [
    "Anna",
    "Åsa",
    "Björn",
    "Søren",
    "Kåre",
    "Aino",
    "Matti",
    "Linnéa",
    "Øyvind",
    "Jürgen",
    "Maria",
    "Erik",
    "Sofie",
    "Ville",
]
LAST = ["Andersson", "Öberg", "Hansen", "Jørgensen", "Virtanen", "Mäkelä", "Nilsson", "Berg", "Lie", "Korhonen"]


def cells(number: int) -> list[str]:
    """The row of one contact, different from all others."""
    chance = random.Random(number)
    language, phone = chance.choice(
        [
            ("sv", f"070-{number % 900 + 100} {number % 90 + 10} 05"),
            ("Swedish", f"+4670{1740000 + number % 59999:07}"),
            ("suomi", f"+358 40 {number % 900 + 100} {number % 9000 + 1000}"),
            ("da", ""),
            ("", f"0046 70 174 {number % 90 + 10} 05" if number % 20 == 0 else ""),
        ]
    )
    return [
        f"person{number}@customer{number % 5000}.example",
        phone,
        f"{chance.choice(FIRST)} {chance.choice(LAST)}",
        chance.choice(["CEO", "Inköpschef", "Projektleder", "Toimitusjohtaja", ""]),
        f"Customer {number % 5000} AB",
        language,
        chance.choice(["Europe/Stockholm", "Europe/Helsinki", ""]),
        f"20{10 + number % 15}-{1 + number % 12:02}-{1 + number % 28:02}",
        chance.choice(["Gold", "Silver", ""]),
    ]


def file_of(rows: int) -> bytes:
    lines = [";".join(HEADINGS), *(";".join(cells(number)) for number in range(rows))]
    return "\r\n".join(lines).encode()


class Place:
    """A migrated database with one company, and an application on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.app = create_app(Settings(("x" * 32,), url, folder, testing=True))
        with self.app.app_context():
            upgrade()
            self.engine = db.engine
        self.context = job_context(self.app)
        with Session(self.engine) as session:
            company = Company(name="Benchmark", default_language="sv", created_at=datetime.now(UTC))
            session.add(company)
            session.commit()
            self.company_id = company.id

    def ours(self, content: bytes, is_new: bool = True) -> float:
        """Seconds from the stored file to its last committed row."""
        if is_new:
            self.clear()
        with Session(self.engine) as session:
            mapping = guess_fields(HEADINGS) | {"8": "attributes.Plan", "dates": ""}
            found = ContactImport(
                company_id=self.company_id,
                state="waiting",
                file_name="contacts.csv",
                storage_key=f"companies/x/imports/{new_public_id()}.csv",
                byte_count=len(content),
                encoding="utf-8",
                delimiter=";",
                mapping=mapping,
                created_at=datetime.now(UTC),
            )
            session.add(found)
            session.commit()
            import_id, key = found.id, found.storage_key
        self.context.backends.storage.put(key, BytesIO(content))
        began = time.perf_counter()
        import_job.take_in(self.context, company_id=self.company_id, import_id=import_id)
        seconds = time.perf_counter() - began
        with Session(self.engine) as session:
            found = session.get_one(ContactImport, import_id)
            assert (found.state, found.refused_count) == ("done", 0), found.error
            assert found.added_count == found.done_count if is_new else found.same_count == found.done_count
        return seconds

    def plain(self, rows: list[tuple[Any, ...]]) -> float:
        """Seconds of executemany with a commit after each batch."""
        self.clear()
        is_sqlite = self.engine.dialect.name == "sqlite"
        marks = ", ".join(["?" if is_sqlite else "%s"] * len(COLUMNS))
        statement = f"insert into contact ({', '.join(COLUMNS)}) values ({marks})"
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            began = time.perf_counter()
            for start in range(0, len(rows), import_job.BATCH_ROWS):
                if is_sqlite:
                    cursor.execute("begin immediate")
                cursor.executemany(statement, rows[start : start + import_job.BATCH_ROWS])
                cursor.execute("commit") if is_sqlite else connection.commit()
            return time.perf_counter() - began
        finally:
            connection.close()

    def written(self) -> list[tuple[Any, ...]]:
        """What an import wrote, as the driver takes it."""
        chosen = select(*(getattr(Contact, name) for name in COLUMNS)).order_by(Contact.id)
        is_sqlite = self.engine.dialect.name == "sqlite"
        with Session(self.engine) as session:
            return [tuple(self._raw(value, is_sqlite) for value in row) for row in session.execute(chosen)]

    def _raw(self, value: Any, is_sqlite: bool) -> Any:
        if isinstance(value, dict):
            return json.dumps(value)
        if isinstance(value, datetime) and is_sqlite:
            return value.replace(tzinfo=None).isoformat(" ")
        return value.isoformat() if is_sqlite and hasattr(value, "isoformat") else value

    def clear(self) -> None:
        with Session(self.engine) as session:
            session.execute(delete(Contact))
            session.commit()


def compare(name: str, place: Place, rows: int, rounds: int) -> float:
    """Print both and return their ratio."""
    settle()
    content = file_of(rows)
    place.ours(content)
    ready = place.written()
    ours, again, plain = [], [], []
    for _ in range(rounds):
        plain.append(rows / place.plain(ready))
        ours.append(rows / place.ours(content))
        again.append(rows / place.ours(content, is_new=False))
    print(f"{name:<11} plain executemany  {statistics.median(plain):>10,.0f} rows/s")
    print(f"{name:<11} our import         {statistics.median(ours):>10,.0f} rows/s")
    print(f"{name:<11} the same file again{statistics.median(again):>10,.0f} rows/s")
    return statistics.median(ours) / statistics.median(plain)


@contextmanager
def postgresql() -> Iterator[str | None]:
    """A server of our own, or the one that TEST_DATABASE_URL names; None where there is none."""
    from tests.databases import PostgresServer
    from tests.parts import MissingPart

    try:
        server = PostgresServer.start()
    except MissingPart as missing:
        print(missing)
        yield None
        return
    try:
        with server.database() as url:
            yield url
    finally:
        server.stop()


def peak_of(rows: int) -> float:
    """Megabytes that an import of so many rows holds at most; in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.contacts_import", "--peak", str(rows)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def measure_peak(rows: int) -> None:
    """Print how much more memory Python holds at the highest point of an import than at its beginning."""
    import tracemalloc

    with tempfile.TemporaryDirectory() as folder:
        place = Place(f"sqlite:///{folder}/peak.db", Path(folder))
        place.ours(file_of(10))
        content = file_of(rows)
        tracemalloc.start()
        place.ours(content)
        print(tracemalloc.get_traced_memory()[1] / 1024 / 1024)


def main(rows: int = 20_000, rounds: int = 3) -> None:
    ratios = {}
    with tempfile.TemporaryDirectory() as folder:
        ratios["SQLite"] = compare("SQLite", Place(f"sqlite:///{folder}/b.db", Path(folder)), rows, rounds)
    with postgresql() as url, tempfile.TemporaryDirectory() as folder:
        if url is not None:
            ratios["PostgreSQL"] = compare("PostgreSQL", Place(url, Path(folder)), rows, rounds)
    peaks = {count: peak_of(count) for count in (10_000, 100_000)}
    print("most memory held: " + ", ".join(f"{count:,} rows {peak:.1f} MB" for count, peak in peaks.items()))
    print("ours / plain executemany: " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items()))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        measure_peak(int(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
