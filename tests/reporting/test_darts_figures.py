"""The papers' figures of the DARTS space drawn from records of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import darts_factory as factory
import pytest
from matplotlib.figure import Figure

from nasrepro.papers.catalog import item
from nasrepro.papers.figure import FigureItem
from nasrepro.records.record import RunRecord
from nasrepro.reporting import series_figure as module
from nasrepro.reporting.comparison import render_comparison
from nasrepro.reporting.derived_series import ranked_cells, series_of
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.series_figure import series_figure
from nasrepro.reporting.style import Drawing, styled

TRAINING = {**factory.SETTINGS["training"], "watched_cells": factory.PROBES, "probe_points": 10}


def run(method: str, seed: int, *, everywhere: bool = False) -> RunRecord:
    made = factory.watched(factory.record(method, seed), cells=factory.PROBES, everywhere=everywhere)
    trace = [
        point.model_copy(update={"genotype": factory.cell(number).id, "truth": None})
        for number, point in enumerate(factory.factory.record("gdas", seed).trace)
    ]
    settings = {**factory.SETTINGS, "training": TRAINING}
    return factory.factory.with_settings(made.model_copy(update={"trace": trace}), settings)


@dataclass(frozen=True)
class Drawn:
    drawing: Drawing
    curves: dict[str, set[str]]
    """Panel → labels of the curves in it."""


def drawn(name: str, monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """The figure of two seeds of each of its methods."""
    figure = item(name)
    assert isinstance(figure, FigureItem)
    methods = dict.fromkeys(curve.method for curve in figure.curves.values())
    group = OursGroup("ours", [run(method, seed) for method in methods for seed in range(2)], fresh=True)
    seen: list[Figure] = []
    finish = module.finish
    monkeypatch.setattr(module, "finish", lambda made, **said: seen.append(made) or finish(made, **said))
    with styled():
        drawing = series_figure(figure, group, 1)
    assert drawing is not None
    return Drawn(
        drawing,
        {
            axes.get_title(loc="left"): {str(line.get_label()) for line in axes.get_lines()} - {""}
            for axes in seen[0].axes
        },
    )


@pytest.mark.parametrize("name", ["nsas/figure-1", "nsas/figure-3", "e2nas/figure-1b"])
def test_every_curve_of_the_figure_is_drawn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = item(name)
    assert isinstance(figure, FigureItem)
    assert figure.benchmark.startswith("darts-")
    made = drawn(name, monkeypatch)
    found, says = made.curves, "With n = 12 cells, τ between unrelated rankings scatters by 0.22."
    assert made.drawing.caption.count(says) == (1 if name == "nsas/figure-3" else 0)
    assert set(found) == {panel.title for panel in figure.panels}
    for panel in figure.panels:
        assert {curve.label for curve in panel.curves} <= found[panel.title]


def test_series_of_a_record_and_those_that_follow_from_it() -> None:
    record = run("gdas", 1)
    own = series_of(record, "inherited accuracy of the present cell")
    assert own[0] == (1.0, 33.0)
    assert len(own) == 20
    assert [x for x, _ in series_of(record, "kendall tau")] == [0.0, 2.5, 5.0, 10.0, 20.0]
    assert len(series_of(record, "watched cell 12")) == 40
    assert series_of(record, "truth of watched cell 12")[0][1] == pytest.approx(record.watched.truth[11])  # type: ignore[union-attr, index]


def test_cells_without_a_truth_are_not_ranked() -> None:
    record = run("gdas", 0)
    assert ranked_cells(record, "kendall tau") == ranked_cells(record, "kendall tau of watched cells") == 12
    assert ranked_cells(record, "watched cells") == 0
    assert record.watched is not None
    unknown = record.watched.model_copy(update={"truth": [None, *record.watched.truth[1:]]})
    assert ranked_cells(record.model_copy(update={"watched": unknown}), "kendall tau of watched cells") == 11


def test_a_report_on_runs_whose_supernets_were_not_probed_has_no_ranking(tmp_path: Path) -> None:
    made = [factory.record("randomnas", seed) for seed in range(2)]
    bare = []
    for one in made:
        assert one.probes is not None
        points = [point.model_copy(update={"accuracy": [], "loss": []}) for point in one.probes.checkpoints]
        lists = ("cells", "truth", "truth_std", "truth_trials", "params", "macs", "live_conv_params")
        probes = one.probes.model_copy(update={name: [] for name in lists} | {"checkpoints": points})
        bare.append(one.model_copy(update={"probes": probes}))
    page = render_comparison(bare, tmp_path, title="bare", command="nasrepro compare")
    assert "How well the supernets rank" not in page.read_text()
