"""How well do scores of every cell order the cells by their truth? One number per run, then per method.

Everything is measured on the same cells: those whose truth is known and that every run has a score for.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nasrepro.errors import UserError
from nasrepro.metrics.quality import CORRELATIONS, rank_quality
from nasrepro.metrics.ranking import kendall_tau
from nasrepro.metrics.significance import Comparison, against_exact, paired
from nasrepro.metrics.summary import Summary, summarize, summarize_correlation
from nasrepro.reporting.analysis import Tested, adjusted
from nasrepro.reporting.truth_data import TruthTable
from nasrepro.spaces import nb201_columns

CELLS, DEPENDENT, CLASSES, WITHOUT_PROBES = "cells", "dependent", "classes", "without_probes"
PARAMS, LIVE_PARAMS, CHANCE = "parameter count", "live convolution parameters", "a random order"
_IN_FULL = (CELLS, WITHOUT_PROBES)
"""Sets of cells on which everything is measured; on the others τ alone."""
_FEWEST = 3


@dataclass(frozen=True, eq=False)
class ScoredRun:
    """Scores of the space's cells from one run, or from one column of a file."""

    name: str
    """The method, or the column."""
    seed: int | None
    """None for a file."""
    scores: Mapping[str, np.ndarray]
    """By what (`accuracy`, `loss`, `score`) → shape (n,), higher better, NaN where missing."""
    key: str = ""
    """Of the record, where there is one."""


@dataclass(frozen=True, eq=False)
class Ordering:
    """The runs of one name, ordered by one of their scores."""

    name: str
    by: str
    runs: tuple[ScoredRun, ...]
    values: Mapping[str, Mapping[str, tuple[float, ...]]]
    """Set of cells → quality → a number per run; NaN where undefined."""

    @property
    def label(self) -> str:
        """`gdas by accuracy`; a file's column has nothing else to be ordered by."""
        return self.name if self.by == "score" else f"{self.name} by {self.by}"

    @property
    def taus(self) -> tuple[float, ...]:
        return self.values[CELLS]["tau"]

    def summary(self, quality: str, cells: str = CELLS) -> Summary:
        """Over the runs in which the quality is defined."""
        known = [value for value in self.values[cells][quality] if math.isfinite(value)]
        return summarize_correlation(known) if quality in CORRELATIONS else summarize(known)

    @property
    def median_run(self) -> int:
        """Position of the run with the median τ, the lower one of two."""
        ordered = sorted(range(len(self.runs)), key=lambda i: (self.taus[i], i))
        return ordered[(len(ordered) - 1) // 2]


@dataclass(frozen=True)
class Difference:
    """One tested difference of τ over all cells."""

    first: str
    second: str
    tested: Tested
    ahead: int
    """Runs in which the first is higher."""

    @property
    def label(self) -> str:
        return f"{self.first} − {self.second}"


@dataclass(frozen=True, eq=False)
class SpaceRanking:
    """Everything that a page about rankings of a whole space states."""

    table: TruthTable
    cells: np.ndarray
    """Indices of the ranked cells, ascending."""
    sizes: Mapping[str, int]
    """Members of each set of cells."""
    orderings: tuple[Ordering, ...]
    baselines: Mapping[str, Mapping[str, Mapping[str, float]]]
    """What needs no training: name → set of cells → quality → number."""
    differences: tuple[Difference, ...]
    unscored: Mapping[str, int]
    """Cells without a score, in the run of a name that has the most of them; names without any left out."""

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys(ordering.name for ordering in self.orderings))

    @cached_property
    def truth(self) -> np.ndarray:
        """Of the ranked cells, in percent."""
        return np.asarray(self.table.primary.mean[self.cells], dtype=np.float64)

    def qualities(self, cells: str) -> list[str]:
        """What is measured on a set of cells."""
        return list(next(iter(self.baselines.values()))[cells])

    def leading(self) -> list[Ordering]:
        """Each name by the first of its scores."""
        return [found for name in self.names if (found := self.ordering(name)) is not None]

    def ordering(self, name: str, by: str | None = None) -> Ordering | None:
        """The ordering of this name by the given score, or by its first one."""
        return next((o for o in self.orderings if o.name == name and by in (None, o.by)), None)

    def difference(self, first: str, second: str) -> Difference | None:
        return next((d for d in self.differences if (d.first, d.second) == (first, second)), None)


def rank_space(table: TruthTable, runs: Sequence[ScoredRun], probes: Sequence[int] = ()) -> SpaceRanking:
    """All numbers of these runs against the primary measurement of `table`.

    `probes` are the indices of cells that scales were tuned on. Raises `UserError` when fewer than three cells have
    a truth and a score of every run.
    """
    truth = table.primary.mean.astype(np.float64)
    usable = np.isfinite(truth)
    for run in runs:
        for scores in run.scores.values():
            usable &= np.isfinite(scores)
    cells = np.flatnonzero(usable)
    if cells.size < _FEWEST:
        raise UserError(f"only {cells.size} cells have a truth and every score; at least {_FEWEST} can be ranked")
    views = _views(cells, probes)
    seen = {name: view(truth) for name, view in views.items()}

    def qualities(scores: np.ndarray) -> dict[str, dict[str, float]]:
        found = {name: (view(scores), seen[name]) for name, view in views.items()}
        return {
            name: rank_quality(*pair) if name in _IN_FULL else {"tau": kendall_tau(*pair)}
            for name, pair in found.items()
        }

    orderings = tuple(
        _ordering([run for run in runs if run.name == name], by, qualities)
        for name in dict.fromkeys(run.name for run in runs)
        for by in next(run.scores for run in runs if run.name == name)
    )
    counted = {PARAMS: nb201_columns.params(table.skeleton), LIVE_PARAMS: nb201_columns.live_conv_sizes()}
    counted[CHANCE] = np.zeros(truth.size)  # a constant score earns what a random order can expect
    baselines = {name: qualities(column.astype(np.float64)) for name, column in counted.items()}
    return SpaceRanking(
        table=table,
        cells=cells,
        sizes={name: values.size for name, values in seen.items()},
        orderings=orderings,
        baselines=baselines,
        differences=_differences(orderings, {name: found[CELLS]["tau"] for name, found in baselines.items()}),
        unscored=_unscored(runs),
    )


def _views(cells: np.ndarray, probes: Sequence[int]) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """How a column over the space, shape (n,), becomes the values of a set of cells."""
    dependent = cells[nb201_columns.reaches_output()[cells]]
    _, number = np.unique(nb201_columns.functional_classes()[cells], return_inverse=True)
    members = np.bincount(number)
    views: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        CELLS: lambda column: column[cells],
        DEPENDENT: lambda column: column[dependent],
        CLASSES: lambda column: np.bincount(number, weights=column[cells]) / members,
    }
    if len(probes):
        rest = np.setdiff1d(cells, probes)
        views[WITHOUT_PROBES] = lambda column: column[rest]
    return views


def _ordering(
    runs: Sequence[ScoredRun], by: str, qualities: Callable[[np.ndarray], dict[str, dict[str, float]]]
) -> Ordering:
    ordered = tuple(sorted(runs, key=lambda run: -1 if run.seed is None else run.seed))
    found = [qualities(run.scores[by].astype(np.float64)) for run in ordered]
    values = {
        cells: {quality: tuple(one[cells][quality] for one in found) for quality in found[0][cells]}
        for cells in found[0]
    }
    return Ordering(ordered[0].name, by, ordered, values)


def _differences(orderings: Sequence[Ordering], baselines: Mapping[str, float]) -> tuple[Difference, ...]:
    """Each question is a family of tests: against each baseline, by loss against by accuracy, and between the names.

    A baseline is a fixed number on these cells; everything else is paired by seed.
    """
    found: list[Difference] = []
    for name, tau in baselines.items():
        if math.isfinite(tau):
            family = {
                (o.label, name): (against_exact(o.taus, tau), sum(own > tau for own in o.taus)) for o in orderings
            }
            found += _tested(family)
    leading = [next(o for o in orderings if o.name == name) for name in dict.fromkeys(o.name for o in orderings)]
    for pairs in (
        [(o, first) for o in orderings for first in leading if o.name == first.name and o is not first],
        itertools.combinations(leading, 2),
    ):
        family = {}
        for first, second in pairs:
            taus = _paired(first, second)
            if taus.size:
                family[first.label, second.label] = paired(*taus), int((taus[0] > taus[1]).sum())
        found += _tested(family)
    return tuple(found)


def _tested(family: Mapping[tuple[str, str], tuple[Comparison, int]]) -> list[Difference]:
    tested = adjusted({names: comparison for names, (comparison, _) in family.items()})
    return [Difference(*names, tested[names], ahead) for names, (_, ahead) in family.items()]


def _paired(first: Ordering, second: Ordering) -> np.ndarray:
    """τ of both in the runs whose seeds they share, shape (2, pairs)."""
    theirs = {run.seed: tau for run, tau in zip(second.runs, second.taus, strict=True)}
    pairs = [(tau, theirs[run.seed]) for run, tau in zip(first.runs, first.taus, strict=True) if run.seed in theirs]
    return np.array(pairs, dtype=np.float64).reshape(-1, 2).T


def _unscored(runs: Sequence[ScoredRun]) -> dict[str, int]:
    found: dict[str, int] = {}
    for run in runs:
        missing = max(int(np.isnan(scores).sum()) for scores in run.scores.values())
        if missing:
            found[run.name] = max(missing, found.get(run.name, 0))
    return found
