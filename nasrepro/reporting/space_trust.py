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


@dataclass(frozen=True)
class Trust:
    """What is known of the noise of a truth on the ranked cells; None where the source does not tell."""

    ceiling: float | None
    """τ-b that a perfect ranking can expect."""
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
    main = table.primary
    ceiling, _ = noise_ceiling_of(table, main, cells)
    _, measured = spread_of(table, main)
    other = next((m for m in table.final if m is not main), None)
    share = None
    if measured is not None and measured.trials is not None:
        separate = measured.trials[np.intersect1d(separately_measured(table), cells)]
        found = reliability(separate), *reliability_interval(separate, np.random.default_rng(_SEED))
        share = Estimate(*found) if np.isfinite(found).all() else None
    return Trust(
        ceiling=finite(ceiling),
        reliability=share,
        trials_of=str(measured) if measured is not None else "",
        other=str(other) if other is not None else "",
        tau_other=finite(kendall_tau(other.mean[cells], main.mean[cells])) if other is not None else None,
    )
