"""A truth that can be worked out by hand, and search contexts on it."""

from __future__ import annotations

import numpy as np

from nasrepro import benchmarks
from nasrepro.datasets.digits import load_digits_data
from nasrepro.methods import catalog
from nasrepro.methods.context import SearchContext
from nasrepro.methods.resolving import resolve
from nasrepro.oracles.base import Answer, Oracle
from nasrepro.spaces.base import Skeleton
from nasrepro.splits import Split

DIGITS = benchmarks.get("nb201-digits")


class ToyOracle(Oracle):
    """Accuracy = 10 × the number of 3×3 convolutions + the number of skips; remembers what it was asked."""

    name = "toy"
    source = "counted by hand"

    def __init__(self, missing=()):
        self.asked, self.missing = [], set(missing)

    @staticmethod
    def worth(genotype):
        return 10.0 * genotype.ops.count(3) + genotype.ops.count(1)

    def fidelities(self):
        return [DIGITS.search]

    def query(self, genotype, *, dataset, split, epochs, seed=None):
        self.asked.append((genotype, dataset, split, epochs))
        value = float("nan") if genotype in self.missing else self.worth(genotype)
        return Answer(value, 1, DIGITS.search, self.source)

    def query_all(self, *, dataset, split, epochs, seed=None, quantity="acc"):
        return np.array([self.worth(genotype) for genotype in DIGITS.space], dtype=np.float32)

    def fingerprint(self):
        return "0" * 64


def context(method, tmp_path, *, seed=0, oracle=None, report=lambda done, total: None, **overrides):
    """A smoke-scale context for the method called `method` on digits."""
    settings = resolve(catalog.get(method), DIGITS, "smoke", overrides)
    return SearchContext(
        space=DIGITS.space,
        seed=seed,
        settings=settings,
        search_fidelity=DIGITS.search,
        probe_cells=DIGITS.probes(),
        work=tmp_path,
        report=report,
        skeleton=Skeleton(**settings["skeleton"]) if "skeleton" in settings else None,
        _oracle=oracle or ToyOracle(),
        _load_data=load_digits_data,
    )


def search(method, tmp_path, **options):
    """The result of a search and the context it was made in."""
    given = context(method, tmp_path, **options)
    return catalog.get(method).build()(given), given


VALID = Split.VALID
