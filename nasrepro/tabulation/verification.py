"""Is a table what its recipe gives? Some of its cells are trained again and compared, seed noise allowed for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nasrepro.errors import UserError
from nasrepro.oracles.base import Oracle
from nasrepro.splits import Split
from nasrepro.tabulation.build import Tabulation
from nasrepro.tabulation.recipe import SPLITS

Report = Callable[[int, int], None]
FALSE_ALARM = 0.001
"""Chance that a faithful table fails a verification, over all of its sampled cells together."""
_NEIGHBOURS = 100
"""Measured cells, in the order of their means, over which the variance between seeds is averaged."""


@dataclass(frozen=True)
class Checked:
    """One cell: what the table says, what training it again gave, and how far apart seeds may put the two."""

    cell: int
    table: float
    again: float
    spread: float
    """Standard deviation between seeds in this part of the ranking, in the table's unit."""
    tolerance: float
    identical: int
    """Trials whose every number is the same to the last bit; trials of other seeds never are."""

    @property
    def passed(self) -> bool:
        return abs(self.again - self.table) <= self.tolerance


@dataclass(frozen=True)
class Verification:
    """All checked cells, and the mean difference over them, which a recipe that is off by little shifts first."""

    cells: list[Checked]
    trials: int
    fresh: bool
    """Whether seeds were used that are not in the table."""
    mean: float
    mean_tolerance: float

    @property
    def passed(self) -> bool:
        return all(cell.passed for cell in self.cells) and abs(self.mean) <= self.mean_tolerance


def sample_cells(tabulation: Tabulation, count: int, seed: int) -> np.ndarray:
    """Indices of `count` of the measured cells; raises `UserError` when there are not that many."""
    everyone = tabulation.recipe.measured()
    if not 1 <= count <= len(everyone):
        raise UserError(f"a sample of {count} cells cannot be drawn; allowed: 1 to {len(everyone):,}")
    return np.sort(np.random.default_rng(seed).choice(everyone, size=count, replace=False))


def remeasure(tabulation: Tabulation, cell: int, fresh: bool, report: Report) -> list[Any]:
    """All trials of one cell again, nested as (trials, report epochs, splits, quantities); a job for a worker."""
    trials = tabulation.recipe.trials
    measure, found = tabulation.recipe.measure(tabulation.dataset), []
    for trial in range(trials):
        found.append(measure(cell, trial + trials * fresh).scores)
        report(trial + 1, trials)
    again: list[Any] = np.stack(found).tolist()
    return again


def judge(
    tabulation: Tabulation, oracle: Oracle, cells: np.ndarray, again: Sequence[ArrayLike], fresh: bool
) -> Verification:
    """Compare the final test scores that cells are judged by; `again` holds what `remeasure` gives for each of `cells`.

    A cell passes when the two means lie within what normal seed noise allows, at a level that makes a false alarm
    anywhere in the sample as unlikely as `FALSE_ALARM` (half of it for the cells, Bonferroni, half for the mean).
    """
    from statistics import NormalDist

    recipe = tabulation.recipe
    table = _stored(tabulation, oracle)
    spread = _spread(tabulation, table[..., -1, SPLITS.index(Split.TEST), 0])
    width = np.sqrt(2 / recipe.trials)
    per_cell = NormalDist().inv_cdf(1 - FALSE_ALARM / 4 / len(cells))
    checked = []
    for cell, values in zip(cells, again, strict=True):
        old, new = table[cell], np.asarray(values, np.float32)
        checked.append(
            Checked(
                cell=int(cell),
                table=_final(old),
                again=_final(new),
                spread=float(spread[cell]),
                tolerance=float(per_cell * spread[cell] * width),
                identical=int(((old == new) | (np.isnan(old) & np.isnan(new))).all(axis=(1, 2, 3)).sum()),
            )
        )
    differences = [cell.again - cell.table for cell in checked]
    noise = width * np.sqrt(np.mean([cell.spread**2 for cell in checked]) / len(checked))
    tolerance = float(NormalDist().inv_cdf(1 - FALSE_ALARM / 4) * noise)
    return Verification(checked, recipe.trials, fresh, float(np.mean(differences)), tolerance)


def _final(trials: np.ndarray) -> float:
    """Mean over (trials, report epochs, splits, quantities) of the final test score that cells are judged by."""
    return float(trials[:, -1, SPLITS.index(Split.TEST), 0].mean())


def _stored(tabulation: Tabulation, oracle: Oracle) -> np.ndarray:
    """The table as one array (cells, trials, report epochs, splits, quantities), NaN where it holds nothing."""
    recipe, name = tabulation.recipe, tabulation.dataset
    nothing = np.full(len(recipe.rows()), np.nan, np.float32)
    columns = [
        oracle.query_all(dataset=name, split=split, epochs=epochs, seed=seed, quantity=quantity)
        if recipe.holds(split, epochs)
        else nothing
        for seed in range(recipe.trials)
        for epochs in recipe.report_epochs
        for split in SPLITS
        for quantity in recipe.quantities
    ]
    shape = (recipe.trials, len(recipe.report_epochs), len(SPLITS), len(recipe.quantities))
    return np.stack(columns, axis=1).reshape(-1, *shape)


def _spread(tabulation: Tabulation, trials: np.ndarray) -> np.ndarray:
    """Standard deviation between seeds around each cell: variances averaged over neighbours in the order of means."""
    first = tabulation.recipe.measured()
    order = np.argsort(trials[first].mean(axis=1), kind="stable")
    variances = trials[first].var(axis=1, ddof=1)[order]
    padded = np.pad(variances, _NEIGHBOURS // 2, mode="reflect")
    smooth = np.convolve(padded, np.full(_NEIGHBOURS + 1, 1 / (_NEIGHBOURS + 1)), mode="valid")
    of_class = np.empty(len(first))
    of_class[order] = np.sqrt(smooth)
    spread: np.ndarray = of_class[tabulation.recipe.rows()]
    return spread
