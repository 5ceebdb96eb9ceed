"""How the cells of a table were trained, for the figures that show it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.papers.model import PaperItem
    from nasrepro.reporting.cells_values import Trainings


def trainings_on(wanted: PaperItem, names: Sequence[str], runs: Path) -> dict[str, Trainings]:
    """By benchmark of those named, the trainings of all its cells; empty for an item that shows none of them, and
    without those that no table on this machine tells of."""
    from nasrepro.papers.cells_figure import CellsItem

    if not isinstance(wanted, CellsItem) or not wanted.needs_trainings:
        return {}
    found = {name: _trainings(name, runs) for name in dict.fromkeys(names)}
    return {name: own for name, own in found.items() if own is not None}


def _trainings(name: str, runs: Path) -> Trainings | None:
    import numpy as np

    from nasrepro import benchmarks
    from nasrepro.reporting.cells_values import Trainings
    from nasrepro.splits import Split

    try:
        benchmark = benchmarks.get(name)
        oracle = benchmark.open_oracle(runs)
    except UserError:
        return None
    dataset = benchmark.primary.fidelity.dataset
    epochs = oracle.lengths(dataset, Split.VALID)
    single = [oracle.all_trials(dataset=dataset, split=Split.VALID, epochs=epoch) for epoch in epochs]
    known = [(epoch, trials) for epoch, trials in zip(epochs, single, strict=True) if trials is not None]
    if not known:
        return None
    curves = np.stack([trials for _, trials in known], axis=-1).astype(np.float64)
    cells = tuple(genotype.id for genotype in benchmark.space)
    return Trainings(cells, tuple(epoch for epoch, _ in known), np.moveaxis(curves, 1, 0))
