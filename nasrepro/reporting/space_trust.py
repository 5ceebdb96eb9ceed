"""How far a truth can be trusted to tell rankings of the whole space apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nasrepro.metrics.noise import reliability, reliability_interval
from nasrepro.metrics.ranking import kendall_tau
from nasrepro.metrics.resampling import Estimate
from nasrepro.reporting.table_model import finite
from nasrepro.reporting.truth_data import TruthTable, separately_measured
from nasrepro.reporting.truth_noise import noise_ceiling_of, spread_of

_SEED = 20_203
_ENOUGH = 50
"""Cells below which neither the noise nor the ceiling is estimated."""


@dataclass(frozen=True)
class Trust:
    """What is known of the noise of a truth on the ranked cells; None where the source does not tell."""

    ceiling: float | None
    """τ-b that a perfect ranking can expect."""
    unknown: str
    """Why there is no ceiling; empty where there is one."""
    reliability: Estimate | None
    """Share of the variance of the cells' means that is not seed noise; separately measured cells only."""
    trials_of: str
    """The measurement whose single trials say all this; empty where there is none."""
    other: str
    """Another split after as many epochs; empty where there is none."""
    tau_other: float | None
    """τ-b between the rankings of the ranked cells by that split and by the primary one."""


def trust_of(table: TruthTable, cells: np.ndarray) -> Trust:
    """How noisy the primary measurement of these cells is, by its own trials or by those of another split."""
    main, other = table.primary, next((m for m in table.final if m is not table.primary), None)
    _, measured = spread_of(table, main)
    separate = np.intersect1d(separately_measured(table), cells)
    ceiling, share, unknown = None, None, "this truth does not hold single trials"
    if measured is not None and measured.trials is not None:
        unknown = f"fewer than {_ENOUGH} separately measured cells are ranked" if separate.size < _ENOUGH else ""
        if not unknown:
            ceiling = finite(noise_ceiling_of(table, main, cells)[0])
            trials = measured.trials[separate]
            found = reliability(trials), *reliability_interval(trials, np.random.default_rng(_SEED))
            share = Estimate(*found) if np.isfinite(found).all() else None
            unknown = "" if ceiling is not None else "this truth does not say how many trials are behind a mean"
    return Trust(
        ceiling=ceiling,
        unknown=unknown,
        reliability=share,
        trials_of=str(measured) if measured is not None else "",
        other=str(other) if other is not None else "",
        tau_other=finite(kendall_tau(other.mean[cells], main.mean[cells])) if other is not None else None,
    )
