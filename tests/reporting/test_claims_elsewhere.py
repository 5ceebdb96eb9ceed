"""A difference of two searches is asked of our own data, too, where no number of the table is known."""

from __future__ import annotations

import pytest
from factory import record, with_settings

from nasrepro.papers.catalog import item
from nasrepro.papers.table import TableItem
from nasrepro.records.record import RunRecord
from nasrepro.reporting.claims import Judged
from nasrepro.reporting.ours import OursGroup, grouped
from nasrepro.reporting.reproduction_values import judge_rows, values_of

TABLE = item("e2nas/table-1")


def run_of(label: str, seed: int, value: float, benchmark: str) -> RunRecord:
    assert isinstance(TABLE, TableItem)
    variant = TABLE.row(label).variant
    assert variant is not None
    made = record(variant.method, seed, test=value, benchmark=benchmark)
    measured = benchmark.removeprefix("nb201-")
    made = made.model_copy(update={"scores": [made.scores[0].model_copy(update={"dataset": measured})]})
    return with_settings(made, {block: dict(values) for block, values in variant.settings.items()})


def group_on(benchmark: str) -> OursGroup:
    runs = [
        run_of(label, seed, value + seed / 10, benchmark)
        for label, value in (("GDAS", 80.0), ("RandomNAS", 85.0), ("E²NAS", 83.0))
        for seed in range(10)
    ]
    (group,) = grouped(TABLE, runs, [])
    return group


def judged(benchmark: str) -> dict[tuple[str, str | None], Judged]:
    assert isinstance(TABLE, TableItem)
    found = judge_rows(TABLE, group_on(benchmark))
    return {(claim.column, claim.minus): own for claim, own in zip(TABLE.claims, found, strict=True)}


def test_other_data_answer_what_the_first_column_says_of_two_searches() -> None:
    found = judged("nb201-digits")
    for rival, difference, verdict in (("GDAS", 3.0, "holds"), ("RandomNAS", -2.0, "contradicted")):
        own = found["cifar10_test", rival]
        assert list(own.values.values()) == [pytest.approx(difference)] * 10
        assert own.verdict == verdict
        assert found["cifar100_test", rival].verdict == "not measured"
    assert found["cifar10_test", "SETN"].verdict == "not measured", "it was not run"


def test_numbers_of_other_data_stay_out_of_the_column() -> None:
    assert isinstance(TABLE, TableItem)
    group = group_on("nb201-digits")
    result = group.result(TABLE.row("GDAS").variant)
    assert result is not None
    assert values_of(TABLE, TABLE.column("cifar10_test"), group.analysis, result) == {}


def test_data_that_have_a_column_of_their_own_answer_for_it_alone() -> None:
    found = judged("nb201-cifar100")
    assert found["cifar100_test", "GDAS"].verdict == "holds"
    assert found["cifar10_test", "GDAS"].verdict == "not measured"


def test_words_are_not_judged_by_images() -> None:
    table = item("en2as/table-3")
    assert isinstance(table, TableItem)
    runs = [record(method, seed) for method in ("randomnas", "en2as") for seed in range(3)]
    (group,) = grouped(table, runs, [])
    found = list(zip(table.claims, judge_rows(table, group), strict=True))
    assert all(own.verdict == "not measured" for claim, own in found if claim.column == "ptb_test")
    assert any(own.values for claim, own in found if claim.column == "error")
