"""Every row of a company is found from its company, by an index."""

from __future__ import annotations

import pytest
from sqlalchemy import Table, UniqueConstraint

import socialproof.app  # noqa: F401  with it every table is known
from socialproof.database import db

OF_COMPANY = [table for table in db.metadata.sorted_tables if "company_id" in table.columns]


@pytest.mark.parametrize("table", OF_COMPANY, ids=lambda table: table.name)
def test_every_table_of_a_company_has_an_index_that_begins_with_it_and_no_second_bare_one(table: Table) -> None:
    indexed = [[column.name for column in index.columns] for index in table.indexes]
    indexed += [[c.name for c in held.columns] for held in table.constraints if isinstance(held, UniqueConstraint)]
    led = [names for names in indexed if names[0] == "company_id"]
    assert led
    assert ["company_id"] not in led or len(led) == 1
