"""Is a difference luck? One test for two methods, one against a known mean, and the correction for asking often.

The test is a sign-flip permutation test of the mean. For two methods run on the same seeds it needs one assumption
only: if they do equally well, swapping their results within a seed changes nothing. It needs neither normal data nor a
large sample, it tests the mean that the tables print (a rank test would test something else), and with few pairs it is
exact. Below ten pairs there is no p-value at all: two-sided, n pairs cannot give less than 2 / 2^n, and what a handful
of seeds does give is too unstable to be printed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasrepro.metrics.summary import summarize

MINIMUM_PAIRS = 10
_EXACT_UP_TO = 12
_DRAWS = 9_999
_SEED = 20_202


@dataclass(frozen=True)
class Comparison:
    """The difference of two means, how sure it is, and what was done to know."""

    n: int
    """Pairs, or values where the reference is exact."""
    difference: float
    """Mean of the first minus the mean of the second (or the reference)."""
    low: float
    high: float
    """95 % interval of the difference."""
    interval: str
    """How the interval was found, as in `Summary.interval`."""
    p: float | None
    """Two-sided; None when no test was made."""
    test: str
    """Name of the test, or why there is none."""
    underpowered: bool
    """Fewer than ten pairs: no claim is possible."""


def paired(values_a: ArrayLike, values_b: ArrayLike) -> Comparison:
    """Compare two methods by values of shape (n,) that share their seeds position by position.

    A pair with a NaN is left out. Up to 12 pairs all 2^n sign patterns are counted, beyond that 9,999 drawn ones of a
    fixed generator. Raises ValueError when the two lengths differ.
    """
    first, second = np.asarray(values_a, dtype=np.float64), np.asarray(values_b, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"pairs are needed, got shapes {first.shape} and {second.shape}")
    return _compare(first - second, "pair")


def against_exact(values: ArrayLike, mean: float) -> Comparison:
    """Compare values of shape (n,) with a mean that is known without error, such as that of one uniform cell.

    The same test on `values - mean`. Here it assumes that the values spread symmetrically about their mean; with a
    strongly skewed sample read the interval first.
    """
    return _compare(np.asarray(values, dtype=np.float64).ravel() - mean, "value")


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values adjusted for a family of tests (Holm 1979), in the order given.

    None stays None and does not count: a test that was not made is no chance for a false claim. Raises ValueError for
    a value outside [0, 1].
    """
    tested = [(p, i) for i, p in enumerate(p_values) if p is not None]
    if any(not 0 <= p <= 1 for p, _ in tested):
        raise ValueError("p-values lie in [0, 1]")
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, position) in enumerate(sorted(tested)):
        running = max(running, min(1.0, (len(tested) - rank) * p))
        adjusted[position] = running
    return adjusted


def attainable(comparisons: Sequence[Comparison]) -> float | None:
    """The smallest p that Holm's correction could leave to one of a family, whatever the data; None without tests.

    A sign flip of n pairs gives no less than 2 / 2^n, so many methods on few seeds cannot be told apart pair by pair.
    """
    tested = [comparison.n for comparison in comparisons if comparison.p is not None]
    return min(1.0, len(tested) * 2 / 2 ** max(tested)) if tested else None


def probability_of_improvement(values_a: ArrayLike, values_b: ArrayLike) -> float:
    """Chance that a run of the first beats a run of the second, ties counted half (Agarwal et al. 2021).

    Over all combinations of the two samples, not only pairs of one seed. NaN left out; NaN if a sample is empty.
    """
    first, second = (np.asarray(v, dtype=np.float64).ravel() for v in (values_a, values_b))
    first, second = first[~np.isnan(first)], second[~np.isnan(second)]
    if first.size == 0 or second.size == 0:
        return math.nan
    ordered = np.sort(second)
    below, up_to = np.searchsorted(ordered, first, "left"), np.searchsorted(ordered, first, "right")
    return float((below + up_to).mean() / (2 * second.size))


def _compare(differences: NDArray[np.float64], unit: str) -> Comparison:
    kept = differences[~np.isnan(differences)]
    seen = summarize(kept)
    n = seen.n
    few = n < MINIMUM_PAIRS
    if few:
        p, test = None, f"none (underpowered: {n} {unit}{'' if n == 1 else 's'}, {MINIMUM_PAIRS} needed)"
    else:
        p, kind = sign_flip(kept)
        test = f"sign-flip permutation of the mean, {kind}"
    return Comparison(n, seen.mean, seen.low, seen.high, seen.interval, p, test, few)


def sign_flip(differences: NDArray[np.float64]) -> tuple[float, str]:
    """Two-sided p-value of the sum of values, shape (n,), whose signs could as well be others, and how the patterns of
    signs were chosen."""
    n = differences.size
    exact = n <= _EXACT_UP_TO
    if exact:
        patterns = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    else:
        patterns = np.random.default_rng(_SEED).integers(0, 2, size=(_DRAWS, n))
    sums = np.abs((2 * patterns - 1) @ differences)
    # equal sums added in another order differ in the last bits
    reached = int(np.count_nonzero(sums >= abs(differences.sum()) - 1e-12 * np.abs(differences).sum()))
    if exact:
        return reached / 2**n, "exact"
    # the observed pattern is one of the possible ones, which keeps the test valid at any number of draws
    return (reached + 1) / (_DRAWS + 1), f"{_DRAWS:,} draws"
