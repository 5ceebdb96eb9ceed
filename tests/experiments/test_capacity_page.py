"""The committed page and figure are what the code makes of the measured costs."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from nasrepro.experiments.capacity.bill import billed
from nasrepro.experiments.capacity.checked import Check, Prediction
from nasrepro.experiments.capacity.costs import shipped_costs
from nasrepro.experiments.capacity.page import distinct, drawing, page, paper_demands
from nasrepro.experiments.capacity.rates import rates_for
from nasrepro.experiments.capacity.units import number, size, span

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_kind_of_work_of_the_published_scale_was_measured():
    kinds = [kind for demands in paper_demands().values() for own in demands for kind in own.kinds]
    lacking = [f"{kind.family}: {kind.title}" for kind in shipped_costs().lacking(kinds)]
    assert not lacking, "run 'python benchmarks/step_costs.py nasrepro/experiments/capacity/step-costs.json'"
    assert {kind.key for kind in kinds} == set(shipped_costs().costs), "and nothing else"


def test_the_page_is_up_to_date():
    assert (DOCS / "scale.md").read_text(encoding="utf-8") == page(), "run 'python -m nasrepro.experiments.capacity'"


def test_the_figure_is_up_to_date():
    drawn = (DOCS / "scale.svg").read_text(encoding="utf-8")
    assert drawn == drawing(), "run 'python -m nasrepro.experiments.capacity'"
    assert len(ElementTree.fromstring(drawn).findall("{*}polyline")) > 6


def test_papers_share_runs():
    each, rates = paper_demands(), rates_for()
    alone = [billed(demands, rates) for demands in each.values()]
    together = billed(distinct(own for demands in each.values() for own in demands), rates)
    assert max(own.core_hours for own in alone) < together.core_hours < sum(own.core_hours for own in alone)
    assert together.unknown == 0


def test_predictions_are_grouped():
    each = [
        Prediction(benchmark=name, method=method, runs=2, predicted=predicted, recorded=10)
        for name, method, predicted in (("a", "gdas", 5), ("a", "enas", 20), ("b", "gdas", 10))
    ]
    first, second = Check("all", each).by_benchmark
    assert (first.benchmark, first.methods, first.runs, first.lowest, first.highest) == ("a", 2, 4, 0.5, 2)
    assert first.ratio == pytest.approx(1)
    assert first.spread == pytest.approx(4**0.5**0.5, rel=0.01)
    assert second.spread == 1


def test_numbers_are_rounded_as_people_say_them():
    assert [number(value) for value in (1234567, 1234567.0, 0.01234, 0.0)] == ["1,234,567", "1,230,000", "0.0123", "0"]
    assert [span(value) for value in (1.5, 96, 240, 24_001)] == ["1.5 hours", "96 hours", "10 days", "3 years"]
    assert [size(value) for value in (0, 999, 1_500, 86_000, 2.5e9)] == ["0 B", "999 B", "1.5 kB", "86 kB", "2.5 GB"]
