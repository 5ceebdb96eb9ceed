"""The printed numbers are complete, read as printed, and cannot be entered wrongly without being noticed."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from nasrepro import benchmarks
from nasrepro.errors import UserError
from nasrepro.methods import catalog
from nasrepro.methods.resolving import resolve
from nasrepro.papers.catalog import item, items, paper, papers
from nasrepro.papers.ledger import LEDGER_FILE
from nasrepro.papers.programme import PROGRAMME_FILE
from nasrepro.papers.table import TableItem
from nasrepro.records.spec import RunSpec

# Tables of E²NAS typed a second time, row by row, independently of the data file.
E2NAS_TABLE_1 = """
ENAS         37.51±3.19 53.89±0.58 13.37±2.35 13.96±2.33 15.06±1.95 14.84±2.10
RandomNAS*   85.63±0.44 88.58±0.21 60.99±2.79 61.45±2.24 31.63±2.15 31.37±2.51
DARTS_(1st)  39.77±0.00 54.30±0.00 15.03±0.00 15.61±0.00 16.43±0.00 16.32±0.00
DARTS_(2nd)  39.77±0.00 54.30±0.00 15.03±0.00 15.61±0.00 16.43±0.00 16.32±0.00
SETN         84.04±0.28 87.64±0.00 58.86±0.06 59.05±0.24 33.06±0.02 32.52±0.21
NAO*         82.04±0.21 85.74±0.31 56.36±3.14 59.64±2.24 30.14±2.02 31.35±2.21
GDAS*        90.03±0.13 93.37±0.42 70.79±0.83 70.35±0.80 40.90±0.33 41.11±0.13
E²NAS        90.94±0.83 93.89±0.47 71.83±1.84 72.05±1.58 45.44±1.24 45.77±1.00
"""

E2NAS_TABLE_2 = """
DARTS_(1st)      54.30±0.00  54.30±0.00 15.61±0.00  16.32±0.00
DARTS_(2nd)      54.30±0.00  54.30±0.00 15.61±0.00  16.32±0.00
SETN             87.64±0.00  87.64±0.00 59.05±0.24  32.52±0.21
NAO*             85.74±0.31  86.39±1.31 59.64±2.24  31.35±2.21
GDAS-A           89.73±3.33  93.49±0.24 62.15±6.86  35.34±4.81
GDAS*            93.37±0.42  93.78±0.16 70.35±0.80  41.11±0.13
E²NAS,_γ_=_0     92.75±0.56  93.79±0.17 68.75±0.35  43.19±2.10
E²NAS,_γ_=_0.2   82.53±12.07 93.57±0.30 54.26±14.05 19.73±6.43
E²NAS,_γ_=_0.5   93.34±0.30  93.85±0.09 70.41±0.76  44.43±0.90
E²NAS,_γ_=_0.8   93.75±0.00  93.77±0.02 70.96±0.00  45.49±0.00
E²NAS,_γ_=_Sig(1)  93.82±0.15 93.87±0.07 70.52±1.01 46.10±0.52
E²NAS,_γ_=_Sig(2)  93.72±0.30 94.29±0.07 71.63±1.20 45.20±0.24
E²NAS,_γ_=_Sig(5)  93.78±0.16 94.19±0.19 70.55±0.44 44.97±0.72
E²NAS,_γ_=_Sig(10) 93.43±0.29 94.04±0.08 70.56±0.30 45.07±0.62
"""

# Table 3 of EN²AS and the values of Figure 4a of NSAS, typed a second time.
EN2AS_TABLE_3 = """
randomnas     3.01  60.73  58.20
randomnas+ea  2.98  60.42  57.88
en2as+rs      2.95  60.46  58.33
en2as         2.64  60.27  57.82
en2as-pr+rs   3.05  60.22  58.03
en2as-pr      2.83  60.02  57.36
"""

NSAS_FIGURE_4A = {"randomnas": (6, 66), "randomnas-nsas": (28, 66), "gdas": (-12, 66), "gdas-nsas": (20, 66)}


def table_item(name: str) -> TableItem:
    found = item(name)
    assert isinstance(found, TableItem)
    return found


@pytest.fixture
def table() -> TableItem:
    return table_item("e2nas/table-1")


@pytest.mark.parametrize(("name", "text"), [("e2nas/table-1", E2NAS_TABLE_1), ("e2nas/table-2", E2NAS_TABLE_2)])
def test_tables_are_complete(name: str, text: str) -> None:
    table = table_item(name)
    printed = [line.split() for line in text.strip().splitlines()]
    ours = [
        [
            row.label.replace(" ", "_") + "".join(row.marks),
            *(row.cells[column.key].raw for column in table.columns),
        ]
        for row in table.rows
    ]
    assert ours == printed
    assert all(len(row.cells) == len(table.columns) for row in table.rows)


def test_en2as_table_3_is_complete_and_says_where_each_column_is_run() -> None:
    table = table_item("en2as/table-3")
    printed = [line.split() for line in EN2AS_TABLE_3.strip().splitlines()]
    assert [
        [row.variant.text if row.variant else "", *(row.cells[column.key].raw for column in table.columns)]
        for row in table.rows
    ] == printed
    assert [(column.key, column.benchmark, column.scoring, column.error) for column in table.columns] == [
        ("error", "", "test", True),
        ("ptb_valid", "rnn-ptb", "valid", False),
        ("ptb_test", "rnn-ptb", "test", False),
    ]
    assert not any(column.higher_is_better for column in table.columns)
    selectors = [(claim.row, claim.minus) for claim in table.claims if "EA beats RS" in claim.says]
    assert len(selectors) == 6, "three samplers, images and words"
    for row, minus in selectors:
        assert minus is not None
        assert row.removesuffix("EA") == minus.removesuffix("RS"), "one sampler, two selectors"
    assert table.run_seeds == "0-9", "fewer than ten seeds are tested against nothing"


def test_en2as_table_3_says_what_it_tests_and_tests_it_once() -> None:
    table = table_item("en2as/table-3")
    tested = {(claim.column, claim.row, claim.minus): claim.relation for claim in table.claims}
    assert len(tested) == len(table.claims), "a difference stands in the family once"
    assert tested == {
        ("error", "Novelty search + EA", "Random sampling + RS"): "below",
        ("error", "Novelty search + EA", "Random sampling + EA"): "below",
        ("error", "Random sampling + EA", "Random sampling + RS"): "below",
        ("error", "Novelty search + EA", "Novelty search + RS"): "below",
        ("error", "Novelty & reward + EA", "Novelty & reward + RS"): "below",
        ("error", "Novelty search + RS", "Random sampling + RS"): None,
        ("error", "Novelty & reward + EA", "Novelty search + EA"): "above",
        ("error", "Novelty search + EA", "Novelty & reward + RS"): "below",
        ("ptb_test", "Novelty & reward + EA", "Novelty search + EA"): "below",
        ("ptb_test", "Novelty & reward + EA", "Random sampling + RS"): "below",
        ("ptb_test", "Random sampling + EA", "Random sampling + RS"): "below",
        ("ptb_test", "Novelty search + EA", "Novelty search + RS"): "below",
        ("ptb_test", "Novelty & reward + EA", "Novelty & reward + RS"): "below",
    }
    assert not any("best" in claim.says for claim in table.claims), "a difference of two rows says nothing of the rest"
    quoted = 0
    for claim in table.claims:
        if numbers := re.findall(r"\d+\.\d\d", claim.says):
            quoted += 1
            assert claim.minus is not None
            assert numbers == [table.row(label).cells[claim.column].raw for label in (claim.row, claim.minus)]
    assert quoted == 10


def test_nsas_figure_4_prints_sixty_sixths_and_has_rows_of_ours() -> None:
    table = table_item("nsas/figure-4")
    printed = {row.method: row.cells["tau"].mean for row in table.rows if not row.added}
    assert printed == {method: round(part / whole, 4) for method, (part, whole) in NSAS_FIGURE_4A.items()}
    assert [row.method for row in table.rows if row.added] == ["randomnas-wpl", "gdas-wpl", "randomnas-ac", "gdas-ac"]
    assert [(column.key, column.of, column.digits) for column in table.columns] == [
        ("tau", "tau", 4),
        ("found", "answer", 2),
    ]
    assert {row.settings["training"]["watched_cells"] for row in table.rows} == {12}, "the runs of the two figures"
    assert [(claim.column, claim.row, claim.minus) for claim in table.claims] == [
        ("found", "RandomNAS-NSAS", "RandomNAS"),
    ], "what is said of τ is tested with nsas/figure-3, and in one family only"
    assert any("nsas/figure-3" in note for note in table.notes)


@pytest.mark.parametrize("name", ["nsas/figure-1", "nsas/figure-3", "nsas/figure-4", "en2as/table-3"])
def test_papers_of_the_darts_space_are_at_home_there_and_shown_anywhere(name: str) -> None:
    entry = item(name)
    assert entry.benchmark == "darts-cifar10"
    assert entry.trained
    assert entry.travels
    assert not entry.measured_on


def test_e2nas_table_2_runs_a_row_for_each_method_and_each_setting_of_e2nas() -> None:
    table = table_item("e2nas/table-2")
    assert table.methods == ("darts-v1", "darts-v2", "setn", "nao", "gdas-a", "gdas", "e2nas")
    assert {row.how for row in table.rows} == {"run"}
    assert [variant.text for variant in table.variants[6:]] == [
        *(f"e2nas[sampler.gamma={gamma};regularizer.epsilon=0]" for gamma in ("0", "0.2", "0.5", "0.8")),
        *(f"e2nas[sampler.gamma=null;sampler.gamma_slope={r};regularizer.epsilon=0]" for r in (1, 2, 5, 10)),
    ]
    assert all("ε = 0" in row.note for row in table.rows if row.method == "e2nas"), "what is our reading is said"
    assert [(column.key, column.scoring) for column in table.columns if column.of == "trace-best"] == [
        ("cifar10_best", "test")
    ]
    assert any("fewer cells compete" in note for note in table.notes)


def test_the_rows_that_both_tables_share_agree() -> None:
    first, second = table_item("e2nas/table-1"), table_item("e2nas/table-2")
    shared = {row.method: row.cells for row in first.rows if not row.settings}
    seen = 0
    for row in second.rows:
        if row.method in shared:
            seen += 1
            for key in ("cifar10_test", "cifar100_test", "imagenet16_120_test"):
                assert row.cells[key].raw == shared[row.method][key].raw
    assert seen == 5
    assert not [variant for variant in second.variants[6:] if variant in first.variants], "ε tells Sig(10) apart"


def test_every_setting_of_an_item_exists_and_can_have_its_value() -> None:
    checked = 0
    for owner in papers().values():
        for entry in owner.items:
            for variant in entry.variants:
                if catalog.knows(variant.method):
                    benchmark = benchmarks.get(entry.benchmark)
                    settings = resolve(catalog.get(variant.method), benchmark, "laptop", variant.settings)
                    spec = RunSpec(
                        method=variant.method,
                        benchmark=entry.benchmark,
                        scale="laptop",
                        protocol="sound",
                        seed=0,
                        settings=settings,
                    )
                    assert [other for other in entry.variants if other.fits(spec)] == [variant]
                    checked += 1
    assert checked >= 50


def test_every_printed_number_reads_as_its_raw_text() -> None:
    seen = 0
    for owner in papers().values():
        for entry in owner.items:
            rows = entry.rows if isinstance(entry, TableItem) else []
            for cell in (cell for row in rows for cell in row.cells.values()):
                mean, _, std = cell.raw.partition("±")
                assert cell.mean == float(mean)
                assert cell.std == (float(std) if std else None)
                seen += 1
    assert seen >= 48 + 56 + 18 + 4


def test_headline_numbers(table: TableItem) -> None:
    rows = {row.method: row.cells for row in table.rows}
    assert [rows["e2nas"][f"{d}_test"].mean for d in ("cifar10", "cifar100", "imagenet16_120")] == [93.89, 72.05, 45.77]
    assert rows["gdas"]["cifar10_test"].mean == 93.37
    assert rows["e2nas"]["cifar10_test"].raw == "93.89±0.47"


def test_bold_is_the_papers(table: TableItem) -> None:
    assert {row.method for row in table.rows if all(cell.bold for cell in row.cells.values())} == {"e2nas"}
    assert not any(cell.bold for row in table.rows if row.method != "e2nas" for cell in row.cells.values())


def test_columns_name_the_scorings_of_the_benchmark(table: TableItem) -> None:
    scorings = [
        "cifar10.valid",
        "test",
        "cifar100.valid",
        "cifar100.test",
        "imagenet16-120.valid",
        "imagenet16-120.test",
    ]
    assert [column.scoring for column in table.columns] == scorings
    assert all(column.higher_is_better and column.unit == "%" for column in table.columns)
    assert table.benchmark == "nb201-cifar10"


def test_rows_name_our_methods(table: TableItem) -> None:
    methods = ["enas", "randomnas", "darts-v1", "darts-v2", "setn", "nao", "gdas", "e2nas"]
    assert [row.method for row in table.rows] == methods
    assert {row.how for row in table.rows} == {"run"}
    assert table.rows[-1].settings == {"sampler": {"gamma": None, "gamma_slope": 10}, "regularizer": {"epsilon": 0.5}}
    assert table.seeds == [0, 1]


def test_the_papers_slip_is_corrected_in_a_note(table: TableItem) -> None:
    (note,) = [note for note in table.notes if "73.13" in note]
    assert "validation" in note
    assert "73.17" in note
    assert any(re.search(r"94\.37.*73\.51.*47\.31", note) for note in table.notes)


def test_the_listing_shows_every_item() -> None:
    (only,) = [summary for summary in items() if summary.name == "e2nas/table-1"]
    assert (only.kind, only.paper) == ("table", "E²NAS (NeurIPS 2020)")
    assert "gdas" in only.methods
    assert [summary.name for summary in items()] == [entry.id for owner in papers().values() for entry in owner.items]


def test_a_paper_by_slug() -> None:
    assert paper("e2nas").year == 2020
    assert paper("e2nas").items[0] is item("e2nas/table-1")


@pytest.mark.parametrize("name", ["e2nas/table1", "e2nas-table-1", "E2NAS/Table-1"])
def test_an_unknown_item_names_the_nearest(name: str) -> None:
    with pytest.raises(UserError, match=r"unknown paper item .*did you mean 'e2nas/table-1'"):
        item(name)


def test_an_unknown_paper_names_the_known_ones() -> None:
    with pytest.raises(UserError, match="allowed: e2nas"):
        paper("zzz")


def test_the_files_name_their_papers() -> None:
    folder = Path(str(resources.files("nasrepro.papers")))
    assert {path.name for path in folder.glob("*.json")} - {LEDGER_FILE, PROGRAMME_FILE} == {
        f"{slug}.json" for slug in papers()
    }
