"""What do we compare on? A benchmark is a space, a skeleton per scale, one search data set and a list of scorings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasrepro import plugins
from nasrepro.errors import UserError, unknown
from nasrepro.home import data_root, shipped
from nasrepro.oracles.base import Fidelity, Oracle
from nasrepro.spaces.base import Genotype, Skeleton
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.splits import Split

if TYPE_CHECKING:
    from nasrepro.datasets.images import ImageData

_PROBE_SEED = 2020
PROBE_CELLS = 200
SCALES = ("smoke", "laptop", "paper")


@dataclass(frozen=True)
class Scoring:
    """One number a genotype is judged by. The primary scoring of a benchmark is called `test`."""

    name: str
    fidelity: Fidelity
    higher_is_better: bool = True


@dataclass(frozen=True)
class Benchmark:
    """Everything that must be fixed before two methods can be compared."""

    name: str
    summary: str
    space: NB201Space
    images: str | None
    """Data set that supernets are trained on; None when there is none to be had."""
    search: Fidelity
    """What multi-trial methods look up while they search."""
    scorings: tuple[Scoring, ...]
    """How the found genotype is judged; the first one is primary."""
    standalone: Skeleton
    """Skeleton of the networks whose truth is looked up; params and MACs refer to it."""
    scales: Mapping[str, Mapping[str, Any]]
    """Per scale, what replaces the published settings: blocks `skeleton`, `training`, `search`, …"""
    open_oracle: Callable[[Path], Oracle] = field(repr=False)
    """Opens the truth; the path is the run store's root, for truths that are measured when they are asked for."""

    @property
    def primary(self) -> Scoring:
        return self.scorings[0]

    @property
    def single_number(self) -> bool:
        """True where the truth holds one number per cell: searches then look up the number they are scored by."""
        return self.search == self.primary.fidelity

    def skeleton(self, scale: str) -> dict[str, Any]:
        """Fields of the supernet's skeleton at a scale."""
        return {**self.standalone.sizes(), **self.scales[scale].get("skeleton", {})}

    def load_images(self, *, allow_unverified: bool = False) -> ImageData:
        """The search's data set; raises `UserError` when the benchmark has none or the files are missing."""
        from nasrepro.datasets.loading import load

        if self.images is None:
            raise UserError(
                f"benchmark '{self.name}' has no images to train a supernet on; only its table is available"
            )
        return load(self.images, allow_unverified=allow_unverified)

    def probes(self) -> list[Genotype]:
        """The fixed cells on which a supernet's ranking is watched, the same for every method, seed and data set."""
        return list(probe_cells(self.space))


def probe_cells(space: NB201Space) -> list[Genotype]:
    """200 distinct cells drawn once, uniformly, from the space."""
    import numpy as np

    chosen = np.random.default_rng(_PROBE_SEED).choice(len(space), size=PROBE_CELLS, replace=False)
    return [space.parse(str(index)) for index in chosen]


def names() -> list[str]:
    """All benchmark names, plug-ins last."""
    return [*_BENCHMARKS, *(name for name in plugins.announced("benchmarks") if name not in _BENCHMARKS)]


def get(name: str) -> Benchmark:
    """The benchmark called `name`, from here or from a plug-in; raises `UserError` suggesting the nearest one."""
    if name in _BENCHMARKS:
        return _BENCHMARKS[name]
    if name not in names():
        raise unknown("benchmark", name, names())
    found: Benchmark = plugins.load("benchmarks", name, Benchmark)
    return found


def _converted_table(_: Path) -> Oracle:
    path = data_root() / "nb201" / "nasbench201.npz"
    if not path.exists():
        raise UserError(
            f"the NAS-Bench-201 table is not at '{path}'; get the official file (nasrepro data fetch nb201 says how) "
            "and run: nasrepro data convert FILE"
        )
    return _opened_table(path, path.stat().st_mtime_ns, "nb201", "nasrepro data convert FILE")


@cache
def _opened_table(path: Path, changed: int, name: str, remedy: str) -> Oracle:
    """One opened table per file and version of it: hundreds of tabular runs share the decoded arrays."""
    from nasrepro.oracles.table import TableOracle

    return TableOracle.load(path, name=name, remedy=remedy)


@cache
def _opened_analog() -> Oracle:
    from nasrepro.oracles.analog import AnalogOracle

    return AnalogOracle.load()


def _analog(_: Path) -> Oracle:
    return _opened_analog()


def _digits(_: Path) -> Oracle:
    path = shipped("nb201-digits.npz")
    changed = path.stat().st_mtime_ns if path.exists() else 0
    return _opened_table(path, changed, "nb201-digits", f"nasrepro benchmark build nb201-digits --out {path}")


_NB201 = NB201Space()
_IMAGE_SETS = ("cifar10", "cifar100", "imagenet16-120")
_SKELETONS = {
    "cifar10": Skeleton(16, 5, 3, 32, 10),
    "cifar100": Skeleton(16, 5, 3, 32, 100),
    "imagenet16-120": Skeleton(16, 5, 3, 16, 120),
    "digits": Skeleton(4, 1, 2, 8, 10, in_channels=1, affine=False),
}

_EVOLVED_100 = {
    "population": 20,
    "generations": 4,
    "crossovers": 12,
    "mutations": 8,
    "crossover_parents": 12,
    "mutation_parents": 8,
}  # at most 100 cells scored, as many as random search draws; the published proportions
_EVOLVED_8 = {"population": 4, "generations": 1, "crossovers": 2, "mutations": 2}

# Skeleton and training were chosen by measurement with `randomnas` on the 200 probe cells, the settings of samplers
# by reasoning; docs/scales.md has both.
_CIFAR_LAPTOP: dict[str, Any] = {
    "skeleton": {"cells": 1, "image_size": 8},
    "training": {"epochs": 50, "lr": 0.1, "precision": "bf16", "score_images": 1000},
    "sampler": {"alpha_lr": 3e-3, "controller_lr": 5e-3},
    "selector": _EVOLVED_100,
}
_CIFAR_SMOKE: dict[str, Any] = {
    "skeleton": {"channels": 4, "cells": 1, "image_size": 8},
    "training": {"epochs": 2, "train_images": 640, "valid_images": 200, "probe_cells": 10, "probe_points": 2},
    "sampler": {"updates": 2, "samples": 3},
    "selector": {"candidates": 5, **_EVOLVED_8},
    "search": {"queries": 12, "seconds": 1300.0},
}
_DIGITS_LAPTOP: dict[str, Any] = {
    "skeleton": {"channels": 8},
    "training": {"epochs": 100, "lr": 0.1, "eval_batch": 360},
    "sampler": {"alpha_lr": 3e-3, "controller_lr": 1e-2, "updates": 5},
    "selector": _EVOLVED_100,
    "search": {"seconds": 10.0},  # about 100 trainings of 12 epochs, by the table's clock
}
_DIGITS_SMOKE: dict[str, Any] = {
    "skeleton": {"channels": 4},
    "training": {"epochs": 2, "train_images": 200, "valid_images": 100, "probe_cells": 4, "probe_points": 2},
    "sampler": {"updates": 2, "samples": 3},
    "selector": {"candidates": 3, **_EVOLVED_8},
    "search": {"queries": 12, "seconds": 1.2},
}


def _tabular(dataset: str, *, images: str | None) -> Benchmark:
    """NAS-Bench-201 with its own table: search on one data set, judge on all three."""
    primary = Scoring("test", Fidelity(dataset, Split.TEST, 200))
    others = [
        Scoring(f"{other}.{split}", Fidelity(other, split, 200))
        for other in _IMAGE_SETS
        for split in (Split.VALID, Split.TEST)
        if (other, split) != (dataset, Split.TEST)
    ]
    return Benchmark(
        name=f"nb201-{dataset}",
        summary=f"NAS-Bench-201 searched on {dataset}, judged by the official table",
        space=_NB201,
        images=images,
        search=Fidelity(dataset, Split.VALID, 12),
        scorings=(primary, *others),
        standalone=_SKELETONS[dataset],
        scales={"smoke": _CIFAR_SMOKE, "laptop": _CIFAR_LAPTOP, "paper": {}},
        open_oracle=_converted_table,
    )


_BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            name="nb201-digits",
            summary="every NAS-Bench-201 cell trained on scikit-learn's digits; nothing to download",
            space=_NB201,
            images="digits",
            search=Fidelity("digits", Split.VALID, 12),
            scorings=(
                Scoring("test", Fidelity("digits", Split.TEST, 25)),
                Scoring("digits.valid", Fidelity("digits", Split.VALID, 25)),
            ),
            standalone=_SKELETONS["digits"],
            scales={"smoke": _DIGITS_SMOKE, "laptop": _DIGITS_LAPTOP, "paper": {}},
            open_oracle=_digits,
        ),
        _tabular("cifar10", images="cifar10"),
        _tabular("cifar100", images="cifar100"),
        _tabular("imagenet16-120", images=None),
        Benchmark(
            name="nb201-cifar10-analog",
            summary="NAS-Bench-201 judged by the CIFAR-10 accuracies of the analog-nasbench package; no download",
            space=_NB201,
            images="cifar10",
            search=Fidelity("cifar10", Split.TEST, 200),
            scorings=(Scoring("test", Fidelity("cifar10", Split.TEST, 200)),),
            standalone=_SKELETONS["cifar10"],
            scales={"smoke": _CIFAR_SMOKE, "laptop": _CIFAR_LAPTOP, "paper": {}},
            open_oracle=_analog,
        ),
    )
}
