"""Made-up scores of the whole space, with records to go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import factory
import numpy as np
import truth_factory

from nasrepro.records.scores import RunScores
from nasrepro.reporting.score_file import ScoreFile
from nasrepro.reporting.space_ranking import ScoredRun
from nasrepro.reporting.space_sources import RankSources

PROBES = tuple(range(0, 15625, 79))


def scores(seed: int, quality: float) -> RunScores:
    """Accuracies that rank better the higher `quality` is; the loss ranks a little better than the accuracy."""
    rng = np.random.default_rng(seed)
    worth = truth_factory.worth()
    accuracy = 40 + quality * (worth - 80) + rng.normal(0, 3, worth.size)
    loss = 3 - (40 + quality * (worth - 80) + rng.normal(0, 2, worth.size)) / 20
    return RunScores(accuracy.astype(np.float32), loss.astype(np.float32))


def runs(qualities: Mapping[str, float], seeds: Sequence[int]) -> list[ScoredRun]:
    """One run per method and seed."""
    made = []
    for place, (name, quality) in enumerate(qualities.items()):
        for seed in seeds:
            found = scores(100 * place + seed, quality)
            made.append(ScoredRun(name, seed, {"accuracy": found.accuracy, "loss": -found.loss}, f"{name}-{seed}"))
    return made


def sources(qualities: Mapping[str, float], seeds: int, diverged: Sequence[tuple[str, int]] = ()) -> RankSources:
    """Records with scores; the runs named in `diverged` have none."""
    records, found = [], {}
    for place, (name, quality) in enumerate(qualities.items()):
        for seed in range(seeds):
            lost = (name, seed) in diverged
            records.append(factory.record(name, seed, status="diverged" if lost else "done"))
            if not lost:
                found[records[-1].key] = scores(100 * place + seed, quality)
    return RankSources(truth_factory.truth(), tuple(records), found, PROBES)


def file(**columns: np.ndarray) -> RankSources:
    """Scores from a file."""
    lines = ["cell," + ",".join(columns)]
    for index, values in enumerate(zip(*columns.values(), strict=True)):
        lines.append(f"{index}," + ",".join("" if np.isnan(value) else repr(float(value)) for value in values))
    content = ("\n".join(lines) + "\n").encode()
    return RankSources(truth_factory.truth(), file=ScoreFile("mine.csv", content, columns))
