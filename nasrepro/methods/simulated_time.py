"""A budget of simulated seconds, as the tables of NAS-Bench-201 and NATS-Bench are made: what training would have cost.

The price of a look-up is the training time of the run behind it at the search fidelity. The papers add one pass over
the validation images, which a table does not hold; in the official records it takes about 3 % of the time of twelve
epochs, so a search here makes about 3 % more look-ups than theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

from pydantic import Field

from nasrepro.benchmarks import Benchmark
from nasrepro.errors import UserError
from nasrepro.methods.context import SearchContext
from nasrepro.oracles.base import Oracle
from nasrepro.spaces.base import Genotype
from nasrepro.training.settings import Settings

Rule = Literal["nas-bench-201", "nats-bench"]
_NAS_BENCH_201 = 12_000.0
_NATS_BENCH = {"cifar10": 20_000.0, "cifar100": 40_000.0, "imagenet16-120": 120_000.0}


class TimedSettings(Settings):
    """The published budgets, and what becomes of the cell that would overshoot them."""

    published: ClassVar[str] = "Dong & Yang (ICLR 2020) and Dong et al. (TPAMI 2021, NATS-Bench)"

    rule: Rule = Field(
        "nas-bench-201",
        description="nas-bench-201: 12,000 s, the cell that would overshoot is dropped; nats-bench: 20,000 s on "
        "cifar10, 40,000 s on cifar100, 120,000 s on imagenet16-120, the cell that overshoots is kept",
    )
    seconds: float | None = Field(None, gt=0, description="simulated seconds; null takes those of the rule")


class TimeBudget:
    """Seconds of training that are paid for look-ups. Every look-up is paid, of a cell seen before too."""

    def __init__(self, seconds: float, price: Callable[[Genotype], float], *, keep_overshooting: bool) -> None:
        self.seconds, self._price, self._keep = seconds, price, keep_overshooting
        self.total = 100
        self._spent, self._admitted = 0.0, 0
        self._curve: list[tuple[float, float]] = []

    @property
    def done(self) -> int:
        """Percent spent."""
        return min(self.total, int(self.total * self._spent / self.seconds))

    @classmethod
    def of(cls, settings: TimedSettings, context: SearchContext) -> TimeBudget:
        """The budget of a search; raises `UserError` where the rule gives none for its data set."""
        dataset, seconds = context.search_fidelity.dataset, settings.seconds
        if seconds is None and settings.rule == "nats-bench" and dataset not in _NATS_BENCH:
            raise UserError(
                f"search.rule 'nats-bench' has no budget for '{dataset}'; allowed: {', '.join(_NATS_BENCH)}, or any "
                "data set with search.seconds"
            )
        published = _NATS_BENCH.get(dataset, 0.0) if settings.rule == "nats-bench" else _NAS_BENCH_201
        return cls(seconds or published, context.seconds, keep_overshooting=settings.rule == "nats-bench")

    def admit(self, genotype: Genotype) -> bool:
        price = self._price(genotype)
        if self._spent + price > self.seconds and not self._keep:
            return False
        before = self.done
        self._spent += price
        self._admitted += 1
        if self.done > before:
            self._curve.append((self._admitted, self._spent))
        return True

    def curves(self) -> dict[str, list[tuple[float, float]]]:
        """Simulated seconds against look-ups, noted at every percent of the budget."""
        return {"simulated seconds": self._curve}


def needs_times(benchmark: Benchmark, oracle: Oracle) -> None:
    """Raise `UserError` where the truth does not know how long the trainings took that a search asks for."""
    asked = benchmark.search
    try:
        oracle.seconds(next(iter(benchmark.space)), dataset=asked.dataset, epochs=asked.epochs)
    except UserError as error:
        raise UserError(f"a budget in simulated seconds cannot be kept on '{benchmark.name}': {error}") from error
