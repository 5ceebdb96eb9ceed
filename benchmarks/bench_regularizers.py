"""Milliseconds per weight step with each regularizer, and the share of NSAS's archive, measured in turns.

    python benchmarks/bench_regularizers.py [--benchmark nb201-digits] [--scale laptop] [--steps 200]

Every row trains a supernet of its own on the same batches and uniform paths. "choosing" is the time to find and renew
a constraint, as a share of the whole step.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from nasrepro import benchmarks
from nasrepro.methods import catalog, regularizing
from nasrepro.methods.one_shot import OneShotSearch
from nasrepro.methods.resolving import resolve
from nasrepro.methods.shared_weights import SharedWeights
from nasrepro.methods.uniform import UniformSampler, UniformSettings
from nasrepro.regularizers.nsas import NSAS
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.training.regularizer import Regularizer
from nasrepro.training.settings import SupernetSettings
from nasrepro.training.supernet import SupernetTraining

ROWS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "plain": (None, {}),
    "complementation": ("complementation", {}),
    "wpl": ("wpl", {}),
    "wpl, batch Fisher": ("wpl", {"fisher": "batch"}),
    **{f"nsas, M={count}": ("nsas", {"archive": count}) for count in (2, 4, 8)},
    "nsas, M=4, uniform": ("nsas", {"archive": 4, "constraints": "uniform"}),
    "nsas, M=4, replay": ("nsas", {"archive": 4, "form": "replay"}),
}


class Row:
    """A training whose steps are timed, and in it the choice of constraints."""

    def __init__(self, shared: SharedWeights, regularizer: Regularizer | None) -> None:
        self.steps, self.chosen = list[float](), list[float]()
        if isinstance(regularizer, NSAS):
            regularizer._renew = self._timed(regularizer._renew)  # type: ignore[method-assign]
        self.training = SupernetTraining(
            shared.network.train(),
            UniformSampler(NB201Space(), UniformSettings(), 0),
            *OneShotSearch._streams(shared, 0),
            shared.settings,
            shared.score,
            regularizer=regularizer,
        )

    def _timed(self, renew: Callable[..., None]) -> Callable[..., None]:
        def timed(*given: Any) -> None:
            began = time.perf_counter()
            renew(*given)
            self.chosen.append(time.perf_counter() - began)

        return timed

    def step(self) -> None:
        batch = self.training.train_stream.next()
        began = time.perf_counter()
        self.training._weight_step(*batch)
        self.training.progress.steps += 1
        self.steps.append(time.perf_counter() - began)

    def forget(self) -> None:
        """What was timed so far warmed up."""
        self.steps.clear()
        self.chosen.clear()
        self.training.progress.steps = self.training.progress.path_steps = 0


def _rows(benchmark: str, scale: str) -> dict[str, Row]:
    """A supernet of the benchmark at that scale for each way to train it."""
    where = benchmarks.get(benchmark)
    resolved, images = resolve(catalog.get("randomnas"), where, scale), where.load_data()
    settings, skeleton = SupernetSettings.model_validate(resolved["training"]), Skeleton(**resolved["skeleton"])

    def row(name: str | None, given: dict[str, Any]) -> Row:
        kind = regularizing.get(name) if name else None
        regularizer = kind(NB201Space(), kind.Settings(**given), 0) if kind else None  # type: ignore[call-arg]
        return Row(SharedWeights.build(settings, skeleton, images, 0), regularizer)

    return {label: row(*given) for label, given in ROWS.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--benchmark", default="nb201-digits")
    parser.add_argument("--scale", default="laptop")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = _rows(options.benchmark, options.scale)
    warm = 12  # more than any archive has places
    for at in range(warm + options.steps):
        for row in rows.values():
            if at == warm:
                row.forget()
            row.step()
    title = f"{options.benchmark}, {options.scale}, {options.threads} threads"
    table = Table("loss", "paths per step", "ms per step", "times plain", "choosing", title=title)
    plain = statistics.median(rows["plain"].steps)
    for name, row in rows.items():
        took, progress = statistics.median(row.steps), row.training.progress
        share = f"{100 * statistics.median(row.chosen) / took:.2f} %" if row.chosen else "–"
        paths = progress.path_steps / progress.steps
        table.add_row(name, f"{paths:.1f}", f"{1e3 * took:.2f}", f"{took / plain:.2f}", share)
    Console().print(table)


if __name__ == "__main__":
    main()
