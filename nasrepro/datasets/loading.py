"""Data sets by name, read and checked only when asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nasrepro.datasets import cifar
from nasrepro.datasets.entries import entry
from nasrepro.datasets.folder_images import FolderData, read_folder
from nasrepro.datasets.grammar import load_grammar_data
from nasrepro.datasets.images import ImageData, ImageSet
from nasrepro.datasets.splits import half_split, position_halves
from nasrepro.datasets.text import TextData
from nasrepro.datasets.text_files import kept, numbered, words_in
from nasrepro.datasets.verification import DAMAGED, MISSING, PRESENT, EntryReport, check
from nasrepro.errors import UserError, unknown
from nasrepro.home import data_root


def load(name: str, *, allow_unverified: bool = False, root: Path | None = None) -> ImageData:
    """The data set `name` with its search protocol's splits; files are looked for below `root`, else `data_root()`.

    Splits: `digits` 1,077 / 360 / 360, class-balanced; `cifar10` NAS-Bench-201's two halves of the training images and
    the 10,000 test images; `cifar100` the same for its own images; `cifar10-darts` and `cifar100-darts` read the same
    files, halve the training images by position and normalize as DARTS does.
    Raises `UserError` for an unknown name, missing or damaged files, and for files that cannot be verified as the
    official ones, unless `allow_unverified`.
    """
    if name in FOLDERS:
        raise UserError(f"'{name}' is too large to search on, only for retraining; allowed: {', '.join(LOADERS)}")
    if name in TEXTS:
        raise UserError(f"'{name}' is a text, not images; allowed: {', '.join(LOADERS)}")
    if name not in LOADERS:
        raise unknown("data set", name, LOADERS)
    return LOADERS[name](root if root is not None else data_root(), allow_unverified)


def load_to_train(
    name: str, *, classes: int, allow_unverified: bool = False, root: Path | None = None
) -> ImageData | FolderData:
    """The data set `name` for training one network from scratch: all training images, without a validation part.

    Besides what `load` knows, there is `imagenet`: a folder of images, decoded while training runs.
    Raises `UserError` as `load` does, for a folder without the standard layout, and where the data do not have the
    number of `classes` that the network tells apart.
    """
    data: ImageData | FolderData
    if name in FOLDERS:
        report = _checked(name, root if root is not None else data_root(), allow_unverified)
        data = read_folder(name, report.folder, report.hashes, report.state == PRESENT)
    elif name in LOADERS:
        data = load(name, allow_unverified=allow_unverified, root=root).whole()
    else:
        raise unknown("data set", name, (*LOADERS, *FOLDERS))
    if data.classes != classes:
        raise UserError(f"data set '{name}' has {data.classes:,} classes, the network tells {classes:,} apart")
    return data


def load_text(name: str, *, allow_unverified: bool = False, root: Path | None = None) -> TextData:
    """The text `name` with its published splits and whole dictionary; looked for below `root`, else `data_root()`.

    `grammar` is written by the project itself; `ptb` and `wikitext2` are read. Words are numbered once, in the order of
    their first appearance in train, valid and test, and kept as arrays. Raises `UserError` as `load` does.
    """
    folder = root if root is not None else data_root()
    if name == "grammar":
        data = load_grammar_data(folder)
        if not (data.verified or allow_unverified):
            raise UserError("the corpus that was made here is not the known one; use --allow-unverified")
        return data
    if name not in TEXTS:
        raise unknown("text", name, TEXTS)
    report = _checked(name, folder, allow_unverified)
    paths = [file.path for file in report.files]
    content = kept(folder, name, report.hashes.values(), lambda: numbered([words_in(path) for path in paths]))
    return content.as_data(name, report.hashes, report.state == PRESENT)


def require(name: str, *, allow_unverified: bool = False, root: Path | None = None) -> None:
    """Raise `UserError` as loading does where files of the data set `name` are missing or damaged; no image or text is
    read."""
    files = next((protocol.files for protocol in _CIFARS if protocol.name == name), name)
    if not entry(files).embedded:
        _checked(files, root if root is not None else data_root(), allow_unverified)


def _digits(root: Path, allow_unverified: bool) -> ImageData:
    from nasrepro.datasets.digits import load_digits_data

    data = load_digits_data()
    if not (data.verified or allow_unverified):
        raise UserError("the digits of the installed scikit-learn are not the known ones; use --allow-unverified")
    return data


@dataclass(frozen=True)
class _Cifar:
    """One protocol on the official files of a CIFAR: which half is which, and how pixels are normalized."""

    name: str
    files: Literal["cifar10", "cifar100"]
    halves: cifar.Halves
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def load(self, root: Path, allow_unverified: bool) -> ImageData:
        """Mirror images and crops out of 4 pixels of padding are what every protocol allows."""
        report = _checked(self.files, root, allow_unverified)
        train, valid, test = self._read(report)
        return ImageData(
            name=self.name,
            classes=10 if self.files == "cifar10" else 100,
            train=train,
            valid=valid,
            test=test,
            mean=self.mean,
            std=self.std,
            flip=True,
            crop_padding=4,
            hashes=report.hashes,
            verified=report.state == PRESENT,
        )

    def _read(self, report: EntryReport) -> tuple[ImageSet, ImageSet, ImageSet]:
        if self.files == "cifar10":
            return cifar.read_cifar10(report.folder, halves=self.halves)
        counts = {fact.name: (report.folder / fact.name).stat().st_size // 3074 for fact in report.entry.files}
        return cifar.read_cifar100(
            report.folder, train=counts["train.bin"], test=counts["test.bin"], halves=self.halves
        )


_CIFARS = (
    _Cifar("cifar10", "cifar10", half_split, cifar.CIFAR10_MEAN, cifar.CIFAR10_STD),
    _Cifar("cifar100", "cifar100", half_split, cifar.CIFAR100_MEAN, cifar.CIFAR100_STD),
    _Cifar("cifar10-darts", "cifar10", position_halves, cifar.DARTS_MEAN, cifar.DARTS_STD),
    _Cifar("cifar100-darts", "cifar100", position_halves, cifar.DARTS_MEAN, cifar.DARTS_STD),
)
LOADERS: dict[str, Callable[[Path, bool], ImageData]] = {
    "digits": _digits,
    **{protocol.name: protocol.load for protocol in _CIFARS},
}

FOLDERS = ("imagenet",)
"""Data sets that stay in their files."""

TEXTS = ("grammar", "ptb", "wikitext2")
"""What language models are trained on."""


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
