"""All cells of a small space by themselves and under shared weights: what figures and sentences about them rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nasrepro.metrics.chance import Chance, tau_by_chance
from nasrepro.metrics.noise import noise_ceiling
from nasrepro.metrics.ranking import kendall_tau
from nasrepro.reporting.analysis import MethodResult
from nasrepro.reporting.cells_values import functions_of, shared_matrices
from nasrepro.reporting.grouping import probe_truth
from nasrepro.reporting.ranking import looks_together
from nasrepro.spaces import catalog


@dataclass(frozen=True, eq=False)
class Ordering:
    """How the runs order things of known worth: cells, or functions that several cells compute."""

    noun: str
    """What is ordered: `cells` or `functions`."""
    truth: np.ndarray
    """Perplexity of each, shape (things,)."""
    shared: np.ndarray
    """Perplexity under the final shared weights, shape (runs, things)."""
    ceiling: float
    """τ that a perfect order can expect against this truth; NaN where the spread of its trainings is not known."""

    @cached_property
    def taus(self) -> np.ndarray:
        """Kendall τ-b of every run, shape (runs,)."""
        return np.array([kendall_tau(-own, -self.truth) for own in self.shared])

    @cached_property
    def chance(self) -> Chance | None:
        """The mean τ beside relabeled things; None where nothing can be ordered."""
        return tau_by_chance(-self.shared, -self.truth)


@dataclass(frozen=True, eq=False)
class SharedCells:
    """The cells of a space under the shared weights of several runs of one policy, beside their worth alone.

    Everything is a perplexity, so the smallest is best, and NaN where it is missing.
    """

    cells: tuple[str, ...]
    """Ids."""
    truth: np.ndarray
    """Mean over trainings, shape (cells,)."""
    spread: np.ndarray
    """Sample standard deviation over a cell's trainings, (cells,)."""
    trainings: np.ndarray
    """Behind each truth, (cells,)."""
    truth_words: str
    seeds: tuple[int, ...]
    steps: tuple[int, ...]
    """Weight updates at which all runs were looked at."""
    shared: np.ndarray
    """Under shared weights, shape (runs, steps, cells)."""

    @cached_property
    def functions(self) -> np.ndarray:
        """Numbers that are equal for cells that compute the same, (cells,)."""
        return functions_of(self.cells)

    @cached_property
    def matrices(self) -> np.ndarray:
        """How many matrices of earlier nodes each cell's last node depends on, (cells,)."""
        return np.array([shared_matrices(cell) for cell in self.cells])

    @cached_property
    def order(self) -> np.ndarray:
        """Positions of the cells, best by truth first, (cells,)."""
        return np.argsort(self.truth, kind="stable")

    @property
    def final(self) -> np.ndarray:
        """Under the final shared weights, (runs, cells)."""
        return self.shared[:, -1]

    @cached_property
    def by_cell(self) -> Ordering:
        """Of all cells."""
        ceiling = noise_ceiling(self.truth, self.spread, self.trainings, np.random.default_rng(0))
        return Ordering("cells", self.truth, self.final, ceiling)

    @cached_property
    def by_function(self) -> Ordering:
        """Of functions, each with the mean of its cells."""
        groups = [np.flatnonzero(self.functions == number) for number in range(self.functions.max() + 1)]
        truth = np.array([self.truth[own].mean() for own in groups])
        spread = np.array([np.sqrt((self.spread[own] ** 2).mean()) for own in groups])
        trainings = np.array([self.trainings[own].sum() for own in groups])
        shared = np.stack([self.final[:, own].mean(axis=1) for own in groups], axis=1)
        return Ordering("functions", truth, shared, noise_ceiling(truth, spread, trainings, np.random.default_rng(0)))

    @cached_property
    def twins(self) -> list[np.ndarray]:
        """Positions of cells that compute the same function, a group each, best by truth first."""
        counts = np.bincount(self.functions)
        groups = [np.flatnonzero(self.functions == number) for number in np.flatnonzero(counts > 1)]
        return sorted(groups, key=lambda own: float(self.truth[own].mean()))

    @property
    def picked(self) -> dict[str, int]:
        """The runs with the highest, the middle and the lowest τ over cells, by these words."""
        ordered = np.argsort(-self.by_cell.taus, kind="stable")
        picks = {"best": 0, "middle": (len(ordered) - 1) // 2, "worst": len(ordered) - 1}
        return {word: int(ordered[place]) for word, place in picks.items()}


def places_of(perplexity: np.ndarray) -> np.ndarray:
    """Place of each along the last axis, of perplexities or losses: 1 for the smallest; equal ones share the mean of
    theirs."""
    from scipy import stats

    found: np.ndarray = stats.rankdata(perplexity, axis=-1)
    return found


def twin_distances(groups: Sequence[np.ndarray], perplexity: np.ndarray) -> np.ndarray:
    """How many places cells of one function lie apart, (groups,): from the first to the last of each."""
    places = places_of(perplexity)
    return np.array([np.ptp(places[own]) for own in groups])


def shared_cells(result: MethodResult | None) -> SharedCells | None:
    """What a policy's finished runs say of all cells; None where none was probed on a truth of several cells.

    Runs are compared at the looks that all of them have.
    """
    probed = [(r, r.probes) for r in (result.done if result else ()) if r.probes is not None and r.probes.checkpoints]
    if not probed:
        return None
    first = probed[0][1]
    known = np.array([value is not None for value in first.truth])
    if known.sum() < 2:
        return None
    seen = looks_together([probes for _, probes in probed])
    together = [(step, looks) for step, looks in seen if len(looks) == len(probed)]
    if not together:
        return None
    shared = np.array([[look.loss for look in looks] for _, looks in together])[:, :, known].swapaxes(0, 1)
    records = [record for record, _ in probed]
    return SharedCells(
        cells=tuple(cell for cell, is_known in zip(first.cells, known, strict=True) if is_known),
        truth=_numbers(first.truth)[known],
        spread=_numbers(first.truth_std or [None] * known.size)[known],
        trainings=np.nan_to_num(_numbers(first.truth_trials or [None] * known.size), nan=1.0)[known],
        truth_words=probe_truth(records),
        seeds=tuple(record.spec.seed for record in records),
        steps=tuple(step for step, _ in together),
        shared=np.exp(shared),
    )


def _numbers(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def short_name(cell: str) -> str:
    """What is free in a cell, in a few letters: `tanh 0, sigm 1` for activations with the states that they read."""
    space = catalog.find(cell)
    if space is None or not hasattr(parsed := space.parse(cell), "free"):
        return cell
    names = space.operations
    return ", ".join(f"{names[op][:4]} {state}" for op, state in parsed.free)
