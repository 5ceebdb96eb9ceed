"""From a recipe to shards, and from shards to a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nasrepro.oracles.table import write_table
from nasrepro.tabulation.language import TextRecipe
from nasrepro.tabulation.recipe import SPLITS, Recipe, fingerprint
from nasrepro.tabulation.shards import Shard, ShardId, read_shard, write_shard

Report = Callable[[int, int], None]
_SHARDS = 48
"""As many as a table is built in, where it has as many cells."""


@dataclass(frozen=True)
class Tabulation:
    """A table to be measured: its benchmark's name, its recipe and the data set its networks are trained on."""

    benchmark: str
    dataset: str
    recipe: Recipe | TextRecipe

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.benchmark, self.recipe, self.recipe.data_hashes(self.dataset))

    @property
    def shards(self) -> list[ShardId]:
        """The parts that the whole table is built in."""
        total = min(_SHARDS, len(self.recipe.measured()))
        return [ShardId(number, total) for number in range(1, total + 1)]

    def shard(self, text: str) -> ShardId:
        """Reads `3/8`; raises `UserError` as `ShardId.parse` does."""
        return ShardId.parse(text, len(self.recipe.measured()))

    def rebuild(self, shard: ShardId | None = None) -> str:
        """The command that makes the table, or one shard of it."""
        return f"nasrepro benchmark build {self.benchmark}" + (f" --shard {shard}" if shard else "")

    def read(self, shard: ShardId, folder: Path) -> Shard:
        """A finished shard; raises `UserError` as `read_shard` does."""
        return read_shard(shard.path(folder), shard, self.recipe, self.fingerprint, self.rebuild(shard))


def measure_shard(tabulation: Tabulation, shard: ShardId, folder: Path, made: dict[str, Any], report: Report) -> Path:
    """Measure all cells of a shard with all trials and store it; a job for a worker process."""
    recipe = tabulation.recipe
    cells, measure = shard.of(recipe.measured()), recipe.measure(tabulation.dataset)
    shape = (len(cells), recipe.trials, len(recipe.report_epochs), len(SPLITS), len(recipe.quantities))
    scores = np.empty(shape, np.float32)
    seconds = np.empty((len(cells), recipe.trials), np.float32)
    for row, index in enumerate(cells):
        for trial in range(recipe.trials):
            measured = measure(int(index), trial)
            scores[row, trial], seconds[row, trial] = measured.scores, measured.seconds
            report(row * recipe.trials + trial + 1, seconds.size)
    path = shard.path(folder)
    write_shard(path, Shard(cells.astype(np.int32), scores, seconds, made), tabulation.fingerprint)
    return path


def merge(tabulation: Tabulation, shards: Sequence[Shard], out: Path, notes: dict[str, Any]) -> Path:
    """The table of all cells, from shards that cover all that are measured; each cell gets its row among these."""
    cells = np.concatenate([shard.cells for shard in shards])
    recipe, name = tabulation.recipe, tabulation.dataset
    order, rows = np.argsort(cells), recipe.rows()
    scores = np.concatenate([shard.scores for shard in shards])[order][rows]
    seconds = np.concatenate([shard.seconds for shard in shards])[order][rows]
    arrays = {
        f"{quantity}/{name}/{split.value}/{epochs}": scores[:, :, e, s, q]
        for q, quantity in enumerate(recipe.quantities)
        for s, split in enumerate(SPLITS)
        for e, epochs in enumerate(recipe.report_epochs)
        if recipe.holds(split, epochs)
    }
    arrays[f"time/{name}/{recipe.epochs}"] = seconds
    meta = {
        "space": recipe.space,
        "source": f"measured by nasrepro on {name}: {recipe.describe()}, {recipe.trials} trials a cell",
        "seeds": {array: list(range(recipe.trials)) for array in arrays},
        "licence": recipe.licence,
        "recipe": recipe.model_dump(mode="json"),
        "fingerprint": tabulation.fingerprint,
        "data": recipe.data_hashes(name),
        **notes,
    }
    return write_table(out, arrays, meta)
