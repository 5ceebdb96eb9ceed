"""The numbers of all tables against counts and sums that were taken from another reading of the papers."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from nasrepro.papers.catalog import item, papers
from nasrepro.papers.table import RowClaim, TableItem

PRINTED = {
    "e2nas/table-1": (8, 48, 48, "2350.11", "43.38"),
    "e2nas/table-2": (14, 56, 56, "3760.66", "67.73"),
    "en2as/table-1": (20, 57, 9, "6637.76", "1.17"),
    "en2as/table-2": (14, 49, 0, "1865.93", "0"),
    "en2as/table-3": (6, 18, 0, "727.2", "0"),
    "en2as/table-4": (11, 30, 0, "416.33", "0"),
    "en2as/table-5": (8, 23, 0, "1292.76", "0"),
    "evaluating-search/table-1": (4, 4, 4, "251.49", "5.59"),
    "evaluating-search/table-2": (4, 16, 8, "969.23", "12.03"),
    "evaluating-search/table-3": (5, 20, 10, "1334.29", "15.12"),
    "nao/table-1": (21, 151, 0, "225391.01", "0"),
    "nao/table-2": (16, 86, 0, "2109.22", "0"),
    "nao/table-3": (13, 49, 0, "8642.65", "0"),  # two sizes are printed as about 5 and stand in notes
    "nao/table-4": (14, 33, 0, "1703.11", "0"),  # 58.65 is read as 58.6 with the mark of footnote 5
    "nao/table-5": (8, 15, 0, "775.4", "0"),
    "nsas/table-1": (17, 58, 8, "293.66", "0.53"),
    "nsas/table-2": (13, 48, 0, "1695.46", "0"),
    "nsas/figure-4": (4, 4, 0, "0.6363", "0"),  # not a table, but its bars have printed numbers
}
"""Rows that the paper has, cells with a number, those with a deviation; sums of the numbers and of the deviations."""

TABLES = [entry for owner in papers().values() for entry in owner.items if isinstance(entry, TableItem)]
DIFFERENCES = [(table, claim) for table in TABLES for claim in table.claims if claim.minus is not None]


def table_item(name: str) -> TableItem:
    found = item(name)
    assert isinstance(found, TableItem)
    return found


def test_all_seventeen_tables_are_counted() -> None:
    assert set(PRINTED) == {table.id for table in TABLES}
    assert sum(name.partition("/")[2].startswith("table-") for name in PRINTED) == 17


@pytest.mark.parametrize("name", PRINTED)
def test_numbers_are_all_there(name: str) -> None:
    rows = [row for row in table_item(name).rows if not row.added]
    cells = [cell for row in rows for cell in row.cells.values()]
    spread = [cell for cell in cells if cell.std is not None]
    assert (
        len(rows),
        len(cells),
        len(spread),
        sum(Decimal(str(cell.mean)) for cell in cells),
        sum(Decimal(str(cell.std)) for cell in spread),
    ) == (*PRINTED[name][:3], Decimal(PRINTED[name][3]), Decimal(PRINTED[name][4]))


@pytest.mark.parametrize(
    ("table", "claim"), DIFFERENCES, ids=[f"{table.id}: {claim.says}" for table, claim in DIFFERENCES]
)
def test_a_claim_says_what_the_table_prints(table: TableItem, claim: RowClaim) -> None:
    assert claim.minus is not None
    printed = [
        {cell.mean for row in table.rows if row.label == label and (cell := row.cells.get(claim.column))}
        for label in (claim.row, claim.minus)
    ]
    if not all(printed):
        return  # such as a bar of a figure
    said = {float(number) for number in re.findall(r"(?<![\w.])\d+\.\d+\b", claim.says)}
    if len(said) == 2:
        assert printed[0] & said
        assert printed[1] & said
    if claim.relation is not None:
        as_printed = (min(printed[0]) < max(printed[1])) == (claim.relation == "below")
        assert as_printed != ("though the table" in claim.says)
