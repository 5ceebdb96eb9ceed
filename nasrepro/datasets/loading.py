"""Data sets by name, read and checked only when asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from nasrepro.datasets.entries import entry
from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.datasets.verification import DAMAGED, MISSING, PRESENT, EntryReport, check
from nasrepro.errors import UserError, unknown
from nasrepro.home import data_root


def load(name: str, *, allow_unverified: bool = False, root: Path | None = None) -> ImageData:
    """The data set `name` with its search protocol's splits; files are looked for below `root`, else `data_root()`.

    Splits: `digits` 1,077 / 360 / 360, class-balanced; `cifar10` NAS-Bench-201's two halves of the training images and
    the 10,000 test images; `cifar100` the same for its own images.
    Raises `UserError` for an unknown name, missing or damaged files, and for files that cannot be verified as the
    official ones, unless `allow_unverified`.
    """
    if name not in LOADERS:
        raise unknown("data set", name, LOADERS)
    return LOADERS[name](root if root is not None else data_root(), allow_unverified)


def _digits(root: Path, allow_unverified: bool) -> ImageData:
    from nasrepro.datasets.digits import load_digits_data

    data = load_digits_data()
    if not (data.verified or allow_unverified):
        raise UserError("the digits of the installed scikit-learn are not the known ones; use --allow-unverified")
    return data


def _cifar10(root: Path, allow_unverified: bool) -> ImageData:
    from nasrepro.datasets import cifar

    report = _checked("cifar10", root, allow_unverified)
    train, valid, test = cifar.read_cifar10(report.folder)
    return _cifar("cifar10", 10, (train, valid, test), (cifar.CIFAR10_MEAN, cifar.CIFAR10_STD), report)


def _cifar100(root: Path, allow_unverified: bool) -> ImageData:
    from nasrepro.datasets import cifar

    report = _checked("cifar100", root, allow_unverified)
    counts = {fact.name: (report.folder / fact.name).stat().st_size // 3074 for fact in report.entry.files}
    train, valid, test = cifar.read_cifar100(report.folder, train=counts["train.bin"], test=counts["test.bin"])
    return _cifar("cifar100", 100, (train, valid, test), (cifar.CIFAR100_MEAN, cifar.CIFAR100_STD), report)


def _cifar(
    name: str,
    classes: int,
    parts: tuple[ImageSet, ImageSet, ImageSet],
    scale: tuple[tuple[float, ...], tuple[float, ...]],
    report: EntryReport,
) -> ImageData:
    """What both CIFARs have in common: mirror images, crops out of 4 pixels of padding."""
    train, valid, test = parts
    mean, std = scale
    return ImageData(
        name=name,
        classes=classes,
        train=train,
        valid=valid,
        test=test,
        mean=mean,
        std=std,
        flip=True,
        crop_padding=4,
        hashes=report.hashes,
        verified=report.state == PRESENT,
    )


LOADERS: dict[str, Callable[[Path, bool], ImageData]] = {"digits": _digits, "cifar10": _cifar10, "cifar100": _cifar100}


def _checked(name: str, root: Path, allow_unverified: bool) -> EntryReport:
    """The report on usable files of `name`; raises `UserError` otherwise."""
    known = entry(name)
    report = check(known, root)
    if report.state == MISSING:
        configured = os.environ.get("NASREPRO_DATA")
        setting = f"NASREPRO_DATA is '{configured}'" if configured else "NASREPRO_DATA is not set"
        what = report.problem if report.folder.is_dir() else f"data set '{name}' is not at '{report.folder}'"
        raise UserError(f"{what} ({setting}): {known.how}")
    if report.state == DAMAGED:
        raise UserError(f"{report.problem}; {known.how} to replace it")
    if report.state != PRESENT and not allow_unverified:
        raise UserError(f"{report.problem}; {known.how}, or accept it with --allow-unverified")
    return report
