"""From a recipe to shards, and from shards to a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nasrepro.oracles.table import write_table
from nasrepro.spaces.nb201 import from_index
from nasrepro.spaces.nb201_columns import functional_classes
from nasrepro.tabulation.images import data_hashes
from nasrepro.tabulation.measuring import QUANTITIES, SPLITS, Bench
from nasrepro.tabulation.recipe import Recipe, fingerprint
from nasrepro.tabulation.shards import Shard, ShardId, read_shard, write_shard

Report = Callable[[int, int], None]
SHARDS = 48


@dataclass(frozen=True)
class Tabulation:
    """A table to be measured: its benchmark's name, its recipe and the data set its networks are trained on."""

    benchmark: str
    dataset: str
    recipe: Recipe

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.benchmark, self.recipe, data_hashes())

    def rebuild(self, shard: ShardId | None = None) -> str:
        """The command that makes the table, or one shard of it."""
        return f"nasrepro benchmark build {self.benchmark}" + (f" --shard {shard}" if shard else "")

    def read(self, shard: ShardId, folder: Path) -> Shard:
        """A finished shard; raises `UserError` as `read_shard` does."""
        return read_shard(shard.path(folder), shard, self.recipe, self.fingerprint, self.rebuild(shard))


def measure_shard(tabulation: Tabulation, shard: ShardId, folder: Path, made: dict[str, Any], report: Report) -> Path:
    """Measure all cells of a shard with all trials and store it; a job for a worker process."""
    recipe, cells = tabulation.recipe, shard.cells()
    bench = Bench(recipe)
    scores = np.empty((len(cells), recipe.trials, len(recipe.report_epochs), len(SPLITS), len(QUANTITIES)), np.float32)
    seconds = np.empty((len(cells), recipe.trials), np.float32)
    for row, index in enumerate(cells):
        for trial in range(recipe.trials):
            measured = bench.measure(from_index(int(index)), trial)
            scores[row, trial], seconds[row, trial] = measured.scores, measured.seconds
            report(row * recipe.trials + trial + 1, seconds.size)
    path = shard.path(folder)
    write_shard(path, Shard(cells.astype(np.int32), scores, seconds, made), tabulation.fingerprint)
    return path


def merge(tabulation: Tabulation, shards: Sequence[Shard], out: Path, notes: dict[str, Any]) -> Path:
    """The table of all cells, from shards that cover every class; each cell gets the row of its class."""
    cells = np.concatenate([shard.cells for shard in shards])
    order = np.argsort(cells)  # classes are numbered by their first member, which is the cell that was measured
    scores = np.concatenate([shard.scores for shard in shards])[order][functional_classes()]
    seconds = np.concatenate([shard.seconds for shard in shards])[order][functional_classes()]
    recipe, name = tabulation.recipe, tabulation.dataset
    arrays = {
        f"{quantity}/{name}/{split.value}/{epochs}": scores[:, :, e, s, q]
        for q, quantity in enumerate(QUANTITIES)
        for s, split in enumerate(SPLITS)
        for e, epochs in enumerate(recipe.report_epochs)
    }
    arrays[f"time/{name}/{recipe.epochs}"] = seconds
    meta = {
        "space": "nb201",
        "source": f"measured by nasrepro on {name}: {recipe.describe()}, {recipe.trials} trials a cell",
        "seeds": {array: list(range(recipe.trials)) for array in arrays},
        "licence": "MIT, as nasrepro; scikit-learn's digits are CC BY 4.0 (Alpaydin & Kaynak, UCI)",
        "recipe": recipe.model_dump(mode="json"),
        "fingerprint": tabulation.fingerprint,
        "data": data_hashes(),
        **notes,
    }
    return write_table(out, arrays, meta)
