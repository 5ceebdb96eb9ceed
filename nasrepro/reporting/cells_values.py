"""What runs say of all cells of a small space, as figures show it, and what a paper claims held against it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nasrepro.metrics.ranking import kendall_tau
from nasrepro.papers.cells_figure import CellsClaim, CellsItem, Quantity
from nasrepro.records.record import Probes, RunRecord
from nasrepro.reporting.claims import Judged, Measured, judge_all
from nasrepro.reporting.grouping import primary
from nasrepro.reporting.ours import OursGroup
from nasrepro.reporting.ranking import merits, oriented_truth
from nasrepro.spaces import catalog

_DIGITS: dict[Quantity, int] = {"rank": 1}
_TAUS: tuple[Quantity, ...] = ("tau", "class tau", "sharing tau")


@dataclass(frozen=True, eq=False)
class Trainings:
    """How all cells of a space fared while each was trained by itself, several times."""

    cells: tuple[str, ...]
    epochs: tuple[int, ...]
    """Rising; the last one ends the training."""
    perplexity: np.ndarray
    """On validation text, shape (trials, cells, epochs); NaN where a trial is missing."""

    def early_tau(self, share: float) -> dict[int, float]:
        """By trial, Kendall τ-b of the order after a share of the training against the order at its end."""
        near = int(np.argmin([abs(epoch - share * self.epochs[-1]) for epoch in self.epochs]))
        taus = {trial: kendall_tau(-own[:, near], -own[:, -1]) for trial, own in enumerate(self.perplexity)}
        return {trial: tau for trial, tau in taus.items() if math.isfinite(tau)}


def judge_cells(item: CellsItem, group: OursGroup, trainings: Trainings | None) -> list[Judged]:
    """Every claim of the figure against the group's runs, or against the trainings behind their truth."""
    return judge_all([_measured(item, claim, group, trainings) for claim in item.claims])


def _measured(item: CellsItem, claim: CellsClaim, group: OursGroup, trainings: Trainings | None) -> Measured:
    if claim.share is not None:
        values = trainings.early_tau(claim.share) if trainings is not None else {}
        return Measured(claim, values, digits=2, sought="the cells' own trainings, epoch by epoch", correlation=True)
    result = group.result(item.policy(claim.policy).variant)
    values = quantity_of(claim.quantity, result.done if result is not None else ())
    method = item.policy(claim.policy).variant.text
    return Measured(
        claim,
        values,
        digits=_DIGITS.get(claim.quantity, 2),
        sought=f"'{claim.quantity}' of {method}",
        correlation=claim.quantity in _TAUS,
    )


def quantity_of(quantity: Quantity, records: Sequence[RunRecord]) -> dict[int, float]:
    """By seed, what a claim is about, for the runs that have it; `papers.cells_figure.Quantity` says what each is."""
    if quantity == "alike":
        return _alike(records)
    found = {record.spec.seed: _OF_A_RUN[quantity](record) for record in records}
    return {seed: value for seed, value in found.items() if math.isfinite(value)}


def rank_of(record: RunRecord) -> float:
    """True place of the answer among all cells of its space, 1 for the best, equal cells sharing the mean of their
    places; NaN where the truth does not cover the space."""
    score = primary(record)
    space = catalog.find(record.found.genotype) if record.found is not None else None
    if score is None or score.percentile is None or space is None:
        return math.nan
    return len(space) * (1 - score.percentile) + 0.5  # the percentile counts the cell itself as half beaten


def shared_merits(record: RunRecord) -> tuple[Probes, np.ndarray, np.ndarray] | None:
    """The probe cells, their scores under the final shared weights and their truth, shape (cells,) each, larger always
    better; None without probes."""
    if record.probes is None or not record.probes.checkpoints:
        return None
    score = primary(record)
    better = score is None or score.higher_is_better
    seen = merits(record.probes.checkpoints[-1], higher_is_better=better)
    return record.probes, seen, oriented_truth(record.probes.truth, higher_is_better=better)


def functions_of(cells: Sequence[str]) -> np.ndarray:
    """The number of each cell's function, equal for cells that compute the same, in order of appearance: (cells,)."""
    numbers: dict[object, int] = {}
    names = []
    for cell in cells:
        space = catalog.find(cell)
        names.append(cell if space is None else space.canonical(space.parse(cell)))
    return np.array([numbers.setdefault(name, len(numbers)) for name in names])


def shared_matrices(cell: str) -> int:
    """How many matrices of earlier nodes the last node's state depends on: its input's number in a chain."""
    space = catalog.find(cell)
    if space is None:
        return 0
    genotype = space.parse(cell)
    count, state = 0, genotype.nodes[-1][1]
    while state:
        count, state = count + 1, genotype.nodes[state - 1][1]
    return count


def _alike(records: Sequence[RunRecord]) -> dict[int, float]:
    answers = {record.spec.seed: record.found.genotype for record in records if record.found is not None}
    others = len(answers) - 1
    if others < 1:
        return {}
    counts = {seed: sum(own == other for other in answers.values()) - 1 for seed, own in answers.items()}
    return {seed: count / others for seed, count in counts.items()}


def _tau(record: RunRecord) -> float:
    found = shared_merits(record)
    return math.nan if found is None else kendall_tau(found[1], found[2])


def _class_tau(record: RunRecord) -> float:
    found = shared_merits(record)
    if found is None:
        return math.nan
    function = functions_of(found[0].cells)
    means = [np.array([side[function == number].mean() for number in range(function.max() + 1)]) for side in found[1:]]
    return kendall_tau(*means)


def _sharing_tau(record: RunRecord) -> float:
    found = shared_merits(record)
    if found is None:
        return math.nan
    return kendall_tau(np.array([shared_matrices(cell) for cell in found[0].cells]), -found[1])


_OF_A_RUN: dict[str, Callable[[RunRecord], float]] = {
    "rank": rank_of,
    "tau": _tau,
    "class tau": _class_tau,
    "sharing tau": _sharing_tau,
}
