"""Tables of cells that the papers trained themselves: complete, as printed, and tested as the text has it."""

from __future__ import annotations

import re

import pytest

from nasrepro.papers.catalog import item
from nasrepro.papers.table import TableItem

# Tables of trained cells, typed a second time: label, our method, numbers in the order of the columns.
NSAS_TABLE_1 = """
NAO-WS           -               3.53       -     -      -      2.5   -
ENAS             -               2.89       -     18.91  -      4.6   0.5
SNAS             -               2.85±0.02  -     20.09  -      2.8   1.5
PARSEC           -               2.86±0.06  -     -      -      3.6   0.6
BayesNAS         -               2.81±0.04  -     -      -      3.40  0.2
RENAS            -               2.88±0.02  -     -      -      3.5   6
MdeNAS           -               2.40       -     -      -      4.06  0.16
MdeNAS*          -               2.87       -     17.61  -      3.78  0.16
DSO-NAS          -               2.84±0.07  -     -      -      3.0   1
WPL              randomnas-wpl   3.81       -     -      -      -     -
Random_baseline  random          3.29±0.15  -     -      -      3.2   4
DARTS_(1st)      darts-v1        2.94       -     -      -      2.9   1.5
DARTS_(2nd)      darts-v2        2.76±0.09  -     17.54  -      3.4   4
RandomNAS        randomnas       2.85±0.08  -     17.63  -      4.3   2.7
RandomNAS-NSAS   randomnas-nsas  2.64       2.50  17.56  16.85  3.08  0.7
GDAS             gdas            2.93       -     18.38  -      3.4   0.21
GDAS-NSAS        gdas-nsas       2.73       -     18.02  -      3.54  0.4
"""

EN2AS_TABLE_1 = """
NASNet-A                         -          2.65       -     3.3        1800
AmoebaNet-B                      -          2.55±0.05  -     2.8        3150
Hierarchical_Evo                 -          3.75±0.12  -     15.7       300
PNAS                             -          3.41±0.09  -     3.2        225
IRLAS                            -          2.60       -     3.91       -
IRLAS-differential               -          2.71       -     3.43       -
NAO*                             -          3.18       -     10.6       1000
NAO-WS                           -          3.53       -     2.5        -
ProxylessNAS                     -          2.08       -     5.7        -
SNAS                             -          2.85±0.02  -     2.8        1.5
PARSEC                           -          2.86±0.06  -     3.6        0.6
GDAS                             gdas       2.93       -     3.4        0.21
BayesNAS                         -          2.81±0.04  -     3.40±0.62  0.2
ENAS                             -          2.89       -     4.6        -
DARTS_(1st)                      darts-v1   2.94       -     2.9        1.5
DARTS_(2nd)                      darts-v2   2.76±0.09  -     3.4        4
Random_Search_WS                 randomnas  2.85±0.08  -     4.3        2.7
EN²AS                            en2as      2.64       2.59  3.1        0.3
EN²AS_with_performance_reward    en2as-pr   2.83       -     2.3        1
EN²AS_with_1000_training_epochs  -          2.51       2.49  3.1        0.3
One_uniform_cell                 random     -          -     -          -
"""

EN2AS_TABLE_4 = """
NASNet-A      -         26.0   8.4   5.3
AmoebaNet-B   -         25.5   8.0   5.3
PNAS          -         25.8   8.1   5.1
IRLAS-mobile  -         24.72  -     -
ProxylessNAS  -         24.9   7.5   -
SNAS          -         27.3   9.25  4.3
PARSEC*       -         26.3   8.4   5.5
GDAS*         gdas      27.5   9.1   4.4
BayesNAS      -         26.5   8.9   3.9
DARTS         darts-v2  26.0   9.0   4.9
EN²AS         en2as     27.08  8.88  4.5
"""

TRAINED = {"nsas/table-1": NSAS_TABLE_1, "en2as/table-1": EN2AS_TABLE_1, "en2as/table-4": EN2AS_TABLE_4}


def table_item(name: str) -> TableItem:
    found = item(name)
    assert isinstance(found, TableItem)
    return found


@pytest.mark.parametrize(("name", "text"), TRAINED.items())
def test_tables_of_trained_cells_are_complete(name: str, text: str) -> None:
    table = table_item(name)
    ours = [
        [
            row.label.replace(" ", "_") + "".join(row.marks),
            row.variant.text if row.variant else "-",
            *(row.cells[column.key].raw if column.key in row.cells else "-" for column in table.columns),
        ]
        for row in table.rows
    ]
    assert ours == [line.split() for line in text.strip().splitlines()]


@pytest.mark.parametrize("name", TRAINED)
def test_tables_of_trained_cells_tell_the_last_epoch_from_the_best_and_hold_claims_against_their_numbers(
    name: str,
) -> None:
    table = table_item(name)
    assert table.trained
    assert not any(column.higher_is_better for column in table.columns)
    best = [column.key for column in table.columns if column.scoring == "test.best"]
    assert best == (["best"] if name == "en2as/table-1" else [])
    assert [column.scoring for column in table.columns if column.of == "params"] == ["test"]
    first = table.columns[0]
    assert (first.scoring, first.error) == ("test", True)
    for claim in table.claims:
        assert claim.minus is not None
        printed = [table.row(label).cells[claim.column] for label in (claim.row, claim.minus)]
        assert re.findall(r"\d+\.\d+", claim.says) == [number.raw.partition("±")[0] for number in printed]
        fits = printed[0].mean < printed[1].mean
        assert fits if claim.relation == "below" else claim.relation is None, "as the paper's own numbers have it"


def test_nsas_table_1_has_a_column_for_each_data_set() -> None:
    table = table_item("nsas/table-1")
    shown = {column.key: column.scoring for column in table.columns}
    assert shown["cifar100"] == "cifar100.test", "shown of runs on darts-cifar100"
    assert shown["error_long"] is shown["cifar100_wide"] is None, "quoted only"
    assert {claim.column for claim in table.claims} == {"error", "cifar100"}
