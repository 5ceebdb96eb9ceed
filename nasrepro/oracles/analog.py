"""CIFAR-10 accuracies of all NAS-Bench-201 cells from the optional package `analog-nasbench`.

The package holds one number per cell for ordinary (digital) training, `baseline_accuracy`. By the training script its
authors publish (IBM/analog-nas) it is a TEST accuracy: one training on all 50,000 images for 200 epochs with
NAS-Bench-201's schedule, then the mean of 25 passes over the 10,000 test images, which are cropped and flipped at
random as in training. There is no validation number, so none is offered here.

The package states no licence: its data are read where pip put them, never copied, and its code is never run.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from nasrepro.errors import UserError
from nasrepro.oracles.arrays import ArrayOracle
from nasrepro.oracles.safe_unpickle import AllowList, Inert, SafeUnpickler, refusing
from nasrepro.oracles.table_format import FORMAT, LAYOUTS, Layout
from nasrepro.spaces import nb201

PACKAGE = "analog-nasbench"
_MODULE = "analognasbench"
_ARRAY = "acc/cifar10/test/200"
_ALLOWED: AllowList = {(f"{_MODULE}.data", name): Inert for name in ("Architecture", "DriftMeasurement")}
# The package numbers operations and edges as NASLib does: skip, none, 3×3, 1×1, pool; edges by their source node.
_OP_CODE = np.array([1, 0, 3, 2, 4])  # ours → theirs
_EDGE_ORDER = [0, 1, 3, 2, 4, 5]  # their k-th edge is our _EDGE_ORDER[k]-th


class AnalogOracle(ArrayOracle):
    """`cifar10` / test / 200 epochs, one trial per cell; nothing else is there."""

    may_be_copied = False

    @classmethod
    def load(cls, *, name: str = PACKAGE) -> AnalogOracle:
        """Read the installed package's data file; raises `UserError` when it is not installed or is damaged."""
        return cls.from_file(_data_file(), version=_version(), name=name)

    @classmethod
    def from_file(cls, path: Path, *, version: str, name: str = PACKAGE) -> AnalogOracle:
        """Read a data file of the package's format; raises `UserError` when it is not one."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UserError(f"'{path}' of package {PACKAGE} cannot be read: {error.strerror}") from error
        return cls(_Arrays(content, path, version), name=name)


@dataclass(frozen=True)
class _Arrays:
    """The one array of the package, in our index order."""

    content: bytes
    path: Path
    version: str

    @property
    def names(self) -> Sequence[str]:
        return (_ARRAY,)

    @property
    def layout(self) -> Layout:
        return LAYOUTS[nb201.NB201Space.name]

    @cached_property
    def meta(self) -> Mapping[str, Any]:
        return {
            "format": FORMAT,
            "space": nb201.NB201Space.name,
            "order": self.layout.order,
            "source": f"CIFAR-10 test accuracy of one 200-epoch training per cell, on randomly cropped and flipped "
            f"test images, from the package {PACKAGE} {self.version}; not NAS-Bench-201's own numbers",
            "licence": "none stated",
            "trials": {_ARRAY: 1},
        }

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def array(self, name: str) -> np.ndarray:
        return self._baseline

    @cached_property
    def _baseline(self) -> np.ndarray:
        with refusing(self.path, f"data file of package {PACKAGE}"):
            entries = SafeUnpickler(BytesIO(self.content), _ALLOWED).load()
            codes = _OP_CODE[nb201.op_table()][:, _EDGE_ORDER]
            accuracy = np.array([entries[tuple(code)].state["baseline_accuracy"] for code in codes.tolist()])
        values = accuracy.astype(np.float32)
        if not ((values >= 0) & (values <= 100)).all():
            raise UserError(f"'{self.path}' of package {PACKAGE} holds accuracies outside 0 to 100 percent")
        return values


def _data_file() -> Path:
    """Where pip put the data; looking a package up does not import it."""
    spec = importlib.util.find_spec(_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(f"package {PACKAGE} is not installed; install with: pip install 'nasrepro[analog]'")
    return Path(next(iter(spec.submodule_search_locations))) / "data.anb"


def _version() -> str:
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return "of unknown version"
