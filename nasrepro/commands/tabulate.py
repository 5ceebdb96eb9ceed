"""`benchmark build` and `benchmark verify`: tables that this project measures itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasrepro import console
from nasrepro.commands import options
from nasrepro.errors import RunFailed, UserError

if TYPE_CHECKING:
    from nasrepro.experiments.jobs import Job
    from nasrepro.tabulation.build import Tabulation
    from nasrepro.tabulation.shards import ShardId
    from nasrepro.tabulation.verification import Verification

Name = Annotated[str, typer.Argument(help="Benchmark whose table is measured here, such as nb201-digits.")]


def build(
    name: Name,
    shard: Annotated[
        str | None, typer.Option(help="Only this part, as in 3/48; parts may be built on different machines.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the shards are kept.", show_default="runs/tables/NAME")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The finished table.", show_default="FOLDER/NAME.npz")] = None,
    workers: options.Workers = None,
) -> None:
    """Train every cell of a benchmark from scratch and write its table; what is done is not done again."""
    from nasrepro.experiments.jobs import Job
    from nasrepro.experiments.provenance import collect
    from nasrepro.tabulation.build import measure_shard, merge
    from nasrepro.tabulation.catalog import get

    _check_listed(name)
    tabulation = get(name)
    where = folder or Path("runs") / "tables" / name
    wanted = [tabulation.shard(shard)] if shard else tabulation.shards
    made = collect().model_dump(mode="json")
    missing = [part for part in wanted if not _usable(tabulation, part, where)]
    _run(
        [
            Job(f"shard-{part.number}-{part.total}", f"shard {part}", measure_shard, (tabulation, part, where, made))
            for part in missing
        ],
        tabulation,
        where,
        workers,
        "shards",
    )
    console.note(f"shards: {len(missing)} new, {len(wanted) - len(missing)} found in '{where}'")
    if shard:
        console.say(str(wanted[0].path(where)))
        return
    shards = [tabulation.read(part, where) for part in wanted]
    notes = {"made": _distinct([part.made for part in shards])}
    console.say(str(merge(tabulation, shards, out or where / f"{name}.npz", notes)))


def verify(
    name: Name,
    sample: Annotated[int, typer.Option(help="How many cells to train again.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed that draws the cells.")] = 7,
    fresh: Annotated[bool, typer.Option("--fresh", help="Train with seeds that are not in the table.")] = False,
    workers: options.Workers = None,
    json: options.Json = False,
) -> None:
    """Train a random sample of a table's cells again and compare, with the tolerance that seed noise gives."""
    from nasrepro import benchmarks
    from nasrepro.experiments.jobs import Job
    from nasrepro.oracles.arrays import ArrayOracle
    from nasrepro.tabulation.catalog import get
    from nasrepro.tabulation.verification import judge, remeasure, sample_cells

    _check_listed(name)
    tabulation = get(name)
    cells = sample_cells(tabulation, sample, seed)
    where = Path("runs") / "tables" / name
    oracle = benchmarks.get(name).open_oracle(where)
    if not isinstance(oracle, ArrayOracle) or oracle.meta.get("fingerprint") != tabulation.fingerprint:
        raise UserError(
            f"the table of '{name}' was measured by another recipe or version than this nasrepro's; "
            f"make it again with: {tabulation.rebuild()}"
        )
    again = _run(
        [Job(f"cell-{cell}", f"cell {cell}", remeasure, (tabulation, int(cell), fresh)) for cell in cells],
        tabulation,
        where,
        workers,
        "cells",
    )
    found = judge(tabulation, oracle, cells, again, fresh)
    if json:
        console.show_json(_as_json(name, found))
    else:
        _show(tabulation, found)
    if not found.passed:
        raise RunFailed(f"the table of '{name}' is not what training its cells again gives")


def _check_listed(name: str) -> None:
    """Raise `UserError` for a benchmark of a space that no table holds."""
    from nasrepro import benchmarks
    from nasrepro.commands.truth import check_listed

    if name in benchmarks.names():
        check_listed(benchmarks.get(name), Path("runs"))


def _usable(tabulation: Tabulation, shard: ShardId, folder: Path) -> bool:
    """Whether a shard is there already; one that is there but cannot be used is an error, never overwritten."""
    if not shard.path(folder).exists():
        return False
    tabulation.read(shard, folder)
    return True


def _run(jobs: list[Job], tabulation: Tabulation, folder: Path, workers: int | None, title: str) -> list[Any]:
    """The jobs' values. Kernels are compiled first, in a process of their own: code that was just compiled rounds
    differently from the same code loaded from disk, and every measurement shall be made with the latter."""
    from nasrepro.experiments.execute import execute_jobs
    from nasrepro.experiments.executors.means import Means
    from nasrepro.experiments.jobs import Job
    from nasrepro.tabulation.measuring import compile_kernels
    from nasrepro.tabulation.recipe import Recipe

    if not jobs:
        return []
    parts = [(jobs, workers, title)]
    if isinstance(tabulation.recipe, Recipe):
        console.note("networks train in compiled kernels; compiling them the first time takes about a minute")
        parts.insert(0, ([Job("kernels", "kernels", compile_kernels, (tabulation.recipe,))], 1, "kernels"))
    found = []
    for part, crew, name in parts:
        means = Means(workers=crew, retry_failed=True)
        outcomes = execute_jobs(part, means, work_root=folder / "work", title=name, console=console.messages())
        failed = [outcome for outcome in outcomes if outcome.error is not None]
        if failed:
            raise RunFailed(f"{len(failed)} of {len(part)} {name} failed; the first: {failed[0].error}")
        found = [outcome.value for outcome in outcomes]
    return found


def _distinct(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each provenance once, apart from the time of day."""
    kept: list[dict[str, Any]] = []
    for item in made:
        if not any({**item, "finished": ""} == {**other, "finished": ""} for other in kept):
            kept.append(item)
    return kept


def _as_json(name: str, found: Verification) -> dict[str, Any]:
    return {
        "benchmark": name,
        "passed": found.passed,
        "fresh_seeds": found.fresh,
        "trials": found.trials,
        "mean_difference": found.mean,
        "mean_tolerance": found.mean_tolerance,
        "cells": [{**vars(cell), "passed": cell.passed} for cell in found.cells],
    }


def _show(tabulation: Tabulation, found: Verification) -> None:
    name, judged_by = tabulation.benchmark, tabulation.recipe.judged_by
    seeds = "seeds that are not in the table" if found.fresh else "the table's own seeds"
    console.show_table(
        ("cell", "table", "again", "difference", "allowed", "equal trials", "verdict"),
        [
            (
                cell.cell,
                f"{cell.table:.2f}",
                f"{cell.again:.2f}",
                f"{cell.again - cell.table:+.2f}",
                f"±{cell.tolerance:.2f}",
                f"{cell.identical} of {found.trials}",
                "ok" if cell.passed else "too far",
            )
            for cell in found.cells
        ],
        title=f"{name}: {judged_by}, {found.trials} trials a cell, {seeds}",
    )
    verdict = "holds" if found.passed else "does not hold"
    console.say(
        f"mean difference {found.mean:+.3f}, allowed ±{found.mean_tolerance:.3f}; the table {verdict} on "
        f"{len(found.cells)} cells"
    )
