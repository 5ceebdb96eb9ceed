"""What a search's answer, and the cells it looked at on the way, are really worth: the only place where test values are
read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nasrepro.benchmarks import Benchmark, Scoring
from nasrepro.methods.base import SearchResult
from nasrepro.methods.context import SearchContext
from nasrepro.oracles.base import Oracle
from nasrepro.records.record import Found, Probes, Score, TracePoint, Visited
from nasrepro.records.watched import Watched
from nasrepro.spaces.base import Genotype

TRAINING_CURVE = "validation perplexity of the answer"
"""Name of the series of a record that holds the answer's own training, over epochs."""


@dataclass(frozen=True)
class Judge:
    """Joins the truth to the result of a search.

    Where cells are trained when they are asked for, only the answer and the probe cells are asked: a cell that the
    search would have answered with on the way has no truth then.
    """

    benchmark: Benchmark
    """At the run's scale."""
    oracle: Oracle

    def parts(self, result: SearchResult, context: SearchContext) -> dict[str, object]:
        """The fields of the record that need the truth."""
        genotype = result.answer.genotype
        cost = self.benchmark.space.cost(genotype, self.benchmark.standalone)
        return {
            "found": Found(
                genotype=genotype.id,
                text=str(genotype),
                params=cost.params,
                macs=cost.macs,
                selection_value=finite(result.answer.value),
            ),
            "scores": [self._score(genotype, scoring) for scoring in self.benchmark.scorings],
            "probes": self._probes(result, context),
            "trace": [
                TracePoint(
                    at=at,
                    genotype=answer.genotype.id,
                    selection_value=finite(answer.value),
                    truth=self._on_the_way(answer.genotype, genotype),
                )
                for at, answer in result.trace
            ],
            "visited": self._visited(result),
            "watched": self._watched(result, context),
            "loss": result.loss,
            "series": {**result.series, **self._training_of(genotype)},
            "notes": [*result.notes, *_warnings(genotype, context)],
        }

    def _training_of(self, answer: Genotype) -> dict[str, list[tuple[int, float]]]:
        """How the answer fared while it was trained from scratch, where that is known."""
        curve = self.oracle.learning_curve(answer)
        return {TRAINING_CURVE: curve} if curve else {}

    def _visited(self, result: SearchResult) -> list[Visited]:
        """With their truth; a cell that was visited again is looked up once."""
        cells = {genotype for _, genotype in result.visited}
        truth = {genotype: self._on_the_way(genotype, result.answer.genotype) for genotype in cells}
        return [Visited(at=at, genotype=genotype.id, truth=truth[genotype]) for at, genotype in result.visited]

    def _on_the_way(self, genotype: Genotype, answer: Genotype) -> float | None:
        """The primary scoring of a cell, as far as it costs nothing."""
        if self.oracle.trains and genotype != answer:
            return None
        return self._look_up(genotype, self.benchmark.primary)[0]

    def _watched(self, result: SearchResult, context: SearchContext) -> Watched | None:
        if not result.looks:
            return None
        cells = context.probe_cells[: len(result.looks[0].after.right)]
        return Watched(
            cells=[cell.id for cell in cells],
            truth=[self._look_up(cell, self.benchmark.primary)[0] for cell in cells],
            images=result.watched_units,
            looks=result.looks,
        )

    def _look_up(self, genotype: Genotype, scoring: Scoring) -> tuple[float | None, int | None]:
        asked = scoring.fidelity
        ask = self.oracle.best if scoring.best_epoch else self.oracle.query
        answer = ask(genotype, dataset=asked.dataset, split=asked.split, epochs=asked.epochs)
        return finite(answer.value), answer.n_trials

    def _score(self, genotype: Genotype, scoring: Scoring) -> Score:
        value, trials = self._look_up(genotype, scoring)
        asked = scoring.fidelity
        return Score(
            scoring=scoring.name,
            dataset=asked.dataset,
            split=asked.split.value,
            epochs=asked.epochs,
            value=value,
            n_trials=trials,
            higher_is_better=scoring.higher_is_better,
            **self._among_all(value, scoring),
        )

    def _among_all(self, value: float | None, scoring: Scoring) -> dict[str, float]:
        """Optimum, exact distribution of one uniform cell, and this value's percentile; empty without a whole table."""
        import numpy as np

        if not self.oracle.covers_space or value is None:
            return {}
        asked = scoring.fidelity
        everyone = self.oracle.query_all(dataset=asked.dataset, split=asked.split, epochs=asked.epochs)
        everyone = everyone.astype(np.float64)
        everyone = everyone[~np.isnan(everyone)]
        sign = 1 if scoring.higher_is_better else -1
        beaten = np.mean(sign * everyone < sign * value) + np.mean(everyone == value) / 2
        return {
            "optimum": float(sign * np.max(sign * everyone)),
            "random_mean": float(everyone.mean()),
            "random_std": float(everyone.std()),
            "percentile": float(beaten),
        }

    def _probes(self, result: SearchResult, context: SearchContext) -> Probes | None:
        if not result.probes:
            return None
        cells = context.probe_cells[: len(result.probes[-1].accuracy)]
        space = self.benchmark.space
        costs = [space.cost(cell, self.benchmark.standalone) for cell in cells]
        truth = [self._look_up(cell, self.benchmark.primary) for cell in cells]
        return Probes(
            cells=[cell.id for cell in cells],
            truth=[value for value, _ in truth],
            truth_scoring=self.benchmark.primary.name,
            truth_trials=[trials for _, trials in truth],
            **self._spread(cells),
            params=[cost.params for cost in costs],
            macs=[cost.macs for cost in costs],
            live_conv_params=[space.live_size(cell) for cell in cells],
            checkpoints=result.probes,
        )

    def _spread(self, cells: Sequence[Genotype]) -> dict[str, Any]:
        """How much single trials of each cell scatter: of the primary scoring, else of another split of its data
        set."""
        import numpy as np

        main = self.benchmark.primary.fidelity
        others = [
            s.fidelity
            for s in self.benchmark.scorings
            if (s.fidelity.dataset, s.fidelity.epochs) == (main.dataset, main.epochs)
        ]
        for asked in others:  # the primary scoring comes first
            trials = [
                self.oracle.trial_values(cell, dataset=asked.dataset, split=asked.split, epochs=asked.epochs)
                for cell in cells
            ]
            if any(len(values) > 1 for values in trials):
                spread = [float(np.std(values, ddof=1)) if len(values) > 1 else None for values in trials]
                return {"truth_std": spread, "truth_std_of": str(asked)}
        return {}


def _warnings(genotype: Genotype, context: SearchContext) -> list[str]:
    """What a reader must know before using this run's numbers."""
    found = []
    if not getattr(genotype, "reaches_output", True):
        found.append("the output of the found cell does not depend on its input")
    if context.queries.get("scored"):
        found.append("this truth has one number per cell: the search looked up the number it is scored by")
    return found


def finite(value: float | None) -> float | None:
    """None for what is no number."""
    return value if value is not None and math.isfinite(value) else None
