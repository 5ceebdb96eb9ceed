"""Made-up truths of the whole space, whose answers are known."""

from __future__ import annotations

import numpy as np

from nasrepro.reporting.truth_data import Measured, TruthTable
from nasrepro.spaces import nb201, nb201_columns
from nasrepro.spaces.base import Skeleton

SKELETON = Skeleton(4, 1, 2, 8, 10, in_channels=1)
SEED_STD = 1.2


def worth(noise: float = 1.5, seed: int = 0) -> np.ndarray:
    """What every cell is worth: live convolutions help, classes differ by luck, cells without input are at chance."""
    classes = nb201_columns.functional_classes()
    luck = np.random.default_rng(seed).normal(0, noise, classes.max() + 1)[classes]
    values = 80 + 0.25 * nb201_columns.live_conv_sizes() + luck
    return np.where(nb201_columns.reaches_output(), values, 10.0)


def measured(
    values: np.ndarray, split: str, epochs: int, *, trials: int = 5, shared: bool = True, seed: int = 1
) -> Measured:
    """Trials around `values`; `shared` gives all cells of a functional class the same ones."""
    rng = np.random.default_rng([seed, epochs, len(split)])
    classes = nb201_columns.functional_classes()
    noise = rng.normal(0, SEED_STD, (classes.max() + 1 if shared else nb201.SIZE, trials))
    found = (values[:, None] + (noise[classes] if shared else noise)).astype(np.float32)
    mean = found.mean(axis=1, dtype=np.float64).astype(np.float32)
    return Measured("toy", split, epochs, mean, np.full(nb201.SIZE, trials), found)


def truth(name: str = "toy-bench", *, seed: int = 0, shared: bool = True, noise: float = 1.5) -> TruthTable:
    """Two splits after 5, 10 and 25 epochs, five trials each; shorter trainings rank worse."""
    values, classes = worth(noise, seed), nb201_columns.functional_classes()
    blur = np.random.default_rng(seed + 100).normal(0, 1, classes.max() + 1)[classes]
    numbers = [
        measured(values + blur * (25 - epochs) / 5, split, epochs, shared=shared, seed=seed)
        for split in ("test", "valid")
        for epochs in (5, 10, 25)
    ]
    return TruthTable(name, f"made up for tests ({name})", "ab" * 32, tuple(numbers), "toy/test/25", SKELETON)


def means_only(name: str = "means-bench") -> TruthTable:
    """One mean per cell, nothing said about trials, two cells missing."""
    values = worth().astype(np.float32)
    values[[3, 6111]] = np.nan
    one = Measured("toy", "test", 25, values, None, None)
    return TruthTable(name, "made up, means only", "cd" * 32, (one,), one.key, SKELETON)
