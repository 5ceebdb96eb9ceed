"""Turns an official benchmark file into our compact table, once: minutes of reading become milliseconds."""

from __future__ import annotations

import hashlib
import os
import re
from functools import cache
from pathlib import Path

import numpy as np

from nasrepro.errors import UserError
from nasrepro.oracles.official_files import Architecture, Progress, is_nats, read_nats, read_pth
from nasrepro.oracles.table_format import write_table
from nasrepro.spaces import nb201
from nasrepro.splits import Split

ACCEPTED = (
    "NAS-Bench-201-v1_1-096897.pth",
    "NAS-Bench-201-v1_0-e61699.pth",
    "NATS-tss-v1_0-3ffb9-simple (the unpacked folder)",
    "NATS-tss-v1_0-3ffb9-simple.tar",
)
"""What can be converted; other releases of the same two kinds are read as well."""

# Training set of a run → our data set and the evaluation set of each split. CIFAR-10 has two kinds of run:
# `cifar10-valid` trains on 25,000 images and is judged on the other 25,000; `cifar10` trains on all 50,000 and is
# tested. The other two data sets split their test images in halves (NAS-Bench-201, section 2.2).
_RUNS: dict[str, tuple[str, dict[Split, str]]] = {
    "cifar10-valid": ("cifar10", {Split.VALID: "x-valid"}),
    "cifar10": ("cifar10", {Split.TEST: "ori-test"}),
    "cifar100": ("cifar100", {Split.VALID: "x-valid", Split.TEST: "x-test"}),
    "ImageNet16-120": ("imagenet16-120", {Split.VALID: "x-valid", Split.TEST: "x-test"}),
}
_NOTES = {
    "cifar10/valid": "trained on the 25,000-image half, scored on the other half",
    "cifar10/test": "trained on all 50,000 images",
    "cifar100": "halves of the 10,000 test images",
    "imagenet16-120": "halves of the 6,000 validation images",
    "time": "seconds of the whole training behind the valid split",
    "epochs": "each length of training has its own schedule; values are of the last epoch",
}


def convert(source: Path, target: Path, *, progress: Progress | None = None) -> Path:
    """Write the compact table of an official file to `target` and return `target`.

    `source` is one of `ACCEPTED`. Every trial is kept, with its seed; what the file does not hold stays missing, and
    the table's meta counts it (`architectures`, `missing`). `progress` is called with (done, total). Nothing is
    written unless the whole file could be read. Raises `UserError` for a file that is not recognised, truncated,
    damaged, in another order, or that asks for anything but data.
    """
    source, target = Path(source), Path(target)
    if not source.exists():
        raise UserError(f"there is no file or folder '{source}'; accepted: {', '.join(ACCEPTED)}")
    _check_writable(target)
    facts: dict[str, object] = {"verified": False}
    if is_nats(source):
        order, architectures = read_nats(source, progress)
        origin = "NATS-Bench topology archive"
    elif source.is_file() and source.suffix == ".pth":
        order, architectures = read_pth(source, progress)
        origin, facts = "NAS-Bench-201", _checksums(source)
    else:
        raise UserError(f"'{source}' is not recognised as a benchmark file; accepted: {', '.join(ACCEPTED)}")
    _check_order(source, order)
    columns = _Columns(len(order))
    found = sum(columns.add(architecture) for architecture in architectures)
    if not found:
        raise UserError(f"'{source}' holds no architecture's results")
    arrays, seeds = columns.arrays()
    share = "" if found == len(order) else f", {found:,} of {len(order):,} architectures"
    meta = {
        "space": nb201.NB201Space.name,
        "source": f"{origin} ({source.name}{share})",
        "licence": "MIT (X. Dong et al.)",
        "notes": _NOTES,
        "seeds": seeds,
        "architectures": found,
        "missing": len(order) - found,
        **facts,
    }
    return write_table(target, arrays, meta)


class _Columns:
    """One float32 column per array and seed, NaN until a value comes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._columns: dict[str, dict[int, np.ndarray]] = {}

    def add(self, architecture: Architecture) -> bool:
        """Put an architecture's trials into their columns; True if there was any."""
        for trial in architecture.trials:
            if trial.training_set not in _RUNS:
                continue
            dataset, sets = _RUNS[trial.training_set]
            for split, name in sets.items():
                for quantity, values in (("acc", trial.accuracy), ("loss", trial.loss)):
                    if name in values:
                        array = f"{quantity}/{dataset}/{split.value}/{trial.epochs}"
                        self._column(array, trial.seed)[architecture.index] = values[name]
            if Split.VALID in sets and trial.seconds is not None:
                self._column(f"time/{dataset}/{trial.epochs}", trial.seed)[architecture.index] = trial.seconds
        return bool(architecture.trials)

    def arrays(self) -> tuple[dict[str, np.ndarray], dict[str, list[int]]]:
        """Arrays of shape (n, seeds) and the seed of each column."""
        seeds = {name: sorted(columns) for name, columns in self._columns.items()}
        return {name: np.stack([self._columns[name][s] for s in seeds[name]], axis=1) for name in seeds}, seeds

    def _column(self, array: str, seed: int) -> np.ndarray:
        columns = self._columns.setdefault(array, {})
        if seed not in columns:
            columns[seed] = np.full(self._size, np.nan, dtype=np.float32)
        return columns[seed]


def _check_writable(target: Path) -> None:
    """Says so now rather than after ten minutes of reading."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write into '{target.parent}': {error.strerror}") from error
    if target.is_dir() or not os.access(target.parent, os.W_OK):
        raise UserError(f"cannot write '{target}': it is a folder, or its folder is read-only")


def _check_order(source: Path, order: list[str]) -> None:
    if len(order) != nb201.SIZE:
        raise UserError(f"'{source}' is over {len(order)} architectures; NAS-Bench-201 has {nb201.SIZE}")
    for index, (text, wanted) in enumerate(zip(order, _official_order(), strict=True)):
        if text != wanted:
            raise UserError(f"'{source}' is not in NAS-Bench-201's order: index {index} is {text}, not {wanted}")


@cache
def _official_order() -> tuple[str, ...]:
    return tuple(str(genotype) for genotype in nb201.NB201Space())


def _checksums(source: Path) -> dict[str, object]:
    """The file's SHA-256, and whether a checksum of it ends in the digits that the official name ends in."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with source.open("rb") as file:
        while block := file.read(1 << 22):
            sha256.update(block)
            md5.update(block)
    tail = re.search(r"-([0-9a-f]{6})$", source.stem)
    verified = tail is not None and any(digest.hexdigest().endswith(tail[1]) for digest in (md5, sha256))
    return {"source_sha256": sha256.hexdigest(), "verified": verified}
