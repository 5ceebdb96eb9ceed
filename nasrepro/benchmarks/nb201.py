"""The benchmarks on the NAS-Bench-201 cell, whose truth is looked up in tables."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from nasrepro.benchmarks.base import Benchmark, Scoring
from nasrepro.benchmarks.sizes import EVOLVED_8, EVOLVED_100
from nasrepro.errors import UserError
from nasrepro.home import data_root, shipped
from nasrepro.oracles.base import Fidelity, Oracle
from nasrepro.spaces.base import Skeleton
from nasrepro.spaces.nb201 import NB201Space
from nasrepro.splits import Split


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

# Skeleton and training were chosen by measurement with `randomnas` on the 200 probe cells, the settings of samplers
# by reasoning; docs/scales.md has both.
_CIFAR_LAPTOP: dict[str, Any] = {
    "skeleton": {"cells": 1, "image_size": 8},
    "training": {"epochs": 50, "lr": 0.1, "precision": "bf16", "score_images": 1000},
    "sampler": {"alpha_lr": 3e-3, "controller_lr": 5e-3},
    "selector": EVOLVED_100,
}
_CIFAR_SMOKE: dict[str, Any] = {
    "skeleton": {"channels": 4, "cells": 1, "image_size": 8},
    "training": {"epochs": 2, "train_images": 640, "valid_images": 200, "probe_cells": 10, "probe_points": 2},
    "sampler": {"updates": 2, "samples": 3},
    "selector": {"candidates": 5, **EVOLVED_8},
    "search": {"queries": 12, "seconds": 1300.0},
}
_DIGITS_LAPTOP: dict[str, Any] = {
    "skeleton": {"channels": 8},
    "training": {"epochs": 100, "lr": 0.1, "eval_batch": 360},
    "sampler": {"alpha_lr": 3e-3, "controller_lr": 1e-2, "updates": 5},
    "selector": EVOLVED_100,
    "search": {"seconds": 10.0},  # about 100 trainings of 12 epochs, by the table's clock
}
_DIGITS_SMOKE: dict[str, Any] = {
    "skeleton": {"channels": 4},
    "training": {"epochs": 2, "train_images": 200, "valid_images": 100, "probe_cells": 4, "probe_points": 2},
    "sampler": {"updates": 2, "samples": 3},
    "selector": {"candidates": 3, **EVOLVED_8},
    "search": {"queries": 12, "seconds": 1.2},
}


def _tabular(dataset: str, *, data: str | None) -> Benchmark:
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
        data=data,
        search=Fidelity(dataset, Split.VALID, 12),
        scorings=(primary, *others),
        standalone=_SKELETONS[dataset],
        scales={"smoke": _CIFAR_SMOKE, "laptop": _CIFAR_LAPTOP, "paper": {}},
        open_oracle=_converted_table,
    )


BENCHMARKS = (
    Benchmark(
        name="nb201-digits",
        summary="every NAS-Bench-201 cell trained on scikit-learn's digits; nothing to download",
        space=_NB201,
        data="digits",
        search=Fidelity("digits", Split.VALID, 12),
        scorings=(
            Scoring("test", Fidelity("digits", Split.TEST, 25)),
            Scoring("digits.valid", Fidelity("digits", Split.VALID, 25)),
        ),
        standalone=_SKELETONS["digits"],
        scales={"smoke": _DIGITS_SMOKE, "laptop": _DIGITS_LAPTOP, "paper": {}},
        open_oracle=_digits,
    ),
    _tabular("cifar10", data="cifar10"),
    _tabular("cifar100", data="cifar100"),
    _tabular("imagenet16-120", data=None),
    Benchmark(
        name="nb201-cifar10-analog",
        summary="NAS-Bench-201 judged by the CIFAR-10 accuracies of the analog-nasbench package; no download",
        space=_NB201,
        data="cifar10",
        search=Fidelity("cifar10", Split.TEST, 200),
        scorings=(Scoring("test", Fidelity("cifar10", Split.TEST, 200)),),
        standalone=_SKELETONS["cifar10"],
        scales={"smoke": _CIFAR_SMOKE, "laptop": _CIFAR_LAPTOP, "paper": {}},
        open_oracle=_analog,
    ),
)
