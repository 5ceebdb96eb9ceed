"""How well did a supernet rank the probe cells, beside what counting parameters achieves?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from nasrepro.errors import UserError
from nasrepro.metrics.chance import Chance, tau_by_chance
from nasrepro.metrics.noise import noise_ceiling
from nasrepro.metrics.ranking import kendall_tau, tau_spread
from nasrepro.metrics.significance import Comparison, against_exact, holm
from nasrepro.metrics.summary import Summary, summarize_correlation
from nasrepro.records.record import Checkpoint, Probes, RunRecord
from nasrepro.reporting.grouping import probe_truth
from nasrepro.reporting.table_model import decimal, finite
from nasrepro.spaces import catalog

FEW = 40
"""Probe cells up to which chance alone moves τ far."""


@dataclass(frozen=True)
class TauPoint:
    """Kendall τ-b over the seeds that have a checkpoint at `step` weight updates."""

    step: int
    tau: Summary


@dataclass(frozen=True)
class Ranking:
    """One method's supernets on the probe cells. Every τ is τ-b, positive when good cells are ranked high."""

    cells: int
    """Probe cells with a known truth."""
    dead: int | None
    """Of these, cells whose output does not depend on their input; None in spaces that do not know such cells."""
    truth: str
    """What the cells are ranked against, in words."""
    curve: tuple[TauPoint, ...]
    taus: dict[int, float]
    """By seed, at the end of training, by `scored_by`."""
    scored_by: str
    """`accuracy`, or `perplexity` where the truth is one: there the share of words guessed right says less."""
    tau: Summary
    tau_loss: Summary
    tau_live: Summary
    """Without the input-independent cells."""
    by_params: float | None
    by_live_params: float | None
    """None where no cell can be dead, and all weights count."""
    by_macs: float | None
    ceiling: float | None
    """τ that a perfect ranking can expect against this truth, given its seed noise; None where that is not known."""
    ceiling_from: str
    """Which measurement the seed noise was taken from."""
    versus_params: Comparison | None
    """The seeds' τ against the parameter count's, a fixed number on these cells."""
    versus_chance: Chance | None
    """The seeds' τ against relabeled cells; only where parameters tell no cells apart, so that there is no baseline."""


def ranking_of(records: Sequence[RunRecord], *, higher_is_better: bool) -> Ranking | None:
    """The ranking quality of one method over its finished seeds, or None where no supernet was probed.

    The same records are worked out once, however many tables they stand in. Raises `UserError` when the seeds were
    probed on different cells.
    """
    asked = (*(id(record) for record in records), higher_is_better)
    if asked not in _known:
        if len(_known) >= _REMEMBERED:
            _known.clear()
        _known[asked] = (tuple(records), _ranking_of(records, higher_is_better=higher_is_better))
    return _known[asked][1]


_REMEMBERED = 1_000
_known: dict[tuple[int, ...], tuple[tuple[RunRecord, ...], Ranking | None]] = {}
"""By the identity of records, which lasts as long as they are held here."""


def _ranking_of(records: Sequence[RunRecord], *, higher_is_better: bool) -> Ranking | None:
    probed = [(r.spec.seed, r.probes) for r in records if r.probes is not None and r.probes.cells]
    if not probed:
        return None
    first = probed[0][1]
    if any(probes.cells != first.cells for _, probes in probed):
        raise UserError(f"records of '{records[0].spec.method}' were probed on different cells; render them apart")
    truth = oriented_truth(first.truth, higher_is_better=higher_is_better)
    alive, may_die = ~dead_cells(first), _may_be_dead(first)
    last = {seed: probes.checkpoints[-1] for seed, probes in probed}
    shown = {seed: merits(point, higher_is_better=higher_is_better) for seed, point in last.items()}
    taus = {seed: kendall_tau(own, truth) for seed, own in shown.items()}
    by_params = finite(kendall_tau(np.array(first.params), truth))
    known = {seed: tau for seed, tau in taus.items() if math.isfinite(tau)}
    return Ranking(
        cells=int(np.isfinite(truth).sum()),
        dead=int((np.isfinite(truth) & ~alive).sum()) if may_die else None,
        truth=probe_truth(records),
        curve=_curve([probes for _, probes in probed], truth, higher_is_better),
        taus=known,
        scored_by="accuracy" if higher_is_better else "perplexity",
        tau=summarize_correlation(list(known.values())),
        tau_loss=_summary([kendall_tau(-np.array(point.loss), truth) for point in last.values()]),
        tau_live=_summary([kendall_tau(own[alive], truth[alive]) for own in shown.values() if may_die]),
        by_params=by_params,
        by_live_params=finite(kendall_tau(np.array(first.live_conv_params), truth)) if may_die else None,
        by_macs=finite(kendall_tau(np.array(first.macs), truth)),
        ceiling=_ceiling(first, truth),
        ceiling_from=first.truth_std_of,
        versus_params=against_exact(list(known.values()), by_params) if known and by_params is not None else None,
        versus_chance=tau_by_chance(list(shown.values()), truth) if by_params is None else None,
    )


def with_adjusted_chance(rankings: Mapping[str, Ranking | None]) -> dict[str, Ranking | None]:
    """The rankings of one table, the p-values against chance adjusted over all of them (Holm)."""
    asked = [own.versus_chance.p if own is not None and own.versus_chance else None for own in rankings.values()]
    found = dict(rankings)
    for (name, own), p in zip(rankings.items(), holm(asked), strict=True):
        if own is not None and own.versus_chance is not None and p is not None:
            found[name] = replace(own, versus_chance=replace(own.versus_chance, p=p))
    return found


def oriented_truth(values: Sequence[float | None], *, higher_is_better: bool = True) -> np.ndarray:
    """Truth of cells, shape (cells,), larger always better, NaN where unknown."""
    truth = np.array([math.nan if value is None else value for value in values], dtype=float)
    return truth if higher_is_better else -truth


def merits(point: Checkpoint, *, higher_is_better: bool) -> np.ndarray:
    """One-shot scores of the probe cells, shape (cells,), larger always better.

    Accuracies; where the truth is a perplexity, losses with their sign turned, which order cells as perplexities do.
    """
    return np.array(point.accuracy) if higher_is_better else -np.array(point.loss)


def _ceiling(probes: Probes, truth: np.ndarray) -> float | None:
    if not probes.truth_std:
        return None
    spread = tuple(math.nan if value is None else value for value in probes.truth_std)
    trials = tuple(math.nan if value is None else value for value in probes.truth_trials)
    return _ceiling_of(tuple(truth.tolist()), spread, trials)


@lru_cache(maxsize=64)
def _ceiling_of(truth: tuple[float, ...], spread: tuple[float, ...], trials: tuple[float, ...]) -> float | None:
    """Once for all methods that were probed on the same cells."""
    return finite(noise_ceiling(truth, spread, trials, np.random.default_rng(0)))


def dead_cells(probes: Probes) -> np.ndarray:
    """True for cells whose output does not depend on their input, shape (cells,)."""
    return np.array([_is_dead(cell) for cell in probes.cells], dtype=bool)


def _is_dead(cell: str) -> bool:
    space = catalog.find(cell)
    return space is not None and not getattr(space.parse(cell), "reaches_output", True)


def _may_be_dead(probes: Probes) -> bool:
    """Whether the cells are of a space that has dead ones."""
    space = catalog.find(probes.cells[0])
    return space is not None and hasattr(space.parse(probes.cells[0]), "reaches_output")


def by_chance(cells: int) -> str:
    """A sentence with a leading space on how far τ scatters when cells are few; empty when they are many."""
    if not 1 < cells <= FEW:
        return ""
    return f" With n = {cells} cells, τ between unrelated rankings scatters by {decimal(tau_spread(cells), 2)}."


def _summary(values: Sequence[float]) -> Summary:
    return summarize_correlation([value for value in values if math.isfinite(value)])


def looks_together(probed: Sequence[Probes]) -> list[tuple[int, list[Checkpoint]]]:
    """What runs saw of their supernets at the same time: weight updates, and a look of each run that has one then.

    Runs that looked equally often are compared look by look, at the mean of their updates: segments of a text are of
    random length, so that an epoch does not have the same number of them in every run. Others where updates agree.
    """
    counts = {len(probes.checkpoints) for probes in probed}
    if len(counts) == 1:
        rows = zip(*(probes.checkpoints for probes in probed), strict=True)
        return [(round(sum(point.step for point in row) / len(row)), list(row)) for row in rows]
    by_step: dict[int, list[Checkpoint]] = {}
    for probes in probed:
        for point in probes.checkpoints:
            by_step.setdefault(point.step, []).append(point)
    return sorted(by_step.items())


def _curve(probed: Sequence[Probes], truth: np.ndarray, higher_is_better: bool) -> tuple[TauPoint, ...]:
    points = []
    for step, looks in looks_together(probed):
        taus = [kendall_tau(merits(look, higher_is_better=higher_is_better), truth) for look in looks]
        points.append(TauPoint(step, _summary(taus)))
    return tuple(point for point in points if point.tau.n)
