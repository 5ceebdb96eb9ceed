"""Reading a benchmark's truth whole, for pages about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nasrepro.errors import UserError

if TYPE_CHECKING:
    from nasrepro.benchmarks import Benchmark
    from nasrepro.oracles.base import Fidelity, Oracle
    from nasrepro.reporting.truth_data import Measured, TruthTable


MOST_CELLS = 10**7
"""What a report on a whole space can hold."""


def check_listed(benchmark: Benchmark, runs: Path) -> None:
    """Raise `UserError` for a benchmark whose space is too large for a table of its cells."""
    if len(benchmark.space) > MOST_CELLS:
        raise UserError(
            f"'{benchmark.name}' has no table: the {len(benchmark.space):.1e} cells of its space are too many to be "
            f"listed, and are trained one by one (nasrepro retrain); allowed: {_whole(runs)}"
        )


def read_truth(benchmark: Benchmark, runs: Path) -> TruthTable:
    """Everything the truth holds on the data set that found cells are judged on.

    Raises `UserError` when the truth is missing, damaged, or covers single cells only, as in a space too large to list.
    """
    from nasrepro.reporting.truth_data import TruthTable
    from nasrepro.spaces.nb201 import NB201Space

    check_listed(benchmark, runs)
    if not isinstance(benchmark.space, NB201Space):
        raise UserError(
            f"a page on a whole truth tells of cells of NAS-Bench-201, and '{benchmark.name}' is on '"
            f"{benchmark.space.name}'; its cells can be looked up (nasrepro query) and its runs compared"
        )
    oracle = benchmark.open_oracle(runs)
    if not oracle.covers_space:
        raise UserError(
            f"the truth of '{benchmark.name}' is measured cell by cell and does not cover the space; "
            f"allowed: {_whole(runs)}"
        )
    main = benchmark.primary.fidelity
    held = [fidelity for fidelity in oracle.fidelities() if fidelity.dataset == main.dataset]
    if main not in held:
        raise UserError(f"the truth of '{benchmark.name}' does not hold what it judges by, {main}")
    return TruthTable(
        benchmark=benchmark.name,
        source=oracle.source,
        fingerprint=oracle.fingerprint(),
        measured=tuple(_measured(oracle, fidelity) for fidelity in held),
        primary_key=f"{main.dataset}/{main.split.value}/{main.epochs}",
        skeleton=benchmark.standalone,
    )


def _whole(runs: Path) -> str:
    """The benchmarks whose truth is here and covers the space."""
    from nasrepro import benchmarks

    found = []
    for name in benchmarks.names():
        try:
            covers = benchmarks.get(name).open_oracle(runs).covers_space
        except UserError:
            continue
        found += [name] if covers else []
    return ", ".join(found) or "no benchmark on this machine"


def _measured(oracle: Oracle, fidelity: Fidelity) -> Measured:
    import numpy as np

    from nasrepro.oracles.arrays import ArrayOracle
    from nasrepro.reporting.truth_data import Measured

    dataset, split, epochs = fidelity.dataset, fidelity.split, fidelity.epochs
    trials = oracle.all_trials(dataset=dataset, split=split, epochs=epochs)
    counts = None
    if trials is not None:
        counts = np.sum(~np.isnan(trials), axis=1)
    elif isinstance(oracle, ArrayOracle):
        counts = oracle.trials(dataset, split, epochs)
    mean = oracle.query_all(dataset=dataset, split=split, epochs=epochs)
    return Measured(dataset, split.value, epochs, mean, counts, trials)
