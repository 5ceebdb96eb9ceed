"""What training a cell from scratch means: on images, and on a text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nasrepro.experiments.jobs import Report
from nasrepro.records.standalone import ScoredEpoch
from nasrepro.splits import Split

if TYPE_CHECKING:
    from nasrepro.datasets.text import TextData
    from nasrepro.training.darts_standalone import Data
    from nasrepro.training.evaluate import CellScore
    from nasrepro.training.retraining import Replication
    from nasrepro.training.team import Team


@dataclass(frozen=True)
class Order:
    """One training that is to be done; everything is resolved and possible."""

    genotype: Any
    dataset: str
    skeleton: Any
    settings: Any
    seed: int
    split: str
    """As in the record's specification."""
    allow_unverified: bool
    replication: Replication


class Wanted(Protocol):
    """Which data a training is about."""

    @property
    def dataset(self) -> str: ...

    @property
    def skeleton(self) -> Any: ...

    @property
    def settings(self) -> Any: ...

    @property
    def replication(self) -> Replication: ...

    @property
    def allow_unverified(self) -> bool: ...


class TrainingTask(Protocol):
    """One kind of data that cells are trained on."""

    scores_both: bool
    """Whether one training is scored on validation and test data."""

    def checked(self, wanted: Wanted) -> tuple[dict[str, str], bool]:
        """Hashes of the data's files, and whether they are the official ones; raises `UserError` where data are missing
        or do not fit the network."""

    def validates(self, dataset: str) -> bool:
        """Whether a data set has a validation part."""

    def words(self, wanted: Wanted) -> tuple[str, str]:
        """Data and network in words."""

    def train(self, order: Order, file: Path | None, report: Report, team: Team) -> dict[str, Any]:
        """Do it as a process of `team`, or continue it from the checkpoint in `file`, which the leading process has;
        the fields of its record that are its outcome."""


class ImageTask:
    """Convolutional cells of DARTS: the last epoch counts."""

    scores_both = False

    def checked(self, wanted: Wanted) -> tuple[dict[str, str], bool]:
        from nasrepro.training.darts_standalone import fitting

        data = self._load(wanted, Split.TEST)
        fitting(data, wanted.skeleton, wanted.settings, Split.TEST, wanted.replication)
        return dict(data.hashes), data.verified

    def validates(self, dataset: str) -> bool:
        """A folder of photographs has no validation part."""
        from nasrepro.datasets.loading import FOLDERS

        return dataset not in FOLDERS

    def words(self, wanted: Wanted) -> tuple[str, str]:
        how, network = wanted.settings, wanted.skeleton
        images = "all training images" if how.train_images is None else f"{how.train_images:,} training images"
        data = f"{images} of {wanted.dataset} at {network.image_size}×{network.image_size}"
        return data, f"{network.cells} cells, C = {network.channels}"

    def train(self, order: Order, file: Path | None, report: Report, team: Team) -> dict[str, Any]:
        from nasrepro.spaces.darts_costs import with_auxiliary
        from nasrepro.training.darts_standalone import darts_training, fitting
        from nasrepro.training.supernet import Diverged

        split = Split(order.split)
        data = self._load(order, split)
        images = fitting(data, order.skeleton, order.settings, split, order.replication)
        training = darts_training(
            order.genotype,
            images,
            order.skeleton,
            order.settings,
            order.seed,
            split=split,
            replication=order.replication,
            team=team,
        )
        problem = None
        try:
            training.run(file, report)
        except Diverged as error:
            problem = str(error)
        progress = training.progress
        return {
            **_status(problem),
            "verified": data.verified,
            "params_with_auxiliary": with_auxiliary(order.genotype, order.skeleton),
            "images": len(images.train),
            "loss": progress.loss,
            "curve": [_scored(point.epoch, point.scores[split]) for point in progress.curve],
            "seconds": round(progress.seconds, 3),
        }

    def _load(self, wanted: Wanted, split: Split) -> Data:
        """For the test split without a validation part, as some data sets have none; else with it."""
        from nasrepro.datasets.loading import load, load_to_train

        if split is Split.TEST:
            return load_to_train(
                wanted.dataset, classes=wanted.skeleton.classes, allow_unverified=wanted.allow_unverified
            )
        return load(wanted.dataset, allow_unverified=wanted.allow_unverified)


class TextTask:
    """Recurrent cells as language models: the epoch that is best on the validation text counts."""

    scores_both = True

    def checked(self, wanted: Wanted) -> tuple[dict[str, str], bool]:
        text = self._load(wanted)
        return dict(text.hashes), text.verified

    def validates(self, dataset: str) -> bool:
        """Every text has a validation part."""
        return True

    def words(self, wanted: Wanted) -> tuple[str, str]:
        how, network = wanted.settings, wanted.skeleton
        tokens = "all training tokens" if how.train_tokens is None else f"{how.train_tokens:,} training tokens"
        return f"{tokens} of {wanted.dataset} with {network.vocabulary:,} words", f"H = {network.hidden}"

    def train(self, order: Order, file: Path | None, report: Report, team: Team) -> dict[str, Any]:
        from nasrepro.training.language_standalone import language_training, tested
        from nasrepro.training.supernet import Diverged

        text = self._load(order)
        training = language_training(order.genotype, text, order.skeleton, order.settings, order.seed, team=team)
        problem, test = None, None
        try:
            training.run(file, report)
            test = tested(training, text, order.settings)
        except Diverged as error:
            problem = str(error)
        progress = training.progress
        return {
            **_status(problem),
            "verified": text.verified,
            "images": len(text.train),
            "loss": [loss if math.isfinite(loss) else None for loss in progress.loss],
            "curve": [_scored(point.epoch, point.scores[Split.VALID]) for point in progress.curve],
            "kept": progress.kept or None,
            "test": _scored(progress.kept, test) if test else None,
            "averaged_after": progress.averages or None,
            "rollbacks": progress.rollbacks,
            "seconds": round(progress.seconds, 3),
        }

    def _load(self, wanted: Wanted) -> TextData:
        from nasrepro.datasets.loading import load_text
        from nasrepro.training.language_standalone import fitting_text

        data = load_text(wanted.dataset, allow_unverified=wanted.allow_unverified)
        return fitting_text(data, wanted.skeleton, wanted.settings)


TASKS: Mapping[str, TrainingTask] = {"images": ImageTask(), "text": TextTask()}
"""By the word that a class of settings has for its kind of data."""


def _status(problem: str | None) -> dict[str, Any]:
    return {"status": "diverged" if problem else "done", "problem": problem}


def _scored(epoch: int, score: CellScore) -> ScoredEpoch:
    return ScoredEpoch(epoch=epoch, accuracy=score.accuracy, loss=score.loss if math.isfinite(score.loss) else None)
